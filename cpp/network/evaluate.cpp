#include "network/evaluate.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

#include "exact/dyadic.hpp"

namespace relutope {
namespace {

struct Input {
  double value;
  double error;
};

/// Inputs of layer l: the point, or values of earlier layers with their errors (ReLU is 1-Lipschitz, so errors carry
/// over).
void gather(const Network& network, std::size_t l, std::span<const double> point, const FloatEvaluation& evaluation,
            std::vector<Input>& inputs) {
  inputs.clear();
  for (const ValueSource& source : network.sources(l)) {
    if (source.layer == ValueSource::kInput) {
      inputs.push_back({point[source.row], 0.0});
      continue;
    }
    const auto s = static_cast<std::size_t>(source.layer);
    const double value = evaluation.values[s][source.row];
    const bool is_relu = network.kind(s) == LayerKind::kRelu;
    inputs.push_back({is_relu ? std::max(value, 0.0) : value, evaluation.errors[s][source.row]});
  }
}

// With m products and one bias, u = 2^-53, gamma = (m + 2) u / (1 - (m + 2) u):
//   |computed - exact| <= sum |w| e + (gamma + kappa (1 + u)) (|b| + sum |w| (|y| + e)) + (2 m + 2) eta (1 + |y| + e)
// kappa: relative error of the coefficient's image, eta = 2^-1074: absolute error of an image or an underflow.
// Lemma: the sums below are themselves rounded; each loses at most a factor 1 - (m + 4) u, restored by `inflate`.
// DBL_MIN * (...) covers the eta terms, since (2 m + 2) eta < DBL_MIN for m < 2^50.
//
// Rows in work together keep the processor busy while each one adds in its own order, so results do not depend on it.
template <std::size_t kRows>
void evaluate_rows(const Layer& layer, std::size_t first, const std::vector<Input>& inputs, double largest,
                   double* values, double* errors) {
  constexpr double kUnit = 0x1p-53;
  const std::size_t m = inputs.size();
  const double* rows[kRows];
  double sum[kRows], absolute[kRows], carried[kRows];
  for (std::size_t r = 0; r < kRows; ++r) {
    rows[r] = layer.image(first + r).data();
    sum[r] = rows[r][m];
    absolute[r] = std::abs(rows[r][m]);
    carried[r] = 0.0;
  }
  for (std::size_t k = 0; k < m; ++k) {
    const Input input = inputs[k];
    const double reach = std::abs(input.value) + input.error;
    for (std::size_t r = 0; r < kRows; ++r) {
      const double weight = rows[r][k];
      sum[r] += weight * input.value;
      absolute[r] += std::abs(weight) * reach;
      carried[r] += std::abs(weight) * input.error;
    }
  }
  const double gamma = 1.01 * static_cast<double>(m + 2) * kUnit + 1.01 * layer.relative_error();
  const double inflate = 1.0 + 4.0 * static_cast<double>(m + 8) * kUnit;
  for (std::size_t r = 0; r < kRows; ++r) {
    values[first + r] = sum[r];
    errors[first + r] = (carried[r] + gamma * absolute[r] + DBL_MIN * (1.0 + largest)) * inflate;
  }
}

/// The same bound for a row that lists its entries.
void evaluate_sparse_row(const Layer& layer, std::size_t i, const std::vector<Input>& inputs, double largest,
                         double& value, double& error) {
  constexpr double kUnit = 0x1p-53;
  const auto entries = layer.entries(i);
  const auto row = layer.image(i);
  double absolute = std::abs(row.back());
  double carried = 0.0;
  value = row.back();
  for (std::size_t t = 0; t < entries.size(); ++t) {
    const Input input = inputs[entries[t]];
    value += row[t] * input.value;
    absolute += std::abs(row[t]) * (std::abs(input.value) + input.error);
    carried += std::abs(row[t]) * input.error;
  }
  const auto m = static_cast<double>(entries.size());
  const double gamma = 1.01 * (m + 2) * kUnit + 1.01 * layer.relative_error();
  error = (carried + gamma * absolute + DBL_MIN * (1.0 + largest)) * (1.0 + 4.0 * (m + 8) * kUnit);
}

/// A largest value moves no more than the one of its entries that moves the most.
void evaluate_maxima(const Layer& layer, const std::vector<Input>& inputs, double* values, double* errors) {
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    values[i] = -std::numeric_limits<double>::infinity();
    errors[i] = 0;
    for (const std::uint32_t k : layer.entries(i)) {
      values[i] = std::max(values[i], inputs[k].value);
      errors[i] = inputs[k].error > errors[i] || std::isnan(inputs[k].error) ? inputs[k].error : errors[i];
    }
  }
}

void evaluate_layer(const Layer& layer, const std::vector<Input>& inputs, double* values, double* errors) {
  double largest = 0.0;
  for (const Input& input : inputs) largest = std::max(largest, std::abs(input.value) + input.error);
  if (layer.kind() == LayerKind::kMax) {
    evaluate_maxima(layer, inputs, values, errors);
    return;
  }
  if (!layer.is_dense()) {
    for (std::size_t i = 0; i < layer.rows(); ++i) {
      evaluate_sparse_row(layer, i, inputs, largest, values[i], errors[i]);
    }
    return;
  }
  constexpr std::size_t kTogether = 4;
  std::size_t i = 0;
  for (; i + kTogether <= layer.rows(); i += kTogether) {
    evaluate_rows<kTogether>(layer, i, inputs, largest, values, errors);
  }
  for (; i < layer.rows(); ++i) evaluate_rows<1>(layer, i, inputs, largest, values, errors);
}

}  // namespace

