// The order in which the cells of each dimension enter a filtration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "homology/chain_complex.hpp"

namespace relutope {

/// One key per cell, cells of all dimensions one after the other. Cells of one dimension enter by (key, id).
class FilteredOrder {
 public:
  FilteredOrder(const ChainComplex& complex, std::span<const std::uint32_t> keys);

  std::span<const std::int32_t> cells(std::size_t k) const { return cells_[k]; }    // in their order
  std::span<const std::int32_t> places(std::size_t k) const { return places_[k]; }  // of each cell in that order
  std::int32_t cell(std::size_t k, std::int32_t place) const { return cells_[k][static_cast<std::size_t>(place)]; }
  std::int32_t place(std::size_t k, std::int32_t cell) const { return places_[k][static_cast<std::size_t>(cell)]; }

 private:
  std::vector<std::vector<std::int32_t>> cells_, places_;
};

/// A face, and a coface of it that has a smaller key.
std::optional<std::pair<Cell, Cell>> face_after_coface(const ChainComplex& complex,
                                                       std::span<const std::uint32_t> keys);

}  // namespace relutope
