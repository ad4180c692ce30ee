// Affine forms of neurons under one activation pattern, in float64 with a proven bound, and balls around exact points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "verify/model.hpp"

namespace relutope::verify {

/// gamma(k) >= k u / (1 - k u) for k <= 2^40, u = 2^-53 (Higham, Accuracy and Stability of Numerical Algorithms, 2nd
/// ed., 2002, section 3.1), also after the rounding of the product here.
inline double gamma(std::size_t k) { return 1.01 * 0x1p-53 * static_cast<double>(k); }

class FloatForms {
 public:
  explicit FloatForms(const Model& model);

  /// The neurons that count as on. Layers whose predecessors keep their pattern are not computed again.
  void set_pattern(std::span<const std::uint8_t> on);

  /// Coefficient c of a neuron's form, the constant for c = input_dim.
  double coefficient(std::size_t neuron, std::size_t c) const { return entries_[c][neuron]; }
  /// Bound on the error of each coefficient; may be infinite or nan, which stand for no bound.
  double error(std::size_t neuron) const { return error_[neuron]; }

  /// Forms of all neurons at a float point: |form(y) - value| <= bound + r spread for every y within r of it in the max
  /// norm, up to a factor 1 + 2^-50 of the right-hand side.
  void evaluate(std::span<const double> point, std::span<double> value, std::span<double> bound,
                std::span<double> spread) const;

 private:
  void compute(std::size_t l);
  void compute_maxima(std::size_t l);
  bool is_off(const Model::Source& source) const;

  const Model& model_;
  std::vector<std::uint8_t> pattern_;
  std::vector<std::vector<double>> entries_;  // by coefficient, then by slot
  std::vector<double> error_;                 // by slot
};

}  // namespace relutope::verify
