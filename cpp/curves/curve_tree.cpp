#include "curves/curve_tree.hpp"

namespace relutope {
namespace {

void extend(CurveBox& box, const double* point) {
  for (std::size_t c = 0; c < 3; ++c) {
    box.lower[c] = std::min(box.lower[c], point[c]);
    box.upper[c] = std::max(box.upper[c], point[c]);
  }
}

CurveBox at(const double* point) { return {{point[0], point[1], point[2]}, {point[0], point[1], point[2]}}; }

}  // namespace

void CurveBox::join(const CurveBox& other) {
  for (std::size_t c = 0; c < 3; ++c) {
    lower[c] = std::min(lower[c], other.lower[c]);
    upper[c] = std::max(upper[c], other.upper[c]);
  }
}

CurveBox ClosedPolygon::box(std::size_t segment) const {
  CurveBox result = at(begin_of(segment));
  extend(result, end_of(segment));
  return result;
}

CurveTree::CurveTree(const ClosedPolygon& polygon) : n_segments_(polygon.size()) {
  std::size_t total = 0;
  for (std::size_t n = (n_segments_ + kLeaf - 1) / kLeaf;; n = (n + 1) / 2) {
    starts_.push_back(total);
    count_.push_back(n);
    total += n;
    if (n == 1) break;
  }
  boxes_.reserve(total);
  for (std::size_t first = 0; first < n_segments_; first += kLeaf) {
    CurveBox box = at(polygon.begin_of(first));
    const std::size_t last = std::min(n_segments_, first + kLeaf);
    for (std::size_t i = first; i < last; ++i) extend(box, polygon.end_of(i));
    boxes_.push_back(box);
  }
  for (std::size_t level = 1; level < count_.size(); ++level) {
    const std::size_t below = starts_[level - 1];
    for (std::size_t i = 0; i < count_[level]; ++i) {
      CurveBox box = boxes_[below + 2 * i];
      if (2 * i + 1 < count_[level - 1]) box.join(boxes_[below + 2 * i + 1]);
      boxes_.push_back(box);
    }
  }
}

}  // namespace relutope
