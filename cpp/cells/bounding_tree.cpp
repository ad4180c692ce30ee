#include "cells/bounding_tree.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace relutope {
namespace {

constexpr std::size_t kMostInLeaf = 2;

}  // namespace

void BoundingTree::build(std::span<const double> boxes, Budget& budget) {
  const std::size_t n = boxes.size() / (2 * dim_);
  nodes_.clear();
  boxes_.clear();
  order_.resize(n);
  std::iota(order_.begin(), order_.end(), 0);
  if (n == 0) return;
  nodes_.reserve(2 * n);
  boxes_.reserve(2 * n * 2 * dim_);
  std::vector<double> centres(n);
  build_node(boxes, centres, 0, n, budget);
}

void BoundingTree::build_node(std::span<const double> boxes, std::vector<double>& centres, std::size_t first,
                              std::size_t last, Budget& budget) {
  budget.check();
  const std::size_t node = nodes_.size();
  nodes_.push_back({static_cast<std::int32_t>(first), static_cast<std::int32_t>(last), 0});
  boxes_.insert(boxes_.end(), dim_, std::numeric_limits<double>::infinity());
  boxes_.insert(boxes_.end(), dim_, -std::numeric_limits<double>::infinity());
  double* lower = boxes_.data() + node * 2 * dim_;
  for (std::size_t i = first; i < last; ++i) {
    const double* box = boxes.data() + static_cast<std::size_t>(order_[i]) * 2 * dim_;
    for (std::size_t c = 0; c < dim_; ++c) {
      lower[c] = std::min(lower[c], box[c]);
      lower[dim_ + c] = std::max(lower[dim_ + c], box[dim_ + c]);
    }
  }
  if (last - first <= kMostInLeaf) return;
  std::size_t axis = 0;
  const auto half_width = [&](std::size_t c) { return lower[dim_ + c] / 2 - lower[c] / 2; };
  for (std::size_t c = 1; c < dim_; ++c) {
    if (half_width(c) > half_width(axis)) axis = c;
  }
  for (std::size_t i = first; i < last; ++i) {
    const auto item = static_cast<std::size_t>(order_[i]);
    centres[item] = boxes[item * 2 * dim_ + axis] / 2 + boxes[item * 2 * dim_ + dim_ + axis] / 2;
  }
  const std::size_t middle = first + (last - first) / 2;
  const auto at = [&](std::size_t i) { return order_.begin() + static_cast<std::ptrdiff_t>(i); };
  std::nth_element(at(first), at(middle), at(last), [&](std::int32_t a, std::int32_t b) {
    const double x = centres[static_cast<std::size_t>(a)];
    const double y = centres[static_cast<std::size_t>(b)];
    return x < y || (x == y && a < b);
  });
  build_node(boxes, centres, first, middle, budget);
  nodes_[node].right = static_cast<std::int32_t>(nodes_.size());
  build_node(boxes, centres, middle, last, budget);
}

std::size_t BoundingTree::keep_inside(std::size_t node, const double* columns, std::size_t n, std::int32_t* stack,
                                      std::size_t begin, std::size_t end) const {
  const std::span<const double> bounds = box(node);
  std::size_t from = begin;
  std::size_t last = end;
  for (std::size_t axis = 0; axis < dim_; ++axis) {
    const double lo = bounds[axis];
    const double hi = bounds[dim_ + axis];
    const double* x = columns + axis * n;
    std::size_t kept = end;
    for (std::size_t i = from; i < last; ++i) {
      const std::int32_t p = stack[i];
      stack[kept] = p;
      kept += static_cast<std::size_t>(lo <= x[p]) & static_cast<std::size_t>(x[p] <= hi);
    }
    from = end;
    last = kept;
  }
  return last;
}

}  // namespace relutope
