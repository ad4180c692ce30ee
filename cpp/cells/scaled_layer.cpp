#include "cells/scaled_layer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace relutope {
namespace {

constexpr int kNoExponent = std::numeric_limits<int>::min();

/// Exponent of the largest coefficient of the row after its columns are unscaled; kNoExponent for a zero row.
int row_exponent(std::span<const double> row, std::span<const std::uint32_t> entries,
                 const std::vector<int>& source_exponents) {
  int largest = kNoExponent;
  for (std::size_t t = 0; t < row.size(); ++t) {
    if (row[t] == 0) continue;
    const int unscale = t < entries.size() ? -source_exponents[entries[t]] : 0;
    largest = std::max(largest, std::ilogb(row[t]) + unscale);
  }
  return largest;
}

}  // namespace

ScaledLayer::ScaledLayer(const Layer& layer, const std::vector<int>& source_exponents)
    : n_columns_(layer.columns()),
      weights_(layer.rows() * layer.columns()),
      underflow_(layer.rows(), 0),
      relative_error_(layer.relative_error()) {
  const std::size_t n = layer.rows();
  // Rounding the sum of |w| loses at most a factor 1 - (m + 1) u; the image's own error a factor 1 + u.
  const double inflate = 1.0 + 2.0 * static_cast<double>(n_columns_ + 4) * 0x1p-53;
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = layer.image(i);
    const auto entries = layer.entries(i);
    const int exponent = row_exponent(row, entries, source_exponents);
    const int shift = exponent == kNoExponent ? 0 : -exponent;
    exponents_.push_back(shift);
    longest_row_ = std::max(longest_row_, entries.size());
    // A rational coefficient is rounded after it is scaled: its image may be subnormal, and scaling would blow up the
    // error.
    const IntegerRow exact = relative_error_ > 0 ? layer.exact_row(i) : IntegerRow{};
    double sum = 0;
    const auto scale = [&](std::size_t t, int by) {
      const bool rational = relative_error_ > 0;
      const double scaled =
          rational ? nearest_double(exact.numerators[t], exact.denominator, by) : std::ldexp(row[t], by);
      const bool lost = rational ? scaled == 0 && row[t] != 0 : std::ldexp(scaled, -by) != row[t];
      if (lost) underflow_[i] = 1;
      return scaled;
    };
    for (std::size_t t = 0; t < entries.size(); ++t) {
      const double weight = scale(t, shift - source_exponents[entries[t]]);
      weights_[entries[t] * n + i] = weight;
      sum += std::abs(weight);
    }
    bias_.push_back(scale(entries.size(), shift));
    absolute_sum_.push_back(sum * inflate);
    largest_absolute_sum_ = std::max(largest_absolute_sum_, absolute_sum_.back());
    largest_bias_ = std::max(largest_bias_, std::abs(bias_.back()));
  }
  if (!layer.is_dense()) list_entries(layer);
}

void ScaledLayer::list_entries(const Layer& layer) {
  entry_begin_.assign(n_columns_ + 1, 0);
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    for (const std::uint32_t k : layer.entries(i)) ++entry_begin_[k + 1];
  }
  for (std::size_t k = 0; k < n_columns_; ++k) entry_begin_[k + 1] += entry_begin_[k];
  entry_rows_.resize(entry_begin_.back());
  entry_weights_.resize(entry_begin_.back());
  std::vector<std::size_t> next(entry_begin_.begin(), entry_begin_.end() - 1);
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    for (const std::uint32_t k : layer.entries(i)) {
      entry_rows_[next[k]] = static_cast<std::uint32_t>(i);
      entry_weights_[next[k]++] = column(k)[i];
    }
  }
}

}  // namespace relutope
