#include <cmath>
#include <memory>
#include <span>
#include <vector>

#include "network/float_forms.hpp"
#include "rational_forms.hpp"

namespace relutope::testing {
namespace {

void set_pattern(FloatForms& forms, const Network& network, const Activity& activity) {
  const auto active = std::make_unique<bool[]>(network.signs());
  std::size_t at = 0;
  for (const std::vector<std::uint8_t>& layer : activity) {
    for (const std::uint8_t on : layer) active[at++] = on != 0;
  }
  CHECK(at == network.signs());
  forms.set_pattern({active.get(), network.signs()});
}

/// Coefficient c of form i stands at c * n + i. Counts the errors that are finite and not 0.
std::size_t check_within(std::span<const double> values, std::span<const double> errors,
                         const std::vector<Form>& expected, std::size_t dim) {
  const std::size_t n = expected.size();
  std::size_t rounded = 0;
  CHECK(values.size() == n * (dim + 1) && errors.size() == values.size());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c <= dim; ++c) {
      const double error = errors[c * n + i];
      CHECK(error >= 0);  // not nan
      if (std::isinf(error)) continue;
      CHECK(abs(Rational(values[c * n + i]) - expected[i][c]) <= Rational(error));
      rounded += error != 0;
    }
  }
  return rounded;
}

std::vector<double> copied(std::span<const double> values) { return {values.begin(), values.end()}; }

/// Equal, nan included.
bool same(std::span<const double> a, std::span<const double> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

std::size_t check_pattern(const Network& network, FloatForms& forms, const Activity& activity) {
  const std::size_t dim = network.input_dim();
  const RationalForms expected = rational_forms(network, activity);
  set_pattern(forms, network, activity);
  FloatForms fresh(network);
  set_pattern(fresh, network, activity);
  std::size_t rounded = 0;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    rounded += check_within(forms.values(l), forms.errors(l), expected.rows[l], dim);
    CHECK(same(forms.values(l), fresh.values(l)) && same(forms.errors(l), fresh.errors(l)));
    const bool has_signs = network.kind(l) != LayerKind::kLinear;
    const FloatForms::Forms signs = forms.sign_forms(l);
    check_within(signs.values, signs.errors, has_signs ? expected.signs[l] : expected.rows[l], dim);
    const std::vector<double> values = copied(signs.values), errors = copied(signs.errors);
    const FloatForms::Forms again = fresh.sign_forms(l);
    CHECK(same(values, again.values) && same(errors, again.errors));
  }
  return rounded;
}

/// Patterns of points and any others, of which often one layer alone changes.
void random_networks(Kind kind, Shape shape) {
  Random random(61);
  std::size_t rounded = 0;
  for (int round = 0; round < 60; ++round) {
    const Network network = random_network(random, kind, shape);
    FloatForms forms(network);
    Activity activity = random_activity(random, network);
    for (int i = 0; i < 4; ++i) {
      const std::vector<double> point = random_point(random, network.input_dim(), kind);
      const RationalValues values = rational_values(network, as_rationals(point));
      rounded += check_pattern(network, forms, activity_of(network, values, one_in(random, 2)));
      const Activity other = random_activity(random, network);
      const std::size_t changed = random_size(random, 0, network.hidden_layers() - 1);
      rounded += check_pattern(network, forms, activity);
      activity[changed] = other[changed];
      rounded += check_pattern(network, forms, activity);
    }
  }
  CHECK(rounded > 1000);
}

/// Where all terms are zeros: neurons that are off, rows that do not read, stored zeros, equal entries of a maximum.
void zeros_have_no_error() {
  const Layer first(LayerKind::kRelu, {0, 1}, 2, {0.1, 0.0, 0.3, 0.1, 0.7, 0.9});
  const Layer sparse(LayerKind::kLinear, {0, 2, 3}, SparsePattern{{0, 1, 3, 3}, {2, 0, 1}},
                     {0.1, 0.0, 0.2, 0.0, 0.0, 0.0}, {});
  const Layer maximum(LayerKind::kMax, {2, 3, 6}, 1, {1.0, 1.0, 1.0, 0.0});
  const Network network(2, {first, sparse, maximum, Layer(LayerKind::kLinear, {7}, 1, {1.0, 0.0})});
  FloatForms forms(network);
  const Activity activity{{1, 0}, {}, {0, 1, 0}};
  check_pattern(network, forms, activity);
  CHECK(forms.values(0)[2] == 0 && forms.errors(0)[2] == 0 && forms.errors(0)[0] > 0);
  // Row 0 reads neuron 1, which is off; row 1 reads x0 and a stored zero; row 2 reads nothing.
  CHECK(copied(forms.values(1)) == (std::vector<double>{0.0, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0}));
  for (const std::size_t at : {0U, 2U, 3U, 4U, 5U, 6U, 7U, 8U}) CHECK(forms.errors(1)[at] == 0);
  for (std::size_t c = 0; c < 3; ++c) CHECK(forms.values(2)[c] == 0 && forms.errors(2)[c] == 0);
  const FloatForms::Forms signs = forms.sign_forms(2);
  for (std::size_t c = 0; c < 3; ++c) {
    for (const std::size_t t : {1U, 2U}) CHECK(signs.values[3 * c + t] == 0 && signs.errors[3 * c + t] == 0);
  }
}

/// Beyond float64 the error is infinite, also of differences with a maximum.
void overflow_is_reported() {
  const double huge = 0x1p1023;
  const Layer first(LayerKind::kLinear, {0}, 2, {huge, huge, 1.0, 0.0});
  const Layer second(LayerKind::kLinear, {1, 2}, 2, {huge, 0.0, 0.0, 0.0, 1.0, 0.0});
  const Layer maxima(LayerKind::kMax, {1, 3, 4}, SparsePattern{{0, 2, 4}, {0, 1, 1, 2}}, {1, 1, 0, 1, 1, 0}, {});
  const Network network(1, {first, second, maxima, Layer(LayerKind::kLinear, {5, 6}, 1, {1.0, 1.0, 0.0})});
  FloatForms forms(network);
  for (const Activity& activity : {Activity{{}, {}, {0, 1, 1, 0}}, Activity{{}, {}, {1, 0, 0, 1}}}) {
    check_pattern(network, forms, activity);
    CHECK(std::isinf(forms.errors(1)[0]) && std::isfinite(forms.errors(1)[1]));
    const FloatForms::Forms signs = forms.sign_forms(2);
    CHECK(std::isinf(signs.errors[activity[2][1] ? 0 : 1]));
  }
  // Forms that are in range with a difference that is not.
  const Layer opposite(LayerKind::kLinear, {0}, 2, {huge, 0.0, -huge, 0.0});
  const Layer maximum(LayerKind::kMax, {1, 2}, 1, {1.0, 1.0, 0.0});
  const Network wide(1, {opposite, maximum, Layer(LayerKind::kLinear, {3}, 1, {1.0, 0.0})});
  FloatForms wide_forms(wide);
  check_pattern(wide, wide_forms, {{}, {1, 0}});
  CHECK(std::isinf(wide_forms.sign_forms(1).errors[1]) && wide_forms.sign_forms(1).errors[0] < 0x1p1000);
}

}  // namespace

void test_float_forms() {
  for (const Shape shape : kShapes) {
    for (const Kind kind : kKinds) random_networks(kind, shape);
  }
  zeros_have_no_error();
  overflow_is_reported();
}

}  // namespace relutope::testing
