// The layers of a network as integers: z_l * scale(l) = W_l y + b_l, where y are the scaled outputs of the sources.
//
// Notation: Lambda_l = scale(l) > 0, Lambda_{-1} = 1 for the input. With L_l the least common denominator of layer l,
// Lambda_l = L_l * lcm(Lambda_s over its sources s); a column that reads source s is multiplied by Lambda_l / Lambda_s
// and the bias by Lambda_l, so that integers stay integers and every sign is kept.
#pragma once

#include <cstddef>
#include <vector>

#include "exact/integer.hpp"

namespace relutope {

class Layer;
class Network;

class IntegerLayers {
 public:
  /// None of so many layers is known yet.
  explicit IntegerLayers(std::size_t n_layers) : layers_(n_layers), magnitude_{Integer(1)} {}

  /// Makes layers 0 to `last` known; those that are stay where they are.
  void extend(const Network& network, std::size_t last);

  const Integer& scale(std::size_t l) const { return layers_[l].scale; }
  /// Row i: its entries as the layer lists them, then the bias.
  const Integer* row(std::size_t l, std::size_t i) const { return &layers_[l].coefficients[layers_[l].begin[i]]; }
  const Integer& bias(std::size_t l, std::size_t i) const {
    return layers_[l].coefficients[layers_[l].begin[i + 1] - 1];
  }
  /// True if every affine form of layers 0..l, under every activation pattern, has integer coefficients and partial
  /// sums below 2^53 in absolute value, so that float64 computes it without any rounding.
  bool fits_double(std::size_t l) const { return layers_[l].fits_double; }
  /// Float64 copy of the row; meaningful only where fits_double(l).
  const double* double_row(std::size_t l, std::size_t i) const { return &layers_[l].doubles[layers_[l].begin[i]]; }

 private:
  struct Scaled {
    Integer scale;
    std::vector<std::size_t> begin;  // of each row; one more
    std::vector<Integer> coefficients;
    std::vector<double> doubles;
    bool fits_double = false;
  };
  void scale_layer(const Network& network, std::size_t l, Scaled& scaled) const;
  void bound_layer(const Network& network, std::size_t l, Scaled& scaled);
  std::vector<Scaled> layers_;
  std::vector<Integer> magnitude_;  // of the known layers, after the input's
};

}  // namespace relutope
