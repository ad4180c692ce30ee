// Threads that live for one call and run numbered tasks. The order of results never depends on the number of threads:
// a task writes only where its number says.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "cells/budget.hpp"

namespace relutope {

class Workers {
 public:
  using Task = std::function<void(std::size_t task, std::size_t worker)>;

  /// Starts n_threads - 1 threads, fewer if the system refuses or n_threads > 256; the calling thread is worker 0.
  /// REQUIRES: n_threads >= 1.
  Workers(std::size_t n_threads, Budget& budget);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  std::size_t size() const { return threads_.size() + 1; }

  /// Runs tasks 0..n_tasks-1 and returns when all are done; rethrows the first failure that is not its echo.
  void run(std::size_t n_tasks, const Task& task);

  /// The same over blocks of at most `length` of `count` things: body(first, last, worker).
  template <class Body>
  void run_blocks(std::size_t count, std::size_t length, const Body& body) {
    run((count + length - 1) / length, [&](std::size_t task, std::size_t worker) {
      body(task * length, std::min(count, (task + 1) * length), worker);
    });
  }

 private:
  void work(std::size_t worker);
  void thread_main(std::size_t worker);
  void record_failure();

  Budget& budget_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const Task* task_ = nullptr;
  std::size_t n_tasks_ = 0, next_ = 0, running_ = 0, round_ = 0;
  bool quit_ = false;
  std::exception_ptr failure_;
  bool failure_is_echo_ = false;
};

}  // namespace relutope
