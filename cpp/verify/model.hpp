// The network that a certificate is about: its exact coefficients, their float64 images, and which rows are multiples
// of one another. Layers form a chain, the last one is the linear output.
#pragma once

#include <cstddef>
#include <vector>

#include "exact/dyadic.hpp"
#include "exact/integer.hpp"
#include "verify/stored_complex.hpp"

namespace relutope::verify {

class Model {
 public:
  struct Layer {
    std::size_t rows = 0;
    std::size_t columns = 0;
    /// z * scale = W (y * scale of the predecessor) + b, row by row: columns weights, then the bias.
    std::vector<Integer> integers;
    /// Float64 images by column, columns x rows, then the biases; each is its coefficient correctly rounded.
    std::vector<double> images;
  };

  /// Rows hold the weights and then the bias. The first `domain_rows` neurons are the rows of a polytope, which are no
  /// multiples of the others. Throws std::invalid_argument unless shapes chain and denominators are positive.
  Model(std::size_t input_dim, const std::vector<std::vector<IntegerRow>>& layers, std::size_t domain_rows);

  std::size_t input_dim() const { return input_dim_; }
  std::size_t hidden_layers() const { return layers_.size() - 1; }
  const Layer& layer(std::size_t l) const { return layers_[l]; }
  std::size_t first_neuron(std::size_t l) const { return first_neuron_[l]; }
  std::size_t neurons() const { return first_neuron_.back(); }
  std::size_t layer_of(std::size_t neuron) const;

  /// What a neuron's row is among those of its layer: a multiple of an earlier row (the first such), or its own.
  struct Multiple {
    std::size_t leader;  // a neuron; itself if there is none
    bool negative;       // the factor is negative
  };
  const std::vector<Multiple>& multiples() const { return multiples_; }

 private:
  void add_layer(const std::vector<IntegerRow>& rows, std::size_t columns, Integer& scale);
  void find_multiples(const std::vector<IntegerRow>& rows);

  std::size_t input_dim_;
  std::size_t domain_rows_;
  std::vector<Layer> layers_;
  std::vector<std::size_t> first_neuron_{0};
  std::vector<Multiple> multiples_;
};

/// Refuted unless the codes are those that the rows call for: a neuron has a bit of its own, or it is constant, or it
/// repeats the code of the row that it is a multiple of, flipped if the factor is negative; bits are numbered in order
/// of first use. Constants are proved with the vertices.
void check_codes(const StoredComplex& stored, const Model& model);

}  // namespace relutope::verify
