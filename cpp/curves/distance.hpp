// The nearest segments of two closed polygons.
#pragma once

#include <cstddef>

#include "curves/close_pairs.hpp"
#include "curves/closed_curves.hpp"

namespace relutope {

struct NearestSegments {
  std::size_t segment_a;
  std::size_t segment_b;
};

/// The pair of segments whose images are nearest to each other by float64: a proposal, of which another pair may fall
/// short by what the rounding of coordinates and distances hides.
NearestSegments nearest_segments(const ClosedCurves& curves, std::size_t a, std::size_t b, const Poll& poll);

}  // namespace relutope
