// Disjoint sets of integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace relutope {

/// Union by size with path halving. One array: the parent, or at a root minus the size.
class UnionFind {
 public:
  void reset(std::size_t size) { parent_.assign(size, -1); }
  const std::int32_t* slot(std::int32_t member) const { return &parent_[static_cast<std::size_t>(member)]; }

  std::int32_t find(std::int32_t member) {
    std::int32_t up = at(member);
    while (up >= 0) {
      const std::int32_t next = at(up);
      if (next < 0) return up;
      at(member) = next;
      member = next;
      up = at(member);
    }
    return member;
  }

  /// False if they were together already.
  bool unite(std::int32_t a, std::int32_t b) {
    a = find(a);
    b = find(b);
    if (a == b) return false;
    if (at(a) > at(b)) std::swap(a, b);
    at(a) += at(b);
    at(b) = a;
    return true;
  }

 private:
  std::int32_t& at(std::int32_t member) { return parent_[static_cast<std::size_t>(member)]; }
  std::vector<std::int32_t> parent_;
};

/// Sets with the elder rule: the representative is the first of the members in the order `Elder`, such as std::less.
/// Path halving alone keeps m operations at O(m log n).
template <class Elder>
class ElderUnionFind {
 public:
  explicit ElderUnionFind(std::size_t size) : parent_(size) {
    for (std::size_t i = 0; i < size; ++i) parent_[i] = static_cast<std::int32_t>(i);
  }
  std::int32_t find(std::int32_t member) {
    while (at(member) != member) {
      at(member) = at(at(member));
      member = at(member);
    }
    return member;
  }
  /// The representative that ceases to be one, or -1 if they were together already.
  std::int32_t unite(std::int32_t a, std::int32_t b) {
    a = find(a);
    b = find(b);
    if (a == b) return -1;
    if (Elder{}(b, a)) std::swap(a, b);
    at(b) = a;
    return b;
  }

 private:
  std::int32_t& at(std::int32_t member) { return parent_[static_cast<std::size_t>(member)]; }
  std::vector<std::int32_t> parent_;
};

}  // namespace relutope
