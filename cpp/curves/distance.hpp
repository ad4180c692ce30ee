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

/// A pair of segments whose distance is that of the polygons; which of several is determined by the polygons.
NearestSegments nearest_segments(const ClosedCurves& curves, std::size_t a, std::size_t b, const Poll& poll);

}  // namespace relutope
