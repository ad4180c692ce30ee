#include "network/layer.hpp"

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace relutope {
namespace {

std::size_t total_columns(const std::vector<Block>& blocks) {
  std::size_t total = 0;
  for (const Block& block : blocks) total += block.columns;
  return total;
}

}  // namespace

Layer::Layer(std::vector<Block> blocks, std::size_t rows, std::vector<double> coefficients)
    : blocks_(std::move(blocks)), n_rows_(rows), n_columns_(total_columns(blocks_)), image_(std::move(coefficients)) {
  if (image_.size() != n_rows_ * (n_columns_ + 1)) {
    throw std::invalid_argument("layer: " + std::to_string(image_.size()) + " coefficients for " +
                                std::to_string(n_rows_) + " rows of " + std::to_string(n_columns_) +
                                " weights and a bias");
  }
  for (const double value : image_) {
    if (!std::isfinite(value)) {
      throw std::invalid_argument("layer: coefficient " + std::to_string(value) +
                                  " is not finite; weights and biases must be");
    }
  }
}

Layer::Layer(std::vector<Block> blocks, std::vector<IntegerRow> rows)
    : blocks_(std::move(blocks)), n_rows_(rows.size()), n_columns_(total_columns(blocks_)), rational_(std::move(rows)) {
  image_.reserve(n_rows_ * (n_columns_ + 1));
  for (const IntegerRow& row : rational_) {
    if (row.numerators.size() != n_columns_ + 1) {
      throw std::invalid_argument("layer: a row of " + std::to_string(row.numerators.size()) + " numerators; must be " +
                                  std::to_string(n_columns_) + " weights and a bias");
    }
    if (row.denominator <= 0) throw std::invalid_argument("layer: denominator of a row must be positive");
    for (const Integer& numerator : row.numerators) {
      const double value = nearest_double(numerator, row.denominator);
      if (!std::isfinite(value) || (value == 0 && numerator != 0)) {
        throw std::invalid_argument(
            "layer: a coefficient is outside the range of float64; must be 0 or 5e-324 to 1.7e308");
      }
      image_.push_back(value);
    }
  }
}

IntegerRow Layer::exact_row(std::size_t i) const { return rational_.empty() ? integer_row(image(i)) : rational_[i]; }

}  // namespace relutope
