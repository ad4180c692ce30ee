// One affine layer with exact rational coefficients and a float64 image of them.
// Guarantee: |image - exact| <= relative_error() * |image| + 2^-1074 for every coefficient.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "exact/dyadic.hpp"

namespace relutope {

/// A run of columns that reads the network's input or the ReLU output of an earlier hidden layer.
struct Block {
  static constexpr int kInput = -1;
  int source;
  std::size_t columns;
};

/// z = W y + b, where y stacks the sources named by the blocks. Row i holds W[i, :] and then b[i].
class Layer {
 public:
  /// Coefficients are the given float64 numbers themselves (dyadic rationals).
  /// Throws std::invalid_argument if a value is not finite.
  Layer(std::vector<Block> blocks, std::size_t rows, std::vector<double> coefficients);

  /// Coefficients are numerators / denominator, row by row.
  /// Throws std::invalid_argument if a row has the wrong length, a denominator is not positive, or a
  /// coefficient has no finite float64 image, or the image 0 without being 0.
  Layer(std::vector<Block> blocks, std::vector<IntegerRow> rows);

  std::size_t rows() const { return n_rows_; }
  std::size_t columns() const { return n_columns_; }
  const std::vector<Block>& blocks() const { return blocks_; }

  /// Float64 image of row i: columns() weights, then the bias.
  std::span<const double> image(std::size_t i) const { return {&image_[i * (n_columns_ + 1)], n_columns_ + 1}; }

  /// 0 where the image is the coefficient, 2^-53 where it is its correctly rounded value.
  double relative_error() const { return rational_.empty() ? 0.0 : 0x1p-53; }

  /// Row i as integers over one denominator, columns() weights, then the bias.
  IntegerRow exact_row(std::size_t i) const;

 private:
  std::vector<Block> blocks_;
  std::size_t n_rows_;
  std::size_t n_columns_;
  std::vector<double> image_;
  std::vector<IntegerRow> rational_;
};

}  // namespace relutope
