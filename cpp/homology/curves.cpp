#include "homology/curves.hpp"

#include <algorithm>
#include <utility>

namespace relutope {
namespace {

constexpr std::size_t kBlock = 64;

}  // namespace

BettiCurves::BettiCurves(const ChainComplex& complex, const DualEnds& dual, bool acyclic,
                         std::function<void()> heartbeat)
    : creators_(complex, dual, acyclic, std::move(heartbeat)) {
  for (const std::size_t count : complex.counts) {
    offsets_.push_back(offsets_.back() + static_cast<std::uint32_t>(count));
  }
}

void BettiCurves::run(std::span<const std::uint32_t> keys, std::span<const std::int64_t> thresholds,
                      std::span<std::int64_t> curve) {
  sort_cells(keys, sorted_, scratch_);
  sweep(creators_.find(sorted_), thresholds, curve);
}

/// Cells first..last-1 enter. Nothing here depends on where cells of one key end, which cannot be foreseen.
void BettiCurves::enter(std::size_t first, std::size_t last, const CellBits& creates) {
  const SortedCell* const sorted = sorted_.data();  // not reloaded after each write
  const std::uint32_t* const offsets = offsets_.data();
  const std::size_t width = offsets_.size() - 1;
  std::int64_t* const betti = betti_.data();
  for (std::size_t i = first; i < last; ++i) {
    const std::uint32_t cell = number_of(sorted[i]);
    std::size_t k = 0;
    for (std::size_t m = 1; m < width; ++m) k += cell >= offsets[m];
    const bool creates_class = creates.test(cell);
    betti[k + creates_class] += creates_class ? 1 : -1;
  }
}

void BettiCurves::sweep(const CellBits& creates, std::span<const std::int64_t> thresholds,
                        std::span<std::int64_t> curve) {
  const std::size_t n = sorted_.size();
  const std::size_t width = offsets_.size() - 1;
  betti_.assign(width + 1, 0);  // betti_[k + 1] is that of degree k
  block_starts_.clear();
  auto out = curve.begin();
  auto threshold = thresholds.begin();
  for (std::size_t block = 0; block < std::max(n, std::size_t{1}); block += kBlock) {
    block_starts_.insert(block_starts_.end(), betti_.begin() + 1, betti_.end());
    const std::size_t end = std::min(n, block + kBlock);
    std::size_t at = block;
    for (; threshold != thresholds.end() && (end == n || key_of(sorted_[end]) > *threshold); ++threshold) {
      const std::size_t begin = at;
      while (at < end && key_of(sorted_[at]) <= *threshold) ++at;
      enter(begin, at, creates);
      out = std::copy(betti_.begin() + 1, betti_.end(), out);
    }
    enter(at, end, creates);
  }
  find_peaks(creates);
}

/// A Betti number is looked at cell by cell only in blocks where it may reach what it surely reaches somewhere: within
/// a block it rises by at most the number of cells. One that no cell raises is 0 from the first key to the last.
void BettiCurves::find_peaks(const CellBits& creates) {
  const std::size_t n = sorted_.size();
  const std::size_t width = offsets_.size() - 1;
  std::vector<std::int64_t> reached(betti_.begin() + 1, betti_.end());
  for (std::size_t block = kBlock; block < n; block += kBlock) {
    if (key_of(sorted_[block]) == key_of(sorted_[block - 1])) continue;
    const std::int64_t* start = &block_starts_[block / kBlock * width];
    for (std::size_t k = 0; k < width; ++k) reached[k] = std::max(reached[k], start[k]);
  }
  std::vector<std::uint8_t> rises;
  for (std::size_t k = 0; k < width; ++k) rises.push_back(creates.any(offsets_[k], offsets_[k + 1]));
  peaks_.assign(width, {});
  for (std::size_t block = 0; block < n; block += kBlock) {
    const std::int64_t* start = &block_starts_[block / kBlock * width];
    bool look = key_of(sorted_[block]) == key_of(sorted_[0]) || block + kBlock >= n;
    for (std::size_t k = 0; k < width; ++k) {
      look = look || (rises[k] && start[k] + static_cast<std::int64_t>(kBlock) >= reached[k]);
    }
    if (look) note_peaks(block, std::min(n, block + kBlock), creates);
  }
}

/// After the last cell of each key.
void BettiCurves::note_peaks(std::size_t block, std::size_t end, const CellBits& creates) {
  const std::size_t width = offsets_.size() - 1;
  std::copy_n(block_starts_.begin() + static_cast<std::ptrdiff_t>(block / kBlock * width), width, betti_.begin() + 1);
  for (std::size_t i = block; i < end; ++i) {
    enter(i, i + 1, creates);
    const std::uint32_t key = key_of(sorted_[i]);
    if (i + 1 < sorted_.size() && key_of(sorted_[i + 1]) == key) continue;
    const auto cells = static_cast<std::int64_t>(i + 1);
    for (std::size_t k = 0; k < width; ++k) {
      Peak& peak = peaks_[k];
      if (betti_[k + 1] > peak.value) peak = {betti_[k + 1], key, key, cells, cells};
      if (betti_[k + 1] == peak.value) {
        peak.last_key = key;
        peak.last_cells = cells;
      }
    }
  }
}

}  // namespace relutope
