#include <array>
#include <limits>
#include <stdexcept>
#include <vector>

#include "network/proportional.hpp"
#include "random_network.hpp"

namespace relutope::testing {
namespace {

const std::vector<Block> kTwoInputs{{Block::kInput, 2}};

void a_layer_of_floats_is_exact() {
  const Layer layer(kTwoInputs, 1, {0.1, -0x1p-1074, 0x1.fffffffffffffp1023});
  CHECK(layer.rows() == 1 && layer.columns() == 2 && layer.relative_error() == 0);
  for (std::size_t k = 0; k < 3; ++k) CHECK(exact_coefficient(layer, 0, k) == Rational(layer.image(0)[k]));
}

void an_image_is_within_its_error() {
  Random random(41);
  const Rational tiniest(0x1p-1074);
  for (int round = 0; round < 200; ++round) {
    const Integer size = Integer(1) << random_size(random, 1, 1000);
    IntegerRow row{{random_integer(random, size), random_integer(random, size), random_integer(random, size)},
                   abs(random_integer(random, size)) + 1};
    const Layer layer(kTwoInputs, std::vector<IntegerRow>{row});
    CHECK(layer.relative_error() == 0x1p-53);
    for (std::size_t k = 0; k < 3; ++k) {
      const Rational image(layer.image(0)[k]);
      CHECK(exact_coefficient(layer, 0, k) == Rational(row.numerators[k], row.denominator));
      CHECK(abs(image - exact_coefficient(layer, 0, k)) <= Rational(layer.relative_error()) * abs(image) + tiniest);
    }
  }
}

void bad_layers_are_refused() {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double value : {infinity, -infinity, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS(Layer(kTwoInputs, 1, {0.0, 0.0, value}), std::invalid_argument);
  }
  CHECK_THROWS(Layer(kTwoInputs, 1, {0.0, 0.0}), std::invalid_argument);
  const Integer large = Integer(1) << 1100;
  const std::array<IntegerRow, 5> rows{
      {{{1, 2}, 1}, {{1, 2, 3}, 0}, {{1, 2, 3}, -1}, {{large, 0, 0}, 1}, {{1, 0, 0}, large}}};
  for (const IntegerRow& row : rows) {
    CHECK_THROWS(Layer(kTwoInputs, std::vector<IntegerRow>{row}), std::invalid_argument);
  }
}

void layers_have_to_fit() {
  const Layer first(kTwoInputs, 3, std::vector<double>(9, 1.0));
  const Layer second({{0, 3}}, 1, std::vector<double>(4, 1.0));
  const Network chain(2, {first, second});
  CHECK(chain.is_chain() && chain.neurons() == 3 && chain.hidden_layers() == 1 && chain.output_dim() == 1);
  CHECK(chain.first_neuron(0) == 0 && chain.first_neuron(1) == 3);
  const Layer skip({{Block::kInput, 2}, {0, 3}}, 1, std::vector<double>(6, 1.0));
  CHECK(!Network(2, {first, skip}).is_chain());
  CHECK_THROWS(Network(0, {first}), std::invalid_argument);
  CHECK_THROWS(Network(2, {}), std::invalid_argument);
  CHECK_THROWS(Network(3, {first}), std::invalid_argument);
  CHECK_THROWS(Network(2, {second}), std::invalid_argument);
  CHECK_THROWS(Network(2, {first, Layer({{0, 2}}, 1, std::vector<double>(3, 1.0))}), std::invalid_argument);
  CHECK_THROWS(Network(2, {first, Layer({{-2, 2}}, 1, std::vector<double>(3, 1.0))}), std::invalid_argument);
}

bool is_constant(const Layer& layer, std::size_t i) {
  for (std::size_t k = 0; k < layer.columns(); ++k) {
    if (exact_coefficient(layer, i, k) != 0) return false;
  }
  return true;
}

/// Row i is `factor` times row j for some factor, by all 2 x 2 minors; both have a weight.
bool proportional(const Layer& layer, std::size_t i, std::size_t j, int& factor_sign) {
  for (std::size_t k = 0; k <= layer.columns(); ++k) {
    const Rational a = exact_coefficient(layer, i, k), b = exact_coefficient(layer, j, k);
    if ((a != 0) != (b != 0)) return false;
    if (a != 0) factor_sign = a.sign() * b.sign();
    for (std::size_t m = 0; m < k; ++m) {
      if (a * exact_coefficient(layer, j, m) != b * exact_coefficient(layer, i, m)) return false;
    }
  }
  return true;
}

/// Returns the number of followers.
std::size_t check_classes(const Layer& layer) {
  const std::vector<RowClass> classes = classify_rows(layer);
  CHECK(classes.size() == layer.rows());
  std::size_t followers = 0;
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    CHECK((classes[i].kind == RowKind::kConstant) == is_constant(layer, i));
    if (classes[i].kind == RowKind::kConstant) continue;
    std::size_t leader = 0;
    int factor_sign = 1;
    while (is_constant(layer, leader) || !proportional(layer, i, leader, factor_sign)) ++leader;
    CHECK(classes[i].leader == leader);
    CHECK((classes[i].kind == RowKind::kFollower) == (leader < i));
    CHECK(classes[i].flipped == (factor_sign < 0));
    followers += leader < i;
  }
  return followers;
}

void classes_of_random_rows() {
  Random random(42);
  std::size_t followers = 0;
  for (int round = 0; round < 300; ++round) {
    const std::vector<Block> blocks{{Block::kInput, random_size(random, 1, 3)}};
    followers += check_classes(random_layer(random, blocks, 12, Kind::kIntegers));
    followers += check_classes(random_layer(random, {{Block::kInput, 1}}, 12, Kind::kThirds));
  }
  CHECK(followers > 300);
  CHECK(check_classes(random_layer(random, kTwoInputs, 12, Kind::kSpread)) == 0);
}

void classes_near_the_limits_of_floats() {
  const double tiny = 0x1p-1074;
  // Powers of two and 3 keep proportionality; decimals only look proportional.
  CHECK(check_classes(
            Layer(kTwoInputs, 3, {0.1, 0.2, 0.3, -0x1p-40 * 0.1, -0x1p-40 * 0.2, -0x1p-40 * 0.3, 0.3, 0.6, 0.9})) == 1);
  CHECK(check_classes(Layer(kTwoInputs, 2, {0.75, 0.5, 0.25, 2.25, 1.5, 0.75})) == 1);
  CHECK(check_classes(Layer(kTwoInputs, 3, {tiny, tiny, 0.0, 1.0, 1.0, 0.0, 0x1p1000, 0x1p1000, 0.0})) == 2);
  // The same quotients in floats: the second ones underflow.
  CHECK(check_classes(Layer(kTwoInputs, 2, {0x1p1000, tiny, 1.0, 0x1p1000, 3 * tiny, 1.0})) == 0);
  CHECK(check_classes(Layer(kTwoInputs, 3, {0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -0.0, 1.0, 0.0})) == 0);
  // Fractions with equal images that are no multiples, and a multiple by 2 / 3.
  const Integer large = Integer(1) << 80;
  const std::vector<IntegerRow> rows{{{large, 1, 0}, 3}, {{large + 1, 1, 0}, 3}, {{2 * large, 2, 0}, 9}};
  CHECK(check_classes(Layer(kTwoInputs, rows)) == 1);
}

}  // namespace

void test_layer() {
  a_layer_of_floats_is_exact();
  an_image_is_within_its_error();
  bad_layers_are_refused();
  layers_have_to_fit();
  classes_of_random_rows();
  classes_near_the_limits_of_floats();
}

}  // namespace relutope::testing
