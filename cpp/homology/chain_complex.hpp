// A cell complex as homology sees it: numbers of cells, and for each cell its facets, with incidence numbers or
// without.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace relutope {

/// Column c holds the rows indices[indptr[c]] .. indices[indptr[c + 1] - 1], each at most once, in any order.
struct BoundaryMatrix {
  std::span<const std::int32_t> indptr;
  std::span<const std::int32_t> indices;
  std::span<const std::int8_t> signs = {};  // -1 or 1 beside each index, or empty: then over Z/2 only

  std::size_t columns() const { return indptr.size() - 1; }
  std::span<const std::int32_t> column(std::size_t c) const {
    const auto begin = static_cast<std::size_t>(indptr[c]);
    return indices.subspan(begin, static_cast<std::size_t>(indptr[c + 1]) - begin);
  }
};

/// REQUIRES: boundaries[k - 1], from dimension k to k - 1, has counts[k] columns and rows below counts[k - 1], and the
/// product of two consecutive boundaries is 0. The memory belongs to the caller.
struct ChainComplex {
  std::vector<std::size_t> counts;
  std::vector<BoundaryMatrix> boundaries;

  std::size_t dim() const { return boundaries.size(); }
  std::size_t cells() const;
  bool has_signs() const;
};

/// Throws std::invalid_argument if sizes, rows or signs are out of range. Products of boundaries are not computed.
void require_consistent(const ChainComplex& complex);

struct Cell {
  std::size_t dimension;
  std::size_t id;
};

/// A cell whose boundary has a boundary that is not 0: over the integers where all signs are known, else over Z/2.
std::optional<Cell> without_closed_boundary(const ChainComplex& complex);

}  // namespace relutope
