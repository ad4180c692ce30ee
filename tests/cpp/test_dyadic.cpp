#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "check.hpp"
#include "exact/dyadic.hpp"

namespace relutope::testing {
namespace {

constexpr double kTiny = std::numeric_limits<double>::denorm_min();
constexpr double kMin = std::numeric_limits<double>::min();
constexpr double kMax = std::numeric_limits<double>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const std::vector<double> kExtremes{0.0,   1.0,   -1.0,   0.1,  -0.1,  kTiny,        -kTiny, 3 * kTiny,           kMin,
                                    -kMin, 1e300, 1e-300, kMax, -kMax, kMin - kTiny, 0x1p52, 0x1.fffffffffffffp52};

double random_double(Random& random) {
  double value = 0;
  do {
    value = std::bit_cast<double>(random());
  } while (!std::isfinite(value));
  return value;
}

void same_bits(double a, double b) { CHECK(std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b)); }

void check_row(const std::vector<double>& values) {
  const IntegerRow row = integer_row(values);
  CHECK(row.numerators.size() == values.size());
  CHECK(row.denominator > 0);
  CHECK((row.denominator & (row.denominator - 1)) == 0);
  bool smallest = row.denominator == 1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(nearest_double(row.numerators[i], row.denominator) == values[i]);
    smallest = smallest || row.numerators[i] % 2 != 0;
  }
  CHECK(smallest);
}

void conversion_is_lossless() {
  Random random(2);
  check_row({});
  check_row({0.0, 0.0});
  check_row(kExtremes);
  for (const double value : kExtremes) check_row({value});
  for (int round = 0; round < 300; ++round) check_row({random_double(random), random_double(random)});
  const IntegerRow row = integer_row(std::array{0.75, -2.0});
  CHECK(row.denominator == 4 && row.numerators[0] == 3 && row.numerators[1] == -8);
  const IntegerRow large = integer_row(std::array{1e300});
  CHECK(large.denominator == 1 && large.numerators[0] == Integer(1e300));
}

void not_a_number_is_refused() {
  CHECK_THROWS(integer_row(std::array{1.0, std::nan("")}), std::invalid_argument);
  CHECK_THROWS(integer_row(std::array{-kInfinity}), std::invalid_argument);
}

// a / b for small a, b is correctly rounded by the processor.
void quotients_agree_with_the_processor() {
  Random random(3);
  for (int round = 0; round < 2000; ++round) {
    const auto a = static_cast<std::int64_t>(random() >> 11);
    const auto b = static_cast<std::int64_t>(random() >> (11 + random() % 50)) + 1;
    const double quotient = static_cast<double>(a) / static_cast<double>(b);
    same_bits(nearest_double(a, b), quotient);
    same_bits(nearest_double(-a, b), a == 0 ? 0.0 : -quotient);
  }
}

// The processor divides a double by a power of two with one rounding, also into the subnormal range.
void subnormal_results_are_rounded_once() {
  Random random(4);
  for (int round = 0; round < 2000; ++round) {
    const double mantissa = 1.0 + static_cast<double>(random() >> 12) * 0x1p-52;
    const int exponent = -1080 + static_cast<int>(random() % 70);
    const Integer numerator = Integer(std::ldexp(mantissa, 52));
    same_bits(nearest_double(numerator, 1, exponent - 52), std::ldexp(mantissa, exponent));
    same_bits(nearest_double(numerator, Integer(1) << (52 - exponent)), std::ldexp(mantissa, exponent));
    same_bits(nearest_double(-7 * numerator, 7, exponent - 52), -std::ldexp(mantissa, exponent));
  }
  same_bits(nearest_double(1, 1, -1075), 0.0);
  same_bits(nearest_double((Integer(1) << 100) + 1, 1, -1175), kTiny);
  same_bits(nearest_double(3, 1, -1075), 2 * kTiny);
  same_bits(nearest_double(1, 1, -1076), 0.0);
  same_bits(nearest_double(-1, 1, -5000), -0.0);
}

void large_results_overflow_as_ieee_says() {
  const Integer top = Integer(1) << 1024;
  const Integer half_ulp = Integer(1) << 970;
  same_bits(nearest_double(top - half_ulp - 1, 1), kMax);
  same_bits(nearest_double(top - half_ulp, 1), kInfinity);
  same_bits(nearest_double(-top, 1), -kInfinity);
  same_bits(nearest_double(1, 1, 5000), kInfinity);
}

void ties_go_to_even() {
  const Integer one = Integer(1) << 53;
  same_bits(nearest_double(one + 1, one), 1.0);
  same_bits(nearest_double(one + 3, one), 1.0 + 0x1p-51);
  const Integer fine = one << 300;
  same_bits(nearest_double(fine + (Integer(1) << 300) + 1, fine), 1.0 + 0x1p-52);
  same_bits(nearest_double(fine + (Integer(1) << 300) - 1, fine), 1.0);
}

}  // namespace

void test_dyadic() {
  conversion_is_lossless();
  not_a_number_is_refused();
  quotients_agree_with_the_processor();
  subnormal_results_are_rounded_once();
  large_results_overflow_as_ieee_says();
  ties_go_to_even();
}

}  // namespace relutope::testing
