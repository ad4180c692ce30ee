#include "network/functionals.hpp"

#include <stdexcept>
#include <vector>

#include "random_network.hpp"

namespace relutope::testing {
namespace {

/// The new layer is a positive multiple of the functionals of the outputs; the layers before it stay.
void random_functionals(Kind kind, Shape shape) {
  Random random(81);
  for (int round = 0; round < 60; ++round) {
    const Network network = random_network(random, kind, shape);
    const std::size_t hidden = network.hidden_layers();
    std::vector<IntegerRow> functionals(random_size(random, 1, 3));
    for (IntegerRow& row : functionals) row = random_fractions(random, network.output_dim());
    const Network longer = with_functionals(network, functionals);
    CHECK(longer.hidden_layers() == hidden + 1 && longer.kind(hidden) == LayerKind::kRelu);
    CHECK(longer.signs() == network.signs() + functionals.size() && longer.output_dim() == 1);
    std::vector<Rational> factors(functionals.size());
    for (int i = 0; i < 4; ++i) {
      const std::vector<Rational> point = as_rationals(random_point(random, network.input_dim(), kind));
      const RationalValues before = rational_values(network, point), after = rational_values(longer, point);
      for (std::size_t l = 0; l < hidden; ++l) CHECK(after.rows[l] == before.rows[l]);
      CHECK(after.rows.back() == std::vector<Rational>(1, 0));
      for (std::size_t j = 0; j < functionals.size(); ++j) {
        Rational expected(functionals[j].numerators.back(), functionals[j].denominator);
        for (std::size_t k = 0; k < network.output_dim(); ++k) {
          expected += Rational(functionals[j].numerators[k], functionals[j].denominator) * before.rows.back()[k];
        }
        const Rational& found = after.rows[hidden][j];
        CHECK(found.sign() == expected.sign());
        if (expected == 0) continue;
        // One factor for all points.
        CHECK(factors[j] == 0 || factors[j] == found / expected);
        factors[j] = found / expected;
      }
    }
  }
}

void bad_functionals_are_refused() {
  const Network network(1, {Layer(LayerKind::kLinear, {0}, SparsePattern{{0, 1, 1}, {0}}, {1, 0, 1}, {})});
  CHECK(with_functionals(network, {{{1, 1, 0}, 1}}).signs() == 1);
  CHECK_THROWS(with_functionals(network, {}), std::invalid_argument);
  CHECK_THROWS(with_functionals(network, {{{1, 1}, 1}}), std::invalid_argument);
  CHECK_THROWS(with_functionals(network, {{{1, 1, 1, 1}, 1}}), std::invalid_argument);
}

}  // namespace

void test_functionals() {
  for (const Kind kind : kKinds) {
    for (const Shape shape : kShapes) random_functionals(kind, shape);
  }
  bad_functionals_are_refused();
}

}  // namespace relutope::testing
