#include "network/layer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

namespace relutope {
namespace {

void require_finite(const std::vector<double>& coefficients) {
  for (const double value : coefficients) {
    if (!std::isfinite(value)) {
      throw std::invalid_argument("layer: coefficient " + std::to_string(value) +
                                  " is not finite; weights and biases must be");
    }
  }
}

void check_pattern(const SparsePattern& pattern, std::size_t columns) {
  bool good =
      !pattern.offsets.empty() && pattern.offsets.front() == 0 && pattern.offsets.back() == pattern.indices.size();
  for (std::size_t i = 0; good && i + 1 < pattern.offsets.size(); ++i) {
    good = pattern.offsets[i] <= pattern.offsets[i + 1] && pattern.offsets[i + 1] <= pattern.indices.size();
    for (std::size_t t = pattern.offsets[i]; good && t < pattern.offsets[i + 1]; ++t) {
      good = pattern.indices[t] < columns && (t == pattern.offsets[i] || pattern.indices[t - 1] < pattern.indices[t]);
    }
  }
  if (!good) {
    throw std::invalid_argument("layer: offsets must rise from 0 and columns within a row must ascend below " +
                                std::to_string(columns));
  }
}

}  // namespace

Layer::Layer(LayerKind kind, std::vector<ValueId> columns, std::size_t rows, std::vector<double> coefficients)
    : kind_(kind), columns_(std::move(columns)), n_rows_(rows), image_(std::move(coefficients)) {
  if (image_.size() != n_rows_ * (columns_.size() + 1)) {
    throw std::invalid_argument("layer: " + std::to_string(image_.size()) + " coefficients for " +
                                std::to_string(n_rows_) + " rows of " + std::to_string(columns_.size()) +
                                " weights and a bias");
  }
  require_finite(image_);
  set_all_columns();
}

Layer::Layer(LayerKind kind, std::vector<ValueId> columns, const std::vector<IntegerRow>& rows)
    : kind_(kind), columns_(std::move(columns)), n_rows_(rows.size()), rational_(rows) {
  const std::size_t length = columns_.size() + 1;
  image_.resize(n_rows_ * length);
  for (std::size_t i = 0; i < n_rows_; ++i) append_images(rational_[i], columns_.size(), &image_[i * length]);
  set_all_columns();
}

Layer::Layer(LayerKind kind, std::vector<ValueId> columns, SparsePattern pattern, std::vector<double> coefficients,
             std::vector<IntegerRow> rational)
    : kind_(kind),
      columns_(std::move(columns)),
      n_rows_(pattern.offsets.empty() ? 0 : pattern.offsets.size() - 1),
      pattern_(std::move(pattern)),
      image_(std::move(coefficients)),
      rational_(std::move(rational)) {
  check_pattern(pattern_, columns_.size());
  if (image_.size() != pattern_.indices.size() + n_rows_ || !(rational_.empty() || rational_.size() == n_rows_)) {
    throw std::invalid_argument("layer: " + std::to_string(image_.size()) + " coefficients for " +
                                std::to_string(pattern_.indices.size()) + " entries and " + std::to_string(n_rows_) +
                                " biases");
  }
  require_finite(image_);
  for (std::size_t i = 0; i < rational_.size(); ++i) {
    if (!rational_[i].numerators.empty()) append_images(rational_[i], entries(i).size(), &image_[row_begin(i)]);
  }
}

void Layer::set_all_columns() {
  all_columns_.resize(columns_.size());
  std::iota(all_columns_.begin(), all_columns_.end(), 0U);
}

void Layer::append_images(const IntegerRow& row, std::size_t entries, double* out) const {
  if (row.numerators.size() != entries + 1) {
    throw std::invalid_argument("layer: a row of " + std::to_string(row.numerators.size()) + " numerators; must be " +
                                std::to_string(entries) + " weights and a bias");
  }
  if (row.denominator <= 0) throw std::invalid_argument("layer: denominator of a row must be positive");
  for (const Integer& numerator : row.numerators) {
    const double value = nearest_double(numerator, row.denominator);
    if (!std::isfinite(value) || (value == 0 && numerator != 0)) {
      throw std::invalid_argument(
          "layer: a coefficient is outside the range of float64; must be 0 or 5e-324 to 1.7e308");
    }
    *out++ = value;
  }
}

std::vector<ValueId> value_range(std::size_t first, std::size_t count) {
  std::vector<ValueId> values(count);
  std::iota(values.begin(), values.end(), static_cast<ValueId>(first));
  return values;
}

IntegerRow Layer::exact_row(std::size_t i) const { return is_rational(i) ? rational_[i] : integer_row(image(i)); }

std::size_t Layer::row_of_entry(std::size_t entry) const {
  if (is_dense()) return entry / columns_.size();
  const auto next = std::upper_bound(pattern_.offsets.begin(), pattern_.offsets.end(), entry);
  return static_cast<std::size_t>(next - pattern_.offsets.begin()) - 1;
}

Layer Layer::selected(std::span<const std::uint32_t> rows) const {
  SparsePattern pattern{{0}, {}};
  std::vector<double> coefficients;
  std::vector<IntegerRow> rational;
  for (const std::uint32_t i : rows) {
    pattern.indices.insert(pattern.indices.end(), entries(i).begin(), entries(i).end());
    pattern.offsets.push_back(pattern.indices.size());
    coefficients.insert(coefficients.end(), image(i).begin(), image(i).end());
    if (!rational_.empty()) rational.push_back(rational_[i]);
  }
  return Layer(kind_, columns_, std::move(pattern), std::move(coefficients), std::move(rational));
}

Layer Layer::as_dense() const {
  std::vector<IntegerRow> rows;
  std::vector<double> coefficients;
  for (std::size_t i = 0; i < n_rows_; ++i) {
    if (!rational_.empty()) {
      const IntegerRow row = exact_row(i);
      rows.push_back({expanded<Integer>(i, row.numerators), row.denominator});
    } else {
      const std::vector<double> row = expanded(i, image(i));
      coefficients.insert(coefficients.end(), row.begin(), row.end());
    }
  }
  if (!rational_.empty()) return Layer(kind_, columns_, rows);
  return Layer(kind_, columns_, n_rows_, std::move(coefficients));
}

}  // namespace relutope
