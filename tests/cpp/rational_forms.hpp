// Activation patterns, and the affine forms of a network under one over the rationals by the definition alone.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "random_network.hpp"

namespace relutope::testing {

/// Whether each sign of each hidden layer is the active one.
using Activity = std::vector<std::vector<std::uint8_t>>;

/// Any pattern in which each row of a max layer has an active entry.
inline Activity random_activity(Random& random, const Network& network) {
  Activity result;
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    const Layer& layer = network.layers()[l];
    std::vector<std::uint8_t>& own = result.emplace_back(network.signs_in(l));
    for (std::uint8_t& active : own) active = one_in(random, 2);
    for (std::size_t i = 0; network.kind(l) == LayerKind::kMax && i < layer.rows(); ++i) {
      own[layer.first_entry(i) + random_size(random, 0, layer.entries(i).size() - 1)] = 1;
    }
  }
  return result;
}

/// The pattern of a point. Zeros of ReLU neurons are on, and all largest entries active, or the last ones only.
inline Activity activity_of(const Network& network, const RationalValues& values, bool zero_is_on) {
  Activity result;
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    const Layer& layer = network.layers()[l];
    const bool is_max = network.kind(l) == LayerKind::kMax;
    std::vector<std::uint8_t>& own = result.emplace_back();
    for (const Rational& value : values.signs[l]) own.push_back(value > 0 || ((zero_is_on || is_max) && value == 0));
    for (std::size_t i = 0; is_max && !zero_is_on && i < layer.rows(); ++i) {
      bool found = false;
      for (std::size_t t = layer.first_entry(i + 1); t-- > layer.first_entry(i);) {
        own[t] = own[t] && !found;
        found |= own[t] != 0;
      }
    }
  }
  return result;
}

/// Coefficients of the inputs, then the constant.
using Form = std::vector<Rational>;

struct RationalForms {
  std::vector<std::vector<Form>> rows, signs, cuts;  // as in RationalValues
  std::vector<Form> outputs;
};

inline void add_multiple(Form& form, const Rational& factor, const Form& other) {
  for (std::size_t c = 0; c < form.size(); ++c) form[c] += factor * other[c];
}

/// The first active entry stands for its row.
inline void append_maximum_form(const std::vector<Form>& entries, const std::uint8_t* active, RationalForms& forms) {
  std::size_t chosen = 0;
  while (active[chosen] == 0) ++chosen;
  forms.rows.back().push_back(entries[chosen]);
  forms.outputs.push_back(entries[chosen]);
  for (std::size_t a = 0; a < entries.size(); ++a) {
    add_multiple(forms.signs.back().emplace_back(entries[a]), -1, entries[chosen]);
    for (std::size_t b = a + 1; b < entries.size(); ++b) {
      add_multiple(forms.cuts.back().emplace_back(entries[a]), -1, entries[b]);
    }
  }
}

inline RationalForms rational_forms(const Network& network, const Activity& activity) {
  RationalForms result;
  const std::size_t dim = network.input_dim();
  for (std::size_t j = 0; j < dim; ++j) result.outputs.emplace_back(dim + 1)[j] = 1;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Layer& layer = network.layers()[l];
    result.rows.emplace_back();
    result.signs.emplace_back();
    result.cuts.emplace_back();
    for (std::size_t i = 0; i < layer.rows(); ++i) {
      std::vector<Form> entries;
      for (const std::uint32_t k : layer.entries(i)) entries.push_back(result.outputs[layer.column_values()[k]]);
      if (layer.kind() == LayerKind::kMax) {
        append_maximum_form(entries, &activity[l][layer.first_entry(i)], result);
        continue;
      }
      const IntegerRow row = layer.exact_row(i);
      Form form(dim + 1);
      form.back() = Rational(row.numerators.back(), row.denominator);
      for (std::size_t t = 0; t < entries.size(); ++t) {
        add_multiple(form, Rational(row.numerators[t], row.denominator), entries[t]);
      }
      result.rows.back().push_back(form);
      result.cuts.back().push_back(form);
      if (layer.kind() == LayerKind::kRelu) result.signs.back().push_back(form);
      const bool passes_on = layer.kind() == LayerKind::kLinear || activity[l][i] != 0;
      result.outputs.push_back(passes_on ? form : Form(dim + 1));
    }
  }
  return result;
}

inline Rational value_at(const Form& form, const std::vector<Rational>& point) {
  Rational sum = form.back();
  for (std::size_t c = 0; c < point.size(); ++c) sum += form[c] * point[c];
  return sum;
}

}  // namespace relutope::testing
