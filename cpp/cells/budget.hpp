// Limits of one run: cells, seconds, bytes, and a request to stop. Safe from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

namespace relutope {

/// How far a run has got.
struct Progress {
  std::size_t layer = 0;  // hidden layer in work, from 0
  std::size_t n_layers = 0;
  std::size_t dimension = 0;  // dimension of the cells in work
  std::int64_t cells = 0;     // cells created in this layer so far
  std::int64_t bytes = 0;     // bytes held by the arrays of the run
  double seconds = 0;
};

/// The one exception for a limit or an interrupt.
class Incomplete : public std::runtime_error {
 public:
  Incomplete(const std::string& message, std::string reason_, const Progress& progress_)
      : std::runtime_error(message), reason(std::move(reason_)), progress(progress_) {}
  std::string reason;  // max_cells, max_seconds, max_bytes or interrupt
  Progress progress;
};

struct Limits {
  std::int64_t max_cells = 0;  // zero: no limit
  double max_seconds = 0;
  std::int64_t max_bytes = 0;
};

class Budget {
 public:
  /// `poll` is called from the thread that made the budget, about ten times a second; it returns true to interrupt.
  using Poll = std::function<bool(const Progress&)>;

  Budget(const Limits& limits, Poll poll);

  void start_layer(std::size_t layer, std::size_t n_layers);
  void start_dimension(std::size_t dimension) { dimension_ = dimension; }

  /// Accounts for cells just created; throws Incomplete beyond max_cells.
  void add_cells(std::int64_t n);
  /// Accounts for an allocation before it is made (negative: a release); throws Incomplete beyond max_bytes.
  void add_bytes(std::int64_t n);
  /// True if an allocation of n bytes leaves at least half of what max_bytes still allows.
  bool has_room(std::int64_t n) const { return limits_.max_bytes == 0 || n <= (limits_.max_bytes - bytes_) / 2; }
  /// Throws Incomplete if the time is over or somebody stopped the run; polls on the owning thread.
  void check();
  /// Throws Incomplete if ids or offsets up to `count` do not fit 31 bits.
  void require_ids(std::size_t count);
  /// Makes every later check() throw; for workers when one of them has failed.
  void stop() { stopped_ = true; }

  Progress progress() const;
  std::int64_t peak_bytes() const { return peak_; }

 private:
  [[noreturn]] void fail(const char* reason, const std::string& message);
  double elapsed() const;

  Limits limits_;
  Poll poll_;
  std::thread::id owner_;
  std::chrono::steady_clock::time_point begin_;
  double last_poll_ = 0;
  std::atomic<std::size_t> layer_{0}, n_layers_{0}, dimension_{0};
  std::atomic<std::int64_t> cells_{0}, bytes_{0}, peak_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace relutope
