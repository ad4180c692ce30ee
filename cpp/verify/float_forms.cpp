#include "verify/float_forms.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace relutope::verify {

FloatForms::FloatForms(const Model& model) : model_(model) {
  pattern_.assign(model.neurons(), 0);
  entries_.assign(model.input_dim() + 1, std::vector<double>(model.slots()));
  error_.resize(model.slots());
  for (std::size_t l = 0; l < model.hidden_layers(); ++l) compute(l);
}

void FloatForms::set_pattern(std::span<const std::uint8_t> on) {
  bool changed = false;
  for (std::size_t l = 0; l < model_.hidden_layers(); ++l) {
    const std::size_t first = model_.first_neuron(l);
    const std::size_t n = model_.first_neuron(l + 1) - first;
    const bool same = std::equal(on.begin() + first, on.begin() + first + n, pattern_.begin() + first);
    std::copy_n(on.begin() + first, n, pattern_.begin() + first);
    // The pattern of a max layer decides its own forms.
    if (changed || (!same && model_.layer(l).kind == Kind::kMax)) compute(l);
    changed |= !same;
  }
}

bool FloatForms::is_off(const Model::Source& source) const {
  if (source.layer == Model::Source::kInput || model_.layer(source.layer).kind != Kind::kRelu) return false;
  return pattern_[model_.first_neuron(source.layer) + source.row] == 0;
}

// One coefficient: f = sum w_k f_k + b over n sources that are not off, F computed from images W, B and from F_k with
// |F_k - f_k| <= e_k and |F_k| <= g_k; an input is its own form, without error. Images are correctly rounded:
// |W - w| <= u |W| + 2^-1075. Summing in one order rounds each term at most n + 1 times, and a product that underflows
// errs by 2^-1075 more:
//   |F - f| <= sum |W| e_k + gamma_{n+2} (sum |W| (g_k + e_k) + |B|) + 2^-1074 (n + 1 + sum (g_k + e_k)).
// The second column `error` sums |W| h_k with h_k = e_k + gamma_{n+8} (g_k + e_k), and is at least (1 - gamma_{n+2}) of
// its exact value less n 2^-1075; the factor 1 + gamma_{4n+32} covers that and the roundings of h_k and of the last
// line. DBL_MIN = 2^-1022 stands for every 2^-1074. The same for all coefficients, g_k being the largest of a row.
void FloatForms::compute(std::size_t l) {
  const Model::Layer& layer = model_.layer(l);
  if (layer.kind == Kind::kMax) {
    compute_maxima(l);
    return;
  }
  const std::size_t first = layer.first_slot;
  const std::size_t d = model_.input_dim();
  const double* bias = &layer.images[layer.columns * layer.rows];
  double* error = &error_[first];
  std::fill(error, error + layer.rows, 0.0);
  for (std::size_t c = 0; c < d; ++c) std::fill_n(&entries_[c][first], layer.rows, 0.0);
  std::copy(bias, bias + layer.rows, &entries_[d][first]);
  double tiny = 2;
  std::size_t n = 0;
  for (const Model::Source& source : layer.sources) n += is_off(source) ? 0 : 1;
  for (std::size_t k = 0; k < layer.columns; ++k) {
    const Model::Source& source = layer.sources[k];
    if (is_off(source)) continue;
    const double* column = &layer.images[k * layer.rows];
    double own_error = 0;
    double size = 1;
    if (source.layer == Model::Source::kInput) {
      double* entry = &entries_[source.row][first];
      for (std::size_t i = 0; i < layer.rows; ++i) entry[i] += column[i];
    } else {
      const std::size_t slot = model_.layer(source.layer).first_slot + source.row;
      own_error = size = error_[slot];
      for (std::size_t c = 0; c <= d; ++c) {
        const double factor = entries_[c][slot];
        double* entry = &entries_[c][first];
        for (std::size_t i = 0; i < layer.rows; ++i) entry[i] += factor * column[i];
        size = std::max(size, own_error + std::abs(factor));
      }
    }
    const double carried = own_error + gamma(n + 8) * size;
    for (std::size_t i = 0; i < layer.rows; ++i) error[i] += carried * std::abs(column[i]);
    tiny += 1 + size;
  }
  const double last = 1 + gamma(4 * n + 32);
  for (std::size_t i = 0; i < layer.rows; ++i) {
    error[i] = (error[i] + gamma(n + 8) * std::abs(bias[i]) + DBL_MIN * tiny) * last;
  }
}

