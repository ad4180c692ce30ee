// A layer's float64 image as the engine uses it: every neuron scaled by a power of two to coefficients of about 1.
// Scaling is exact, keeps all signs, and keeps weights near both ends of the exponent range out of over- and underflow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "network/layer.hpp"

namespace relutope {

class ScaledLayer {
 public:
  /// `source_exponents[k]`: column k's input is 2^source_exponents[k] times the true input.
  ScaledLayer(const Layer& layer, const std::vector<int>& source_exponents);

  std::size_t rows() const { return bias_.size(); }
  std::size_t columns() const { return n_columns_; }
  /// Row i is 2^exponents()[i] times the true row.
  const std::vector<int>& exponents() const { return exponents_; }

  bool is_sparse() const { return !entry_begin_.empty(); }
  /// Rows that read column k of a sparse layer, and their weights.
  std::span<const std::uint32_t> entry_rows(std::size_t k) const {
    return {&entry_rows_[entry_begin_[k]], entry_begin_[k + 1] - entry_begin_[k]};
  }
  const double* entry_weights(std::size_t k) const { return &entry_weights_[entry_begin_[k]]; }
  /// Largest number of entries of a row.
  std::size_t longest_row() const { return longest_row_; }

  /// Weights of column k for all rows, contiguous.
  const double* column(std::size_t k) const { return &weights_[k * bias_.size()]; }
  const std::vector<double>& bias() const { return bias_; }
  /// Upper bound of sum_k |w_ik| over all columns, image or exact.
  const std::vector<double>& absolute_sum() const { return absolute_sum_; }
  double largest_absolute_sum() const { return largest_absolute_sum_; }
  double largest_bias() const { return largest_bias_; }
  /// |image - exact| <= relative_error() |image| + 2^-1074 for every coefficient.
  double relative_error() const { return relative_error_; }
  /// True if weight (i, k) is exactly zero, not just rounded to it.
  bool is_zero(std::size_t i, std::size_t k) const { return column(k)[i] == 0 && !(underflow_[i]); }
  /// True if the bias of row i is exactly its image.
  bool bias_is_exact(std::size_t i) const { return relative_error_ == 0 && !underflow_[i]; }

 private:
  void list_entries(const Layer& layer);
  std::size_t n_columns_;
  std::vector<double> weights_;  // column-major
  std::vector<double> bias_;
  std::vector<double> absolute_sum_;
  std::vector<int> exponents_;
  std::vector<unsigned char> underflow_;  // some coefficient of the row lost bits
  double largest_absolute_sum_ = 0;
  double largest_bias_ = 0;
  double relative_error_;
  std::size_t longest_row_ = 0;
  std::vector<std::size_t> entry_begin_;  // of a sparse layer, per column; one more
  std::vector<std::uint32_t> entry_rows_;
  std::vector<double> entry_weights_;
};

}  // namespace relutope
