#include "cells/kernels.hpp"

#include <cmath>
#include <limits>

#include "exact/inlining.hpp"

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

RELUTOPE_INLINE void combine_block_scalar(const Combination& rows, const double* start, double* const* out,
                                          std::size_t first, std::size_t n) {
  for (std::size_t v = 0; v < kBlock; ++v) {
    for (std::size_t i = first; i < n; ++i) {
      double sum = start ? start[i] : 0.0;
      for (std::size_t a = 0; a < rows.count; ++a) sum += rows.factor[kBlock * a + v] * rows.base[rows.offset[a] + i];
      out[v][i] = sum;
    }
  }
}

/// max |a - b| over [first, n) joined to `largest`; `sum` becomes nan as soon as one difference is. A null b means
/// zeros.
RELUTOPE_INLINE double difference_scalar(const double* a, const double* b, std::size_t first, std::size_t n,
                                         double largest, double sum) {
  for (std::size_t i = first; i < n; ++i) {
    const double v = std::abs(b ? a[i] - b[i] : a[i]);
    largest = v > largest ? v : largest;
    sum += v;
  }
  return std::isnan(sum) ? std::numeric_limits<double>::quiet_NaN() : largest;
}

RELUTOPE_INLINE SignBits compare_scalar(const double* values, const double* sum, const double* bias,
                                        const ErrorLine& line, std::size_t first, std::size_t n, SignBits bits) {
  for (std::size_t i = first; i < n; ++i) {
    const double error = (sum[i] * line.slope + std::abs(bias[i]) * line.bias_factor + line.offset) * line.inflate;
    bits.positive |= static_cast<std::uint64_t>(values[i] > error) << i;
    bits.negative |= static_cast<std::uint64_t>(values[i] < -error) << i;
    bits.zero |= static_cast<std::uint64_t>((values[i] == 0) & (error == 0)) << i;
  }
  return bits;
}

#if defined(__GNUC__) && defined(__x86_64__)
template <std::size_t kBytes>
struct Vector {
  typedef double Type __attribute__((vector_size(kBytes), aligned(8), may_alias));
  typedef std::uint64_t Bits __attribute__((vector_size(kBytes), aligned(8), may_alias));
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

/// kBlock times kRegisters accumulators.
template <std::size_t kBytes, std::size_t kRegisters>
RELUTOPE_INLINE std::size_t combine_block_blocks(const Combination& rows, const double* start, double* const* out,
                                                 std::size_t first, std::size_t n) {
  using V = typename Vector<kBytes>::Type;
  constexpr std::size_t kLanes = kBytes / sizeof(double);
  std::size_t i = first;
  for (; i + kLanes * kRegisters <= n; i += kLanes * kRegisters) {
    V sum[kBlock][kRegisters];
    for (std::size_t v = 0; v < kBlock; ++v) {
      for (std::size_t r = 0; r < kRegisters; ++r) {
        sum[v][r] = start ? *reinterpret_cast<const V*>(start + i + r * kLanes) : V{};
      }
    }
    for (std::size_t a = 0; a < rows.count; ++a) {
      const double* row = rows.base + rows.offset[a] + i;
      for (std::size_t r = 0; r < kRegisters; ++r) {
        const V weights = *reinterpret_cast<const V*>(row + r * kLanes);
        for (std::size_t v = 0; v < kBlock; ++v) sum[v][r] += rows.factor[kBlock * a + v] * weights;
      }
    }
    for (std::size_t v = 0; v < kBlock; ++v) {
      for (std::size_t r = 0; r < kRegisters; ++r) *reinterpret_cast<V*>(out[v] + i + r * kLanes) = sum[v][r];
    }
  }
  return i;
}

template <std::size_t kBytes>
RELUTOPE_INLINE void combine_block_all(const Combination& rows, const double* start, double* const* out,
                                       std::size_t n) {
  std::size_t i = combine_block_blocks<kBytes, 2>(rows, start, out, 0, n);
  i = combine_block_blocks<kBytes, 1>(rows, start, out, i, n);
  combine_block_scalar(rows, start, out, i, n);
}

template <std::size_t kBytes>
RELUTOPE_INLINE double difference_all(const double* a, const double* b, std::size_t n) {
  using V = typename Vector<kBytes>::Type;
  constexpr std::size_t kLanes = kBytes / sizeof(double);
  V largest{};
  V sum{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    V d = *reinterpret_cast<const V*>(a + i);
    if (b) d -= *reinterpret_cast<const V*>(b + i);
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

template <std::size_t kBytes>
RELUTOPE_INLINE SignBits compare_all(const double* values, const double* sum, const double* bias, const ErrorLine& line,
                                     std::size_t n) {
  using V = typename Vector<kBytes>::Type;
  using B = typename Vector<kBytes>::Bits;
  constexpr std::size_t kLanes = kBytes / sizeof(double);
  B bit{};
  for (std::size_t lane = 0; lane < kLanes; ++lane) bit[lane] = std::uint64_t{1} << lane;
  B positive{};
  B negative{};
  B zero{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const V z = *reinterpret_cast<const V*>(values + i);
    const V b = *reinterpret_cast<const V*>(bias + i);
    const V magnitude = b > 0 ? b : -b;
    const V error =
        (*reinterpret_cast<const V*>(sum + i) * line.slope + magnitude * line.bias_factor + line.offset) * line.inflate;
    positive |= reinterpret_cast<B>(z > error) & bit;
    negative |= reinterpret_cast<B>(z < -error) & bit;
    zero |= reinterpret_cast<B>(z == 0) & reinterpret_cast<B>(error == 0) & bit;
    bit <<= kLanes;
  }
  SignBits bits;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    bits.positive |= positive[lane];
    bits.negative |= negative[lane];
    bits.zero |= zero[lane];
  }
  return compare_scalar(values, sum, bias, line, i, n, bits);
}

#define RELUTOPE_VARIANT(name, isa, bytes)                                                                          \
  __attribute__((target(isa))) void combine_##name(const Combination& rows, const double* start, double* out,       \
                                                   std::size_t n) {                                                 \
    combine_all<bytes>(rows, start, out, n);                                                                        \
  }                                                                                                                 \
  __attribute__((target(isa))) void combine_block_##name(const Combination& rows, const double* start,              \
                                                         double* const* out, std::size_t n) {                       \
    combine_block_all<bytes>(rows, start, out, n);                                                                  \
  }                                                                                                                 \
  __attribute__((target(isa))) double difference_##name(const double* a, const double* b, std::size_t n) {          \
    return difference_all<bytes>(a, b, n);                                                                          \
  }                                                                                                                 \
  __attribute__((target(isa))) SignBits compare_##name(const double* values, const double* sum, const double* bias, \
                                                       const ErrorLine& line, std::size_t n) {                      \
    return compare_all<bytes>(values, sum, bias, line, n);                                                          \
  }
