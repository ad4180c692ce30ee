// Affine forms of neurons under one activation pattern, in float64 with proven error bounds.
// Guarantee: |value - exact| <= error for every coefficient, exact being the one of PatternForms over its scale. Where
// all terms of a coefficient are zeros it is 0 with error 0; where float64 overflows the error is infinite. Values
// depend on the pattern alone, not on those set before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "network/network.hpp"

namespace relutope {

class FloatForms {
 public:
  explicit FloatForms(const Network& network);

  /// Sets which signs are active ones, network.signs() entries. Layers whose predecessors keep their pattern keep
  /// their forms.
  void set_pattern(std::span<const bool> active);

  /// Coefficients of input 0 of all neurons of a layer (the last one: outputs), then of input 1, ..., then constants.
  std::span<const double> values(std::size_t layer) const { return layers_[layer].values; }
  std::span<const double> errors(std::size_t layer) const { return layers_[layer].errors; }

  struct Forms {
    std::span<const double> values, errors;
  };
  /// The same forms, but of a max layer those of its entries less the maxima. They hold until the next call.
  Forms sign_forms(std::size_t layer);

 private:
  struct LayerForms {
    std::size_t stride;                 // rows, rounded up to whole tiles
    std::vector<double> columns;        // of a dense layer: image of the weights, column by column, then the biases
    std::vector<double> column_bounds;  // w' below, likewise
    double unit;                        // c below
    std::vector<double> values;
    std::vector<double> errors;
  };
  void compute(std::size_t layer);
  void gather(std::size_t layer);
  void compute_maxima(std::size_t layer);
  bool passes_on(const ValueSource& source) const;
  void append_term(std::size_t column);
  void add_sparse_rows(std::size_t layer);

  const Network& network_;
  std::vector<LayerForms> layers_;
  std::vector<std::uint8_t> active_;
  bool is_set_ = false;
  // The terms of a layer's forms: columns of weights, and per column d + 1 coefficients of what it multiplies.
  std::vector<std::size_t> term_columns_;
  std::vector<double> factors_;
  std::vector<double> reaches_;
  std::vector<double> entry_values_, entry_errors_;
};

}  // namespace relutope
