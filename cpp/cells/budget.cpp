#include "cells/budget.hpp"

#include <sstream>

namespace relutope {

Budget::Budget(const Limits& limits, Poll poll)
    : limits_(limits),
      poll_(std::move(poll)),
      owner_(std::this_thread::get_id()),
      begin_(std::chrono::steady_clock::now()) {}

double Budget::elapsed() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

Progress Budget::progress() const { return {layer_, n_layers_, dimension_, cells_, bytes_, elapsed()}; }

void Budget::fail(const char* reason, const std::string& message) {
  stopped_ = true;
  const Progress p = progress();
  std::string where = " before the first hidden layer";
  if (p.n_layers > 0) {
    where = " in hidden layer " + std::to_string(p.layer + 1) + " of " + std::to_string(p.n_layers) + " after " +
            std::to_string(p.cells) + " cells of that layer";
  }
  throw Incomplete(message + where, reason, p);
}

void Budget::start_layer(std::size_t layer, std::size_t n_layers) {
  layer_ = layer;
  n_layers_ = n_layers;
  dimension_ = 0;
  cells_ = 0;
}

void Budget::add_cells(std::int64_t n) {
  const std::int64_t total = cells_.fetch_add(n) + n;
  if (limits_.max_cells > 0 && total > limits_.max_cells) {
    fail("max_cells", "max_cells = " + std::to_string(limits_.max_cells) + " exceeded");
  }
}

void Budget::add_bytes(std::int64_t n) {
  const std::int64_t total = bytes_.fetch_add(n) + n;
  if (n <= 0) return;
  if (limits_.max_bytes > 0 && total > limits_.max_bytes) {
    bytes_.fetch_sub(n);
    fail("max_bytes",
         "max_bytes = " + std::to_string(limits_.max_bytes) + " would be exceeded (" + std::to_string(total) + ")");
  }
  std::int64_t peak = peak_;
  while (total > peak && !peak_.compare_exchange_weak(peak, total)) {
  }
}

void Budget::require_ids(std::size_t count) {
  if (count > 0x7fffffffU) {
    fail("max_cells", "the complex needs " + std::to_string(count) + " ids of one kind, more than 2147483647,");
  }
}

void Budget::check() {
  if (std::this_thread::get_id() == owner_) {
    const double now = elapsed();
    if (poll_ && now - last_poll_ > 0.1) {
      last_poll_ = now;
      if (poll_(progress())) fail("interrupt", "interrupted");
    }
  }
  if (stopped_) throw Incomplete("stopped because another thread failed", "stopped", progress());
  if (limits_.max_seconds > 0 && elapsed() > limits_.max_seconds) {
    std::ostringstream message;
    message << "max_seconds = " << limits_.max_seconds << " exceeded";
    fail("max_seconds", message.str());
  }
}

}  // namespace relutope
