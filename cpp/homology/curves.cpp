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

void BettiCurves::enter(std::uint32_t cell, const CellBits& creates) {
  std::size_t k = 0;
  for (std::size_t m = 1; m + 1 < offsets_.size(); ++m) k += cell >= offsets_[m];
  const bool creates_class = creates.test(cell);
  betti_[k + creates_class] += creates_class ? 1 : -1;
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
  std::uint32_t previous_key = 0;
  std::int64_t previous_cells = 0;
  const std::size_t n = sorted_.size();
  for (std::size_t i = 0; i < n;) {
    const std::uint32_t key = key_of(sorted_[i]);
    record_below(key);
    do {
      enter(number_of(sorted_[i]), creates);
    } while (++i < n && key_of(sorted_[i]) == key);
    close_group(key, static_cast<std::int64_t>(i), previous_key, previous_cells);
    previous_key = key;
    previous_cells = static_cast<std::int64_t>(i);
  }
  for (std::size_t k = 0; k < width; ++k) {
    if (!at_peak_[k]) continue;
    peaks_[k].last_key = previous_key;
    peaks_[k].last_cells = previous_cells;
  }
  record_below(std::int64_t{1} << 62);
}

void BettiCurves::close_group(std::uint32_t key, std::int64_t cells, std::uint32_t previous_key,
                              std::int64_t previous_cells) {
  for (std::size_t k = 0; k < peaks_.size(); ++k) {
    const std::int64_t value = betti_[k + 1];
    Peak& peak = peaks_[k];
    if (value < peak.value) {
      if (at_peak_[k]) {
        peak.last_key = previous_key;
        peak.last_cells = previous_cells;
        at_peak_[k] = 0;
      }
    } else {
      if (value > peak.value) peak = {value, key, key, cells, cells};
      at_peak_[k] = 1;
    }
  }
}

}  // namespace relutope
