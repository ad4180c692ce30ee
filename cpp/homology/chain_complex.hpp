// A chain complex over Z/2: cells as integers, boundaries as compressed columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace relutope {

/// Column c holds the rows indices[indptr[c]] .. indices[indptr[c + 1] - 1], each at most once, in any order.
struct BoundaryMatrix {
  std::span<const std::int32_t> indptr;
  std::span<const std::int32_t> indices;
};

/// REQUIRES: boundaries[k - 1], from dimension k to k - 1, has counts[k] columns and rows below counts[k - 1], and the
/// product of two consecutive boundaries is 0. The memory belongs to the caller.
struct ChainComplex {
  std::vector<std::size_t> counts;
  std::vector<BoundaryMatrix> boundaries;
};

/// Throws std::invalid_argument if sizes or rows are out of range. Products of boundaries are not computed.
void require_consistent(const ChainComplex& complex);

}  // namespace relutope
