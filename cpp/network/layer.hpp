// One affine layer with exact rational coefficients and a float64 image of them.
// Guarantee: |image - exact| <= relative_error() * |image| + 2^-1074 for every coefficient.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exact/dyadic.hpp"

namespace relutope {

/// Place of a value of the network: the inputs come first, then the rows of layer 0, of layer 1, and so on.
using ValueId = std::uint32_t;

/// What a layer does with its rows z: relu(z), or z itself. A row of a max layer is the largest of the values that its
/// entries read; all its coefficients are 1 and its bias is 0.
enum class LayerKind : std::uint8_t { kRelu, kLinear, kMax };

/// The entries of a sparse layer: row i reads the columns indices[offsets[i]] .. indices[offsets[i + 1] - 1],
/// ascending.
struct SparsePattern {
  std::vector<std::size_t> offsets;  // rows + 1
  std::vector<std::uint32_t> indices;
};

/// z = W y + b, where y are the values that columns() names. A row stores its entries, all columns of a dense layer in
/// order, and then its bias.
class Layer {
 public:
  /// A dense layer whose coefficients are the given float64 numbers themselves (dyadic rationals), row by row.
  /// Throws std::invalid_argument if a value is not finite.
  Layer(LayerKind kind, std::vector<ValueId> columns, std::size_t rows, std::vector<double> coefficients);

  /// A dense layer of coefficients numerators / denominator, row by row.
  /// Throws std::invalid_argument if a row has the wrong length, a denominator is not positive, or a
  /// coefficient has no finite float64 image, or the image 0 without being 0.
  Layer(LayerKind kind, std::vector<ValueId> columns, const std::vector<IntegerRow>& rows);

  /// A sparse layer of float64 coefficients, but for rows that `rational` holds (empty, or one entry per row, those
  /// without numerators being the float64 rows). Throws as the others do, and if the pattern does not fit.
  Layer(LayerKind kind, std::vector<ValueId> columns, SparsePattern pattern, std::vector<double> coefficients,
        std::vector<IntegerRow> rational);

  LayerKind kind() const { return kind_; }
  std::size_t rows() const { return n_rows_; }
  std::size_t columns() const { return columns_.size(); }
  /// The value that each column reads.
  const std::vector<ValueId>& column_values() const { return columns_; }
  bool is_dense() const { return pattern_.offsets.empty(); }

  /// Columns of the entries of row i.
  std::span<const std::uint32_t> entries(std::size_t i) const {
    if (is_dense()) return all_columns_;
    return {pattern_.indices.data() + pattern_.offsets[i], pattern_.offsets[i + 1] - pattern_.offsets[i]};
  }
  /// Number of the first entry of row i among those of all rows; i == rows() gives their number.
  std::size_t first_entry(std::size_t i) const { return is_dense() ? i * columns_.size() : pattern_.offsets[i]; }
  /// The row of an entry that is numbered through the layer.
  std::size_t row_of_entry(std::size_t entry) const;
  /// Where the entries of row i begin when all rows stand one after the other, each followed by its bias.
  std::size_t row_begin(std::size_t i) const {
    return is_dense() ? i * (columns_.size() + 1) : pattern_.offsets[i] + i;
  }
  /// Number of entries of all rows, biases included.
  std::size_t coefficients() const { return image_.size(); }

  /// Float64 image of row i: its entries, then the bias.
  std::span<const double> image(std::size_t i) const {
    return {&image_[row_begin(i)], row_begin(i + 1) - row_begin(i)};
  }
  double bias_image(std::size_t i) const { return image_[row_begin(i + 1) - 1]; }

  /// 0 where all images are the coefficients, 2^-53 where some are their correctly rounded values.
  double relative_error() const { return rational_.empty() ? 0.0 : 0x1p-53; }

  /// True if row i was given as integers: its image may be rounded.
  bool is_rational(std::size_t i) const { return !rational_.empty() && !rational_[i].numerators.empty(); }
  /// The layer of the given rows alone.
  Layer selected(std::span<const std::uint32_t> rows) const;
  /// The same layer with an entry for every column.
  Layer as_dense() const;

  /// Row i as integers over one denominator, its entries, then the bias.
  IntegerRow exact_row(std::size_t i) const;

  /// The row with an entry for each column: from what image(i) or exact_row(i) lists.
  template <class T>
  std::vector<T> expanded(std::size_t i, std::span<const T> row) const {
    std::vector<T> result(columns_.size() + 1, T(0));
    const auto at = entries(i);
    for (std::size_t t = 0; t < at.size(); ++t) result[at[t]] = row[t];
    result.back() = row.back();
    return result;
  }

 private:
  void set_all_columns();
  void append_images(const IntegerRow& row, std::size_t entries, double* out) const;
  LayerKind kind_;
  std::vector<ValueId> columns_;
  std::size_t n_rows_;
  SparsePattern pattern_;
  std::vector<std::uint32_t> all_columns_;
  std::vector<double> image_;
  std::vector<IntegerRow> rational_;  // empty, or one per row; without numerators where the image is the row
};

/// The ids first, first + 1, ... of `count` values.
std::vector<ValueId> value_range(std::size_t first, std::size_t count);

}  // namespace relutope
