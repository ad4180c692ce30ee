// The domain of a complex: a box, or all of R^d as the infimaximal box [-M, M]^d with an infinitely large symbol M.
#pragma once

#include <cstddef>
#include <vector>

#include "exact/integer.hpp"

namespace relutope {

/// Largest input dimension: 3^20 faces of a box are the most that 31-bit ids hold.
inline constexpr std::size_t kMaxDimension = 20;

class Domain {
 public:
  /// Throws std::invalid_argument unless lo and hi have one length between 1 and kMaxDimension, are finite, and lo <
  /// hi.
  static Domain box(std::vector<double> lo, std::vector<double> hi);
  static Domain all_space(std::size_t dim);

  std::size_t dim() const { return dim_; }
  bool is_box() const { return !lo_.empty(); }
  const std::vector<double>& lo() const { return lo_; }
  const std::vector<double>& hi() const { return hi_; }

  /// Bit of a wall in a wall set: lower walls are even, upper walls odd.
  static constexpr std::size_t wall_bit(std::size_t axis, bool upper) { return 2 * axis + (upper ? 1 : 0); }

  /// A vertex is (X + M Y) / D: one column of right-hand sides on a box, two (1 and M) on R^d.
  std::size_t parts() const { return is_box() ? 1 : 2; }

  /// Equation of a wall: d coefficients, then parts() right-hand sides.
  std::vector<Integer> wall_equation(std::size_t bit) const;

 private:
  std::size_t dim_ = 0;
  std::vector<double> lo_, hi_;
};

}  // namespace relutope
