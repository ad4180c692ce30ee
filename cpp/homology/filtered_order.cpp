#include "homology/filtered_order.hpp"

#include <algorithm>
#include <numeric>

#include "homology/sorted_cells.hpp"

namespace relutope {

FilteredOrder::FilteredOrder(const ChainComplex& complex, std::span<const std::uint32_t> keys) {
  std::vector<SortedCell> sorted, scratch;
  for (const std::size_t count : complex.counts) {
    const auto own = keys.first(count);
    keys = keys.subspan(count);
    std::vector<std::int32_t>& cells = cells_.emplace_back(count);
    std::vector<std::int32_t>& places = places_.emplace_back(count);
    if (std::is_sorted(own.begin(), own.end())) {
      std::iota(cells.begin(), cells.end(), 0);
      std::iota(places.begin(), places.end(), 0);
      continue;
    }
    sort_cells(own, sorted, scratch);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t cell = number_of(sorted[i]);
      cells[i] = static_cast<std::int32_t>(cell);
      places[cell] = static_cast<std::int32_t>(i);
    }
  }
}

std::optional<std::pair<Cell, Cell>> face_after_coface(const ChainComplex& complex,
                                                       std::span<const std::uint32_t> keys) {
  const std::uint32_t* below = keys.data();
  for (std::size_t k = 1; k <= complex.dim(); ++k) {
    const std::uint32_t* own = below + complex.counts[k - 1];
    for (std::size_t c = 0; c < complex.counts[k]; ++c) {
      for (const std::int32_t facet : complex.boundaries[k - 1].column(c)) {
        if (below[facet] > own[c]) return {{Cell{k - 1, static_cast<std::size_t>(facet)}, Cell{k, c}}};
      }
    }
    below = own;
  }
  return std::nullopt;
}

}  // namespace relutope
