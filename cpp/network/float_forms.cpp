#include "network/float_forms.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace relutope {
namespace {

// Bound, with f the computed coefficients of a layer's m inputs (those of neurons that are off are 0) within e of the
// exact ones, r = |f| + e, u = 2^-53, and w the image of an exact coefficient W with |W - w| <= kappa |w| + 2^-1074
// (W = w where w = 0). A sum of m products and a bias errs by at most gamma = (m + 1) u / (1 - (m + 1) u) times the sum
// of the magnitudes, and by 2^-1074 for each product of non-zeros that underflows. So
//   |computed - exact| <= sum |w| e + (gamma + kappa) (sum |w| r + |b|) + 2^-1074 (1 + sum over non-zeros of (1 + r)).
// With w' = |w| + kFloor and r' = r + kFloor where they are not 0, and c = 1.01 ((m + 4) u + kappa), this is at most
//   sum w' (e + c r') + c b',
// since 3 u w' r' alone exceeds 2^-1074 (1 + r). No product in it underflows, each factor being 0 or at least
// c kFloor > 2^-531. Rounding makes it too small by a factor of at most 1 - (m + 8) u; `inflate` restores that.
constexpr double kUnit = 0x1p-53;
constexpr double kFloor = 0x1p-480;

double floored(double magnitude) { return magnitude == 0 ? 0.0 : magnitude + kFloor; }

/// Rows whose sums stay in registers.
constexpr std::size_t kTile = 8;

/// Sums over the terms t of column term_columns[t] (from `row` on) times factors[t * step], written to `count` rows.
void add_tile(const std::vector<double>& columns, std::size_t stride, std::size_t row,
              std::span<const std::size_t> term_columns, const double* factors, std::size_t step, double* out,
              std::size_t count) {
  std::array<double, kTile> sums{};
  for (std::size_t t = 0; t < term_columns.size(); ++t) {
    const double* column = columns.data() + term_columns[t] * stride + row;
    const double factor = factors[t * step];
    for (std::size_t r = 0; r < kTile; ++r) sums[r] += column[r] * factor;
  }
  std::copy_n(sums.begin(), count, out);
}

}  // namespace

FloatForms::FloatForms(const Network& network) : network_(network), active_(network.neurons()) {
  for (const Layer& layer : network.layers()) {
    const std::size_t n = layer.rows();
    const std::size_t m = layer.columns();
    LayerForms forms;
    forms.stride = (n + kTile - 1) / kTile * kTile;
    forms.columns.resize((m + 1) * forms.stride);
    forms.column_bounds.resize((m + 1) * forms.stride);
    for (std::size_t i = 0; i < n; ++i) {
      const std::vector<double> row = layer.expanded(i, layer.image(i));
      for (std::size_t k = 0; k <= m; ++k) {
        forms.columns[k * forms.stride + i] = row[k];
        forms.column_bounds[k * forms.stride + i] = floored(std::abs(row[k]));
      }
    }
    forms.unit = 1.01 * (static_cast<double>(m + 4) * kUnit + layer.relative_error());
    forms.values.resize((network.input_dim() + 1) * n);
    forms.errors.resize((network.input_dim() + 1) * n);
    layers_.push_back(std::move(forms));
  }
}

void FloatForms::set_pattern(std::span<const bool> active) {
  std::size_t first = 0;  // layers before it keep their forms
  if (is_set_) {
    const auto [changed, end] = std::mismatch(active_.begin(), active_.end(), active.begin(),
                                              [](std::uint8_t a, bool b) { return (a != 0) == b; });
    const auto neuron = static_cast<std::size_t>(changed - active_.begin());
    while (first < network_.hidden_layers() && network_.first_neuron(first + 1) <= neuron) ++first;
    ++first;
  }
  std::copy(active.begin(), active.end(), active_.begin());
  is_set_ = true;
  for (std::size_t l = first; l < layers_.size(); ++l) compute(l);
}

void FloatForms::compute(std::size_t layer) {
  gather(layer);
  LayerForms& forms = layers_[layer];
  const std::size_t n = network_.layers()[layer].rows();
  const std::size_t step = network_.input_dim() + 1;
  for (std::size_t row = 0; row < n; row += kTile) {
    const std::size_t count = std::min(kTile, n - row);
    for (std::size_t j = 0; j < step; ++j) {
      add_tile(forms.columns, forms.stride, row, term_columns_, &factors_[j], step, &forms.values[j * n + row], count);
      add_tile(forms.column_bounds, forms.stride, row, term_columns_, &reaches_[j], step, &forms.errors[j * n + row],
               count);
    }
  }
  const double inflate = 1.0 + 4.0 * static_cast<double>(network_.layers()[layer].columns() + 8) * kUnit;
  for (std::size_t i = 0; i < forms.values.size(); ++i) {
    forms.errors[i] *= inflate;
    if (!(std::isfinite(forms.values[i]) && std::isfinite(forms.errors[i]))) {
      forms.errors[i] = std::numeric_limits<double>::infinity();
    }
  }
}

void FloatForms::gather(std::size_t layer) {
  const std::size_t d = network_.input_dim();
  const double unit = layers_[layer].unit;
  term_columns_.clear();
  factors_.clear();
  reaches_.clear();
  const std::vector<ValueSource>& sources = network_.sources(layer);
  for (std::size_t column = 0; column < sources.size(); ++column) {
    const ValueSource& from = sources[column];
    if (from.layer == ValueSource::kInput) {
      append_term(column);
      factors_[factors_.size() - 1 - d + from.row] = 1.0;
      reaches_[reaches_.size() - 1 - d + from.row] = unit * floored(1.0);
      continue;
    }
    const auto source = static_cast<std::size_t>(from.layer);
    if (!network_.is_linear(source) && active_[network_.first_neuron(source) + from.row] == 0) continue;
    append_term(column);
    const std::size_t width = network_.layers()[source].rows();
    for (std::size_t j = 0; j <= d; ++j) {
      const double value = layers_[source].values[j * width + from.row];
      const double error = layers_[source].errors[j * width + from.row];
      factors_[factors_.size() - 1 - d + j] = value;
      reaches_[reaches_.size() - 1 - d + j] = error + unit * floored(std::abs(value) + error);
    }
  }
  append_term(sources.size());  // the biases
  factors_.back() = 1.0;
  reaches_.back() = unit;
}

/// Adds a column of weights that multiplies zeros.
void FloatForms::append_term(std::size_t column) {
  term_columns_.push_back(column);
  factors_.resize(factors_.size() + network_.input_dim() + 1, 0.0);
  reaches_.resize(reaches_.size() + network_.input_dim() + 1, 0.0);
}

}  // namespace relutope
