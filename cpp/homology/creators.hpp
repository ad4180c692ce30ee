// Which cells create a homology class when they enter a filtration, and which destroy one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "homology/chain_complex.hpp"
#include "homology/dual_ends.hpp"
#include "homology/sorted_cells.hpp"
#include "homology/union_find.hpp"

namespace relutope {

/// One bit per cell, cells of all dimensions numbered one after the other.
class CellBits {
 public:
  void reset(std::size_t size) { words_.assign((size + 63) / 64, 0); }
  bool test(std::size_t cell) const { return words_[cell / 64] >> (cell % 64) & 1; }
  void set(std::size_t cell) { words_[cell / 64] |= std::uint64_t{1} << (cell % 64); }
  /// Whether one of first..last-1 is set.
  bool any(std::size_t first, std::size_t last) const {
    for (; first < last && first % 64 != 0; ++first) {
      if (test(first)) return true;
    }
    for (; first + 64 <= last; first += 64) {
      if (words_[first / 64] != 0) return true;
    }
    for (; first < last; ++first) {
      if (test(first)) return true;
    }
    return false;
  }

 private:
  std::vector<std::uint64_t> words_;
};

/// Over Z/2: a k-cell that creates raises beta_k by one, another lowers beta_{k-1} by one. In a complex that Alexander
/// duality knows (see DualEnds) with d <= 3 union-find decides all cells; else a matrix is reduced.
class Creators {
 public:
  /// `dual` belongs to the caller; empty if duality does not apply. `acyclic`: the whole complex has no homology over
  /// Z/2 in positive degrees. `heartbeat` is called now and then and may throw.
  Creators(const ChainComplex& complex, const DualEnds& dual, bool acyclic, std::function<void()> heartbeat);

  /// Cells sorted by keys of a filtration; each face must not have a larger key than its coface.
  const CellBits& find(std::span<const SortedCell> sorted);

 private:
  void cells_of(std::size_t k, std::span<const SortedCell> sorted);
  void by_edges();
  void by_duality();
  void by_reduction(std::span<const SortedCell> sorted);
  void reduce_dimension(std::size_t k, std::span<const SortedCell> sorted);

  const ChainComplex& complex_;
  const DualEnds& dual_;
  bool acyclic_;
  std::function<void()> heartbeat_;
  std::vector<std::size_t> offsets_{0};
  bool is_graph_;
  CellBits creates_;
  UnionFind sets_;
  std::vector<std::int32_t> order_;  // cells of one dimension, sorted
};

}  // namespace relutope
