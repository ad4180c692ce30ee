#include "network/network.hpp"

#include <array>
#include <stdexcept>
#include <vector>

#include "random_network.hpp"

namespace relutope::testing {
namespace {

constexpr LayerKind kRelu = LayerKind::kRelu, kLinear = LayerKind::kLinear, kMax = LayerKind::kMax;

/// A dense layer of ones, its biases included.
Layer ones(LayerKind kind, const std::vector<ValueId>& columns, std::size_t rows) {
  return Layer(kind, columns, rows, std::vector<double>(rows * (columns.size() + 1), 1.0));
}

void layers_have_to_fit() {
  const Layer first = ones(kRelu, {0, 1}, 3), output = ones(kLinear, {2, 3, 4}, 1);
  const Network chain(2, {first, output});
  CHECK(chain.is_chain() && chain.signs() == 3 && chain.hidden_layers() == 1 && chain.output_dim() == 1);
  CHECK(chain.first_sign(0) == 0 && chain.first_sign(1) == 3 && chain.signs_in(0) == 3);
  CHECK(chain.input_dim() == 2 && chain.first_value(0) == 2 && chain.first_value(1) == 5);
  CHECK(!Network(2, {first, ones(kLinear, {0, 1, 2, 3, 4}, 1)}).is_chain());
  CHECK(!Network(2, {ones(kLinear, {0, 1}, 3), output}).is_chain());
  CHECK(!Network(2, {first, ones(kRelu, {2, 3, 4}, 3), output}).is_chain());
  CHECK(Network(2, {ones(kLinear, {1}, 1)}).is_chain() && Network(2, {ones(kLinear, {1}, 1)}).signs() == 0);
  CHECK_THROWS(Network(0, {first, output}), std::invalid_argument);
  CHECK_THROWS(Network(2, {}), std::invalid_argument);
  CHECK_THROWS(Network(2, {first}), std::invalid_argument);
  CHECK_THROWS(Network(1, {first, output}), std::invalid_argument);
  CHECK_THROWS(Network(2, {output}), std::invalid_argument);
  CHECK_THROWS(Network(2, {first, ones(kLinear, {5}, 1)}), std::invalid_argument);
  CHECK_THROWS(Network(2, {first, ones(kRelu, {6}, 1), output}), std::invalid_argument);
  CHECK_THROWS(Network(2, {first, ones(kMax, {2, 3, 4}, 1)}), std::invalid_argument);
}

void sources_of_values() {
  const Network network(
      2, {ones(kLinear, {1}, 2), ones(kRelu, {}, 0), ones(kRelu, {3, 0, 3}, 3), ones(kLinear, {6, 2}, 1)});
  CHECK(network.first_value(1) == 4 && network.first_value(2) == 4 && network.first_value(3) == 7);
  const std::array<ValueSource, 7> expected{{{-1, 0}, {-1, 1}, {0, 0}, {0, 1}, {2, 0}, {2, 1}, {2, 2}}};
  for (ValueId value = 0; value < 7; ++value) {
    CHECK(network.source(value).layer == expected[value].layer && network.source(value).row == expected[value].row);
  }
  for (std::size_t l = 0; l < 4; ++l) {
    const std::vector<ValueId>& columns = network.layers()[l].column_values();
    CHECK(network.sources(l).size() == columns.size() && network.pairs(l).empty());
    CHECK(&network.cutting_layer(l) == &network.layers()[l]);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const ValueSource source = network.sources(l)[k];
      CHECK(source.layer == expected[columns[k]].layer && source.row == expected[columns[k]].row);
    }
  }
  CHECK(network.signs() == 3 && network.first_sign(2) == 0 && network.signs_in(0) == 0 && network.signs_in(2) == 3);
  CHECK(network.active_sign(2) == Sign::kPositive && network.kind(0) == kLinear);
}

/// A first layer of two rows, then the maximum, then an output that reads it.
Network with_maximum(const Layer& maximum) {
  return Network(2, {ones(kRelu, {0, 1}, 2), maximum, ones(kLinear, {4}, 1)});
}

void bad_maxima_are_refused() {
  const SparsePattern both{{0, 2}, {0, 1}}, first{{0, 1}, {0}}, second_empty{{0, 1, 1}, {0}};
  CHECK(with_maximum(Layer(kMax, {2, 3}, 1, {1, 1, 0})).signs() == 4);
  CHECK(with_maximum(Layer(kMax, {2, 3}, both, {1, 1, 0}, {})).signs() == 4);
  CHECK(with_maximum(Layer(kMax, {2, 3}, first, {1, 0}, {})).signs() == 3);
  CHECK(with_maximum(Layer(kMax, {2, 2}, both, {1, 1, 0}, {})).signs() == 4);
  // Inputs, even such as no entry reads.
  CHECK_THROWS(with_maximum(Layer(kMax, {2, 1}, 1, {1, 1, 0})), std::invalid_argument);
  CHECK_THROWS(with_maximum(Layer(kMax, {2, 1}, first, {1, 0}, {})), std::invalid_argument);
  CHECK_THROWS(with_maximum(Layer(kMax, {0, 1}, both, {1, 1, 0}, {})), std::invalid_argument);
  // Empty rows.
  CHECK_THROWS(with_maximum(Layer(kMax, {2, 3}, second_empty, {1, 0, 0}, {})), std::invalid_argument);
  CHECK_THROWS(with_maximum(Layer(kMax, {}, 1, {0})), std::invalid_argument);
  CHECK_THROWS(with_maximum(Layer(kMax, {2}, SparsePattern{{0, 0}, {}}, {0}, {})), std::invalid_argument);
  // Other coefficients.
  for (const double weight : {0.0, -1.0, 2.0, 0x1.fffffffffffffp-1, 0x1.0000000000001p0}) {
    CHECK_THROWS(with_maximum(Layer(kMax, {2, 3}, 1, {1, weight, 0})), std::invalid_argument);
    CHECK_THROWS(with_maximum(Layer(kMax, {2, 3}, both, {weight, 1, 0}, {})), std::invalid_argument);
  }
  // Biases.
  for (const double bias : {1.0, -1.0, 0x1p-1074}) {
    CHECK_THROWS(with_maximum(Layer(kMax, {2, 3}, 1, {1, 1, bias})), std::invalid_argument);
    CHECK_THROWS(with_maximum(Layer(kMax, {2, 3}, both, {1, 1, bias}, {})), std::invalid_argument);
  }
  // Rational rows, of which the images do not tell that the coefficients are no ones.
  const Integer large = Integer(1) << 80;
  CHECK_THROWS(with_maximum(Layer(kMax, {2, 3}, {{{large, large + 1, 0}, large}})), std::invalid_argument);
  CHECK_THROWS(with_maximum(Layer(kMax, {2, 3}, both, {1, 1, 0}, {{{large, large + 1, 0}, large}})),
               std::invalid_argument);
}

void pairs_of_maxima() {
  // Values 2, 3, 4 are ReLUs; rows max(v3, v2, v4), v2, max(v3, v4).
  const SparsePattern pattern{{0, 3, 4, 6}, {0, 1, 2, 1, 0, 2}};
  const Layer maxima(kMax, {3, 2, 4}, pattern, {1, 1, 1, 0, 1, 0, 1, 1, 0}, {});
  const Network network(2, {ones(kRelu, {0, 1}, 3), maxima, ones(kLinear, {5, 7}, 1)});
  CHECK(network.signs() == 9 && network.first_sign(1) == 3 && network.signs_in(1) == 6 && !network.is_chain());
  CHECK(network.active_sign(1) == Sign::kZero && network.active_sign(0) == Sign::kPositive);
  const std::array<EntryPair, 4> expected{{{0, 0, 1}, {0, 0, 2}, {0, 1, 2}, {2, 4, 5}}};
  const std::array<std::array<double, 4>, 4> rows{{{1, -1, 0, 0}, {1, 0, -1, 0}, {0, 1, -1, 0}, {1, 0, -1, 0}}};
  const Layer& cutting = network.cutting_layer(1);
  CHECK(network.pairs(1).size() == 4 && cutting.rows() == 4 && cutting.column_values() == maxima.column_values());
  for (std::size_t p = 0; p < 4; ++p) {
    const EntryPair& pair = network.pairs(1)[p];
    CHECK(pair.row == expected[p].row && pair.first == expected[p].first && pair.second == expected[p].second);
    CHECK(maxima.row_of_entry(pair.first) == pair.row && maxima.row_of_entry(pair.second) == pair.row);
    for (std::size_t k = 0; k < 4; ++k) CHECK(exact_coefficient(cutting, p, k) == Rational(rows[p][k]));
  }
}

/// Rows of integer_layers() are the layer's, in the scales of what they read.
void integer_rows(Kind kind, Shape shape) {
  Random random(45);
  for (int round = 0; round < 60; ++round) {
    const Network network = random_network(random, kind, shape);
    const IntegerLayers& integers = network.integer_layers();
    for (std::size_t l = 0; l < network.layers().size(); ++l) {
      const Layer& layer = network.layers()[l];
      const Rational scale(integers.scale(l));
      CHECK(scale > 0);
      for (std::size_t i = 0; i < layer.rows(); ++i) {
        CHECK(Rational(integers.bias(l, i)) == scale * exact_coefficient(layer, i, layer.columns()));
        for (std::size_t t = 0; t < layer.entries(i).size(); ++t) {
          const std::uint32_t k = layer.entries(i)[t];
          const int source = network.source(layer.column_values()[k]).layer;
          const Rational own = source < 0 ? Rational(1) : Rational(integers.scale(static_cast<std::size_t>(source)));
          CHECK(Rational(integers.row(l, i)[t]) * own == scale * exact_coefficient(layer, i, k));
          CHECK(!integers.fits_double(l) || Integer(integers.double_row(l, i)[t]) == integers.row(l, i)[t]);
        }
      }
    }
  }
}

}  // namespace

void test_network() {
  layers_have_to_fit();
  sources_of_values();
  bad_maxima_are_refused();
  pairs_of_maxima();
  for (const Kind kind : kKinds) {
    for (const Shape shape : kShapes) integer_rows(kind, shape);
  }
}

}  // namespace relutope::testing
