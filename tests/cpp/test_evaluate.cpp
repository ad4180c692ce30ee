#include <cmath>
#include <cstdint>
#include <vector>

#include "network/evaluate.hpp"
#include "random_network.hpp"

namespace relutope::testing {
namespace {

/// Float values within their errors, exact values equal, signs equal, at one point.
void check_point(const Network& network, const std::vector<double>& point, StageTally& tally) {
  const auto expected = rational_values(network, as_rationals(point));
  const FloatEvaluation floats = evaluate(network, point);
  const IntegerRow row = integer_row(point);
  const ExactEvaluation exact = exact_evaluate(network, row.numerators, row.denominator);
  std::vector<std::int8_t> signs(network.neurons());
  StageTally own;
  sign_vector(network, point, signs, own);
  CHECK(own.triage + own.exact == network.neurons());
  tally += own;
  for (std::size_t l = 0; l < expected.size(); ++l) {
    CHECK(exact.denominators[l] > 0);
    for (std::size_t i = 0; i < expected[l].size(); ++i) {
      CHECK(Rational(exact.values[l][i], exact.denominators[l]) == expected[l][i]);
      CHECK(l == network.hidden_layers() || signs[network.first_neuron(l) + i] == expected[l][i].sign());
      const double error = floats.errors[l][i];
      if (!std::isfinite(error)) continue;
      CHECK(error >= 0);
      CHECK(abs(Rational(floats.values[l][i]) - expected[l][i]) <= Rational(error));
    }
  }
}

void random_points(Kind kind, bool skips) {
  Random random(31);
  StageTally tally;
  for (int round = 0; round < 150; ++round) {
    const Network network = random_network(random, kind, skips);
    CHECK(!skips || network.hidden_layers() == 0 || !network.is_chain());
    for (int i = 0; i < 3; ++i) check_point(network, random_point(random, network.input_dim(), kind), tally);
  }
  CHECK(tally.triage > 0);
  CHECK(tally.exact > 0 || kind == Kind::kDoubles || kind == Kind::kSpread);
}

/// Biases that cancel the rest of the row up to rounding, in every layer, so that values are as large as their errors.
void cancelling(int spread) {
  Random random(32);
  StageTally tally;
  for (int round = 0; round < 300; ++round) {
    const std::size_t dim = random_size(random, 1, 6);
    std::vector<double> point(dim);
    for (double& x : point) x = random_value(random, spread);
    std::vector<Layer> layers;
    std::size_t columns = dim;
    for (int l = 0; l < 3; ++l) {
      const std::size_t rows = random_size(random, 1, 6);
      std::vector<double> coefficients(rows * (columns + 1));
      for (double& value : coefficients) value = random_value(random, spread);
      for (std::size_t i = 0; i < rows; ++i) coefficients[i * (columns + 1) + columns] = 0;
      std::vector<Layer> so_far = layers;
      so_far.emplace_back(std::vector<Block>{{l - 1, columns}}, rows, coefficients);
      const std::vector<double> values = evaluate(Network(dim, so_far), point).values.back();
      for (std::size_t i = 0; i < rows; ++i) coefficients[i * (columns + 1) + columns] = -values[i];
      layers.emplace_back(std::vector<Block>{{l - 1, columns}}, rows, coefficients);
      columns = rows;
    }
    check_point(Network(dim, layers), point, tally);
  }
  CHECK(tally.exact > 0);
}

/// Thirds of which the sum is zero, though not the sum of their nearest floats.
void thirds_that_cancel() {
  const std::vector<IntegerRow> rows{{{1, 1, -2}, 3}, {{1, 2, -3}, 7}, {{10, -3, -7}, 30}};
  const Network network(2, {Layer({{Block::kInput, 2}}, rows), Layer({{0, 3}}, {{{1, 1, 1, 1}, 9}})});
  StageTally tally;
  check_point(network, {1.0, 1.0}, tally);
  CHECK(tally == (StageTally{0, 3}));
  CHECK(exact_evaluate(network, std::vector<Integer>{5, 5}, 5).values[0] == std::vector<Integer>(3, 0));
}

void the_range_of_exponents() {
  const double tiny = 0x1p-1074, huge = 0x1p1023;
  const Network network(1, {Layer({{Block::kInput, 1}}, 3, {huge, huge, tiny, 0.0, -huge, tiny}),
                            Layer({{0, 3}}, 2, {huge, -huge, tiny, -tiny, tiny, huge, huge, 0.0})});
  StageTally tally;
  for (const double x : {0.0, tiny, 0.5, 1.0, 2.0, huge, -tiny, -1.0, -huge}) check_point(network, {x}, tally);
  CHECK(tally.exact > 0);
}

}  // namespace

void test_evaluate() {
  for (const Kind kind : {Kind::kIntegers, Kind::kDoubles, Kind::kSpread, Kind::kThirds}) {
    random_points(kind, false);
    random_points(kind, true);
  }
  cancelling(1);
  cancelling(40);
  cancelling(250);
  thirds_that_cancel();
  the_range_of_exponents();
}

}  // namespace relutope::testing
