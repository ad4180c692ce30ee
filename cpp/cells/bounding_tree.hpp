// A binary tree of boxes, searched for many points at once: each node is visited once with all points in its box, so
// the cost of reading the tree is shared. It proposes; whoever visits decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cells/budget.hpp"

namespace relutope {

class BoundingTree {
 public:
  /// Items that lie in one leaf, as places in order().
  struct Leaf {
    std::size_t first, last;
    std::span<const double> box;
  };

  explicit BoundingTree(std::size_t dim) : dim_(dim) {}

  /// Builds the tree over items 0..n-1. `boxes` holds dim lower, then dim upper bounds of each, all finite.
  void build(std::span<const double> boxes, Budget& budget);

  /// The items, leaf after leaf.
  const std::vector<std::int32_t>& order() const { return order_; }

  /// Calls visit(Leaf) for every leaf, in order().
  template <class Visit>
  void for_each_leaf(Visit&& visit) const {
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      if (nodes_[node].right == 0) visit(leaf(node));
    }
  }

  /// Calls visit(first, last, points) for every leaf whose closed box holds some of the n points.
  /// `columns` holds the points axis by axis, dim x n; `stack` is memory to use again.
  template <class Visit>
  void search(const double* columns, std::size_t n, std::vector<std::int32_t>& stack, Visit&& visit) const {
    if (nodes_.empty()) return;
    stack.resize(2 * n);
    for (std::size_t i = 0; i < n; ++i) stack[i] = static_cast<std::int32_t>(i);
    descend(0, columns, n, stack, 0, n, visit);
  }

 private:
  struct Node {
    std::int32_t first, last;  // places in order_
    std::int32_t right;        // the left child is the next node; 0 in a leaf
  };

  Leaf leaf(std::size_t node) const {
    return {static_cast<std::size_t>(nodes_[node].first), static_cast<std::size_t>(nodes_[node].last), box(node)};
  }
  std::span<const double> box(std::size_t node) const { return {&boxes_[node * 2 * dim_], 2 * dim_}; }
  void build_node(std::span<const double> boxes, std::vector<double>& centres, std::size_t first, std::size_t last,
                  Budget& budget);
  std::size_t keep_inside(std::size_t node, const double* columns, std::size_t n, std::int32_t* stack,
                          std::size_t begin, std::size_t end) const;

  /// The points that the parent's box holds are stack[begin, end); children put theirs behind.
  template <class Visit>
  void descend(std::size_t node, const double* columns, std::size_t n, std::vector<std::int32_t>& stack,
               std::size_t begin, std::size_t end, Visit& visit) const {
    if (stack.size() < 2 * end - begin) stack.resize(2 * (2 * end - begin));
    const std::size_t last = keep_inside(node, columns, n, stack.data(), begin, end);
    if (last == end) return;
    if (nodes_[node].right == 0) {
      visit(static_cast<std::size_t>(nodes_[node].first), static_cast<std::size_t>(nodes_[node].last),
            std::span<const std::int32_t>(stack.data() + end, last - end));
      return;
    }
    descend(node + 1, columns, n, stack, end, last, visit);
    descend(static_cast<std::size_t>(nodes_[node].right), columns, n, stack, end, last, visit);
  }

  std::size_t dim_;
  std::vector<Node> nodes_;    // preorder
  std::vector<double> boxes_;  // of the nodes
  std::vector<std::int32_t> order_;
};

}  // namespace relutope
