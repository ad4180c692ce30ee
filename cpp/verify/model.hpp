// The network that a certificate is about: its exact coefficients, their float64 images, and which rows are multiples
// of one another. A layer reads the input and any earlier layers; the last one is the linear output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "exact/dyadic.hpp"
#include "exact/integer.hpp"
#include "exact/sign.hpp"
#include "verify/stored_complex.hpp"

namespace relutope::verify {

/// A layer as it is given; in a max layer a row stands for the largest of what it reads, with coefficients 1. Per row
/// the values that it reads, ascending (inputs come first, then the rows of layer 0, of layer 1, ...), and a
/// coefficient for each, then the bias.
enum class Kind { kRelu, kLinear, kMax };
struct LayerRows {
  Kind kind = Kind::kRelu;
  std::vector<std::vector<std::uint32_t>> reads;
  std::vector<IntegerRow> rows;
};

class Model {
 public:
  /// What a column of a layer reads: row `row` of hidden layer `layer`, or input `row` if `layer` is kInput.
  struct Source {
    static constexpr std::size_t kInput = static_cast<std::size_t>(-1);
    std::size_t layer;
    std::size_t row;
  };
  struct Layer {
    Kind kind = Kind::kRelu;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<Source> sources;  // per column
    std::size_t first_slot = 0;   // of its rows in arrays of all rows
    /// Of a max layer: where the entries of its rows begin, one more than rows, and the column of each entry.
    std::vector<std::size_t> first_entry;
    std::vector<std::size_t> entry_columns;
    /// z * scale = W y + b, y being each source times its own scale, row by row: columns weights, then the bias.
    std::vector<Integer> integers;
    Integer scale;
    /// Float64 images by column, columns x rows, then the biases; each is its coefficient correctly rounded.
    std::vector<double> images;
  };

  /// The first layer may be the rows of a polytope, `domain_rows` neurons that nothing reads. Throws
  /// std::invalid_argument unless shapes fit, reads ascend and denominators are positive.
  Model(std::size_t input_dim, const std::vector<LayerRows>& layers, std::size_t domain_rows);

  std::size_t input_dim() const { return input_dim_; }
  std::size_t hidden_layers() const { return layers_.size() - 1; }
  const Layer& layer(std::size_t l) const { return layers_[l]; }
  /// Index of the first neuron of a layer. A linear layer has none; those of a max layer are its entries, and their
  /// pre-activations what they lack to the largest one of their row.
  std::size_t first_neuron(std::size_t l) const { return first_neuron_[l]; }
  std::size_t neurons() const { return first_neuron_.back(); }
  std::size_t layer_of(std::size_t neuron) const;
  /// The sign of a neuron that is on: of an entry, that it is a largest one.
  Sign active_sign(std::size_t l) const { return layers_[l].kind == Kind::kMax ? Sign::kZero : Sign::kPositive; }
  /// Slots number the neurons, then the rows of linear and max layers.
  std::size_t slots() const { return slots_; }

  /// What a neuron's row is among those of its layer: a multiple of an earlier row (the first such), or its own.
  struct Multiple {
    std::size_t leader;  // a neuron; itself if there is none
    bool negative;       // the factor is negative
  };
  const std::vector<Multiple>& multiples() const { return multiples_; }

 private:
  void add_layer(const LayerRows& rows);
  void set_sources(const LayerRows& rows, std::vector<std::uint32_t>& columns, Layer& layer) const;
  void set_slots();
  void find_multiples(const Layer& layer);
  void add_entries(const LayerRows& rows, const std::vector<std::uint32_t>& columns, Layer& layer) const;

  std::size_t input_dim_;
  std::size_t slots_ = 0;
  std::vector<std::size_t> first_value_;  // per layer
  std::vector<Layer> layers_;
  std::vector<std::size_t> first_neuron_{0};
  std::vector<Multiple> multiples_;
};

/// Refuted unless the codes are those that the rows call for: a neuron has a bit of its own, or it is constant, or it
/// repeats the code of the row that it is a multiple of, flipped if the factor is negative; bits are numbered in order
/// of first use. Constants are proved with the vertices.
void check_codes(const StoredComplex& stored, const Model& model);

}  // namespace relutope::verify
