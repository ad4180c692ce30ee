#include "cells/cell_index.hpp"

#include <algorithm>

namespace relutope {

CellIndex::CellIndex(const Complex& complex, std::size_t k) : complex_(complex), k_(k) {
  const std::size_t words = 2 * complex.codes().words();
  const std::vector<Word> signs = complex.cell_signs(k);
  const std::vector<Word> walls = complex.cell_walls(k);
  cells_.reserve(complex.finite_count(k));
  for (std::size_t cell = 0; cell < complex.finite_count(k); ++cell) {
    cells_.emplace_back(hash_words({signs.data() + cell * words, words}, walls[cell]), static_cast<std::int32_t>(cell));
  }
  std::sort(cells_.begin(), cells_.end());
}

bool CellIndex::has_name(std::int32_t cell, std::span<const Word> planes, Word walls) const {
  std::vector<Word> own_planes(planes.size(), 0);
  Word own_walls = ~Word{0};
  for (const std::int32_t v : complex_.cell_vertices(k_, static_cast<std::size_t>(cell))) {
    const Word* from = complex_.vertex_signs(static_cast<std::size_t>(v));
    for (std::size_t w = 0; w < planes.size(); ++w) own_planes[w] |= from[w];
    own_walls &= complex_.vertex_walls(static_cast<std::size_t>(v));
  }
  return own_walls == walls && std::equal(planes.begin(), planes.end(), own_planes.begin());
}

std::optional<std::int32_t> CellIndex::find(std::span<const Word> planes, Word walls) const {
  const std::uint64_t hash = hash_words(planes, walls);
  auto at = std::lower_bound(cells_.begin(), cells_.end(), std::pair<std::uint64_t, std::int32_t>{hash, 0});
  for (; at != cells_.end() && at->first == hash; ++at) {
    if (has_name(at->second, planes, walls)) return at->second;
  }
  return std::nullopt;
}

}  // namespace relutope