// The form of a row is that of its first entry that is on, the form of an entry its own less that: a difference of
// computed coefficients is off by both errors and u times itself, and the last factor covers the roundings of that.
void FloatForms::compute_maxima(std::size_t l) {
  const Model::Layer& layer = model_.layer(l);
  const std::size_t d = model_.input_dim();
  const std::size_t first = model_.first_neuron(l);
  const auto slot_of = [&](std::size_t e) {
    const Model::Source& source = layer.sources[layer.entry_columns[e]];
    return model_.layer(source.layer).first_slot + source.row;
  };
  for (std::size_t i = 0; i < layer.rows; ++i) {
    std::size_t chosen = layer.first_entry[i];
    while (chosen + 1 < layer.first_entry[i + 1] && pattern_[first + chosen] == 0) ++chosen;
    const std::size_t row = layer.first_slot + i;
    const bool is_zero = is_off(layer.sources[layer.entry_columns[chosen]]);
    error_[row] = is_zero ? 0.0 : error_[slot_of(chosen)];
    for (std::size_t c = 0; c <= d; ++c) entries_[c][row] = is_zero ? 0.0 : entries_[c][slot_of(chosen)];
    for (std::size_t e = layer.first_entry[i]; e < layer.first_entry[i + 1]; ++e) {
      const bool off = is_off(layer.sources[layer.entry_columns[e]]);
      double largest = 0;
      for (std::size_t c = 0; c <= d; ++c) {
        const double difference = (off ? 0.0 : entries_[c][slot_of(e)]) - entries_[c][row];
        entries_[c][first + e] = difference;
        largest = std::max(largest, std::abs(difference));
      }
      const double carried = (off ? 0.0 : error_[slot_of(e)]) + error_[row];
      error_[first + e] = (carried + gamma(1) * largest + DBL_MIN) * (1 + gamma(8));
    }
  }
}

// With F, e the coefficients and their bound, x the point and y within r of it:
//   |f(y) - v| <= e (1 + sum |x_c|) + gamma_{d+1} (sum |F_c x_c| + |F_d|) + d 2^-1075 + r (sum |F_c| + d e).
// The factor covers the roundings of this line, DBL_MIN those products of it that underflow.
void FloatForms::evaluate(std::span<const double> point, std::span<double> value, std::span<double> bound,
                          std::span<double> spread) const {
  const std::size_t d = point.size();
  const std::size_t n = value.size();
  const double rounding = gamma(d + 2);
  const double last = 1 + gamma(4 * d + 32);
  const double tiny = DBL_MIN * static_cast<double>(d + 4);
  double reach = 1;
  for (const double x : point) reach += std::abs(x);
  const double* constant = entries_[d].data();
  for (std::size_t i = 0; i < n; ++i) {
    value[i] = constant[i];
    bound[i] = (error_[i] * reach + rounding * std::abs(constant[i])) * last + tiny;
    spread[i] = error_[i] * static_cast<double>(d) * last + tiny;
  }
  for (std::size_t c = 0; c < d; ++c) {
    const double* entry = entries_[c].data();
    const double x = point[c];
    const double slack = rounding * std::abs(x) * last;
    for (std::size_t i = 0; i < n; ++i) {
      value[i] += entry[i] * x;
      bound[i] += std::abs(entry[i]) * slack;
      spread[i] += std::abs(entry[i]) * last;
    }
  }
}

}  // namespace relutope::verify
