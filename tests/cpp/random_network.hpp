// Random networks of all kinds of layers, and their values over the rationals by the definition alone.
#pragma once

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <utility>
#include <vector>

#include "check.hpp"
#include "network/network.hpp"

namespace relutope::testing {

using Rational = boost::multiprecision::cpp_rational;

/// How the coefficients of a random network are made; of kMixed, sparse layers have float64 and rational rows.
enum class Kind { kIntegers, kDoubles, kSpread, kThirds, kMixed };
inline constexpr Kind kKinds[] = {Kind::kIntegers, Kind::kDoubles, Kind::kSpread, Kind::kThirds, Kind::kMixed};

/// Dense ReLU layers that read their predecessor; the same, reading all values before; layers of every kind, sparse or
/// dense, that read any values before.
enum class Shape { kChain, kSkips, kAny };
inline constexpr Shape kShapes[] = {Shape::kChain, Shape::kSkips, Shape::kAny};

inline bool one_in(Random& random, std::size_t n) { return random_size(random, 1, n) == 1; }

inline double random_coefficient(Random& random, Kind kind) {
  if (kind == Kind::kIntegers) return static_cast<double>(random_size(random, 0, 4)) - 2;
  return random_value(random, kind == Kind::kSpread ? 60 : 1);
}

/// A row of fractions: `weights` of them and a bias.
inline IntegerRow random_fractions(Random& random, std::size_t weights) {
  IntegerRow row;
  for (std::size_t k = 0; k <= weights; ++k) row.numerators.push_back(random_integer(random, 20));
  row.denominator = 3 * random_size(random, 1, 5);
  return row;
}

/// A dense layer; of fractions for kThirds, and in one of two cases for kMixed.
inline Layer random_dense_layer(Random& random, LayerKind layer_kind, const std::vector<ValueId>& columns,
                                std::size_t rows, Kind kind) {
  if (kind == Kind::kThirds || (kind == Kind::kMixed && one_in(random, 2))) {
    std::vector<IntegerRow> fractions;
    for (std::size_t i = 0; i < rows; ++i) fractions.push_back(random_fractions(random, columns.size()));
    return Layer(layer_kind, columns, fractions);
  }
  std::vector<double> coefficients(rows * (columns.size() + 1));
  for (double& value : coefficients) value = random_coefficient(random, kind);
  return Layer(layer_kind, columns, rows, coefficients);
}

/// Each row reads each column or not, at least `fewest` of them.
inline SparsePattern random_pattern(Random& random, std::size_t columns, std::size_t rows, std::size_t fewest) {
  SparsePattern pattern{{0}, {}};
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<std::uint32_t> read;
    do {
      read.clear();
      for (std::uint32_t k = 0; k < columns; ++k) {
        if (one_in(random, 2)) read.push_back(k);
      }
    } while (read.size() < fewest);
    pattern.indices.insert(pattern.indices.end(), read.begin(), read.end());
    pattern.offsets.push_back(pattern.indices.size());
  }
  return pattern;
}

/// A sparse layer, in which empty rows and stored zeros occur.
inline Layer random_sparse_layer(Random& random, LayerKind layer_kind, const std::vector<ValueId>& columns,
                                 std::size_t rows, Kind kind) {
  SparsePattern pattern = random_pattern(random, columns.size(), rows, 0);
  std::vector<double> coefficients(pattern.indices.size() + rows);
  for (double& value : coefficients) value = one_in(random, 8) ? 0.0 : random_coefficient(random, kind);
  std::vector<IntegerRow> rational;
  if (kind == Kind::kThirds || kind == Kind::kMixed) rational.resize(rows);
  for (std::size_t i = 0; i < rational.size(); ++i) {
    if (kind == Kind::kMixed && one_in(random, 2)) continue;
    rational[i] = random_fractions(random, pattern.offsets[i + 1] - pattern.offsets[i]);
  }
  return Layer(layer_kind, columns, std::move(pattern), std::move(coefficients), std::move(rational));
}

/// Rows of one entry occur. REQUIRES: no column is an input.
inline Layer random_max_layer(Random& random, const std::vector<ValueId>& columns, std::size_t rows) {
  if (one_in(random, 3)) {
    std::vector<double> coefficients;
    for (std::size_t i = 0; i < rows; ++i) {
      coefficients.insert(coefficients.end(), columns.size(), 1.0);
      coefficients.push_back(0.0);
    }
    return Layer(LayerKind::kMax, columns, rows, std::move(coefficients));
  }
  SparsePattern pattern = random_pattern(random, columns.size(), rows, 1);
  std::vector<double> coefficients(pattern.indices.size() + rows, 1.0);
  for (std::size_t i = 0; i < rows; ++i) coefficients[pattern.offsets[i + 1] + i] = 0.0;
  return Layer(LayerKind::kMax, columns, std::move(pattern), std::move(coefficients), {});
}

/// Between one and `most` of the values first..end-1, in any order; one may occur twice.
inline std::vector<ValueId> random_columns(Random& random, std::size_t first, std::size_t end, std::size_t most) {
  std::vector<ValueId> values = value_range(first, end - first);
  std::shuffle(values.begin(), values.end(), random);
  values.resize(random_size(random, 1, std::min(most, values.size())));
  if (one_in(random, 4)) values.push_back(values.front());
  return values;
}

