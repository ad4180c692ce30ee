// Whether two closed polygons keep a distance, proven in floats.
#pragma once

#include "curves/close_pairs.hpp"

namespace relutope {

/// True only if all points of one polygon are farther than `radius` from all points of the other; false where that is
/// not so, or not proven: where the distance exceeds the radius by rounding errors only, or coordinates or their
/// differences lie near the ends of the range of doubles. Symmetric up to what is not proven.
///
/// Polygons that move less than this while their vertices move straight have one linking number all the time.
/// REQUIRES: radius >= 0, finite coordinates.
bool apart(const ClosedPolygon& a, const ClosedPolygon& b, double radius, const Poll& poll);

}  // namespace relutope
