// Lossless conversion of floats to integers, and correctly rounded conversion back.
#pragma once

#include <span>
#include <vector>

#include "exact/integer.hpp"

namespace relutope {

/// The rational vector numerators / denominator.
struct IntegerRow {
  std::vector<Integer> numerators;
  Integer denominator;
};

/// The values themselves over the smallest common denominator that is a power of two (at most 2^1074).
/// Throws std::invalid_argument if a value is NaN or infinite.
IntegerRow integer_row(std::span<const double> values);

/// numerator / denominator * 2^shift, rounded to the nearest float64, ties to even: one rounding, also where the
/// result is subnormal; beyond the largest float64 the result is infinite, as IEEE 754 has it.
/// REQUIRES: denominator > 0.
double nearest_double(const Integer& numerator, const Integer& denominator, int shift = 0);

}  // namespace relutope
