// A growable array of plain values whose memory is accounted for in a Budget before it is allocated.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "cells/budget.hpp"

namespace relutope {

/// As std::realloc() from old_size to `size` bytes, of which `used` matter: but large blocks are put on huge pages
/// where the system offers them, and middle-sized ones come from what this thread released before, if they can. Fresh
/// small pages cost up to a fifth of a run.
void* resize_block(void* block, std::size_t used, std::size_t old_size, std::size_t size);
/// As std::free() of a block of `size` bytes that resize_block() made.
void release_block(void* block, std::size_t size) noexcept;

/// Growing leaves new elements uninitialised. After detach() the memory is no longer accounted for.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit Buffer(Budget* budget = nullptr) : budget_(budget) {}
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { free_all(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T& back() { return data_[size_ - 1]; }
  std::span<const T> span() const { return {data_, size_}; }
  std::size_t bytes() const { return capacity_ * sizeof(T); }

  /// Room for exactly `capacity` elements, if there is less. Old and new memory count together while one is copied.
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    const auto added = static_cast<std::int64_t>(capacity * sizeof(T));
    if (budget_) budget_->add_bytes(added);
    T* grown = static_cast<T*>(resize_block(data_, size_ * sizeof(T), capacity_ * sizeof(T), capacity * sizeof(T)));
    if (grown == nullptr) {
      if (budget_) budget_->add_bytes(-added);
      throw std::bad_alloc();
    }
    if (budget_) budget_->add_bytes(-static_cast<std::int64_t>(capacity_ * sizeof(T)));
    data_ = grown;
    capacity_ = capacity;
  }
  void resize(std::size_t size) {
    reserve(size);
    size_ = size;
  }
  /// As resize(), with room for `ahead` times as many new elements again, an eighth of the size at least. If the budget
  /// has no room for that, for the size only.
  void grow(std::size_t size, double ahead) {
    if (size > capacity_) {
      const double extra = std::max(ahead * static_cast<double>(size - size_), 0.125 * static_cast<double>(size));
      const std::size_t wanted = size + static_cast<std::size_t>(extra);
      const bool fits = budget_ == nullptr || budget_->has_room(static_cast<std::int64_t>(wanted * sizeof(T)));
      reserve(fits ? wanted : size);
    }
    size_ = size;
  }
  /// Appends n uninitialised elements and returns the first; growth is geometric.
  T* append(std::size_t n) {
    if (size_ + n > capacity_) reserve(std::max(size_ + n, capacity_ + capacity_ / 2 + 64));
    T* first = data_ + size_;
    size_ += n;
    return first;
  }
  void push_back(T value) { *append(1) = value; }
  void append_copy(const T* from, std::size_t n) {
    T* to = append(n);
    if (n > 0) std::memcpy(static_cast<void*>(to), static_cast<const void*>(from), n * sizeof(T));
  }
  void clear() { size_ = 0; }
  void free_all() {
    release_block(data_, capacity_ * sizeof(T));
    if (budget_ && capacity_ > 0) budget_->add_bytes(-static_cast<std::int64_t>(capacity_ * sizeof(T)));
    data_ = nullptr;
    size_ = capacity_ = 0;
  }
  void shrink_to_fit() {
    if (size_ == capacity_) return;
    if (size_ == 0) return free_all();
    T* smaller = static_cast<T*>(resize_block(data_, size_ * sizeof(T), capacity_ * sizeof(T), size_ * sizeof(T)));
    if (smaller == nullptr) return;
    data_ = smaller;
    if (budget_) budget_->add_bytes(-static_cast<std::int64_t>((capacity_ - size_) * sizeof(T)));
    capacity_ = size_;
  }
  /// The same memory as values of another type of the same size.
  template <class U>
  Buffer<U> reinterpreted() && {
    static_assert(sizeof(U) == sizeof(T));
    Buffer<U> other(budget_);
    other.data_ = reinterpret_cast<U*>(std::exchange(data_, nullptr));
    other.size_ = std::exchange(size_, 0);
    other.capacity_ = std::exchange(capacity_, 0);
    return other;
  }
  void detach() {
    if (budget_) budget_->add_bytes(-static_cast<std::int64_t>(capacity_ * sizeof(T)));
    budget_ = nullptr;
  }
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(budget_, other.budget_);
  }

 private:
  template <class U>
  friend class Buffer;
  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  Budget* budget_ = nullptr;
};

}  // namespace relutope
