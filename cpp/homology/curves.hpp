// Betti numbers along filtrations: curves at thresholds, and where each is largest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "homology/chain_complex.hpp"
#include "homology/creators.hpp"
#include "homology/dual_ends.hpp"
#include "homology/sorted_cells.hpp"

namespace relutope {

/// Where a Betti number is largest along one filtration. It is read only after all cells of one key.
struct Peak {
  std::int64_t value = -1;
  std::uint32_t first_key = 0, last_key = 0;     // the first and the last key after which it is attained
  std::int64_t first_cells = 0, last_cells = 0;  // how many cells are in by then
};

class BettiCurves {
 public:
  /// Arguments as of Creators.
  BettiCurves(const ChainComplex& complex, const DualEnds& dual, bool acyclic, std::function<void()> heartbeat);

  /// One key per cell, dimension after dimension. Fills `curve` with the Betti numbers of the cells of key at most
  /// thresholds[i], row after row (dim() + 1 columns); thresholds ascend, and below 0 stands for no cell at all.
  void run(std::span<const std::uint32_t> keys, std::span<const std::int64_t> thresholds,
           std::span<std::int64_t> curve);

  /// Of the last run, by dimension.
  const std::vector<Peak>& peaks() const { return peaks_; }

 private:
  void sweep(const CellBits& creates, std::span<const std::int64_t> thresholds, std::span<std::int64_t> curve);
  void enter(std::size_t first, std::size_t last, const CellBits& creates);
  void find_peaks(const CellBits& creates);
  void note_peaks(std::size_t block, std::size_t end, const CellBits& creates);

  std::vector<std::uint32_t> offsets_{0};
  Creators creators_;
  std::vector<SortedCell> sorted_, scratch_;
  std::vector<std::int64_t> betti_;
  std::vector<std::int64_t> block_starts_;  // the Betti numbers before each block of sorted cells
  std::vector<Peak> peaks_;
};

}  // namespace relutope
