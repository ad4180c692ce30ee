// All cells of a complex in the order of a filtration.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace relutope {

/// The key in the high half, the cell in the low half; cells of all dimensions are numbered one after the other.
using SortedCell = std::uint64_t;

inline std::uint32_t key_of(SortedCell cell) { return static_cast<std::uint32_t>(cell >> 32); }
inline std::uint32_t number_of(SortedCell cell) { return static_cast<std::uint32_t>(cell); }

/// Fills `sorted` with all cells by ascending key; the order of equal keys is the same in every run. `scratch` is
/// working memory, kept between calls. Made for keys that are about uniform; others take longer.
void sort_cells(std::span<const std::uint32_t> keys, std::vector<SortedCell>& sorted, std::vector<SortedCell>& scratch);

}  // namespace relutope