FloatEvaluation evaluate(const Network& network, std::span<const double> point) {
  FloatEvaluation result;
  std::vector<Input> inputs;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Layer& layer = network.layers()[l];
    gather(network, l, point, result, inputs);
    std::vector<double> values(layer.rows());
    std::vector<double> errors(layer.rows());
    evaluate_layer(layer, inputs, values.data(), errors.data());
    result.values.push_back(std::move(values));
    result.errors.push_back(std::move(errors));
  }
  return result;
}

namespace {

/// What a column reads, times the denominator of its layer.
Integer exact_value(const Network& network, const ValueSource& source, std::span<const Integer> numerators,
                    const ExactEvaluation& evaluation) {
  if (source.layer == ValueSource::kInput) return numerators[source.row];
  const auto layer = static_cast<std::size_t>(source.layer);
  const Integer& value = evaluation.values[layer][source.row];
  return network.kind(layer) == LayerKind::kRelu && value < 0 ? Integer(0) : value;
}

}  // namespace

ExactEvaluation exact_evaluate(const Network& network, std::span<const Integer> numerators,
                               const Integer& denominator) {
  const IntegerLayers& integers = network.integer_layers();
  ExactEvaluation result;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Layer& layer = network.layers()[l];
    std::vector<Integer> values;
    const bool is_max = layer.kind() == LayerKind::kMax;
    for (std::size_t i = 0; i < layer.rows(); ++i) {
      Integer sum = is_max ? Integer(0) : Integer(integers.bias(l, i) * denominator);
      const Integer* row = integers.row(l, i);
      const auto entries = layer.entries(i);
      for (std::size_t t = 0; t < entries.size(); ++t) {
        const Integer term = row[t] * exact_value(network, network.sources(l)[entries[t]], numerators, result);
        if (!is_max) {
          sum += term;
        } else if (t == 0 || term > sum) {
          sum = term;
        }
      }
      values.push_back(std::move(sum));
    }
    result.values.push_back(std::move(values));
    result.denominators.push_back(integers.scale(l) * denominator);
  }
  return result;
}

void exact_signs(const Network& network, const ExactEvaluation& exact, std::int8_t* signs) {
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    const Layer& layer = network.layers()[l];
    if (network.kind(l) == LayerKind::kRelu) {
      for (const Integer& value : exact.values[l]) *signs++ = static_cast<std::int8_t>(to_int(sign_of(value)));
    }
    if (network.kind(l) != LayerKind::kMax) continue;
    for (std::size_t i = 0; i < layer.rows(); ++i) {
      const auto entries = layer.entries(i);
      for (std::size_t t = 0; t < entries.size(); ++t) {
        // A max layer reads no inputs.
        const Integer value = exact_value(network, network.sources(l)[entries[t]], {}, exact);
        *signs++ = network.integer_layers().row(l, i)[t] * value < exact.values[l][i] ? -1 : 0;
      }
    }
  }
}

namespace {

/// Signs of a max layer, if one entry of each row is certainly larger than all others.
bool certain_maxima(const Network& network, std::size_t l, const FloatEvaluation& evaluation, std::int8_t* signs) {
  std::vector<Input> inputs;
  gather(network, l, {}, evaluation, inputs);
  const Layer& layer = network.layers()[l];
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    const auto entries = layer.entries(i);
    const auto largest = std::max_element(entries.begin(), entries.end(), [&](std::uint32_t a, std::uint32_t b) {
      return inputs[a].value < inputs[b].value;
    });
    const Input best = inputs[*largest];
    for (const std::uint32_t k : entries) {
      *signs++ = k == *largest ? 0 : -1;
      // Infinite or unknown errors fail here; the difference below is rounded once.
      const double gap = (best.value - inputs[k].value) * (1 - 0x1p-52);
      if (k != *largest && !(gap > (best.error + inputs[k].error) * (1 + 0x1p-51))) return false;
    }
  }
  return true;
}

}  // namespace

void sign_vector(const Network& network, std::span<const double> point, std::span<std::int8_t> signs,
                 StageTally& tally) {
  const FloatEvaluation evaluation = evaluate(network, point);
  bool open = false;
  for (std::size_t l = 0; l < network.hidden_layers() && !open; ++l) {
    std::int8_t* own = signs.data() + network.first_sign(l);
    if (network.kind(l) == LayerKind::kMax) open |= !certain_maxima(network, l, evaluation, own);
    if (network.kind(l) != LayerKind::kRelu) continue;
    for (std::size_t i = 0; i < evaluation.values[l].size(); ++i) {
      const auto sign = triage_sign(evaluation.values[l][i], evaluation.errors[l][i]);
      open |= !sign.has_value();
      if (sign) own[i] = static_cast<std::int8_t>(to_int(*sign));
    }
  }
  if (!open) {
    tally.triage += network.signs();
    return;
  }
  const IntegerRow row = integer_row(point);
  exact_signs(network, exact_evaluate(network, row.numerators, row.denominator), signs.data());
  tally.exact += network.signs();
}

}  // namespace relutope
