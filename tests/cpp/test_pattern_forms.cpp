#include <cstdint>
#include <vector>

#include "network/pattern_forms.hpp"
#include "rational_forms.hpp"

namespace relutope::testing {
namespace {

PatternForms::IsActive in(const Activity& activity) {
  return [&](std::size_t l, std::size_t i) { return activity[l][i] != 0; };
}

bool is_multiple(const std::vector<Integer>& form, const Integer& scale, const Form& expected) {
  if (form.size() != expected.size()) return false;
  for (std::size_t c = 0; c < form.size(); ++c) {
    if (Rational(form[c]) != Rational(scale) * expected[c]) return false;
  }
  return true;
}

/// All forms are scale(l) times those by definition, whatever the order in which they are asked for.
void check_forms(const Network& network, PatternForms& forms, const Activity& activity, Random& random) {
  const RationalForms expected = rational_forms(network, activity);
  forms.set_pattern(network.hidden_layers(), in(activity));
  std::vector<std::size_t> order(network.layers().size());
  for (std::size_t l = 0; l < order.size(); ++l) order[l] = l;
  std::shuffle(order.begin(), order.end(), random);
  std::vector<Integer> form;
  for (const std::size_t l : order) {
    const Integer& scale = forms.scale(l);
    CHECK(scale > 0 && network.cutting_layer(l).rows() == expected.cuts[l].size());
    for (std::size_t i = 0; i < expected.signs[l].size(); ++i) {
      forms.sign_form(l, i, form);
      CHECK(is_multiple(form, scale, expected.signs[l][i]));
    }
    for (std::size_t i = 0; i < expected.cuts[l].size(); ++i) {
      forms.cutting_form(l, i, form);
      CHECK(is_multiple(form, scale, expected.cuts[l][i]));
    }
    for (std::size_t i = 0; i < expected.rows[l].size(); ++i) {
      forms.form(l, i, form);
      CHECK(is_multiple(form, scale, expected.rows[l][i]));
      const bool passes_on = network.kind(l) != LayerKind::kRelu || activity[l][i] != 0;
      CHECK(l == network.hidden_layers() ||
            forms.passes_on({static_cast<int>(l), static_cast<std::uint32_t>(i)}) == passes_on);
    }
  }
  CHECK(forms.passes_on({ValueSource::kInput, 0}));
}

void check_value(const std::vector<Integer>& form, const Integer& scale, const std::vector<Rational>& point,
                 const Rational& expected) {
  CHECK(value_at(Form(form.begin(), form.end()), point) == Rational(scale) * expected);
}

/// Under the pattern of a point the forms have the network's values there.
void check_at_point(const Network& network, PatternForms& forms, const std::vector<double>& coordinates,
                    bool zero_is_on) {
  const std::vector<Rational> point = as_rationals(coordinates);
  const RationalValues values = rational_values(network, point);
  const Activity activity = activity_of(network, values, zero_is_on);
  forms.set_pattern(network.hidden_layers(), in(activity));
  std::vector<Integer> form;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    for (std::size_t i = 0; i < values.rows[l].size(); ++i) {
      forms.form(l, i, form);
      check_value(form, forms.scale(l), point, values.rows[l][i]);
    }
    for (std::size_t i = 0; i < values.signs[l].size(); ++i) {
      forms.sign_form(l, i, form);
      check_value(form, forms.scale(l), point, values.signs[l][i]);
    }
    for (std::size_t i = 0; i < values.cuts[l].size(); ++i) {
      forms.cutting_form(l, i, form);
      check_value(form, forms.scale(l), point, values.cuts[l][i]);
    }
  }
}

/// One memo for many patterns: no form of an earlier pattern survives its change.
void forms_of_random_networks(Kind kind, Shape shape) {
  Random random(51);
  std::size_t fitting = 0, layers = 0;
  for (int round = 0; round < 60; ++round) {
    const Network network = random_network(random, kind, shape);
    PatternForms forms(network);
    for (int i = 0; i < 4; ++i) {
      const std::vector<double> point = random_point(random, network.input_dim(), kind);
      check_at_point(network, forms, point, false);
      check_at_point(network, forms, point, true);
      check_forms(network, forms, random_activity(random, network), random);
    }
    layers += network.layers().size();
    for (std::size_t l = 0; l < network.layers().size(); ++l) fitting += network.integer_layers().fits_double(l);
  }
  // Both ways of computing forms are met: floats that hold integers exactly, and integers.
  if (kind == Kind::kIntegers) CHECK(shape == Shape::kAny ? fitting > layers / 2 : fitting == layers);
  if (kind == Kind::kDoubles || kind == Kind::kSpread) CHECK(fitting < layers);
}

/// Of the layers before `n_layers` all forms, of the next one what cuts at it.
void check_equal(const Network& network, PatternForms& used, PatternForms& fresh, std::size_t n_layers) {
  std::vector<Integer> form, expected;
  for (std::size_t l = 0; l <= n_layers; ++l) {
    const bool known = l < n_layers || network.kind(l) != LayerKind::kMax;
    for (std::size_t i = 0; known && i < network.layers()[l].rows(); ++i) {
      used.form(l, i, form);
      fresh.form(l, i, expected);
      CHECK(form == expected);
    }
    for (std::size_t i = 0; l < n_layers && i < network.signs_in(l); ++i) {
      used.sign_form(l, i, form);
      fresh.sign_form(l, i, expected);
      CHECK(form == expected);
    }
    for (std::size_t i = 0; i < network.cutting_layer(l).rows(); ++i) {
      used.cutting_form(l, i, form);
      fresh.cutting_form(l, i, expected);
      CHECK(form == expected);
    }
  }
}

/// As a region's neighbours are visited: the pattern of the first layers only, then of more.
void partial_patterns(Shape shape) {
  Random random(52);
  for (int round = 0; round < 60; ++round) {
    const Network network = random_network(random, Kind::kIntegers, shape);
    PatternForms used(network);
    Activity activity = random_activity(random, network);
    for (int i = 0; i < 10; ++i) {
      const std::size_t n_layers = random_size(random, 0, network.hidden_layers());
      // Often one layer alone changes.
      const Activity other = random_activity(random, network);
      const std::size_t changed = random_size(random, 0, network.hidden_layers() - 1);
      if (one_in(random, 3)) activity = other;
      activity[changed] = other[changed];
      used.set_pattern(n_layers, in(activity));
      PatternForms fresh(network);
      fresh.set_pattern(n_layers, in(activity));
      check_equal(network, used, fresh, n_layers);
    }
  }
}

/// Coefficients just below and at the size from which float64 no longer holds every integer.
void the_border_of_exact_floats() {
  for (const double weight : {0x1p51, 0x1p52, 0x1p53}) {
    const Layer first(LayerKind::kRelu, {0}, 2, {weight, weight - 1, -weight, 1.0});
    const Layer maximum(LayerKind::kMax, {1, 2}, 1, {1.0, 1.0, 0.0});
    const Layer sparse(LayerKind::kLinear, {2, 3}, SparsePattern{{0, 1, 1}, {1}}, {1.0, 0.0, 1.0}, {});
    const Network network(1, {first, maximum, sparse, Layer(LayerKind::kLinear, {1, 4}, 1, {1.0, 3.0, 1.0})});
    CHECK(network.integer_layers().fits_double(0) == (weight < 0x1p53));
    PatternForms forms(network);
    for (const double x : {1.0, -1.0, -0.5, 0.0}) {
      check_at_point(network, forms, {x}, false);
      check_at_point(network, forms, {x}, true);
    }
  }
}

}  // namespace

void test_pattern_forms() {
  for (const Shape shape : kShapes) {
    for (const Kind kind : kKinds) forms_of_random_networks(kind, shape);
    partial_patterns(shape);
  }
  the_border_of_exact_floats();
}

}  // namespace relutope::testing
