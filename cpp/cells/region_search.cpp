#include "cells/region_search.hpp"

#include "cells/half_spaces.hpp"

namespace relutope {

RegionSearch::RegionSearch(const Complex& complex, Budget& budget) : dim_(complex.dim()), tree_(complex.dim()) {
  const HalfSpaces half_spaces(complex, budget);
  std::vector<std::int32_t> candidates;
  std::vector<double> boxes;
  for (std::size_t region = 0; region < complex.count(dim_); ++region) {
    if (region % 4096 == 0) budget.check();
    if (!half_spaces.is_bounded(region)) continue;
    candidates.push_back(static_cast<std::int32_t>(region));
    boxes.resize(boxes.size() + 2 * dim_);
    half_spaces.box(region, &boxes[boxes.size() - 2 * dim_]);
  }
  tree_.build(boxes, budget);
  tree_.for_each_leaf([&](const BoundingTree::Leaf& leaf) {
    budget.check();
    for (std::size_t place = leaf.first; place < leaf.last; ++place) {
      regions_.push_back(candidates[static_cast<std::size_t>(tree_.order()[place])]);
      first_.push_back(half_spaces_.size());
      half_spaces.append(static_cast<std::size_t>(regions_.back()), leaf.box, half_spaces_);
    }
  });
  first_.push_back(half_spaces_.size());
  half_spaces_.shrink_to_fit();
}

bool RegionSearch::is_in_region(std::size_t place, const double* columns, std::size_t n, std::size_t point) const {
  for (std::size_t at = first_[place]; at < first_[place + 1]; at += dim_ + 1) {
    const double* normal = &half_spaces_[at];
    double sum = 0;
    for (std::size_t c = 0; c < dim_; ++c) sum += normal[c] * columns[c * n + point];
    if (!(sum < normal[dim_])) return false;
  }
  return true;
}

void RegionSearch::find(std::span<const double> points, std::span<std::int64_t> regions, Scratch& scratch) const {
  const std::size_t n = regions.size();
  scratch.columns.resize(points.size());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < dim_; ++c) scratch.columns[c * n + i] = points[i * dim_ + c];
  }
  tree_.search(scratch.columns.data(), n, scratch.stack,
               [&](std::size_t first, std::size_t last, std::span<const std::int32_t> inside) {
                 for (std::size_t place = first; place < last; ++place) {
                   for (const std::int32_t i : inside) {
                     const auto point = static_cast<std::size_t>(i);
                     if (is_in_region(place, scratch.columns.data(), n, point)) regions[point] = regions_[place];
                   }
                 }
               });
}

}  // namespace relutope
