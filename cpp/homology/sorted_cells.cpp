// Two passes of a radix sort by the leading bits of the keys; what little shares these is sorted by comparison.
#include "homology/sorted_cells.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace relutope {
namespace {

constexpr int kMaxDigit = 12;
constexpr std::ptrdiff_t kShortRun = 24;
using Counts = std::array<std::uint32_t, std::size_t{1} << kMaxDigit>;

void to_starts(Counts& counts) {
  std::uint32_t start = 0;
  for (std::uint32_t& count : counts) {
    const std::uint32_t here = count;
    count = start;
    start += here;
  }
}

void insertion_sort(SortedCell* first, SortedCell* last) {
  for (SortedCell* i = first + 1; i < last; ++i) {
    const SortedCell cell = *i;
    SortedCell* hole = i;
    for (; hole > first && hole[-1] > cell; --hole) *hole = hole[-1];
    *hole = cell;
  }
}

/// Sorts each run of cells whose keys agree but for the lowest `low` bits.
void finish(std::vector<SortedCell>& sorted, int low) {
  SortedCell* const end = sorted.data() + sorted.size();
  for (SortedCell* first = sorted.data(); first < end;) {
    const SortedCell top = *first >> (32 + low);
    SortedCell* last = first + 1;
    while (last < end && *last >> (32 + low) == top) ++last;
    if (last - first > kShortRun) {
      std::sort(first, last);
    } else {
      insertion_sort(first, last);
    }
    first = last;
  }
}

}  // namespace

void sort_cells(std::span<const std::uint32_t> keys, std::vector<SortedCell>& sorted,
                std::vector<SortedCell>& scratch) {
  const std::size_t n = keys.size();
  sorted.resize(n);
  scratch.resize(n);
  if (n == 0) return;
  const int bits = std::bit_width(*std::max_element(keys.begin(), keys.end()));
  const int digit = std::clamp((static_cast<int>(std::bit_width(n)) + 2) / 2, 8, kMaxDigit);
  const int low = std::max(0, bits - 2 * digit);
  const std::uint32_t mask = (std::uint32_t{1} << digit) - 1;
  static_assert(2 * kMaxDigit < 32);
  Counts minor{};
  Counts major{};
  for (const std::uint32_t key : keys) {
    ++minor[(key >> low) & mask];
    ++major[(key >> low >> digit) & mask];
  }
  to_starts(minor);
  to_starts(major);
  for (std::size_t i = 0; i < n; ++i) {
    scratch[minor[(keys[i] >> low) & mask]++] = SortedCell{keys[i]} << 32 | i;
  }
  for (const SortedCell cell : scratch) sorted[major[(key_of(cell) >> low >> digit) & mask]++] = cell;
  if (low > 0) finish(sorted, low);
}

}  // namespace relutope
