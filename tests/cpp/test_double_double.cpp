#include <array>
#include <cmath>
#include <vector>

#include "check.hpp"
#include "exact/double_double.hpp"
#include "exact/dyadic.hpp"
#include "random_network.hpp"

namespace relutope::testing {
namespace {

Rational exact(double value) {
  const IntegerRow row = integer_row({&value, 1});
  return Rational(row.numerators[0], row.denominator);
}

/// A number of about 2^exponent, of few bits where asked for, so that products cancel.
double random_value(Random& random, int exponent, bool few_bits) {
  const double mantissa = few_bits ? static_cast<double>(static_cast<int>(random() % 9) - 4)
                                   : std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())), -63);
  return std::ldexp(mantissa, exponent);
}

/// Rows of two chunks; the second one of some rows is zeros, or is not stored.
struct Terms {
  std::vector<std::array<double, 2 * kChunk>> high, low;
  std::vector<std::array<std::uint8_t, 2>> nonzero;
  std::vector<WeightedRow> rows;
};

Terms random_terms(Random& random, std::size_t n, int spread, bool few_bits) {
  Terms terms;
  terms.high.resize(n);
  terms.low.resize(n);
  terms.nonzero.resize(n);
  const auto exponent = [&] { return spread == 0 ? 0 : static_cast<int>(random() % (2 * spread)) - spread; };
  for (std::size_t t = 0; t < n; ++t) {
    const std::size_t chunks = random_size(random, 1, 2);
    terms.nonzero[t] = {1, static_cast<std::uint8_t>(random() % 2)};
    for (std::size_t i = 0; i < 2 * kChunk; ++i) {
      const bool zero = i >= kChunk && (chunks == 1 || terms.nonzero[t][1] == 0);
      terms.high[t][i] = zero ? 0.0 : random_value(random, exponent(), few_bits);
      terms.low[t][i] = few_bits ? 0.0 : terms.high[t][i] * random_value(random, -54, false);
    }
    const double weight = random_value(random, exponent(), few_bits);
    terms.rows.push_back({weight, few_bits ? 0.0 : weight * random_value(random, -54, false), terms.high[t].data(),
                          terms.low[t].data(), terms.nonzero[t].data(), chunks, kChunk});
  }
  return terms;
}

void check_sums(const Terms& terms, std::size_t chunk, bool few_bits) {
  std::array<double, kChunk> high{}, low{};
  high.fill(0.375);
  add_products(terms.rows, chunk, high.data(), low.data());
  for (std::size_t i = 0; i < kChunk; ++i) {
    Rational sum = exact(0.375), size = sum;
    for (std::size_t t = 0; t < terms.rows.size(); ++t) {
      const std::size_t at = chunk * kChunk + i;
      const Rational product =
          (exact(terms.rows[t].high) + exact(terms.rows[t].low)) * (exact(terms.high[t][at]) + exact(terms.low[t][at]));
      sum += product;
      size += abs(product);
    }
    const Rational error = abs(Rational(exact(high[i]) + exact(low[i]) - sum));
    CHECK(error <= exact(products_error(terms.rows.size())) * size);
    CHECK(!few_bits || error == 0);
    CHECK(std::abs(low[i]) <= std::abs(high[i]) * 0x1p-53);
  }
}

void sums_are_within_their_bound() {
  Random random(7);
  for (const std::size_t n : {0, 1, 2, 15, 16, 17, 40, 200}) {
    for (const int spread : {0, 10, 60}) {
      for (const bool few_bits : {false, true}) {
        if (few_bits && spread > 10) continue;
        const Terms terms = random_terms(random, n, spread, few_bits);
        for (const std::size_t chunk : {0, 1}) check_sums(terms, chunk, few_bits);
      }
    }
  }
}

/// 1 + 2^-60 - 1 and its like lose nothing, though float64 would.
void cancellation() {
  double high = 1, low = 0;
  add_to(0x1p-60, 0, high, low);
  CHECK(high == 1 && low == 0x1p-60);
  add_to(-1, 0, high, low);
  CHECK(high == 0x1p-60 && low == 0);
  add_to(0x1p40, -0x1p-40, high, low);
  CHECK(high == 0x1p40 && low == -0x1p-40 + 0x1p-60);
}

}  // namespace

void test_double_double() {
  sums_are_within_their_bound();
  cancellation();
}

}  // namespace relutope::testing
