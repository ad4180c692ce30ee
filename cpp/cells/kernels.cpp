#include "cells/kernels.hpp"

#include <cmath>
#include <limits>

#if defined(__GNUC__)
#define RELUTOPE_INLINE inline __attribute__((always_inline))
#else
#define RELUTOPE_INLINE inline
#endif

namespace relutope {
namespace {

RELUTOPE_INLINE void combine_scalar(const Combination& rows, const double* start, double* out, std::size_t first,
                                    std::size_t n) {
  for (std::size_t i = first; i < n; ++i) {
    double sum = start ? start[i] : 0.0;
    for (std::size_t a = 0; a < rows.count; ++a) sum += rows.factor[a] * rows.base[rows.offset[a] + i];
    out[i] = sum;
  }
}

/// max |a - b| over [first, n) joined to `largest`; `sum` becomes nan as soon as one difference is.
RELUTOPE_INLINE double difference_scalar(const double* a, const double* b, std::size_t first, std::size_t n, double largest,
                                         double sum) {
  for (std::size_t i = first; i < n; ++i) {
    const double v = std::abs(a[i] - b[i]);
    largest = v > largest ? v : largest;
    sum += v;
  }
  return std::isnan(sum) ? std::numeric_limits<double>::quiet_NaN() : largest;
}

#if defined(__GNUC__) && defined(__x86_64__)
template <std::size_t kBytes>
struct Vector {
  typedef double Type __attribute__((vector_size(kBytes), aligned(8), may_alias));
};

/// kRegisters vectors of accumulators stay in registers while the rows stream by.
template <std::size_t kBytes, std::size_t kRegisters>
RELUTOPE_INLINE std::size_t combine_blocks(const Combination& rows, const double* start, double* out, std::size_t first,
                                           std::size_t n) {
  using V = typename Vector<kBytes>::Type;
  constexpr std::size_t kLanes = kBytes / sizeof(double);
  std::size_t i = first;
  for (; i + kLanes * kRegisters <= n; i += kLanes * kRegisters) {
    V sum[kRegisters];
    for (std::size_t r = 0; r < kRegisters; ++r) {
      sum[r] = start ? *reinterpret_cast<const V*>(start + i + r * kLanes) : V{};
    }
    for (std::size_t a = 0; a < rows.count; ++a) {
      const double* row = rows.base + rows.offset[a] + i;
      const double factor = rows.factor[a];
      for (std::size_t r = 0; r < kRegisters; ++r) sum[r] += factor * *reinterpret_cast<const V*>(row + r * kLanes);
    }
    for (std::size_t r = 0; r < kRegisters; ++r) *reinterpret_cast<V*>(out + i + r * kLanes) = sum[r];
  }
  return i;
}

template <std::size_t kBytes>
RELUTOPE_INLINE void combine_all(const Combination& rows, const double* start, double* out, std::size_t n) {
  std::size_t i = combine_blocks<kBytes, 8>(rows, start, out, 0, n);
  i = combine_blocks<kBytes, 2>(rows, start, out, i, n);
  i = combine_blocks<kBytes, 1>(rows, start, out, i, n);
  combine_scalar(rows, start, out, i, n);
}

template <std::size_t kBytes>
RELUTOPE_INLINE double difference_all(const double* a, const double* b, std::size_t n) {
  using V = typename Vector<kBytes>::Type;
  constexpr std::size_t kLanes = kBytes / sizeof(double);
  V largest{};
  V sum{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const V d = *reinterpret_cast<const V*>(a + i) - *reinterpret_cast<const V*>(b + i);
    const V v = d > 0 ? d : -d;
    largest = v > largest ? v : largest;
    sum += v;
  }
  double top = 0;
  double total = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    top = largest[lane] > top ? largest[lane] : top;
    total += sum[lane];
  }
  return difference_scalar(a, b, i, n, top, total);
}

#define RELUTOPE_VARIANT(name, isa, bytes)                                                                                  \
  __attribute__((target(isa))) void combine_##name(const Combination& rows, const double* start, double* out,               \
                                                   std::size_t n) {                                                         \
    combine_all<bytes>(rows, start, out, n);                                                                                \
  }                                                                                                                         \
  __attribute__((target(isa))) double difference_##name(const double* a, const double* b, std::size_t n) {                  \
    return difference_all<bytes>(a, b, n);                                                                                  \
  }
RELUTOPE_VARIANT(sse2, "sse2", 16)
RELUTOPE_VARIANT(avx2, "avx2", 32)
RELUTOPE_VARIANT(avx512, "avx512f", 64)

struct Kernels {
  void (*combine)(const Combination&, const double*, double*, std::size_t);
  double (*difference)(const double*, const double*, std::size_t);
};
Kernels choose() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return {combine_avx512, difference_avx512};
  if (__builtin_cpu_supports("avx2")) return {combine_avx2, difference_avx2};
  return {combine_sse2, difference_sse2};
}
const Kernels kernels = choose();
#else
struct Kernels {
  static void combine(const Combination& rows, const double* start, double* out, std::size_t n) {
    combine_scalar(rows, start, out, 0, n);
  }
  static double difference(const double* a, const double* b, std::size_t n) { return difference_scalar(a, b, 0, n, 0, 0); }
};
constexpr Kernels kernels;
#endif

}  // namespace

void combine(const Combination& rows, const double* start, double* out, std::size_t n) {
  kernels.combine(rows, start, out, n);
}

double largest_difference(const double* a, const double* b, std::size_t n) { return kernels.difference(a, b, n); }

double largest_absolute(const double* values, std::size_t n) {
  double largest = 0;
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double v = std::abs(values[i]);
    largest = v > largest ? v : largest;
    sum += v;
  }
  return std::isnan(sum) ? std::numeric_limits<double>::quiet_NaN() : largest;
}

}  // namespace relutope
