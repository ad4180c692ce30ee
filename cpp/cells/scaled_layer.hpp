// A layer's float64 image as the engine uses it: every row scaled by a power of two to coefficients of about 1.
// Scaling is exact, keeps all signs, and keeps weights near both ends of the exponent range out of over- and underflow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cells/affine_forms.hpp"
#include "network/layer.hpp"

namespace relutope {

class ScaledLayer {
 public:
  /// `source_exponents[k]`: column k's input is 2^source_exponents[k] times the true input.
  ScaledLayer(const Layer& layer, const std::vector<int>& source_exponents);
  /// Rows that are forms; columns[k] is the column of the forms that column k of the layer reads.
  ScaledLayer(const std::vector<FormImage>& forms, const std::vector<std::uint32_t>& columns,
              const std::vector<int>& source_exponents);

  std::size_t rows() const { return bias_.size(); }
  std::size_t columns() const { return n_columns_; }
  /// Row i is 2^exponents()[i] times the true row.
  const std::vector<int>& exponents() const { return exponents_; }

  bool is_sparse() const { return weights_.empty(); }
  /// Rows that read column k of a sparse layer, ascending, and their weights.
  std::span<const std::uint32_t> entry_rows(std::size_t k) const {
    return {entry_rows_.data() + entry_begin_[k], entry_begin_[k + 1] - entry_begin_[k]};
  }
  const double* entry_weights(std::size_t k) const { return entry_weights_.data() + entry_begin_[k]; }
  /// Number of stored weights.
  std::size_t entries() const { return is_sparse() ? entry_rows_.size() : weights_.size(); }
  /// Largest number of entries of a row.
  std::size_t longest_row() const { return longest_row_; }

  /// Weights of column k of a layer that is not sparse for all rows, contiguous.
  const double* column(std::size_t k) const { return &weights_[k * bias_.size()]; }
  struct Entry {
    std::uint32_t column;
    double weight;
  };
  /// Entries of row i of a sparse layer, columns ascending.
  std::span<const Entry> row_entries(std::size_t i) const {
    return {rows_.data() + row_begin_[i], row_begin_[i + 1] - row_begin_[i]};
  }
  const std::vector<double>& bias() const { return bias_; }
  /// Upper bound of sum_k |w_ik| over all columns, image or exact.
  const std::vector<double>& absolute_sum() const { return absolute_sum_; }
  double largest_absolute_sum() const { return largest_absolute_sum_; }
  double largest_bias() const { return largest_bias_; }
  /// |image - exact| <= relative_error() |image| + 2^-1074 for every coefficient; of rows that are forms the image's
  /// value differs from the exact one by at most absolute_error() besides, at every point of the domain.
  double relative_error() const { return relative_error_; }
  double absolute_error() const { return absolute_error_; }
  /// True if all zeros among the weights of row i are exact ones, not just rounded.
  bool zeros_are_exact(std::size_t i) const { return !lost_[i]; }
  /// True if the bias of row i is exactly its image.
  bool bias_is_exact(std::size_t i) const { return bias_is_exact_[i] != 0; }

 private:
  using Rows = std::vector<std::vector<Entry>>;
  void measure_row(const std::vector<Entry>& entries, double bias, int exponent);
  void store(const Rows& rows, bool sparse);

  std::size_t n_columns_;
  std::vector<double> weights_;  // of a layer that is not sparse, column-major
  std::vector<double> bias_;
  std::vector<double> absolute_sum_;
  std::vector<int> exponents_;
  std::vector<unsigned char> lost_;  // some coefficient of the row may be 0 without being it
  std::vector<unsigned char> bias_is_exact_;
  double largest_absolute_sum_ = 0;
  double largest_bias_ = 0;
  double relative_error_ = 0;
  double absolute_error_ = 0;
  std::size_t longest_row_ = 0;
  std::vector<std::size_t> entry_begin_;  // of a sparse layer, per column; one more
  std::vector<std::uint32_t> entry_rows_;
  std::vector<double> entry_weights_;
  std::vector<std::size_t> row_begin_;  // the same by rows
  std::vector<Entry> rows_;
};

}  // namespace relutope
