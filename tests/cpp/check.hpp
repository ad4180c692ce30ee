// Assertions that stay on in every build type, and seeded random input.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>

#include "exact/linear_algebra.hpp"

#define CHECK(condition)                                                                \
  do {                                                                                  \
    if (!(condition)) {                                                                 \
      std::cerr << __FILE__ << ":" << __LINE__ << ": CHECK(" #condition ") is false\n"; \
      std::exit(1);                                                                     \
    }                                                                                   \
  } while (false)

#define CHECK_THROWS(expression, exception) \
  do {                                      \
    bool thrown = false;                    \
    try {                                   \
      static_cast<void>(expression);        \
    } catch (const exception&) {            \
      thrown = true;                        \
    }                                       \
    CHECK(thrown);                          \
  } while (false)

namespace relutope::testing {

using Random = std::mt19937_64;

inline std::size_t random_size(Random& random, std::size_t lo, std::size_t hi) {
  return lo + static_cast<std::size_t>(random() % (hi - lo + 1));
}

/// Uniform in [-bound, bound].
inline Integer random_integer(Random& random, const Integer& bound) {
  Integer value = 0;
  for (Integer range = 2 * bound + 1; range != 0; range >>= 64) value = (value << 64) + random();
  return Integer(value % (2 * bound + 1)) - bound;
}

/// Within [-1, 1] times a power of two from 2^-spread to 2^spread.
inline double random_value(Random& random, int spread) {
  const double mantissa = std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())), -63);
  return std::ldexp(mantissa, static_cast<int>(random() % static_cast<unsigned>(2 * spread + 1)) - spread);
}

inline IntegerMatrix random_matrix(Random& random, std::size_t rows, std::size_t cols, const Integer& bound) {
  IntegerMatrix a(rows, cols);
  for (Integer& entry : a.entries) entry = random_integer(random, bound);
  return a;
}

inline IntegerMatrix multiply(const IntegerMatrix& a, const IntegerMatrix& b) {
  CHECK(a.cols == b.rows);
  IntegerMatrix product(a.rows, b.cols);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < b.cols; ++j) {
      for (std::size_t k = 0; k < a.cols; ++k) product(i, j) += a(i, k) * b(k, j);
    }
  }
  return product;
}

inline IntegerMatrix transpose(const IntegerMatrix& a) {
  IntegerMatrix result(a.cols, a.rows);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < a.cols; ++j) result(j, i) = a(i, j);
  }
  return result;
}

}  // namespace relutope::testing
