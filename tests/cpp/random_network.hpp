// Random networks, and their values over the rationals by the definition alone.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <utility>
#include <vector>

#include "check.hpp"
#include "network/network.hpp"

namespace relutope::testing {

using Rational = boost::multiprecision::cpp_rational;

/// How the coefficients of a random network are made.
enum class Kind { kIntegers, kDoubles, kSpread, kThirds };

inline double random_coefficient(Random& random, Kind kind) {
  if (kind == Kind::kIntegers) return static_cast<double>(random_size(random, 0, 4)) - 2;
  return random_value(random, kind == Kind::kSpread ? 60 : 1);
}

/// Rows that read `blocks`; fractions for kThirds.
inline Layer random_layer(Random& random, const std::vector<Block>& blocks, std::size_t rows, Kind kind) {
  std::size_t columns = 0;
  for (const Block& block : blocks) columns += block.columns;
  if (kind == Kind::kThirds) {
    std::vector<IntegerRow> fractions(rows);
    for (IntegerRow& row : fractions) {
      for (std::size_t k = 0; k <= columns; ++k) row.numerators.push_back(random_integer(random, 20));
      row.denominator = 3 * random_size(random, 1, 5);
    }
    return Layer(blocks, fractions);
  }
  std::vector<double> coefficients(rows * (columns + 1));
  for (double& value : coefficients) value = random_coefficient(random, kind);
  return Layer(blocks, rows, coefficients);
}

/// Up to three hidden layers; with skips, each layer reads the input and all earlier layers.
inline Network random_network(Random& random, Kind kind, bool skips) {
  const std::size_t dim = random_size(random, 1, 3);
  const std::size_t depth = random_size(random, 1, 3);
  std::vector<Layer> layers;
  std::vector<Block> all{{Block::kInput, dim}};
  for (std::size_t l = 0; l <= depth; ++l) {
    const std::size_t rows = random_size(random, 1, 5);
    layers.push_back(random_layer(random, skips ? all : std::vector<Block>{all.back()}, rows, kind));
    all.push_back({static_cast<int>(l), rows});
  }
  return Network(dim, std::move(layers));
}

/// Coefficient k of row i, the bias being the last.
inline Rational exact_coefficient(const Layer& layer, std::size_t i, std::size_t k) {
  const IntegerRow row = layer.exact_row(i);
  return Rational(row.numerators[k], row.denominator);
}

/// Pre-activations of all layers, by definition.
inline std::vector<std::vector<Rational>> rational_values(const Network& network, const std::vector<Rational>& point) {
  std::vector<std::vector<Rational>> values;
  for (const Layer& layer : network.layers()) {
    std::vector<Rational> inputs;
    for (const Block& block : layer.blocks()) {
      for (std::size_t k = 0; k < block.columns; ++k) {
        const Rational y = block.source == Block::kInput ? point[k] : values[static_cast<std::size_t>(block.source)][k];
        inputs.push_back(block.source != Block::kInput && y < 0 ? Rational(0) : y);
      }
    }
    std::vector<Rational> z;
    for (std::size_t i = 0; i < layer.rows(); ++i) {
      Rational sum = exact_coefficient(layer, i, inputs.size());
      for (std::size_t k = 0; k < inputs.size(); ++k) sum += exact_coefficient(layer, i, k) * inputs[k];
      z.push_back(sum);
    }
    values.push_back(std::move(z));
  }
  return values;
}

inline std::vector<Rational> as_rationals(const std::vector<double>& values) { return {values.begin(), values.end()}; }

inline std::vector<double> random_point(Random& random, std::size_t dim, Kind kind) {
  std::vector<double> point(dim);
  for (double& x : point) x = random_coefficient(random, kind);
  return point;
}

}  // namespace relutope::testing
