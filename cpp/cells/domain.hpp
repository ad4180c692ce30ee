// The domain of a complex: a box, all of R^d as the infimaximal box [-M, M]^d with an infinitely large symbol M, or a
// polytope {x : G x <= h}, which is cut out of that box.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "exact/integer.hpp"
#include "network/layer.hpp"

namespace relutope {

/// Largest input dimension: 3^20 faces of a box are the most that 31-bit ids hold.
inline constexpr std::size_t kMaxDimension = 20;

class Domain {
 public:
  /// Throws std::invalid_argument unless lo and hi have one length between 1 and kMaxDimension, are finite, and lo <
  /// hi.
  static Domain box(std::vector<double> lo, std::vector<double> hi);
  static Domain all_space(std::size_t dim);
  /// The points where no row of the layer (its coefficients G, its constants -h) is positive. Throws
  /// std::invalid_argument unless it has 1 to kMaxDimension columns.
  static Domain polytope(Layer constraints);
  /// The same polytope without walls at infinity. REQUIRES: is_polytope(), and it is bounded.
  Domain as_bounded() const;

  std::size_t dim() const { return dim_; }
  bool is_box() const { return !lo_.empty(); }
  const std::vector<double>& lo() const { return lo_; }
  const std::vector<double>& hi() const { return hi_; }

  bool is_polytope() const { return constraints_ != nullptr; }
  /// REQUIRES: is_polytope().
  const Layer& constraints() const { return *constraints_; }
  std::size_t constraint_count() const { return is_polytope() ? constraints_->rows() : 0; }

  /// Bit of a wall of a box or at infinity in a wall set: lower walls are even, upper walls odd.
  static constexpr std::size_t wall_bit(std::size_t axis, bool upper) { return 2 * axis + (upper ? 1 : 0); }

  /// A vertex is (X + M Y) / D: one column of right-hand sides where all is finite, else two (1 and M).
  std::size_t parts() const { return finite_ ? 1 : 2; }

  /// Equation of a wall of a box or at infinity: d coefficients, then parts() right-hand sides.
  std::vector<Integer> wall_equation(std::size_t bit) const;
  /// Equation of the wall of a row of constraints(), likewise.
  std::vector<Integer> constraint_equation(std::size_t row) const;

 private:
  std::size_t dim_ = 0;
  bool finite_ = false;
  std::vector<double> lo_, hi_;
  std::shared_ptr<const Layer> constraints_;
};

}  // namespace relutope
