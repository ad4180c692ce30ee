#include "cells/scaled_layer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace relutope {
namespace {

constexpr int kNoExponent = std::numeric_limits<int>::min();

/// Power of two that takes the larger of sum |w_k| and |bias| to (1/2, 1], where column k is unscaled by
/// source_exponent(k) and the last of the n coefficients is the bias. An error of the inputs in max norm then grows in
/// no row, and one bound for all entries of a vertex's row loses little.
template <class Coefficient, class SourceExponent>
int row_shift(std::size_t n, const Coefficient& coefficient, const SourceExponent& source_exponent) {
  int largest = kNoExponent;
  for (std::size_t t = 0; t < n; ++t) {
    const double value = coefficient(t);
    if (value != 0) largest = std::max(largest, std::ilogb(value) - source_exponent(t));
  }
  if (largest == kNoExponent) return 0;
  double sum = 0;
  for (std::size_t t = 0; t + 1 < n; ++t) {
    sum += std::abs(std::ldexp(coefficient(t), -largest - source_exponent(t)));
  }
  sum = std::max(sum, std::abs(std::ldexp(coefficient(n - 1), -largest)));
  return -largest - std::ilogb(sum) - 1;
}

}  // namespace

ScaledLayer::ScaledLayer(const Layer& layer, const std::vector<int>& source_exponents)
    : n_columns_(layer.columns()), relative_error_(layer.relative_error()) {
  Rows rows;
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    const auto row = layer.image(i);
    const auto entries = layer.entries(i);
    const auto source_exponent = [&](std::size_t t) { return t < entries.size() ? source_exponents[entries[t]] : 0; };
    const int shift = row_shift(row.size(), [&](std::size_t t) { return row[t]; }, source_exponent);
    // A rational coefficient is rounded after it is scaled: its image may be subnormal, and scaling would blow up the
    // error.
    const bool rational = relative_error_ > 0;
    const IntegerRow exact = rational ? layer.exact_row(i) : IntegerRow{};
    bool lost = false;
    const auto scale = [&](std::size_t t) {
      const int by = shift - source_exponent(t);
      const double value =
          rational ? nearest_double(exact.numerators[t], exact.denominator, by) : std::ldexp(row[t], by);
      lost |= rational ? value == 0 && row[t] != 0 : std::ldexp(value, -by) != row[t];
      return value;
    };
    auto& scaled = rows.emplace_back();
    scaled.reserve(entries.size());
    for (std::size_t t = 0; t < entries.size(); ++t) scaled.push_back({entries[t], scale(t)});
    const double bias = scale(entries.size());
    measure_row(scaled, bias, shift);
    lost_.push_back(lost);
    bias_is_exact_.push_back(!rational && !lost);
  }
  store(rows, !layer.is_dense());
}

ScaledLayer::ScaledLayer(const std::vector<FormImage>& forms, const std::vector<std::uint32_t>& columns,
                         const std::vector<int>& source_exponents)
    : n_columns_(columns.size()) {
  Rows rows;
  std::size_t n_entries = 0;
  for (const FormImage& row : forms) {
    // Without finite coefficients there is no bound, and all signs are left to the exact stage.
    const bool finite = std::isfinite(row.error) && std::all_of(row.values.begin(), row.values.end(),
                                                                [](double value) { return std::isfinite(value); });
    const auto coefficient = [&](std::size_t k) {
      return row.values[k < columns.size() ? columns[k] : AffineForms::kConstant];
    };
    const auto source_exponent = [&](std::size_t k) { return k < columns.size() ? source_exponents[k] : 0; };
    const int shift = finite ? row_shift(columns.size() + 1, coefficient, source_exponent) : 0;
    bool lost = false;
    auto& scaled = rows.emplace_back();
    for (std::size_t k = 0; k < columns.size(); ++k) {
      if (!row.marked[columns[k]]) continue;
      const double weight = finite ? std::ldexp(coefficient(k), shift - source_exponent(k)) : 0.0;
      lost |= weight == 0;
      scaled.push_back({static_cast<std::uint32_t>(k), weight});
    }
    n_entries += scaled.size();
    measure_row(scaled, finite ? std::ldexp(coefficient(columns.size()), shift) : 0.0, shift);
    lost_.push_back(lost);
    bias_is_exact_.push_back(!row.marked[AffineForms::kConstant]);
    // Scaling up may overflow and then there is no bound; scaling down may underflow.
    const double error = finite ? std::ldexp(row.error, shift) + std::numeric_limits<double>::min()
                                : std::numeric_limits<double>::infinity();
    absolute_error_ = std::max(absolute_error_, error);
  }
  constexpr std::size_t kSparse = 4;  // worth it where fewer than one in so many weights is stored
  store(rows, n_entries * kSparse < rows.size() * columns.size());
}

void ScaledLayer::measure_row(const std::vector<Entry>& entries, double bias, int exponent) {
  // Rounding the sum of |w| loses at most a factor 1 - (m + 1) u; the image's own error a factor 1 + u.
  const double inflate = 1.0 + 2.0 * static_cast<double>(n_columns_ + 4) * 0x1p-53;
  double sum = 0;
  for (const Entry& entry : entries) sum += std::abs(entry.weight);
  exponents_.push_back(exponent);
  bias_.push_back(bias);
  absolute_sum_.push_back(sum * inflate);
  largest_absolute_sum_ = std::max(largest_absolute_sum_, absolute_sum_.back());
  largest_bias_ = std::max(largest_bias_, std::abs(bias));
  longest_row_ = std::max(longest_row_, entries.size());
}

void ScaledLayer::store(const Rows& rows, bool sparse) {
  const std::size_t n_rows = rows.size();
  if (!sparse) {
    weights_.assign(std::max<std::size_t>(1, n_rows * n_columns_), 0.0);
    for (std::size_t i = 0; i < n_rows; ++i) {
      for (const Entry& entry : rows[i]) weights_[entry.column * n_rows + i] = entry.weight;
    }
    return;
  }
  entry_begin_.assign(n_columns_ + 1, 0);
  row_begin_.push_back(0);
  for (const auto& row : rows) {
    rows_.insert(rows_.end(), row.begin(), row.end());
    row_begin_.push_back(rows_.size());
    for (const Entry& entry : row) ++entry_begin_[entry.column + 1];
  }
  for (std::size_t k = 0; k < n_columns_; ++k) entry_begin_[k + 1] += entry_begin_[k];
  entry_rows_.resize(entry_begin_.back());
  entry_weights_.resize(entry_begin_.back());
  std::vector<std::size_t> next(entry_begin_.begin(), entry_begin_.end() - 1);
  for (std::size_t i = 0; i < n_rows; ++i) {
    for (const Entry& entry : rows[i]) {
      entry_rows_[next[entry.column]] = static_cast<std::uint32_t>(i);
      entry_weights_[next[entry.column]++] = entry.weight;
    }
  }
}

}  // namespace relutope
