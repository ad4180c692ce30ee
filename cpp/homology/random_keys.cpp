#include "homology/random_keys.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace relutope {
namespace {

/// The finaliser of SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014), applied
/// to a counter: every cell's number can be drawn by itself.
std::uint64_t mixed(std::uint64_t seed, std::uint64_t counter) {
  std::uint64_t z = seed + (counter + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

std::uint32_t draw(std::uint64_t seed, std::uint64_t cell) {
  return static_cast<std::uint32_t>(mixed(seed, cell) >> 32);
}

class Keys {
 public:
  Keys(const ChainComplex& complex, std::uint64_t seed, std::vector<std::uint32_t>& keys)
      : complex_(complex), seed_(seed), keys_(keys) {
    for (const std::size_t count : complex.counts) offsets_.push_back(offsets_.back() + count);
    keys_.resize(offsets_.back());
  }

  void draw_all(std::size_t k) {
    for (std::size_t i = offsets_[k]; i < offsets_[k + 1]; ++i) keys_[i] = draw(seed_, i);
  }

  /// Each k-cell takes the largest key of its facets; with `own`, of its own as well.
  void largest_of_facets(std::size_t k, bool own) {
    const BoundaryMatrix& matrix = complex_.boundaries[k - 1];
    const std::uint32_t* below = &keys_[offsets_[k - 1]];
    for (std::size_t c = 0; c < complex_.counts[k]; ++c) {
      std::uint32_t& key = keys_[offsets_[k] + c];
      if (!own) key = 0;
      for (const std::int32_t facet : matrix.column(c)) key = std::max(key, below[facet]);
    }
  }

  /// Each (k-1)-cell takes the smallest key of its cofacets; one that has none draws its own.
  void smallest_of_cofacets(std::size_t k) {
    const BoundaryMatrix& matrix = complex_.boundaries[k - 1];
    std::uint32_t* below = keys_.data() + offsets_[k - 1];
    constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    std::fill_n(below, complex_.counts[k - 1], kNone);
    for (std::size_t c = 0; c < complex_.counts[k]; ++c) {
      const std::uint32_t key = std::min(keys_[offsets_[k] + c], kNone - 1);
      for (const std::int32_t facet : matrix.column(c)) below[facet] = std::min(below[facet], key);
    }
    for (std::size_t i = offsets_[k - 1]; i < offsets_[k]; ++i) {
      if (keys_[i] == kNone) keys_[i] = draw(seed_, i);
    }
  }

  /// The cells first..last-1 in random order.
  std::vector<std::uint32_t> shuffled(std::size_t first, std::size_t last) const {
    std::vector<std::uint32_t> cells(last - first);
    std::iota(cells.begin(), cells.end(), static_cast<std::uint32_t>(first));
    for (std::size_t i = cells.size(); i > 1; --i) {
      // Below i up to a bias of i / 2^64: the high half of a product of 64 by 32 bits.
      const std::uint64_t random = mixed(seed_, first + i - 1);
      const std::uint64_t low = (random & 0xFFFFFFFFu) * i >> 32;
      std::swap(cells[i - 1], cells[static_cast<std::size_t>(((random >> 32) * i + low) >> 32)]);
    }
    return cells;
  }

  void by_dimension() {
    std::uint32_t place = 0;
    for (std::size_t k = 0; k <= complex_.dim(); ++k) {
      for (const std::uint32_t cell : shuffled(offsets_[k], offsets_[k + 1])) keys_[cell] = place++;
    }
  }

  /// Goes around the queue until it is empty; a cell whose facets are not all in waits for the next round.
  void random_queue() {
    std::vector<std::uint32_t> queue = shuffled(0, offsets_.back());
    constexpr std::uint32_t kWaits = std::numeric_limits<std::uint32_t>::max();
    std::fill(keys_.begin(), keys_.end(), kWaits);
    std::uint32_t place = 0;
    const auto enters = [&](std::uint32_t cell) {
      std::size_t k = 0;
      while (cell >= offsets_[k + 1]) ++k;
      if (k > 0) {
        for (const std::int32_t facet : complex_.boundaries[k - 1].column(cell - offsets_[k])) {
          if (keys_[offsets_[k - 1] + static_cast<std::size_t>(facet)] == kWaits) return false;
        }
      }
      keys_[cell] = place++;
      return true;
    };
    while (!queue.empty()) {
      std::size_t waiting = 0;
      for (const std::uint32_t cell : queue) {
        if (!enters(cell)) queue[waiting++] = cell;
      }
      queue.resize(waiting);
    }
  }

 private:
  const ChainComplex& complex_;
  std::uint64_t seed_;
  std::vector<std::uint32_t>& keys_;
  std::vector<std::size_t> offsets_{0};
};

}  // namespace

void random_keys(const ChainComplex& complex, RandomFiltration filtration, std::uint64_t seed,
                 std::vector<std::uint32_t>& keys) {
  Keys table(complex, seed, keys);
  const std::size_t d = complex.dim();
  switch (filtration) {
    case RandomFiltration::kByDimension:
      return table.by_dimension();
    case RandomFiltration::kRandomQueue:
      return table.random_queue();
    case RandomFiltration::kLowerStar:
      table.draw_all(0);
      for (std::size_t k = 1; k <= d; ++k) table.largest_of_facets(k, false);
      return;
    case RandomFiltration::kCellMax:
      for (std::size_t k = 0; k <= d; ++k) table.draw_all(k);
      for (std::size_t k = 1; k <= d; ++k) table.largest_of_facets(k, true);
      return;
    case RandomFiltration::kUpperStar:
      table.draw_all(d);
      for (std::size_t k = d; k >= 1; --k) table.smallest_of_cofacets(k);
      return;
  }
}

}  // namespace relutope
