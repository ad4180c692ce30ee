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
    const std::size_t first = model_.first_neuron(l);
    const std::size_t n = model_.first_neuron(l + 1) - first;
    const bool same = std::equal(on.begin() + first, on.begin() + first + n, pattern_.begin() + first);
    std::copy_n(on.begin() + first, n, pattern_.begin() + first);
    // The pattern of a max layer decides its own forms.
    if (changed || (!same && model_.layer(l).kind == Kind::kMax)) {
      std::fill(forms_[l].known.begin(), forms_[l].known.end(), std::uint8_t{0});
    }
    changed |= !same;
  }
}

/// Adds a multiple of what a column reads: nothing of a neuron that is off.
void IntegerForms::add(const Model::Source& source, const Integer& factor, Integer* out) {
  if (source.layer == Model::Source::kInput) {
    out[source.row] += factor;
    return;
  }
  const bool is_relu = model_.layer(source.layer).kind == Kind::kRelu;
  if (is_relu && pattern_[model_.first_neuron(source.layer) + source.row] == 0) return;
  const std::span<const Integer> from = row_form(source.layer, source.row);
  for (std::size_t c = 0; c < stride_; ++c) out[c] += factor * from[c];
}

/// The first entry of a max row that is on.
std::size_t IntegerForms::chosen(std::size_t layer, std::size_t row) const {
  const Model::Layer& max = model_.layer(layer);
  const std::uint8_t* on = &pattern_[model_.first_neuron(layer)];
  std::size_t e = max.first_entry[row];
  while (e + 1 < max.first_entry[row + 1] && on[e] == 0) ++e;
  return e;
}

void IntegerForms::compute(std::size_t layer, std::size_t i) {
  const Model::Layer& weights = model_.layer(layer);
  const Integer* row = &weights.integers[i * (weights.columns + 1)];
  Integer* out = &forms_[layer].entries[i * stride_];
  std::fill(out, out + stride_, Integer(0));
  if (weights.kind == Kind::kMax) {
    const std::size_t k = weights.entry_columns[chosen(layer, i)];
    add(weights.sources[k], row[k], out);
    return;
  }
  for (std::size_t k = 0; k < weights.columns; ++k) {
    if (row[k] != 0) add(weights.sources[k], row[k], out);
  }
  out[stride_ - 1] += row[weights.columns];
}

std::span<const Integer> IntegerForms::row_form(std::size_t layer, std::size_t i) {
  if (!forms_[layer].known[i]) {
    compute(layer, i);
    forms_[layer].known[i] = 1;
  }
  return {&forms_[layer].entries[i * stride_], stride_};
}

std::span<const Integer> IntegerForms::form(std::size_t layer, std::size_t i) {
  const Model::Layer& max = model_.layer(layer);
  if (max.kind != Kind::kMax) return row_form(layer, i);
  const auto next = std::upper_bound(max.first_entry.begin(), max.first_entry.end(), i);
  const auto row = static_cast<std::size_t>(next - max.first_entry.begin()) - 1;
  const Integer* weights = &max.integers[row * (max.columns + 1)];
  difference_.assign(stride_, Integer(0));
  const std::size_t k = max.entry_columns[i];
  add(max.sources[k], weights[k], difference_.data());
  const std::span<const Integer> largest = row_form(layer, row);
  for (std::size_t c = 0; c < stride_; ++c) difference_[c] -= largest[c];
  return difference_;
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
