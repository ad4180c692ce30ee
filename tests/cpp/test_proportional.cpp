#include "network/proportional.hpp"

#include <vector>

#include "random_network.hpp"

namespace relutope::testing {
namespace {

const std::vector<ValueId> kTwoInputs{0, 1};
constexpr LayerKind kRelu = LayerKind::kRelu;

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

void classes_of_dense_rows() {
  Random random(42);
  std::size_t followers = 0;
  for (int round = 0; round < 300; ++round) {
    const std::vector<ValueId> columns = value_range(0, random_size(random, 1, 3));
    followers += check_classes(random_dense_layer(random, kRelu, columns, 12, Kind::kIntegers));
    followers += check_classes(random_dense_layer(random, kRelu, {0}, 12, Kind::kThirds));
  }
  CHECK(followers > 300);
  CHECK(check_classes(random_dense_layer(random, kRelu, kTwoInputs, 12, Kind::kSpread)) == 0);
}

/// The same layer that stores no zeros.
Layer without_zeros(const Layer& layer) {
  SparsePattern pattern{{0}, {}};
  std::vector<double> coefficients;
  std::vector<IntegerRow> rational(layer.rows());
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    const IntegerRow row = layer.exact_row(i);
    IntegerRow kept{{}, row.denominator};
    for (std::size_t t = 0; t < row.numerators.size(); ++t) {
      const bool is_bias = t + 1 == row.numerators.size();
      if (!is_bias && row.numerators[t] == 0) continue;
      if (!is_bias) pattern.indices.push_back(layer.entries(i)[t]);
      coefficients.push_back(layer.image(i)[t]);
      kept.numerators.push_back(row.numerators[t]);
    }
    pattern.offsets.push_back(pattern.indices.size());
    if (layer.is_rational(i)) rational[i] = kept;
  }
  if (layer.relative_error() == 0) rational.clear();
  return Layer(layer.kind(), layer.column_values(), pattern, coefficients, rational);
}

bool same_classes(const Layer& a, const Layer& b) {
  const std::vector<RowClass> x = classify_rows(a), y = classify_rows(b);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i].kind != y[i].kind || x[i].leader != y[i].leader || x[i].flipped != y[i].flipped) return false;
  }
  return x.size() == y.size();
}

/// Multiples of rows, some with a stored zero where others have no entry, of floats and of fractions.
void classes_of_sparse_rows() {
  Random random(44);
  std::size_t followers = 0, zeros = 0;
  for (int round = 0; round < 200; ++round) {
    for (const Kind kind : kKinds) {
      const Layer layer = random_sparse_layer(random, kRelu, value_range(0, random_size(random, 1, 3)), 12, kind);
      const Layer shorter = without_zeros(layer);
      zeros += layer.coefficients() - shorter.coefficients();
      followers += check_classes(layer);
      CHECK(same_classes(layer, shorter) && same_classes(layer, layer.as_dense()));
    }
  }
  CHECK(followers > 150 && zeros > 300);
  // x, -2 x + 0 y, 0 y + 3, y, x / 3 + 0 z as floats and one fraction; a bias of no row with weights.
  const SparsePattern pattern{{0, 1, 3, 4, 5, 7, 7}, {0, 0, 1, 1, 1, 0, 2}};
  const std::vector<double> coefficients{1, 0, -2, 0, 0, 0, 3, 1, 0, 9, 9, 9, 1};
  const Layer layer(kRelu, {0, 1, 2}, pattern, coefficients, {{}, {}, {}, {}, {{1, 0, 0}, 3}, {}});
  const std::vector<RowClass> classes = classify_rows(layer);
  CHECK(check_classes(layer) == 2);
  CHECK(classes[1].leader == 0 && classes[1].flipped && classes[4].leader == 0 && !classes[4].flipped);
  CHECK(classes[2].kind == RowKind::kConstant && classes[5].kind == RowKind::kConstant);
  CHECK(classes[3].kind == RowKind::kLeader);
}

/// Rows that agree but for their columns are no multiples of one another.
void columns_tell_rows_apart() {
  const SparsePattern pattern{{0, 2, 4, 6}, {0, 1, 1, 2, 0, 2}};
  CHECK(check_classes(Layer(kRelu, {0, 1, 2}, pattern, {1, 2, 3, 1, 2, 3, 1, 2, 3}, {})) == 0);
  // A last weight and a bias.
  CHECK(check_classes(Layer(kRelu, kTwoInputs, SparsePattern{{0, 2, 3}, {0, 1, 0}}, {1, 2, 0, 1, 2}, {})) == 0);
}

void classes_near_the_limits_of_floats() {
  const double tiny = 0x1p-1074;
  // Powers of two and 3 keep proportionality; decimals only look proportional.
  CHECK(check_classes(Layer(kRelu, kTwoInputs, 3,
                            {0.1, 0.2, 0.3, -0x1p-40 * 0.1, -0x1p-40 * 0.2, -0x1p-40 * 0.3, 0.3, 0.6, 0.9})) == 1);
  CHECK(check_classes(Layer(kRelu, kTwoInputs, 2, {0.75, 0.5, 0.25, 2.25, 1.5, 0.75})) == 1);
  CHECK(check_classes(Layer(kRelu, kTwoInputs, 3, {tiny, tiny, 0.0, 1.0, 1.0, 0.0, 0x1p1000, 0x1p1000, 0.0})) == 2);
  // The same quotients in floats: the second ones underflow.
  CHECK(check_classes(Layer(kRelu, kTwoInputs, 2, {0x1p1000, tiny, 1.0, 0x1p1000, 3 * tiny, 1.0})) == 0);
  CHECK(check_classes(Layer(kRelu, kTwoInputs, 3, {0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -0.0, 1.0, 0.0})) == 0);
  // Fractions with equal images that are no multiples, and a multiple by 2 / 3.
  const Integer large = Integer(1) << 80;
  const std::vector<IntegerRow> rows{{{large, 1, 0}, 3}, {{large + 1, 1, 0}, 3}, {{2 * large, 2, 0}, 9}};
  CHECK(check_classes(Layer(kRelu, kTwoInputs, rows)) == 1);
}

}  // namespace

void test_proportional() {
  classes_of_dense_rows();
  classes_of_sparse_rows();
  columns_tell_rows_apart();
  classes_near_the_limits_of_floats();
}

}  // namespace relutope::testing
