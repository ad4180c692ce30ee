// Signs of areas and volumes of differences of points, by floats with a proven bound or not at all.
//
// Every coordinate is an image of an exact number that it differs from by at most `image_error` (zero where the float
// is the number itself). Let e = 2 image_error and u = 2^-53. A computed difference d of two images differs from the
// exact one by at most u |d| + e: subtraction does not underflow.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "exact/predicates.hpp"

namespace relutope {

using Difference = std::array<double, 3>;

inline Difference subtract(const double* a, const double* b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }

class SegmentTriage {
 public:
  /// REQUIRES: image_error is zero or a power of two, at most 2^-50.
  explicit SegmentTriage(double image_error)
      : image_error_(image_error), slope_(3 * image_error), offset_(9 * image_error * image_error + kUnderflow) {}

  /// Sign of a0 b1 - a1 b0 for differences of coordinates.
  ///
  /// With p = fl(a0 b1), q = fl(a1 b0), m = |p| + |q| and s the sum of the four magnitudes, the product of the exact
  /// differences is within (3 u + 4 u^2) |p| + 2^-1074 + e (1 + u) (|a0| + |b1|) + e^2 of p, and fl(p - q) errs by at
  /// most u m (1 + u) more, so in all by at most
  ///   (4 u + 6 u^2) m + e (1 + u) s + 2 e^2 + 2^-1073.
  /// 5 u m, 3 image_error s and 9 image_error^2 + 2^-1070 exceed these term by term by more than the roundings of their
  /// own computation. On overflow m is infinite, and nothing is decided.
  std::optional<Sign> area(double a0, double a1, double b0, double b1) const {
    const double p = a0 * b1;
    const double q = a1 * b0;
    const double sum = std::abs(a0) + std::abs(a1) + std::abs(b0) + std::abs(b1);
    return triage_sign(p - q, 5 * kRoundoff * (std::abs(p) + std::abs(q)) + slope_ * sum + offset_);
  }

  /// Sign of the determinant with rows a, b, c of differences of coordinates.
  ///
  /// Let t be the largest magnitude and m the sum of the magnitudes of the six products. Each product meets the
  /// relative errors of three differences, two products, one subtraction and two additions: 8 u (1 + 8 u) m at most.
  /// What e adds is at most 6 * 3 e (t (1 + u) + e)^2 = 36 image_error (t (1 + u) + e)^2. A product that underflows
  /// errs by 2^-1075; six of them are multiplied by at most t, three are not. 10 u m, 40 image_error (t + e)^2 and
  /// 2^-1070 (t + 1) exceed these term by term by more than the roundings of their own computation.
  std::optional<Sign> volume(const Difference& a, const Difference& b, const Difference& c) const {
    double value = 0;
    double magnitude = 0;
    double largest = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const std::size_t j = (i + 1) % 3;
      const std::size_t k = (i + 2) % 3;
      const double p = a[j] * b[k];
      const double q = a[k] * b[j];
      value += (p - q) * c[i];
      magnitude += (std::abs(p) + std::abs(q)) * std::abs(c[i]);
      largest = std::max({largest, std::abs(a[i]), std::abs(b[i]), std::abs(c[i])});
    }
    const double reach = largest + 2 * image_error_;
    return triage_sign(value,
                       10 * kRoundoff * magnitude + 40 * image_error_ * (reach * reach) + kUnderflow * (largest + 1));
  }

 private:
  static constexpr double kRoundoff = 0x1p-53;
  static constexpr double kUnderflow = 0x1p-1070;
  double image_error_;
  double slope_;
  double offset_;
};

}  // namespace relutope
