#include "network/affine_slice.hpp"

#include <stdexcept>
#include <vector>

#include "random_network.hpp"

namespace relutope::testing {
namespace {

AffineSlice random_slice(Random& random, std::size_t input_dim) {
  AffineSlice slice{std::vector<std::vector<Integer>>(random_size(random, 1, 3)), {}, random_size(random, 1, 6)};
  for (std::size_t k = 0; k < input_dim; ++k) {
    slice.origin.push_back(random_integer(random, 3));
    for (std::vector<Integer>& direction : slice.directions) direction.push_back(random_integer(random, 2));
  }
  return slice;
}

std::vector<Rational> place(const AffineSlice& slice, const std::vector<Rational>& t) {
  std::vector<Rational> x;
  for (std::size_t k = 0; k < slice.origin.size(); ++k) {
    Rational sum(slice.origin[k]);
    for (std::size_t j = 0; j < t.size(); ++j) sum += t[j] * Rational(slice.directions[j][k]);
    x.push_back(sum / Rational(slice.denominator));
  }
  return x;
}

/// The layers keep their kinds and forms; a sparse row that reads no input keeps its entries.
void check_layers(const Network& network, const Network& sliced) {
  CHECK(sliced.layers().size() == network.layers().size() && sliced.signs() == network.signs());
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Layer& before = network.layers()[l];
    const Layer& after = sliced.layers()[l];
    CHECK(after.kind() == before.kind() && after.rows() == before.rows() && after.is_dense() == before.is_dense());
    bool reads_input = false;
    for (const ValueSource& source : network.sources(l)) reads_input |= source.layer == ValueSource::kInput;
    if (reads_input) continue;
    CHECK(after.columns() == before.columns() && after.relative_error() == before.relative_error());
    for (std::size_t k = 0; k < after.columns(); ++k) {
      CHECK(sliced.sources(l)[k].layer == network.sources(l)[k].layer);
      CHECK(sliced.sources(l)[k].row == network.sources(l)[k].row);
    }
    for (std::size_t i = 0; i < after.rows(); ++i) {
      CHECK(after.entries(i).size() == before.entries(i).size() && after.is_rational(i) == before.is_rational(i));
      for (std::size_t k = 0; k <= after.columns(); ++k) {
        CHECK(exact_coefficient(after, i, k) == exact_coefficient(before, i, k));
      }
    }
  }
}

/// The sliced network has at t the values of the network at x(t), exactly.
void random_slices(Kind kind, Shape shape) {
  Random random(71);
  for (int round = 0; round < 80; ++round) {
    const Network network = random_network(random, kind, shape);
    const AffineSlice slice = random_slice(random, network.input_dim());
    const Network sliced = restrict_to_slice(network, slice);
    CHECK(sliced.input_dim() == slice.directions.size());
    check_layers(network, sliced);
    for (int i = 0; i < 3; ++i) {
      const std::vector<Rational> t = as_rationals(random_point(random, sliced.input_dim(), kind));
      const RationalValues expected = rational_values(network, place(slice, t));
      const RationalValues found = rational_values(sliced, t);
      CHECK(found.rows == expected.rows && found.signs == expected.signs && found.cuts == expected.cuts);
    }
  }
}

void bad_slices_are_refused() {
  const Layer output(LayerKind::kLinear, {0, 1}, SparsePattern{{0, 1}, {1}}, {0x1p1000, 0.0}, {});
  const Network network(2, {output});
  const auto restricted = [&](const AffineSlice& slice) { return restrict_to_slice(network, slice); };
  CHECK(restricted({{{0, 1}}, {0, 0}, 1}).layers()[0].image(0)[0] == 0x1p1000);
  CHECK_THROWS(restricted({{}, {0, 0}, 1}), std::invalid_argument);
  CHECK_THROWS(restricted({{{0, 1}}, {0, 0}, 0}), std::invalid_argument);
  CHECK_THROWS(restricted({{{0, 1}}, {0, 0}, -1}), std::invalid_argument);
  CHECK_THROWS(restricted({{{0, 1}}, {0}, 1}), std::invalid_argument);
  CHECK_THROWS(restricted({{{0, 1}, {1}}, {0, 0}, 1}), std::invalid_argument);
  CHECK_THROWS(restricted({{{0, Integer(1) << 30}}, {0, 0}, 1}), std::invalid_argument);
}

/// Max layers of which rows might have been rational, but none is.
void maxima_stay_maxima() {
  const Layer first(LayerKind::kRelu, {0, 1}, 2, {1, 2, 3, 4, 5, 6});
  const Layer maximum(LayerKind::kMax, {2, 3}, SparsePattern{{0, 2}, {0, 1}}, {1, 1, 0}, std::vector<IntegerRow>(1));
  const Network network(2, {first, maximum, Layer(LayerKind::kLinear, {4}, 1, {1, 0})});
  const Network sliced = restrict_to_slice(network, {{{1, 1}}, {1, 0}, 3});
  CHECK(sliced.kind(1) == LayerKind::kMax && sliced.signs() == 4);
  const RationalValues found = rational_values(sliced, {Rational(2)});
  CHECK(found.rows == rational_values(network, {Rational(1), Rational(2, 3)}).rows);
}

}  // namespace

void test_affine_slice() {
  maxima_stay_maxima();
  for (const Kind kind : kKinds) {
    for (const Shape shape : kShapes) random_slices(kind, shape);
  }
  bad_slices_are_refused();
}

}  // namespace relutope::testing
