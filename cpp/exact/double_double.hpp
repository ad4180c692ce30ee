// Sums of products in about twice the precision of float64: unevaluated sums high + low with |low| <= 2^-53 |high|.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace relutope {

/// Rows are worked in chunks of so many values, one bit of a byte each.
inline constexpr std::size_t kChunk = 8;

/// A weight times a row. Chunk c of the row begins at row_high + c * stride and row_low + c * stride; it is all zeros
/// where c >= chunks or nonzero[c] == 0.
struct WeightedRow {
  double high, low;
  const double* row_high;
  const double* row_low;
  const std::uint8_t* nonzero;
  std::size_t chunks, stride;
};

/// Adds chunk `chunk` of all terms to the kChunk values high + low.
/// Guarantee: with n terms each result is off by at most
///   products_error(n) (|start| + sum_t |weight_t| |value_t|) + (n + 1) 2^-1060,
/// unless a number beyond 2^990 occurs: then it may be infinite or nan.
void add_products(std::span<const WeightedRow> terms, std::size_t chunk, double* high, double* low);

/// Derivation, with u = 2^-53 and A the sum of |weight| |value|. Terms are summed in blocks of 16, each with a partial
/// sum s and a correction c. p = fl(w_high x_high) and s + p are split without error into rounded values and rests, of
/// at most u A_B and 16 u A_B in a block that weighs A_B; with w_high x_low and w_low x_high, each at most u A_B, c
/// sums 19 u A_B by at most 50 additions: 50 u * 19 u A_B. Rounding those two products and leaving w_low x_low out
/// costs 3 u^2 A_B: in all below 1000 u^2 A_B. A block joins the total by an addition of two double-doubles, off by at
/// most 3.1 u^2 of the sum (Joldes, Muller and Popescu 2017, AccurateDWPlusDW): (n / 16 + 1) 3.2 u^2 (A + |start|).
inline double products_error(std::size_t n) { return (1024.0 + 0.25 * static_cast<double>(n)) * 0x1p-106; }

/// (high, low) += x, as one step of the above.
void add_to(double x_high, double x_low, double& high, double& low);

}  // namespace relutope
