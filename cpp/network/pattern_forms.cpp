#include "network/pattern_forms.hpp"

#include <algorithm>

namespace relutope {

PatternForms::PatternForms(const Network& network)
    : network_(network), integers_(network.integer_layers(0)), stride_(network.input_dim() + 1) {
  forms_.resize(network.layers().size());
  for (std::size_t l = 0; l < forms_.size(); ++l) {
    const std::size_t rows = network.layers()[l].rows();
    if (l < network.hidden_layers()) forms_[l].active.assign(network.signs_in(l), 0);
    forms_[l].known.assign(rows, 0);
    if (network.kind(l) == LayerKind::kMax) choose(l);
  }
}

void PatternForms::forget(std::size_t layer) {
  std::fill(forms_[layer].known.begin(), forms_[layer].known.end(), std::uint8_t{0});
  forms_[layer].listed = false;
}

void PatternForms::set_pattern(std::size_t n_layers, const IsActive& is_active) {
  if (n_layers > last_known_) {
    last_known_ = std::min(n_layers, forms_.size() - 1);
    network_.integer_layers(last_known_);
  }
  bool changed = false;
  for (std::size_t l = 0; l < n_layers; ++l) {
    LayerForms& layer = forms_[l];
    if (changed) forget(l);
    bool own_changed = false;
    for (std::size_t i = 0; i < layer.active.size(); ++i) {
      const std::uint8_t on = is_active(l, i) ? 1 : 0;
      own_changed |= on != layer.active[i];
      layer.active[i] = on;
    }
    changed |= own_changed;
    // The pattern of a max layer decides its own forms.
    if (own_changed && network_.kind(l) == LayerKind::kMax) {
      choose(l);
      forget(l);
    }
  }
  if (!changed) return;
  for (std::size_t l = n_layers; l < forms_.size(); ++l) forget(l);
}

void PatternForms::choose(std::size_t layer) {
  const Layer& max = network_.layers()[layer];
  LayerForms& forms = forms_[layer];
  forms.chosen.assign(max.rows(), 0);
  for (std::size_t i = 0; i < max.rows(); ++i) {
    for (std::size_t t = max.entries(i).size(); t-- > 0;) {
      if (forms.active[max.first_entry(i) + t]) forms.chosen[i] = t;
    }
  }
}

/// visit(t, source) for the entries of a row that read an input or an active value.
template <class Visit>
void PatternForms::visit_active(std::size_t layer, std::size_t neuron, Visit&& visit) {
  const std::vector<ValueSource>& sources = network_.sources(layer);
  if (network_.kind(layer) == LayerKind::kMax) {
    const std::size_t t = forms_[layer].chosen[neuron];
    const ValueSource& source = sources[network_.layers()[layer].entries(neuron)[t]];
    if (passes_on(source)) visit(t, source);
    return;
  }
  if (!network_.layers()[layer].is_dense()) {
    const auto entries = network_.layers()[layer].entries(neuron);
    for (std::size_t t = 0; t < entries.size(); ++t) {
      if (passes_on(sources[entries[t]])) visit(t, sources[entries[t]]);
    }
    return;
  }
  LayerForms& forms = forms_[layer];
  if (!forms.listed) {
    forms.open.clear();
    for (std::size_t k = 0; k < sources.size(); ++k) {
      if (passes_on(sources[k])) forms.open.push_back(k);
    }
    forms.listed = true;
  }
  for (const std::size_t k : forms.open) visit(k, sources[k]);
}

void PatternForms::compute_double(std::size_t layer, std::size_t neuron) {
  LayerForms& target = forms_[layer];
  if (target.doubles.empty()) target.doubles.resize(target.known.size() * stride_);
  double* out = &target.doubles[neuron * stride_];
  std::fill(out, out + stride_, 0.0);
  const double* row = integers_.double_row(layer, neuron);
  visit_active(layer, neuron, [&](std::size_t t, const ValueSource& source) {
    if (source.layer == ValueSource::kInput) {
      out[source.row] += row[t];
      return;
    }
    const double* in = &forms_[static_cast<std::size_t>(source.layer)].doubles[source.row * stride_];
    for (std::size_t c = 0; c < stride_; ++c) out[c] += row[t] * in[c];
  });
  out[stride_ - 1] += row[network_.layers()[layer].entries(neuron).size()];
}

void PatternForms::compute_integer(std::size_t layer, std::size_t neuron) {
  LayerForms& target = forms_[layer];
  if (target.integers.empty()) target.integers.resize(target.known.size() * stride_);
  Integer* out = &target.integers[neuron * stride_];
  std::fill(out, out + stride_, Integer(0));
  const Integer* row = integers_.row(layer, neuron);
  visit_active(layer, neuron, [&](std::size_t t, const ValueSource& source) {
    const Integer& weight = row[t];
    if (weight == 0) return;
    if (source.layer == ValueSource::kInput) {
      out[source.row] += weight;
      return;
    }
    const auto s = static_cast<std::size_t>(source.layer);
    for (std::size_t c = 0; c < stride_; ++c) {
      const std::size_t at = source.row * stride_ + c;
      if (integers_.fits_double(s)) {
        out[c] += weight * Integer(forms_[s].doubles[at]);
      } else {
        out[c] += weight * forms_[s].integers[at];
      }
    }
  });
  out[stride_ - 1] += integers_.bias(layer, neuron);
}

void PatternForms::ensure(std::size_t layer, std::size_t neuron) {
  if (forms_[layer].known[neuron]) return;
  visit_active(layer, neuron, [&](std::size_t, const ValueSource& source) {
    if (source.layer != ValueSource::kInput) ensure(static_cast<std::size_t>(source.layer), source.row);
  });
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

/// Adds `factor` times the form of entry t of a max row, in the scale of its layer.
void PatternForms::add_entry(std::size_t layer, std::size_t row, std::size_t t, int factor, std::vector<Integer>& out) {
  const ValueSource& source = network_.sources(layer)[network_.layers()[layer].entries(row)[t]];
  if (!passes_on(source)) return;
  const Integer weight = integers_.row(layer, row)[t] * factor;
  std::vector<Integer> own;
  form(static_cast<std::size_t>(source.layer), source.row, own);
  for (std::size_t c = 0; c < stride_; ++c) out[c] += weight * own[c];
}

void PatternForms::difference(std::size_t layer, std::size_t row, std::size_t a, std::size_t b,
                              std::vector<Integer>& out) {
  out.assign(stride_, Integer(0));
  if (a == b) return;
  add_entry(layer, row, a, 1, out);
  add_entry(layer, row, b, -1, out);
}

void PatternForms::sign_form(std::size_t layer, std::size_t i, std::vector<Integer>& out) {
  if (network_.kind(layer) != LayerKind::kMax) {
    form(layer, i, out);
    return;
  }
  const Layer& max = network_.layers()[layer];
  const std::size_t row = max.row_of_entry(i);
  difference(layer, row, i - max.first_entry(row), forms_[layer].chosen[row], out);
}

void PatternForms::cutting_form(std::size_t layer, std::size_t i, std::vector<Integer>& out) {
  if (network_.kind(layer) != LayerKind::kMax) {
    form(layer, i, out);
    return;
  }
  const EntryPair& pair = network_.pairs(layer)[i];
  const std::size_t first = network_.layers()[layer].first_entry(pair.row);
  difference(layer, pair.row, pair.first - first, pair.second - first, out);
}

}  // namespace relutope
