// Two segments in space, decided by integers.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "exact/integer.hpp"

namespace relutope {

using IntegerVector = std::array<Integer, 3>;

/// Segments from a0 to a1 and from b0 to b1; points may coincide. All coordinates are over one denominator.
struct SegmentPair {
  IntegerVector a0, a1, b0, b1;
  Integer denominator = 1;
};

/// The point a0 + numerator / denominator * (a1 - a0); denominator > 0.
struct SegmentParameter {
  Integer numerator;
  Integer denominator;
};

/// A common point of the closed segments, if they have one: the only one, or of several the first along a.
std::optional<SegmentParameter> common_point(const SegmentPair& pair);

/// numerator / denominator; denominator > 0.
struct SquaredDistance {
  Integer numerator;
  Integer denominator;

  bool operator<(const SquaredDistance& other) const {
    return numerator * other.denominator < other.numerator * denominator;
  }
};

/// Of the closed segments.
SquaredDistance squared_distance(const SegmentPair& pair);

/// How the projections of two segments along an axis cross.
struct ProjectedCrossing {
  Sign turn;    // of the cross product of the projected directions of a and b, seen against the axis
  Sign height;  // positive: a passes at larger coordinates of the axis
};

/// The crossing of the projections along `axis`, if there is one, after b was moved by (e, e^2) along the two axes that
/// follow it in cyclic order, for all small enough e > 0. So vertices never lie on projected segments, parallel ones do
/// not overlap, and one that is projected to a point crosses nothing.
/// REQUIRES: the closed segments have no common point.
std::optional<ProjectedCrossing> projected_crossing(const SegmentPair& pair, std::size_t axis);

}  // namespace relutope
