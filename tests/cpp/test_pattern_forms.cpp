#include <cstdint>
#include <vector>

#include "network/pattern_forms.hpp"
#include "random_network.hpp"

namespace relutope::testing {
namespace {

/// form(l, i) at the point is scale(l) times the pre-activation, for all layers and neurons.
void check_forms(const Network& network, PatternForms& forms, const std::vector<double>& point, bool zero_is_on) {
  const auto values = rational_values(network, as_rationals(point));
  forms.set_pattern(network.hidden_layers(), [&](std::size_t l, std::size_t i) {
    return values[l][i] > 0 || (zero_is_on && values[l][i] == 0);
  });
  std::vector<Integer> form;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    CHECK(forms.scale(l) > 0);
    for (std::size_t i = 0; i < values[l].size(); ++i) {
      forms.form(l, i, form);
      CHECK(form.size() == network.input_dim() + 1);
      Rational sum = form.back();
      for (std::size_t c = 0; c < point.size(); ++c) sum += form[c] * Rational(point[c]);
      CHECK(sum == Rational(forms.scale(l)) * values[l][i]);
    }
  }
}

/// One memo for many patterns: no form of an earlier pattern survives its change.
void forms_of_random_networks(Kind kind, bool skips) {
  Random random(51);
  std::size_t fitting = 0, layers = 0;
  for (int round = 0; round < 60; ++round) {
    const Network network = random_network(random, kind, skips);
    PatternForms forms(network);
    for (int i = 0; i < 6; ++i) {
      const std::vector<double> point = random_point(random, network.input_dim(), kind);
      check_forms(network, forms, point, false);
      check_forms(network, forms, point, true);
    }
    layers += network.layers().size();
    for (std::size_t l = 0; l < network.layers().size(); ++l) fitting += network.integer_layers().fits_double(l);
  }
  // Both ways of computing forms are met: floats that hold integers exactly, and integers.
  if (kind == Kind::kIntegers) CHECK(fitting == layers);
  if (kind == Kind::kDoubles || kind == Kind::kSpread) CHECK(fitting < layers);
}

/// As a region's neighbours are visited: the pattern of the first layers only, then of more.
void partial_patterns() {
  Random random(52);
  for (int round = 0; round < 60; ++round) {
    const Network network = random_network(random, Kind::kIntegers, false);
    PatternForms used(network);
    std::vector<Integer> form, expected;
    for (int i = 0; i < 10; ++i) {
      const std::size_t n_layers = random_size(random, 0, network.hidden_layers());
      const std::uint64_t bits = random();
      const auto is_active = [&](std::size_t l, std::size_t k) { return ((bits >> (8 * l + k)) & 1U) != 0; };
      used.set_pattern(n_layers, is_active);
      PatternForms fresh(network);
      fresh.set_pattern(n_layers, is_active);
      for (std::size_t l = 0; l <= n_layers; ++l) {
        const std::size_t neuron = random_size(random, 0, network.layers()[l].rows() - 1);
        used.form(l, neuron, form);
        fresh.form(l, neuron, expected);
        CHECK(form == expected);
      }
    }
  }
}

/// Coefficients just below and at the size from which float64 no longer holds every integer.
void the_border_of_exact_floats() {
  for (const double weight : {0x1p51, 0x1p52, 0x1p53}) {
    const Network network(
        1, {Layer({{Block::kInput, 1}}, 2, {weight, weight - 1, -weight, 1.0}), Layer({{0, 2}}, 1, {1.0, 3.0, 1.0})});
    CHECK(network.integer_layers().fits_double(0) == (weight < 0x1p53));
    PatternForms forms(network);
    for (const double x : {1.0, -1.0, -0.5, 0.0}) check_forms(network, forms, {x}, false);
  }
}

}  // namespace

void test_pattern_forms() {
  for (const Kind kind : {Kind::kIntegers, Kind::kDoubles, Kind::kSpread, Kind::kThirds}) {
    forms_of_random_networks(kind, false);
    forms_of_random_networks(kind, true);
  }
  partial_patterns();
  the_border_of_exact_floats();
}

}  // namespace relutope::testing
