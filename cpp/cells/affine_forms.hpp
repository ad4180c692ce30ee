// The values of a network on a bounded domain as affine forms of few columns: the constant 1, the inputs, and the
// values that are not affine on the domain. ReLUs of one sign, linear layers and maxima with one largest entry are
// composed away.
//
// Forms are computed in twice the precision of float64, because worst-case bounds grow with every layer, some 3 to 6
// times in a convolution: of 53 bits none would be left behind 20 of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "cells/buffer.hpp"
#include "cells/workers.hpp"
#include "exact/double_double.hpp"
#include "network/network.hpp"

namespace relutope {

/// Bounds of a value on the domain.
struct Range {
  double lo, hi;
};

/// What a value is on the domain: 0, row `row` of the forms of layer `layer`, or column `row`.
struct ValueState {
  enum class Kind : std::uint8_t { kZero, kForm, kColumn };
  Kind kind = Kind::kZero;
  std::uint32_t layer = 0, row = 0;
  bool operator==(const ValueState&) const = default;
};

/// Float64 coefficients of a form, or of a sum of forms, per column. The exact value differs from the one that they
/// give by at most `error` at every point of the domain. A column that is not marked has an exact coefficient 0.
struct FormImage {
  std::vector<double> values;
  std::vector<std::uint8_t> marked;
  double error = 0;
};

class AffineForms {
 public:
  static constexpr std::size_t kConstant = 0;

  /// Columns for 1 and for the inputs, which have the given ranges.
  AffineForms(const Network& network, const std::vector<Range>& inputs, Budget& budget);

  std::size_t n_columns() const { return columns_.size(); }
  /// The number of a new column.
  std::uint32_t add_column(Range range);

  /// Computes the forms of all rows of a layer that is no max layer. REQUIRES: the values that it reads have states.
  void compute(std::size_t layer, Workers& workers);

  void set_states(std::size_t layer, std::vector<ValueState> states) { states_[layer] = std::move(states); }
  ValueState state(const ValueSource& source) const;

  /// Adds `factor` (1 or -1) times a form.
  void add(const ValueState& form, double factor, FormImage& image) const;
  FormImage image() const {
    return {std::vector<double>(n_columns(), 0), std::vector<std::uint8_t>(n_columns(), 0), 0};
  }
  Range range(const FormImage& image) const;
  /// The sign that a form has at all points of the domain; zero only where no column is marked.
  std::optional<Sign> sign(const FormImage& image) const;
  /// Marks the columns on which a form may depend.
  void mark(const ValueState& form, std::vector<std::uint8_t>& marked) const;

  /// Frees the forms of a layer.
  void release(std::size_t layer) { forms_[layer] = LayerForms(nullptr); }

 private:
  struct Column {
    double center, radius, magnitude;
  };
  struct LayerForms {
    explicit LayerForms(Budget* budget) : high(budget), low(budget), nonzero(budget) {}
    std::size_t chunks = 0;         // of each row
    std::size_t stride = 0;         // a chunk of all rows, then the next chunk of all rows
    Buffer<double> high, low;       // high + low; |low| <= 2^-53 |high|
    Buffer<std::uint8_t> nonzero;   // per row, per chunk: a bit for each column that may have a coefficient
    std::vector<double> error;      // |form - exact value| at any point of the domain
    std::vector<double> magnitude;  // bounds the sum of |coefficient| |column| at any point
  };
  friend class FormTask;

  const Network& network_;
  Budget& budget_;
  std::vector<Column> columns_;
  std::vector<LayerForms> forms_;
  std::vector<std::vector<ValueState>> states_;
};

}  // namespace relutope
