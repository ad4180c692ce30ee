#include <array>
#include <cfenv>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

#include "check.hpp"
#include "exact/floating_environment.hpp"
#include "exact/predicates.hpp"

namespace relutope::testing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kTiny = std::numeric_limits<double>::denorm_min();

void triage_of_a_value_and_its_error() {
  CHECK(triage_sign(1.0, 0.5) == Sign::kPositive);
  CHECK(triage_sign(-1.0, 0.5) == Sign::kNegative);
  CHECK(triage_sign(kTiny, 0.0) == Sign::kPositive);
  for (const double value : {0.5, -0.5, 0.0, kNaN, kInfinity, -kInfinity}) CHECK(!triage_sign(value, 0.5));
  for (const double error : {kNaN, kInfinity}) CHECK(!triage_sign(1.0, error));
  CHECK(!triage_sign(0.0, 0.0));
}

/// Runs all stages; returns the exact sign.
Sign check_stages(const std::vector<double>& w, double b, const std::vector<double>& x, StageTally& tally) {
  const auto triaged = triage_affine_sign(w, b, x);
  const Sign exact = exact_affine_sign(w, b, x);
  CHECK(!triaged || *triaged == exact);
  StageTally own;
  CHECK(affine_sign(w, b, x, own) == exact);
  CHECK(own == (triaged ? StageTally{1, 0} : StageTally{0, 1}));
  tally += own;
  std::vector<double> negated = w;
  for (double& value : negated) value = -value;
  CHECK(exact_affine_sign(negated, -b, x) == -exact);
  return exact;
}

/// b is the rounded -w . x, so that the value is of the size of one rounding error.
void triage_never_contradicts_exact(int spread) {
  Random random(9);
  StageTally tally;
  for (int round = 0; round < 3000; ++round) {
    std::vector<double> w(random_size(random, 0, 6)), x(w.size());
    for (double& value : w) value = random_value(random, spread);
    for (double& value : x) value = random_value(random, spread);
    double b = 0;
    for (std::size_t i = 0; i < w.size(); ++i) b -= w[i] * x[i];
    if (round % 3 == 1) b = std::nextafter(b, kInfinity);
    if (round % 3 == 2) b += std::abs(b) * static_cast<double>(round % 64) * 0x1p-53;
    if (std::isfinite(b)) check_stages(w, b, x, tally);
  }
  CHECK(tally.exact > 0);
  CHECK(tally.triage > 0);
}

/// Values of the size of one rounding error and of one unit in the last place.
void neighbours_one_ulp_apart() {
  StageTally tally;
  const std::vector<double> w{0.1, 0.2}, x{3.0, -1.5};
  CHECK(check_stages(w, 0.0, x, tally) == Sign::kZero);
  CHECK(check_stages(w, kTiny, x, tally) == Sign::kPositive);
  CHECK(check_stages(w, -kTiny, x, tally) == Sign::kNegative);
  // 0.1 + 0.2 lies between two floats, so both neighbours of the exact sum are off by less than an ulp.
  const std::vector<double> ones{1.0, 1.0}, sum{0.1, 0.2};
  CHECK(check_stages(ones, -0.3, sum, tally) == Sign::kPositive);
  CHECK(check_stages(ones, -(0.1 + 0.2), sum, tally) == Sign::kNegative);
  CHECK(tally == (StageTally{0, 5}));
  CHECK(check_stages(ones, 1.0, sum, tally) == Sign::kPositive);
  CHECK(tally == (StageTally{1, 5}));
}

/// A product below the smallest subnormal vanishes in floats and still has a sign.
void underflow_reaches_the_exact_stage() {
  StageTally tally;
  CHECK(check_stages({1e-200}, 0.0, {1e-200}, tally) == Sign::kPositive);
  CHECK(check_stages({1e-200}, 0.0, {-1e-200}, tally) == Sign::kNegative);
  CHECK(check_stages({0x1p-600, 0x1p-600}, -0x1p-1074, {0x1p-475, 0x1p-475}, tally) == Sign::kZero);
  CHECK(check_stages({}, 0.0, {}, tally) == Sign::kZero);
  CHECK(tally == (StageTally{0, 4}));
  CHECK(check_stages({}, 1.0, {}, tally) == Sign::kPositive);
  CHECK(tally == (StageTally{1, 4}));
}

void overflow_reaches_the_exact_stage() {
  StageTally tally;
  CHECK(check_stages({1e200, -1e200}, 0.0, {1e200, 1e200}, tally) == Sign::kZero);
  CHECK(check_stages({1e200}, -1e300, {1e200}, tally) == Sign::kPositive);
  CHECK(tally == (StageTally{0, 2}));
}

void not_a_number_is_refused() {
  StageTally tally;
  for (const double value : {kNaN, kInfinity, -kInfinity}) {
    CHECK_THROWS(affine_sign(std::array{1.0}, value, std::array{1.0}, tally), std::invalid_argument);
    CHECK_THROWS(affine_sign(std::array{value}, 1.0, std::array{1.0}, tally), std::invalid_argument);
    CHECK_THROWS(affine_sign(std::array{1.0}, 1.0, std::array{value}, tally), std::invalid_argument);
  }
}

void the_environment_is_restored() {
  CHECK(std::fesetround(FE_UPWARD) == 0);
  {
    const DefaultFloatingEnvironment environment;
    CHECK(std::fegetround() == FE_TONEAREST);
  }
  CHECK(std::fegetround() == FE_UPWARD);
  CHECK(std::fesetround(FE_TONEAREST) == 0);
}

#ifdef __SSE2__
void flushing_to_zero_is_undone() {
  const volatile double smallest_normal = std::numeric_limits<double>::min();
  _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
  CHECK(smallest_normal / 2 == 0);
  {
    const DefaultFloatingEnvironment environment;
    CHECK(smallest_normal / 2 > 0);
  }
  CHECK(smallest_normal / 2 == 0);
  _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_OFF);
}
#endif

}  // namespace

void test_predicates() {
  triage_of_a_value_and_its_error();
  triage_never_contradicts_exact(0);
  triage_never_contradicts_exact(40);
  triage_never_contradicts_exact(500);
  neighbours_one_ulp_apart();
  underflow_reaches_the_exact_stage();
  overflow_reaches_the_exact_stage();
  not_a_number_is_refused();
  the_environment_is_restored();
#ifdef __SSE2__
  flushing_to_zero_is_undone();
#endif
}

}  // namespace relutope::testing
