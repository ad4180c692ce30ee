// Gauss's integral of two closed polygons in closed form, in float64.
#pragma once

#include <cstddef>

#include "curves/close_pairs.hpp"
#include "curves/closed_curves.hpp"

namespace relutope {

/// The sum over all pairs of segments of the signed solid angle that b(t) - a(s) sweeps, over 4 pi: the linking number
/// up to rounding, if the polygons do not meet. The work is the product of their sizes.
double gauss_integral(const ClosedCurves& curves, std::size_t a, std::size_t b, const Poll& poll);

}  // namespace relutope
