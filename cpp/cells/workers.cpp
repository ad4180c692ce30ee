#include "cells/workers.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

namespace relutope {
namespace {

constexpr std::size_t kMostThreads = 256;

}  // namespace

Workers::Workers(std::size_t n_threads, Budget& budget) : budget_(budget) {
  for (std::size_t w = 1; w < std::min(n_threads, kMostThreads); ++w) {
    try {
      threads_.emplace_back([this, w] { thread_main(w); });
    } catch (const std::exception&) {
      return;
    }
  }
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::record_failure() {
  bool echo = false;
  try {
    throw;
  } catch (const Incomplete& e) {
    echo = e.reason == "stopped";
  } catch (...) {
  }
  budget_.stop();
  const std::lock_guard lock(mutex_);
  if (!failure_ || (failure_is_echo_ && !echo)) {
    failure_ = std::current_exception();
    failure_is_echo_ = echo;
  }
  next_ = n_tasks_;
}

void Workers::work(std::size_t worker) {
  for (;;) {
    std::size_t task = 0;
    {
      const std::lock_guard lock(mutex_);
      if (next_ >= n_tasks_) return;
      task = next_++;
    }
    try {
      budget_.check();
      (*task_)(task, worker);
    } catch (...) {
      record_failure();
    }
  }
}

void Workers::thread_main(std::size_t worker) {
  std::size_t seen = 0;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return quit_ || round_ != seen; });
      if (quit_) return;
      seen = round_;
    }
    work(worker);
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) done_.notify_all();
  }
}

void Workers::run(std::size_t n_tasks, const Task& task) {
  {
    const std::lock_guard lock(mutex_);
    task_ = &task;
    n_tasks_ = n_tasks;
    next_ = 0;
    failure_ = nullptr;
    failure_is_echo_ = false;
    if (n_tasks > 1) {
      running_ = threads_.size();
      ++round_;
    }
  }
  if (n_tasks > 1) wake_.notify_all();
  work(0);
  std::unique_lock lock(mutex_);
  // The limits go on being watched, and Ctrl-C answered, while only other threads have work left.
  while (running_ > 0) {
    if (done_.wait_for(lock, std::chrono::milliseconds(50), [&] { return running_ == 0; })) break;
    lock.unlock();
    try {
      budget_.check();
    } catch (...) {
      record_failure();
    }
    lock.lock();
  }
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace relutope
