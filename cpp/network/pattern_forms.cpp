#include "network/pattern_forms.hpp"

#include <algorithm>

namespace relutope {

PatternForms::PatternForms(const Network& network)
    : network_(network), integers_(network.integer_layers()), stride_(network.input_dim() + 1) {
  forms_.resize(network.layers().size());
  for (std::size_t l = 0; l < forms_.size(); ++l) {
    const std::size_t rows = network.layers()[l].rows();
    forms_[l].active.assign(rows, 0);
    forms_[l].known.assign(rows, 0);
  }
}

void PatternForms::set_pattern(std::size_t n_layers, const IsActive& is_active) {
  bool changed = false;
  for (std::size_t l = 0; l < n_layers; ++l) {
    LayerForms& layer = forms_[l];
    if (changed) std::fill(layer.known.begin(), layer.known.end(), std::uint8_t{0});
    for (std::size_t i = 0; i < layer.active.size(); ++i) {
      const std::uint8_t on = is_active(l, i) ? 1 : 0;
      changed |= on != layer.active[i];
      layer.active[i] = on;
    }
    layer.on.clear();
    for (std::size_t i = 0; i < layer.active.size(); ++i) {
      if (layer.active[i]) layer.on.push_back(i);
    }
  }
  if (!changed) return;
  for (std::size_t l = n_layers; l < forms_.size(); ++l) {
    std::fill(forms_[l].known.begin(), forms_[l].known.end(), std::uint8_t{0});
  }
}

void PatternForms::compute_double(std::size_t layer, std::size_t neuron) {
  LayerForms& target = forms_[layer];
  if (target.doubles.empty()) target.doubles.resize(target.known.size() * stride_);
  double* out = &target.doubles[neuron * stride_];
  std::fill(out, out + stride_, 0.0);
  const double* row = integers_.double_row(layer, neuron);
  std::size_t column = 0;
  for (const Block& block : network_.layers()[layer].blocks()) {
    if (block.source == Block::kInput) {
      for (std::size_t k = 0; k < block.columns; ++k) out[k] += row[column + k];
    } else {
      const LayerForms& source = forms_[static_cast<std::size_t>(block.source)];
      for (const std::size_t k : source.on) {
        const double weight = row[column + k];
        const double* in = &source.doubles[k * stride_];
        for (std::size_t c = 0; c < stride_; ++c) out[c] += weight * in[c];
      }
    }
    column += block.columns;
  }
  out[stride_ - 1] += row[column];
}

void PatternForms::compute_integer(std::size_t layer, std::size_t neuron) {
  LayerForms& target = forms_[layer];
  if (target.integers.empty()) target.integers.resize(target.known.size() * stride_);
  Integer* out = &target.integers[neuron * stride_];
  std::fill(out, out + stride_, Integer(0));
  std::size_t column = 0;
  for (const Block& block : network_.layers()[layer].blocks()) {
    if (block.source == Block::kInput) {
      for (std::size_t k = 0; k < block.columns; ++k) out[k] += integers_.coefficient(layer, neuron, column + k);
    } else {
      const std::size_t s = static_cast<std::size_t>(block.source);
      for (const std::size_t k : forms_[s].on) {
        const Integer& weight = integers_.coefficient(layer, neuron, column + k);
        if (weight == 0) continue;
        for (std::size_t c = 0; c < stride_; ++c) {
          const std::size_t at = k * stride_ + c;
          if (integers_.fits_double(s)) {
            out[c] += weight * Integer(forms_[s].doubles[at]);
          } else {
            out[c] += weight * forms_[s].integers[at];
          }
        }
      }
    }
    column += block.columns;
  }
  out[stride_ - 1] += integers_.coefficient(layer, neuron, column);
}

void PatternForms::ensure(std::size_t layer, std::size_t neuron) {
  if (forms_[layer].known[neuron]) return;
  for (const Block& block : network_.layers()[layer].blocks()) {
    if (block.source == Block::kInput) continue;
    const std::size_t source = static_cast<std::size_t>(block.source);
    for (const std::size_t k : forms_[source].on) ensure(source, k);
  }
  if (integers_.fits_double(layer)) {
    compute_double(layer, neuron);
  } else {
    compute_integer(layer, neuron);
  }
  forms_[layer].known[neuron] = 1;
}

void PatternForms::form(std::size_t layer, std::size_t neuron, std::vector<Integer>& out) {
  ensure(layer, neuron);
  out.resize(stride_);
  for (std::size_t c = 0; c < stride_; ++c) {
    const std::size_t at = neuron * stride_ + c;
    if (integers_.fits_double(layer)) {
      out[c] = Integer(forms_[layer].doubles[at]);
    } else {
      out[c] = forms_[layer].integers[at];
    }
  }
}

}  // namespace relutope