/// A layer of any kind that reads any of `values` values.
inline Layer random_layer(Random& random, std::size_t dim, std::size_t values, std::size_t rows, Kind kind,
                          bool is_output) {
  const std::size_t choice = is_output ? 2 : random_size(random, 0, values > dim ? 3 : 2);
  if (choice == 3) return random_max_layer(random, random_columns(random, dim, values, 4), rows);
  const LayerKind layer_kind = choice == 2 ? LayerKind::kLinear : LayerKind::kRelu;
  const std::vector<ValueId> columns = random_columns(random, 0, values, 6);
  if (one_in(random, 3)) return random_dense_layer(random, layer_kind, columns, rows, kind);
  return random_sparse_layer(random, layer_kind, columns, rows, kind);
}

/// Up to three hidden layers, or five of Shape::kAny.
inline Network random_network(Random& random, Kind kind, Shape shape) {
  const std::size_t dim = random_size(random, 1, 3);
  const std::size_t depth = random_size(random, 1, shape == Shape::kAny ? 5 : 3);
  std::vector<Layer> layers;
  std::size_t values = dim, before = dim;
  for (std::size_t l = 0; l <= depth; ++l) {
    const std::size_t rows = random_size(random, 1, 5);
    const LayerKind layer_kind = l == depth ? LayerKind::kLinear : LayerKind::kRelu;
    if (shape == Shape::kAny) {
      layers.push_back(random_layer(random, dim, values, rows, kind, l == depth));
    } else {
      const std::vector<ValueId> columns =
          shape == Shape::kSkips ? value_range(0, values) : value_range(values - before, before);
      layers.push_back(random_dense_layer(random, layer_kind, columns, rows, kind));
    }
    values += rows;
    before = rows;
  }
  return Network(dim, std::move(layers));
}

/// Coefficient of column k of row i, the bias having the column after the last.
inline Rational exact_coefficient(const Layer& layer, std::size_t i, std::size_t k) {
  const IntegerRow row = layer.exact_row(i);
  const auto entries = layer.entries(i);
  if (k == layer.columns()) return Rational(row.numerators.back(), row.denominator);
  for (std::size_t t = 0; t < entries.size(); ++t) {
    if (entries[t] == k) return Rational(row.numerators[t], row.denominator);
  }
  return 0;
}

/// What a network is at a point, layer by layer.
struct RationalValues {
  std::vector<std::vector<Rational>> rows;   // before ReLU
  std::vector<std::vector<Rational>> signs;  // the numbers whose signs are the layer's
  std::vector<std::vector<Rational>> cuts;   // rows, or the differences of the pairs of a max layer
  std::vector<Rational> outputs;             // by id: the inputs, then what each row passes on
};

/// The entries of one row of a max layer.
inline void append_maximum(const std::vector<Rational>& entries, std::vector<Rational>& rows,
                           std::vector<Rational>& signs, std::vector<Rational>& cuts) {
  rows.push_back(*std::max_element(entries.begin(), entries.end()));
  for (std::size_t a = 0; a < entries.size(); ++a) {
    signs.push_back(entries[a] - rows.back());
    for (std::size_t b = a + 1; b < entries.size(); ++b) cuts.push_back(entries[a] - entries[b]);
  }
}

/// By definition. The output layer has signs here too.
inline RationalValues rational_values(const Network& network, const std::vector<Rational>& point) {
  RationalValues result;
  result.outputs = point;
  for (const Layer& layer : network.layers()) {
    std::vector<Rational> rows, signs, cuts;
    for (std::size_t i = 0; i < layer.rows(); ++i) {
      std::vector<Rational> entries;
      for (const std::uint32_t k : layer.entries(i)) entries.push_back(result.outputs[layer.column_values()[k]]);
      if (layer.kind() == LayerKind::kMax) {
        append_maximum(entries, rows, signs, cuts);
        continue;
      }
      const IntegerRow row = layer.exact_row(i);
      Rational sum(row.numerators.back(), row.denominator);
      for (std::size_t t = 0; t < entries.size(); ++t) sum += Rational(row.numerators[t], row.denominator) * entries[t];
      rows.push_back(sum);
      cuts.push_back(sum);
      if (layer.kind() == LayerKind::kRelu) signs.push_back(sum);
    }
    for (const Rational& z : rows)
      result.outputs.push_back(layer.kind() == LayerKind::kRelu && z < 0 ? Rational(0) : z);
    result.rows.push_back(std::move(rows));
    result.signs.push_back(std::move(signs));
    result.cuts.push_back(std::move(cuts));
  }
  return result;
}

inline std::vector<Rational> as_rationals(const std::vector<double>& values) { return {values.begin(), values.end()}; }

inline std::vector<double> random_point(Random& random, std::size_t dim, Kind kind) {
  std::vector<double> point(dim);
  for (double& x : point) x = random_coefficient(random, kind);
  return point;
}

}  // namespace relutope::testing
