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

FloatForms::FloatForms(const Network& network) : network_(network), active_(network.signs()) {
  for (const Layer& layer : network.layers()) {
    const std::size_t n = layer.rows();
    const std::size_t m = layer.columns();
    LayerForms forms;
    forms.unit = 1.01 * (static_cast<double>(m + 4) * kUnit + layer.relative_error());
    forms.values.resize((network.input_dim() + 1) * n);
    forms.errors.resize((network.input_dim() + 1) * n);
    forms.stride = (n + kTile - 1) / kTile * kTile;
    const bool is_dense = layer.is_dense();
    forms.columns.resize(is_dense ? (m + 1) * forms.stride : 0);
    forms.column_bounds.resize(forms.columns.size());
    for (std::size_t i = 0; i < n && is_dense; ++i) {
      const std::vector<double> row = layer.expanded(i, layer.image(i));
      for (std::size_t k = 0; k <= m; ++k) {
        forms.columns[k * forms.stride + i] = row[k];
        forms.column_bounds[k * forms.stride + i] = floored(std::abs(row[k]));
      }
    }
    layers_.push_back(std::move(forms));
  }
}

void FloatForms::set_pattern(std::span<const bool> active) {
  std::size_t first = 0;  // layers before it keep their forms
  if (is_set_) {
    const auto [changed, end] = std::mismatch(active_.begin(), active_.end(), active.begin(),
                                              [](std::uint8_t a, bool b) { return (a != 0) == b; });
    const auto neuron = static_cast<std::size_t>(changed - active_.begin());
    while (first < network_.hidden_layers() && network_.first_sign(first + 1) <= neuron) ++first;
    // The pattern of a max layer decides its own forms.
    if (first >= network_.hidden_layers() || network_.kind(first) != LayerKind::kMax) ++first;
  }
  std::copy(active.begin(), active.end(), active_.begin());
  is_set_ = true;
  for (std::size_t l = first; l < layers_.size(); ++l) compute(l);
}

bool FloatForms::passes_on(const ValueSource& source) const {
  const auto layer = static_cast<std::size_t>(source.layer);
  return network_.kind(layer) != LayerKind::kRelu || active_[network_.first_sign(layer) + source.row] != 0;
}

/// The form of the first active entry of each row.
void FloatForms::compute_maxima(std::size_t layer) {
  const Layer& max = network_.layers()[layer];
  LayerForms& forms = layers_[layer];
  const std::size_t n = max.rows();
  std::fill(forms.values.begin(), forms.values.end(), 0.0);
  std::fill(forms.errors.begin(), forms.errors.end(), 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    const auto entries = max.entries(i);
    const std::uint8_t* active = &active_[network_.first_sign(layer) + max.first_entry(i)];
    std::size_t t = 0;
    while (t + 1 < entries.size() && active[t] == 0) ++t;
    const ValueSource& from = network_.sources(layer)[entries[t]];
    if (!passes_on(from)) continue;
    const LayerForms& source = layers_[static_cast<std::size_t>(from.layer)];
    const std::size_t width = network_.layers()[static_cast<std::size_t>(from.layer)].rows();
    for (std::size_t j = 0; j <= network_.input_dim(); ++j) {
      forms.values[j * n + i] = source.values[j * width + from.row];
      forms.errors[j * n + i] = source.errors[j * width + from.row];
    }
  }
}

// A difference of numbers that are off by e and f is off by e + f and half an ulp of itself; 1 + 4 u covers the ulps of
// the bound, the smallest subnormal its underflow.
FloatForms::Forms FloatForms::sign_forms(std::size_t layer) {
  if (layer >= network_.hidden_layers() || network_.kind(layer) != LayerKind::kMax) {
    return {layers_[layer].values, layers_[layer].errors};
  }
  const Layer& max = network_.layers()[layer];
  const LayerForms& maxima = layers_[layer];
  const std::size_t n = max.rows();
  const std::size_t width = network_.signs_in(layer);
  entry_values_.resize((network_.input_dim() + 1) * width);
  entry_errors_.resize(entry_values_.size());
  for (std::size_t i = 0; i < n; ++i) {
    const auto entries = max.entries(i);
    for (std::size_t t = 0; t < entries.size(); ++t) {
      const ValueSource& from = network_.sources(layer)[entries[t]];
      const auto source = static_cast<std::size_t>(from.layer);
      const std::size_t rows = network_.layers()[source].rows();
      for (std::size_t j = 0; j <= network_.input_dim(); ++j) {
        const double own = passes_on(from) ? layers_[source].values[j * rows + from.row] : 0.0;
        const double own_error = passes_on(from) ? layers_[source].errors[j * rows + from.row] : 0.0;
        const double value = own - maxima.values[j * n + i];
        const double carried = own_error + maxima.errors[j * n + i];
        const bool is_exact = carried == 0 && (own == 0 || maxima.values[j * n + i] == 0 || value == 0);
        const std::size_t at = j * width + max.first_entry(i) + t;
        entry_values_[at] = value;
        const double error =
            (carried + kUnit * std::abs(value)) * (1 + 4 * kUnit) + std::numeric_limits<double>::denorm_min();
        entry_errors_[at] = is_exact ? 0.0 : (std::isfinite(error) ? error : std::numeric_limits<double>::infinity());
      }
    }
  }
  return {entry_values_, entry_errors_};
}

void FloatForms::compute(std::size_t layer) {
  if (network_.kind(layer) == LayerKind::kMax) {
    compute_maxima(layer);
    return;
  }
  gather(layer);
  LayerForms& forms = layers_[layer];
  const std::size_t n = network_.layers()[layer].rows();
  const std::size_t step = network_.input_dim() + 1;
  if (!network_.layers()[layer].is_dense()) add_sparse_rows(layer);
  for (std::size_t row = 0; row < n && !forms.columns.empty(); row += kTile) {
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

/// The same sums over the entries of each row.
void FloatForms::add_sparse_rows(std::size_t l) {
  constexpr auto kNone = static_cast<std::size_t>(-1);
  const Layer& layer = network_.layers()[l];
  LayerForms& forms = layers_[l];
  const std::size_t n = layer.rows();
  const std::size_t step = network_.input_dim() + 1;
  std::vector<std::size_t> term_of_column(layer.columns() + 1, kNone);
  for (std::size_t t = 0; t < term_columns_.size(); ++t) term_of_column[term_columns_[t]] = t;
  std::vector<double> sums(2 * step);
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = layer.image(i);
    const auto entries = layer.entries(i);
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t a = 0; a < row.size(); ++a) {
      const std::size_t t = term_of_column[a < entries.size() ? entries[a] : layer.columns()];
      if (t == kNone) continue;
      for (std::size_t j = 0; j < step; ++j) {
        sums[j] += row[a] * factors_[t * step + j];
        sums[step + j] += floored(std::abs(row[a])) * reaches_[t * step + j];
      }
    }
    for (std::size_t j = 0; j < step; ++j) {
      forms.values[j * n + i] = sums[j];
      forms.errors[j * n + i] = sums[step + j];
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
    if (!passes_on(from)) continue;
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
