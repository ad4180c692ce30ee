// The inner loops over neurons, compiled for several instruction sets and chosen once at run time.
// Guarantee: bitwise the same results on all of them; sums run in the order of the arguments, without fused operations.
#pragma once

#include <cstddef>
#include <cstdint>

namespace relutope {

/// A linear combination of `count` rows: row a starts at base + offset[a] and has weight factor[a].
struct Combination {
  const double* base;
  const std::size_t* offset;
  const double* factor;
  std::size_t count;
};

/// out[i] = start[i] + sum_a factor[a] * row_a[i] for i < n, where a null `start` means zeros. `out` overlaps nothing.
void combine(const Combination& rows, const double* start, double* out, std::size_t n);

/// As combine() for kBlock outputs at once, which read every row only once: out[v][i] uses factor[kBlock * a + v].
inline constexpr std::size_t kBlock = 4;
void combine_block(const Combination& rows, const double* start, double* const* out, std::size_t n);

/// Largest |values[i]|; nan if any value is nan.
double largest_absolute(const double* values, std::size_t n);

/// Bit i: the comparison holds for value i.
struct SignBits {
  std::uint64_t positive = 0;  // values[i] > error[i]
  std::uint64_t negative = 0;  // values[i] < -error[i]
  std::uint64_t zero = 0;      // values[i] == 0 and error[i] == 0
};

/// Compares up to 64 values with error[i] = (sum[i] * slope + |bias[i]| * bias_factor + offset) * inflate.
struct ErrorLine {
  double slope;
  double bias_factor;
  double offset;
  double inflate;
};
SignBits compare_with_errors(const double* values, const double* sum, const double* bias, const ErrorLine& line,
                             std::size_t n);

/// Largest |a[i] - b[i]|; nan if any difference is nan.
double largest_difference(const double* a, const double* b, std::size_t n);

}  // namespace relutope
