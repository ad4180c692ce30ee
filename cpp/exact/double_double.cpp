#include "exact/double_double.hpp"

#include <cmath>

#include "exact/inlining.hpp"

namespace relutope {
namespace {

constexpr std::size_t kBlockTerms = 16;

// V is double or a vector of doubles. Results are written to references, since a vector that is returned would depend
// on the instruction set of the caller.

/// a + b = sum + rest without error (Knuth). `sum` may be a.
template <class V>
RELUTOPE_INLINE void two_sum(const V& a, const V& b, V& sum, V& rest) {
  const V rounded = a + b;
  const V from_b = rounded - a;
  rest = (a - (rounded - from_b)) + (b - from_b);
  sum = rounded;
}

/// The same where |a| >= |b| or a = 0 (Dekker).
template <class V>
RELUTOPE_INLINE void fast_two_sum(const V& a, const V& b, V& sum, V& rest) {
  const V rounded = a + b;
  rest = b - (rounded - a);
  sum = rounded;
}

/// AccurateDWPlusDW.
template <class V>
RELUTOPE_INLINE void add_double_doubles(const V& x_high, const V& x_low, V& high, V& low) {
  V sum_high, sum_low, rest_high, rest_low;
  two_sum<V>(high, x_high, sum_high, rest_high);
  two_sum<V>(low, x_low, sum_low, rest_low);
  const V both = rest_high + sum_low;
  fast_two_sum<V>(sum_high, both, sum_high, rest_high);
  const V last = rest_low + rest_high;
  fast_two_sum<V>(sum_high, last, high, low);
}

/// a * b - product, a float64, by halves of 26 bits (Veltkamp, Dekker), where a fused operation is not at hand.
template <class V>
RELUTOPE_INLINE void rest_by_halves(const V& a, const V& b, const V& product, V& rest) {
  const V scaled_a = 0x8000001p0 * a, scaled_b = 0x8000001p0 * b;
  const V a_high = scaled_a - (scaled_a - a), b_high = scaled_b - (scaled_b - b);
  const V a_low = a - a_high, b_low = b - b_high;
  rest = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
}

#if defined(__GNUC__)
template <std::size_t kBytes>
struct Lanes {
  typedef double Value __attribute__((vector_size(kBytes)));
  typedef double Stored __attribute__((vector_size(kBytes), aligned(8), may_alias));
};
#endif
template <>
struct Lanes<sizeof(double)> {
  using Value = double;
  using Stored = double;
};

template <bool kFused, std::size_t kBytes>
RELUTOPE_INLINE void rest_of_product(double a, const typename Lanes<kBytes>::Value& b,
                                     const typename Lanes<kBytes>::Value& product,
                                     typename Lanes<kBytes>::Value& rest) {
  using V = typename Lanes<kBytes>::Value;
  if constexpr (!kFused) {
    const V all = a + V{};
    rest_by_halves<V>(all, b, product, rest);
  } else if constexpr (kBytes == sizeof(double)) {
    rest = std::fma(a, b, -product);
  } else {
    for (std::size_t i = 0; i < kBytes / sizeof(double); ++i) rest[i] = std::fma(a, b[i], -product[i]);
  }
}

/// The sums of a chunk stay in registers.
template <bool kFused, std::size_t kBytes>
RELUTOPE_INLINE void add_products_as(std::span<const WeightedRow> terms, std::size_t chunk, double* high, double* low) {
  using V = typename Lanes<kBytes>::Value;
  using Stored = typename Lanes<kBytes>::Stored;
  constexpr std::size_t kRegisters = kChunk * sizeof(double) / kBytes;
  V total_high[kRegisters], total_low[kRegisters], sum[kRegisters] = {}, correction[kRegisters] = {};
  for (std::size_t r = 0; r < kRegisters; ++r) {
    total_high[r] = reinterpret_cast<const Stored*>(high)[r];
    total_low[r] = reinterpret_cast<const Stored*>(low)[r];
  }
  std::size_t in_block = 0;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const WeightedRow& term = terms[t];
    if (chunk < term.chunks && term.nonzero[chunk] != 0) {
      const Stored* x = reinterpret_cast<const Stored*>(term.row_high + chunk * term.stride);
      const Stored* x_low = reinterpret_cast<const Stored*>(term.row_low + chunk * term.stride);
      for (std::size_t r = 0; r < kRegisters; ++r) {
        const V value = x[r], small = x_low[r];
        const V product = term.high * value;
        V rest, rest_of_sum;
        rest_of_product<kFused, kBytes>(term.high, value, product, rest);
        two_sum<V>(sum[r], product, sum[r], rest_of_sum);
        correction[r] += (rest + rest_of_sum) + (term.high * small + term.low * value);
      }
      ++in_block;
    }
    if (in_block < kBlockTerms && t + 1 < terms.size()) continue;
    in_block = 0;
    for (std::size_t r = 0; r < kRegisters; ++r) {
      V block, rest;
      two_sum<V>(sum[r], correction[r], block, rest);
      add_double_doubles<V>(block, rest, total_high[r], total_low[r]);
      sum[r] = correction[r] = V{};
    }
  }
  for (std::size_t r = 0; r < kRegisters; ++r) {
    reinterpret_cast<Stored*>(high)[r] = total_high[r];
    reinterpret_cast<Stored*>(low)[r] = total_low[r];
  }
}

using Kernel = void (*)(std::span<const WeightedRow>, std::size_t, double*, double*);

#if defined(__GNUC__) && defined(__x86_64__)
#define RELUTOPE_VARIANT(name, isa, fused, bytes)                                                              \
  __attribute__((target(isa))) void add_products_##name(std::span<const WeightedRow> terms, std::size_t chunk, \
                                                        double* high, double* low) {                           \
    add_products_as<fused, bytes>(terms, chunk, high, low);                                                    \
  }
RELUTOPE_VARIANT(sse2, "sse2", false, 16)
RELUTOPE_VARIANT(avx2, "avx2,fma", true, 32)
RELUTOPE_VARIANT(avx512, "avx512f,fma", true, 64)

Kernel choose() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("fma")) return add_products_sse2;
  if (__builtin_cpu_supports("avx512f")) return add_products_avx512;
  return __builtin_cpu_supports("avx2") ? add_products_avx2 : add_products_sse2;
}
const Kernel kernel = choose();
#else
constexpr Kernel kernel = add_products_as<true, sizeof(double)>;
#endif

}  // namespace

void add_products(std::span<const WeightedRow> terms, std::size_t chunk, double* high, double* low) {
  kernel(terms, chunk, high, low);
}

void add_to(double x_high, double x_low, double& high, double& low) {
  add_double_doubles<double>(x_high, x_low, high, low);
}

}  // namespace relutope
