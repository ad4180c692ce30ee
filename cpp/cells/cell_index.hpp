// The cells of one dimension by name: sign vector and wall set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cells/complex.hpp"

namespace relutope {

class CellIndex {
 public:
  /// Of the k-cells that are not at infinity.
  CellIndex(const Complex& complex, std::size_t k);

  /// The cell with these planes (2 * codes().words() words) and walls. Equal hashes alone name no cell.
  std::optional<std::int32_t> find(std::span<const Word> planes, Word walls) const;

 private:
  bool has_name(std::int32_t cell, std::span<const Word> planes, Word walls) const;

  const Complex& complex_;
  std::size_t k_;
  std::vector<std::pair<std::uint64_t, std::int32_t>> cells_;  // by hash of the name, then id
};

}  // namespace relutope