RELUTOPE_VARIANT(sse2, "sse2", 16)
RELUTOPE_VARIANT(avx2, "avx2", 32)
RELUTOPE_VARIANT(avx512, "avx512f", 64)

struct Kernels {
  void (*combine)(const Combination&, const double*, double*, std::size_t);
  void (*combine_block)(const Combination&, const double*, double* const*, std::size_t);
  double (*difference)(const double*, const double*, std::size_t);
  SignBits (*compare)(const double*, const double*, const double*, const ErrorLine&, std::size_t);
};
Kernels choose() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) {
    return {combine_avx512, combine_block_avx512, difference_avx512, compare_avx512};
  }
  if (__builtin_cpu_supports("avx2")) return {combine_avx2, combine_block_avx2, difference_avx2, compare_avx2};
  return {combine_sse2, combine_block_sse2, difference_sse2, compare_sse2};
}
const Kernels kernels = choose();
#else
struct Kernels {
  static void combine(const Combination& rows, const double* start, double* out, std::size_t n) {
    combine_scalar(rows, start, out, 0, n);
  }
  static void combine_block(const Combination& rows, const double* start, double* const* out, std::size_t n) {
    combine_block_scalar(rows, start, out, 0, n);
  }
  static double difference(const double* a, const double* b, std::size_t n) {
    return difference_scalar(a, b, 0, n, 0, 0);
  }
  static SignBits compare(const double* values, const double* sum, const double* bias, const ErrorLine& line,
                          std::size_t n) {
    return compare_scalar(values, sum, bias, line, 0, n, {});
  }
};
constexpr Kernels kernels;
#endif

}  // namespace

void combine(const Combination& rows, const double* start, double* out, std::size_t n) {
  kernels.combine(rows, start, out, n);
}

void combine_block(const Combination& rows, const double* start, double* const* out, std::size_t n) {
  kernels.combine_block(rows, start, out, n);
}

double largest_difference(const double* a, const double* b, std::size_t n) { return kernels.difference(a, b, n); }

double largest_absolute(const double* values, std::size_t n) { return kernels.difference(values, nullptr, n); }

SignBits compare_with_errors(const double* values, const double* sum, const double* bias, const ErrorLine& line,
                             std::size_t n) {
  return kernels.compare(values, sum, bias, line, n);
}

}  // namespace relutope
