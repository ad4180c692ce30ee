#include "network/float_forms.hpp"

#include <algorithm>
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

/// A term of a coefficient of every neuron of a layer: a column of weights times a coefficient of an input.
struct Term {
  const double* column;
  const double* column_bound;
  double factor;  // f
  double reach;   // e + c r'
};

void add(const double* __restrict column, double factor, double* __restrict sums, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += column[i] * factor;
}

/// Two columns at once, which halves the traffic of the sums.
void add(const double* __restrict a, double x, const double* __restrict b, double y, double* __restrict sums,
         std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sums[i] = sums[i] + a[i] * x + b[i] * y;
}

void add_terms(std::span<const Term> terms, double* values, double* errors, std::size_t n) {
  std::size_t t = 0;
  for (; t + 1 < terms.size(); t += 2) {
    add(terms[t].column, terms[t].factor, terms[t + 1].column, terms[t + 1].factor, values, n);
    add(terms[t].column_bound, terms[t].reach, terms[t + 1].column_bound, terms[t + 1].reach, errors, n);
  }
  if (t < terms.size()) {
    add(terms[t].column, terms[t].factor, values, n);
    add(terms[t].column_bound, terms[t].reach, errors, n);
  }
}

}  // namespace

FloatForms::FloatForms(const Network& network) : network_(network), active_(network.neurons()) {
  for (const Layer& layer : network.layers()) {
    const std::size_t n = layer.rows();
    const std::size_t m = layer.columns();
    LayerForms forms;
    forms.columns.resize((m + 1) * n);
    forms.column_bounds.resize((m + 1) * n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k <= m; ++k) {
        forms.columns[k * n + i] = layer.image(i)[k];
        forms.column_bounds[k * n + i] = floored(std::abs(layer.image(i)[k]));
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
  LayerForms& forms = layers_[layer];
  for (std::size_t j = 0; j <= network_.input_dim(); ++j) add_coordinate(layer, j);
  const double inflate = 1.0 + 4.0 * static_cast<double>(network_.layers()[layer].columns() + 8) * kUnit;
  for (std::size_t i = 0; i < forms.values.size(); ++i) {
    forms.errors[i] *= inflate;
    if (!(std::isfinite(forms.values[i]) && std::isfinite(forms.errors[i]))) {
      forms.errors[i] = std::numeric_limits<double>::infinity();
    }
  }
}

void FloatForms::add_coordinate(std::size_t layer, std::size_t coordinate) {
  LayerForms& forms = layers_[layer];
  const std::size_t n = network_.layers()[layer].rows();
  std::vector<Term> terms;
  std::size_t k = 0;
  const auto append = [&](double factor, double error) {
    const double reach = error + forms.unit * floored(std::abs(factor) + error);
    terms.push_back({&forms.columns[k * n], &forms.column_bounds[k * n], factor, reach});
  };
  for (const Block& block : network_.layers()[layer].blocks()) {
    for (std::size_t i = 0; i < block.columns; ++i, ++k) {
      if (block.source == Block::kInput) {
        if (i == coordinate) append(1.0, 0.0);
        continue;
      }
      const auto source = static_cast<std::size_t>(block.source);
      if (active_[network_.first_neuron(source) + i] == 0) continue;
      const std::size_t place = coordinate * block.columns + i;
      append(layers_[source].values[place], layers_[source].errors[place]);
    }
  }
  if (coordinate == network_.input_dim()) {  // the bias, k being the number of columns now
    terms.push_back({&forms.columns[k * n], &forms.column_bounds[k * n], 1.0, forms.unit});
  }
  double* values = &forms.values[coordinate * n];
  double* errors = &forms.errors[coordinate * n];
  std::fill_n(values, n, 0.0);
  std::fill_n(errors, n, 0.0);
  add_terms(terms, values, errors, n);
}

}  // namespace relutope
