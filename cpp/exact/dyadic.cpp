#include "exact/dyadic.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

namespace relutope {
namespace {

static_assert(std::numeric_limits<double>::is_iec559 && std::numeric_limits<double>::digits == 53);

/// mantissa * 2^exponent with an odd mantissa; zero is 0 * 2^0.
struct Dyadic {
  std::int64_t mantissa = 0;
  int exponent = 0;
};

Dyadic split(double value) {
  if (value == 0) return {};
  int exponent = 0;
  const auto mantissa = static_cast<std::int64_t>(std::ldexp(std::frexp(value, &exponent), 53));
  const int zeros = std::countr_zero(static_cast<std::uint64_t>(mantissa));
  return {mantissa / (std::int64_t{1} << zeros), exponent - 53 + zeros};
}

/// The upper `keep` bits of (quotient, sticky), rounded half to even; REQUIRES 0 <= keep < 64 = bit length of quotient.
std::uint64_t round_half_even(std::uint64_t quotient, bool sticky, int keep) {
  const std::uint64_t kept = keep == 0 ? 0 : quotient >> (64 - keep);
  const std::uint64_t dropped = quotient << keep;
  const std::uint64_t half = std::uint64_t{1} << 63;
  const bool up = dropped > half || (dropped == half && (sticky || (kept & 1U) != 0));
  return kept + (up ? 1 : 0);
}

}  // namespace

IntegerRow integer_row(std::span<const double> values) {
  std::vector<Dyadic> parts;
  parts.reserve(values.size());
  int lowest = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) {
      throw std::invalid_argument("values: " + std::to_string(value) + " is not a number; must be finite");
    }
    parts.push_back(split(value));
    lowest = std::min(lowest, parts.back().exponent);
  }
  IntegerRow row{{}, Integer(1) << static_cast<unsigned>(-lowest)};
  row.numerators.reserve(parts.size());
  for (const Dyadic& part : parts) {
    row.numerators.push_back(Integer(part.mantissa) << static_cast<unsigned>(part.exponent - lowest));
  }
  return row;
}

double nearest_double(const Integer& numerator, const Integer& denominator, int shift) {
  if (numerator == 0) return 0.0;
  Integer dividend = abs(numerator);
  Integer divisor = denominator;
  // Scaled by 2^scale the quotient lies between 2^62 and 2^64.
  const auto scale = 63 - (static_cast<std::int64_t>(msb(dividend)) - static_cast<std::int64_t>(msb(divisor)));
  if (scale >= 0) {
    dividend <<= static_cast<std::uint64_t>(scale);
  } else {
    divisor <<= static_cast<std::uint64_t>(-scale);
  }
  Integer remainder;
  Integer quotient;
  divide_qr(dividend, divisor, quotient, remainder);
  auto bits = quotient.convert_to<std::uint64_t>();
  const bool sticky = remainder != 0;
  std::int64_t exponent = shift - scale;  // the value is (bits + a fraction that is non-zero iff sticky) * 2^exponent
  if (bits < (std::uint64_t{1} << 63)) {
    // The fraction is now below 2 units of an even number, so it still decides ties only.
    bits <<= 1;
    --exponent;
  }
  const std::int64_t leading = exponent + 63;
  if (leading > 1023) return numerator < 0 ? -HUGE_VAL : HUGE_VAL;
  // 53 bits, or as many as lie above 2^-1074; a value below 2^-1075 rounds to zero.
  const std::int64_t keep = std::min<std::int64_t>(53, leading + 1075);
  if (keep < 0) return numerator < 0 ? -0.0 : 0.0;
  const std::uint64_t rounded = round_half_even(bits, sticky, static_cast<int>(keep));
  const double result = std::ldexp(static_cast<double>(rounded), static_cast<int>(exponent + 64 - keep));
  return numerator < 0 ? -result : result;
}

}  // namespace relutope
