#include "homology/curves.hpp"

#include <algorithm>
#include <utility>

namespace relutope {

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

void BettiCurves::sweep(const CellBits& creates, std::span<const std::int64_t> thresholds,
                        std::span<std::int64_t> curve) {
  const std::size_t width = offsets_.size() - 1;
  betti_.assign(width + 1, 0);  // betti_[k + 1] is that of degree k
  peaks_.assign(width, {});
  at_peak_.assign(width, 0);
  auto out = curve.begin();
  std::size_t next = 0;
  const auto record_below = [&](std::int64_t key) {
    for (; next < thresholds.size() && thresholds[next] < key; ++next) {
      out = std::copy(betti_.begin() + 1, betti_.end(), out);
    }
  };
  const std::size_t n = sorted_.size();
  const SortedCell* const sorted = sorted_.data();  // not reloaded after each write
  const std::uint32_t* const offsets = offsets_.data();
  std::int64_t* const betti = betti_.data();
  for (std::size_t i = 0; i < n;) {
    const std::size_t first = i;
    const std::uint32_t key = key_of(sorted[i]);
    record_below(key);
    do {
      const std::uint32_t cell = number_of(sorted[i]);
      std::size_t k = 0;
      for (std::size_t m = 1; m < width; ++m) k += cell >= offsets[m];
      const bool creates_class = creates.test(cell);
      betti[k + creates_class] += creates_class ? 1 : -1;
    } while (++i < n && key_of(sorted[i]) == key);
    note_peaks(first, i);
  }
  for (std::size_t k = 0; k < width; ++k) {
    if (at_peak_[k]) leave_peak(k, n);
  }
  record_below(std::int64_t{1} << 62);
}

/// After the cells first..last-1, those of one key.
void BettiCurves::note_peaks(std::size_t first, std::size_t last) {
  for (std::size_t k = 0; k < peaks_.size(); ++k) {
    const std::int64_t value = betti_[k + 1];
    if (value < peaks_[k].value) {
      if (at_peak_[k]) leave_peak(k, first);
      at_peak_[k] = 0;
      continue;
    }
    if (value > peaks_[k].value) {
      const std::uint32_t key = key_of(sorted_[first]);
      const auto cells = static_cast<std::int64_t>(last);
      peaks_[k] = {value, key, key, cells, cells};
    }
    at_peak_[k] = 1;
  }
}

/// The peak lasted until the first `cells` cells were in.
void BettiCurves::leave_peak(std::size_t k, std::size_t cells) {
  peaks_[k].last_key = key_of(sorted_[cells - 1]);
  peaks_[k].last_cells = static_cast<std::int64_t>(cells);
}

}  // namespace relutope
