#include "verify/integer_forms.hpp"

#include <algorithm>

namespace relutope::verify {

IntegerForms::IntegerForms(const Model& model) : model_(model), stride_(model.input_dim() + 1) {
  pattern_.assign(model.neurons(), 0);
  for (std::size_t l = 0; l < model.hidden_layers(); ++l) {
    const std::size_t rows = model.layer(l).rows;
    forms_.push_back({std::vector<std::uint8_t>(rows, 0), std::vector<Integer>(rows * stride_)});
  }
}

void IntegerForms::set_pattern(std::span<const std::uint8_t> on) {
  bool changed = false;
  for (std::size_t l = 0; l < forms_.size(); ++l) {
    LayerForms& layer = forms_[l];
    if (changed) std::fill(layer.known.begin(), layer.known.end(), std::uint8_t{0});
    if (model_.layer(l).is_linear) continue;
    const std::size_t first = model_.first_neuron(l);
    const std::size_t rows = layer.known.size();
    if (std::equal(on.begin() + first, on.begin() + first + rows, pattern_.begin() + first)) continue;
    changed = true;
    std::copy_n(on.begin() + first, rows, pattern_.begin() + first);
  }
}

void IntegerForms::compute(std::size_t layer, std::size_t i) {
  const Model::Layer& weights = model_.layer(layer);
  const Integer* row = &weights.integers[i * (weights.columns + 1)];
  Integer* out = &forms_[layer].entries[i * stride_];
  std::fill(out, out + stride_, Integer(0));
  for (std::size_t k = 0; k < weights.columns; ++k) {
    if (row[k] == 0) continue;
    const Model::Source& source = weights.sources[k];
    if (source.layer == Model::Source::kInput) {
      out[source.row] += row[k];
      continue;
    }
    const bool is_linear = model_.layer(source.layer).is_linear;
    if (!is_linear && pattern_[model_.first_neuron(source.layer) + source.row] == 0) continue;
    const std::span<const Integer> from = form(source.layer, source.row);
    for (std::size_t c = 0; c < stride_; ++c) out[c] += row[k] * from[c];
  }
  out[stride_ - 1] += row[weights.columns];
}

std::span<const Integer> IntegerForms::form(std::size_t layer, std::size_t i) {
  if (!forms_[layer].known[i]) {
    compute(layer, i);
    forms_[layer].known[i] = 1;
  }
  return {&forms_[layer].entries[i * stride_], stride_};
}

Sign IntegerForms::sign(std::size_t layer, std::size_t i, const ExactPoint& point) {
  const std::span<const Integer> f = form(layer, i);
  Integer sum = 0;
  for (std::size_t c = 0; c < point.infinite.size(); ++c) sum += f[c] * point.infinite[c];
  if (sum != 0) return sign_of(sum);
  sum = f[stride_ - 1] * point.denominator;
  for (std::size_t c = 0; c + 1 < stride_; ++c) sum += f[c] * point.finite[c];
  return sign_of(sum);
}

}  // namespace relutope::verify
