#include <cmath>
#include <cstdint>
#include <vector>

#include "network/evaluate.hpp"
#include "random_network.hpp"

namespace relutope::testing {
namespace {

/// How much of what is hard was met.
struct Met {
  StageTally tally;
  std::size_t ties = 0;  // entries of maxima that are as large as another one
};

void check_exact(const Network& network, const RationalValues& expected, const std::vector<std::int8_t>& signs,
                 Met& met) {
  std::size_t at = 0;
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    CHECK(network.first_sign(l) == at && network.signs_in(l) == expected.signs[l].size());
    std::size_t largest = 0;
    for (const Rational& value : expected.signs[l]) {
      CHECK(signs[at++] == value.sign());
      largest += value == 0;
    }
    if (network.kind(l) == LayerKind::kMax) met.ties += largest - network.layers()[l].rows();
  }
  CHECK(at == network.signs());
}

/// Float values within their errors, exact values equal, signs equal by both ways, at one point.
void check_point(const Network& network, const std::vector<double>& point, Met& met) {
  const RationalValues expected = rational_values(network, as_rationals(point));
  const FloatEvaluation floats = evaluate(network, point);
  const IntegerRow row = integer_row(point);
  const ExactEvaluation exact = exact_evaluate(network, row.numerators, row.denominator);
  CHECK(floats.values.size() == expected.rows.size() && exact.values.size() == expected.rows.size());
  for (std::size_t l = 0; l < expected.rows.size(); ++l) {
    CHECK(exact.denominators[l] > 0);
    CHECK(exact.values[l].size() == expected.rows[l].size() && floats.values[l].size() == expected.rows[l].size());
    for (std::size_t i = 0; i < expected.rows[l].size(); ++i) {
      CHECK(Rational(exact.values[l][i], exact.denominators[l]) == expected.rows[l][i]);
      const double error = floats.errors[l][i];
      if (!std::isfinite(error)) continue;
      CHECK(error >= 0);
      CHECK(abs(Rational(floats.values[l][i]) - expected.rows[l][i]) <= Rational(error));
    }
  }
  std::vector<std::int8_t> signs(network.signs(), 7), certain(network.signs(), 7);
  exact_signs(network, exact, signs.data());
  check_exact(network, expected, signs, met);
  StageTally own;
  sign_vector(network, point, certain, own);
  CHECK(certain == signs);
  CHECK(own.triage + own.exact == network.signs());
  met.tally += own;
}

void random_points(Kind kind, Shape shape) {
  Random random(31);
  Met met;
  for (int round = 0; round < 150; ++round) {
    const Network network = random_network(random, kind, shape);
    CHECK(shape != Shape::kChain || network.is_chain());
    CHECK(shape != Shape::kSkips || !network.is_chain());
    for (int i = 0; i < 3; ++i) check_point(network, random_point(random, network.input_dim(), kind), met);
  }
  CHECK(met.tally.triage > 0);
  CHECK(met.tally.exact > 0 || shape != Shape::kAny);
  CHECK(met.tally.exact > 0 || kind == Kind::kDoubles || kind == Kind::kSpread || kind == Kind::kMixed);
  // Neurons that are off pass on equal zeros, so ties are frequent.
  CHECK((met.ties > 50) == (shape == Shape::kAny));
}

/// Biases that cancel the rest of the row up to rounding, in every layer, so that values are as large as their errors.
void cancelling(int spread, bool sparse) {
  Random random(32);
  Met met;
  for (int round = 0; round < 300; ++round) {
    const std::size_t dim = random_size(random, 1, 6);
    std::vector<double> point(dim);
    for (double& x : point) x = random_value(random, spread);
    std::vector<Layer> layers;
    std::size_t columns = dim, first = 0;
    for (int l = 0; l < 3; ++l) {
      const std::size_t rows = random_size(random, 1, 6);
      const SparsePattern pattern = random_pattern(random, columns, rows, sparse ? 1 : columns);
      std::vector<double> coefficients(pattern.indices.size() + rows);
      for (double& value : coefficients) value = random_value(random, spread);
      const auto layer = [&](LayerKind kind) {
        const std::vector<ValueId> values = value_range(first, columns);
        return sparse ? Layer(kind, values, pattern, coefficients, {}) : Layer(kind, values, rows, coefficients);
      };
      for (std::size_t i = 0; i < rows; ++i) coefficients[pattern.offsets[i + 1] + i] = 0;
      std::vector<Layer> so_far = layers;
      so_far.push_back(layer(LayerKind::kLinear));
      const std::vector<double> values = evaluate(Network(dim, so_far), point).values.back();
      for (std::size_t i = 0; i < rows; ++i) coefficients[pattern.offsets[i + 1] + i] = -values[i];
      layers.push_back(layer(l == 2 ? LayerKind::kLinear : LayerKind::kRelu));
      first += columns;
      columns = rows;
    }
    check_point(Network(dim, layers), point, met);
  }
  CHECK(met.tally.exact > 0);
}

/// Thirds of which the sum is zero, though not the sum of their nearest floats.
void thirds_that_cancel() {
  const std::vector<IntegerRow> rows{{{1, 1, -2}, 3}, {{1, 2, -3}, 7}, {{10, -3, -7}, 30}};
  const Layer output(LayerKind::kLinear, {2, 3, 4}, {{{1, 1, 1, 1}, 9}});
  const Network network(2, {Layer(LayerKind::kRelu, {0, 1}, rows), output});
  Met met;
  check_point(network, {1.0, 1.0}, met);
  CHECK(met.tally == (StageTally{0, 3}));
  CHECK(exact_evaluate(network, std::vector<Integer>{5, 5}, 5).values[0] == std::vector<Integer>(3, 0));
}

/// max(x / 3 + y / 3, (x + y) / 3, 1 / 7) at points where two or three of them are equal or nearly so.
void maxima_of_thirds() {
  const std::vector<IntegerRow> rows{{{1, 1, 0}, 3}, {{2, 2, 0}, 6}, {{0, 0, 1}, 7}};
  const SparsePattern pattern{{0, 3, 4, 6}, {0, 1, 2, 1, 0, 2}};
  const Layer maxima(LayerKind::kMax, {2, 3, 4}, pattern, {1, 1, 1, 0, 1, 0, 1, 1, 0}, {});
  const Layer output(LayerKind::kLinear, {5, 6, 7}, 1, {1, 1, 1, 0});
  const Network network(2, {Layer(LayerKind::kLinear, {0, 1}, rows), maxima, output});
  CHECK(network.signs() == 6);
  Met met;
  std::vector<std::int8_t> signs(6);
  StageTally tally;
  sign_vector(network, std::vector<double>{2.0, 1.0}, signs, tally);
  CHECK(signs == (std::vector<std::int8_t>{0, 0, -1, 0, 0, -1}));
  sign_vector(network, std::vector<double>{0.0, 0.0}, signs, tally);
  CHECK(signs == (std::vector<std::int8_t>{-1, -1, 0, 0, -1, 0}));
  for (const double x : {3.0 / 7, std::nextafter(3.0 / 7, 1.0), 1.0, 0.0}) check_point(network, {x, 0.0}, met);
  const ExactEvaluation exact = exact_evaluate(network, std::vector<Integer>{1, 2}, 7);
  exact_signs(network, exact, signs.data());
  CHECK(signs == std::vector<std::int8_t>(6, 0));
  CHECK(met.ties > 0 && met.tally.exact > 0);
}

void the_range_of_exponents() {
  const double tiny = 0x1p-1074, huge = 0x1p1023;
  const Layer first(LayerKind::kRelu, {0}, 3, {huge, huge, tiny, 0.0, -huge, tiny});
  const Layer maxima(LayerKind::kMax, {1, 2, 3}, SparsePattern{{0, 2, 4}, {0, 1, 1, 2}}, {1, 1, 0, 1, 1, 0}, {});
  const Layer sparse(LayerKind::kRelu, {1, 4, 5}, SparsePattern{{0, 2, 4, 4}, {0, 1, 1, 2}},
                     {huge, tiny, -huge, -tiny, huge, tiny, tiny}, {});
  const Layer output(LayerKind::kLinear, {1, 2, 3}, 2, {huge, -huge, tiny, -tiny, tiny, huge, huge, 0.0});
  Met met;
  for (const double x : {0.0, tiny, 0.5, 1.0, 2.0, huge, -tiny, -1.0, -huge}) {
    check_point(Network(1, {first, output}), {x}, met);
    check_point(Network(1, {first, maxima, sparse, output}), {x}, met);
  }
  CHECK(met.tally.exact > 0);
}

}  // namespace

void test_evaluate() {
  for (const Kind kind : kKinds) {
    for (const Shape shape : kShapes) random_points(kind, shape);
  }
  for (const bool sparse : {false, true}) {
    cancelling(1, sparse);
    cancelling(40, sparse);
    cancelling(250, sparse);
  }
  thirds_that_cancel();
  maxima_of_thirds();
  the_range_of_exponents();
}

}  // namespace relutope::testing
