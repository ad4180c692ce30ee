// Columns that stay: rows and, over fields other than Z/2, coefficients, in blocks that never move.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "homology/fields.hpp"

namespace relutope {

template <class T>
class BlockStore {
 public:
  std::span<T> take(std::size_t count) {
    if (count > left_) {
      left_ = std::max(count, kBlock);
      blocks_.push_back(std::make_unique_for_overwrite<T[]>(left_));
      next_ = blocks_.back().get();
    }
    const std::span<T> result(next_, count);
    next_ += count;
    left_ -= count;
    return result;
  }

 private:
  static constexpr std::size_t kBlock = std::size_t{1} << 16;
  std::vector<std::unique_ptr<T[]>> blocks_;
  T* next_ = nullptr;
  std::size_t left_ = 0;
};

/// One column per row of the matrix, named by its last row.
class ColumnStore {
 public:
  ColumnStore(std::size_t rows, bool with_coefficients)
      : rows_(rows), coefficients_(with_coefficients ? rows : 0), with_coefficients_(with_coefficients) {}

  bool has(std::int32_t last) const { return rows_[static_cast<std::size_t>(last)].data() != nullptr; }
  std::span<const std::int32_t> rows(std::int32_t last) const { return rows_[static_cast<std::size_t>(last)]; }
  std::span<const Residue> coefficients(std::int32_t last) const {
    return with_coefficients_ ? coefficients_[static_cast<std::size_t>(last)] : std::span<const Residue>{};
  }

  void put(std::int32_t last, std::span<const std::int32_t> rows, std::span<const Residue> coefficients) {
    const auto at = static_cast<std::size_t>(last);
    const std::span<std::int32_t> copy = row_blocks_.take(rows.size());
    std::copy(rows.begin(), rows.end(), copy.begin());
    rows_[at] = copy;
    if (!with_coefficients_) return;
    const std::span<Residue> values = coefficient_blocks_.take(rows.size());
    std::copy(coefficients.begin(), coefficients.end(), values.begin());
    coefficients_[at] = values;
  }

 private:
  std::vector<std::span<const std::int32_t>> rows_;
  std::vector<std::span<const Residue>> coefficients_;
  bool with_coefficients_;
  BlockStore<std::int32_t> row_blocks_;
  BlockStore<Residue> coefficient_blocks_;
};

}  // namespace relutope
