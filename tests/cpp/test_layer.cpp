#include <array>
#include <limits>
#include <stdexcept>
#include <vector>

#include "random_network.hpp"

namespace relutope::testing {
namespace {

const std::vector<ValueId> kTwoInputs{0, 1};
constexpr LayerKind kRelu = LayerKind::kRelu;

void a_layer_of_floats_is_exact() {
  const Layer layer(kRelu, kTwoInputs, 1, {0.1, -0x1p-1074, 0x1.fffffffffffffp1023});
  CHECK(layer.rows() == 1 && layer.columns() == 2 && layer.relative_error() == 0 && layer.is_dense());
  CHECK(layer.bias_image(0) == 0x1.fffffffffffffp1023 && !layer.is_rational(0) && layer.coefficients() == 3);
  for (std::size_t k = 0; k < 3; ++k) CHECK(exact_coefficient(layer, 0, k) == Rational(layer.image(0)[k]));
}

/// Of a dense row of fractions, and of a sparse one between rows of floats.
void an_image_is_within_its_error() {
  Random random(41);
  const Rational tiniest(0x1p-1074);
  for (int round = 0; round < 200; ++round) {
    const Integer size = Integer(1) << random_size(random, 1, 1000);
    IntegerRow row{{random_integer(random, size), random_integer(random, size), random_integer(random, size)},
                   abs(random_integer(random, size)) + 1};
    const Layer dense(kRelu, kTwoInputs, std::vector<IntegerRow>{row});
    const Layer mixed(kRelu, {0, 1, 2}, SparsePattern{{0, 1, 3, 3}, {0, 0, 2}}, {0.1, 0.2, 7, 7, 7, 0.3},
                      {{}, row, {}});
    CHECK(dense.is_rational(0) && !mixed.is_rational(0) && mixed.is_rational(1) && !mixed.is_rational(2));
    CHECK(mixed.image(0)[0] == 0.1 && mixed.bias_image(0) == 0.2 && mixed.bias_image(2) == 0.3);
    CHECK(exact_coefficient(mixed, 0, 3) == Rational(0.2) && exact_coefficient(mixed, 2, 3) == Rational(0.3));
    CHECK(dense.relative_error() == 0x1p-53 && mixed.relative_error() == 0x1p-53);
    for (std::size_t k = 0; k < 3; ++k) {
      const Rational exact(row.numerators[k], row.denominator);
      const Rational image(dense.image(0)[k]);
      CHECK(exact_coefficient(dense, 0, k) == exact && exact_coefficient(mixed, 1, k == 0 ? 0 : k + 1) == exact);
      CHECK(mixed.image(1)[k] == dense.image(0)[k]);
      CHECK(abs(image - exact) <= Rational(dense.relative_error()) * abs(image) + tiniest);
    }
  }
}

void bad_layers_are_refused() {
  const double infinity = std::numeric_limits<double>::infinity();
  const SparsePattern diagonal{{0, 1, 2}, {0, 1}};
  for (const double value : {infinity, -infinity, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS(Layer(kRelu, kTwoInputs, 1, {0.0, 0.0, value}), std::invalid_argument);
    CHECK_THROWS(Layer(kRelu, kTwoInputs, diagonal, {0.0, 0.0, 0.0, value}, {}), std::invalid_argument);
  }
  CHECK_THROWS(Layer(kRelu, kTwoInputs, 1, {0.0, 0.0}), std::invalid_argument);
  CHECK_THROWS(Layer(kRelu, kTwoInputs, std::vector<IntegerRow>{{}}), std::invalid_argument);
  const Integer large = Integer(1) << 1100;
  const std::array<IntegerRow, 5> rows{
      {{{1, 2}, 1}, {{1, 2, 3}, 0}, {{1, 2, 3}, -1}, {{large, 0, 0}, 1}, {{1, 0, 0}, large}}};
  for (const IntegerRow& row : rows) {
    CHECK_THROWS(Layer(kRelu, kTwoInputs, std::vector<IntegerRow>{row}), std::invalid_argument);
    CHECK_THROWS(Layer(kRelu, kTwoInputs, SparsePattern{{0, 2}, {0, 1}}, {1, 2, 3}, {row}), std::invalid_argument);
  }
}

void bad_patterns_are_refused() {
  const std::array<SparsePattern, 9> patterns{{{{}, {}},
                                               {{1, 2, 2}, {0, 1}},
                                               {{0, 1}, {0, 1}},
                                               {{0, 2, 1, 2}, {0, 1}},
                                               {{0, 3, 2}, {0, 1}},
                                               {{0, 2}, {1, 0}},
                                               {{0, 2}, {1, 1}},
                                               {{0, 2}, {0, 2}},
                                               {{0, 2}, {0, 1, 1}}}};
  for (const SparsePattern& pattern : patterns) {
    const std::size_t rows = pattern.offsets.empty() ? 0 : pattern.offsets.size() - 1;
    const std::vector<double> coefficients(pattern.indices.size() + rows, 1.0);
    CHECK_THROWS(Layer(kRelu, kTwoInputs, pattern, coefficients, {}), std::invalid_argument);
  }
  const SparsePattern diagonal{{0, 1, 2}, {0, 1}};
  const std::vector<double> four(4, 1.0);
  CHECK(!Layer(kRelu, kTwoInputs, diagonal, four, {}).is_dense());
  CHECK_THROWS(Layer(kRelu, kTwoInputs, diagonal, {1.0, 1.0, 1.0}, {}), std::invalid_argument);
  CHECK_THROWS(Layer(kRelu, kTwoInputs, diagonal, four, {{{1, 1}, 3}}), std::invalid_argument);
  CHECK_THROWS(Layer(kRelu, kTwoInputs, diagonal, four, {{}, {{1, 1, 1}, 3}}), std::invalid_argument);
  CHECK(Layer(kRelu, kTwoInputs, diagonal, four, {{}, {{1, 1}, 3}}).is_rational(1));
}

/// Rows without entries, also at the end and where no row has any.
void places_of_entries() {
  const Layer layer(kRelu, {4, 0, 7}, SparsePattern{{0, 0, 2, 2, 3, 3}, {0, 2, 1}}, {9, 1, 2, 8, 7, 3, 6, 5}, {});
  CHECK(layer.rows() == 5 && layer.columns() == 3 && layer.coefficients() == 8 && layer.kind() == kRelu);
  const std::array<std::size_t, 6> first{0, 0, 2, 2, 3, 3}, begin{0, 1, 4, 5, 7, 8};
  const std::array<double, 5> biases{9, 8, 7, 6, 5};
  for (std::size_t i = 0; i <= 5; ++i) CHECK(layer.first_entry(i) == first[i] && layer.row_begin(i) == begin[i]);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(layer.entries(i).size() == first[i + 1] - first[i] && layer.bias_image(i) == biases[i]);
    CHECK(layer.image(i).size() == layer.entries(i).size() + 1 && layer.image(i).back() == biases[i]);
    for (std::size_t e = first[i]; e < first[i + 1]; ++e) CHECK(layer.row_of_entry(e) == i);
  }
  CHECK(layer.expanded(1, layer.image(1)) == (std::vector<double>{1, 0, 2, 8}));
  CHECK(layer.expanded(3, layer.image(3)) == (std::vector<double>{0, 3, 0, 6}));
  const Layer empty(kRelu, {0, 1}, SparsePattern{{0, 0, 0}, {}}, {1, 2}, {});
  CHECK(empty.entries(0).empty() && empty.entries(1).empty() && empty.bias_image(1) == 2 && empty.coefficients() == 2);
  const Layer dense(kRelu, {3, 1}, 2, {1, 2, 3, 4, 5, 6});
  CHECK(dense.first_entry(2) == 4 && dense.row_begin(1) == 3 && dense.row_of_entry(1) == 0 &&
        dense.row_of_entry(2) == 1);
  CHECK(dense.entries(1).size() == 2 && dense.entries(1)[0] == 0 && dense.entries(1)[1] == 1);
  CHECK(value_range(3, 2) == (std::vector<ValueId>{3, 4}) && value_range(3, 0).empty());
}

void dense_copies_are_equal() {
  Random random(43);
  for (int round = 0; round < 100; ++round) {
    for (const Kind kind : kKinds) {
      const std::vector<ValueId> columns = random_columns(random, 0, 5, 4);
      const Layer sparse = random_sparse_layer(random, LayerKind::kLinear, columns, 4, kind);
      const Layer dense = sparse.as_dense();
      CHECK(dense.is_dense() && dense.rows() == 4 && dense.kind() == LayerKind::kLinear);
      CHECK(dense.column_values() == columns && dense.relative_error() == sparse.relative_error());
      for (std::size_t i = 0; i < 4; ++i) {
        CHECK(sparse.expanded(i, sparse.image(i)) == std::vector<double>(dense.image(i).begin(), dense.image(i).end()));
        for (std::size_t k = 0; k <= columns.size(); ++k) {
          CHECK(exact_coefficient(dense, i, k) == exact_coefficient(sparse, i, k));
        }
      }
    }
  }
}

}  // namespace

void test_layer() {
  a_layer_of_floats_is_exact();
  an_image_is_within_its_error();
  bad_layers_are_refused();
  bad_patterns_are_refused();
  places_of_entries();
  dense_copies_are_equal();
}

}  // namespace relutope::testing
