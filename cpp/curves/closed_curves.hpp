// Closed polygons in space: their exact vertices, float images of these on one scale, and a tree of boxes for each.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "curves/curve_tree.hpp"
#include "curves/segment_pair.hpp"
#include "curves/triage.hpp"
#include "exact/dyadic.hpp"

namespace relutope {

/// Images are the vertices times a power of two, rounded to nearest, so the order of two coordinates never turns round,
/// and boxes of images that do not meet are those of disjoint segments.
class ClosedCurves {
 public:
  /// One array of n x 3 finite coordinates per curve, each with n > 0, which must outlive the object.
  explicit ClosedCurves(std::vector<std::span<const double>> points);
  /// The same as rational points of 3 coordinates.
  explicit ClosedCurves(std::vector<std::vector<IntegerRow>> points);

  std::size_t size() const { return trees_.size(); }
  ClosedPolygon polygon(std::size_t curve) const { return ClosedPolygon(images_[curve]); }
  const CurveTree& tree(std::size_t curve) const { return trees_[curve]; }
  /// Largest absolute coordinate of all images; 2^-200 to 2^200, unless all are 0.
  double largest() const { return largest_; }
  /// Images are vertices times 2^-exponent(), and differ from that by at most image_error() in each coordinate.
  int exponent() const { return exponent_; }
  double image_error() const { return image_error_; }
  SegmentTriage triage() const { return SegmentTriage(image_error_); }
  SegmentPair segment_pair(std::size_t a, std::size_t segment_a, std::size_t b, std::size_t segment_b) const;

 private:
  void build_trees();
  void scale_images();

  std::vector<std::span<const double>> floats_;  // the vertices, or
  std::vector<std::vector<IntegerRow>> rationals_;
  std::vector<std::vector<double>> scaled_;  // images that are not floats_
  std::vector<std::span<const double>> images_;
  std::vector<CurveTree> trees_;
  double largest_ = 0;
  double image_error_ = 0;
  int exponent_ = 0;
};

}  // namespace relutope
