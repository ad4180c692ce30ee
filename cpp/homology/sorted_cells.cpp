// A radix sort: by the leading bits first, into runs that fit into the processor's caches, each of which is sorted by
// two more digits; what little shares all of these is sorted by comparison.
#include "homology/sorted_cells.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace relutope {
namespace {

constexpr int kMaxLeading = 10;
constexpr int kDigit = 7;
constexpr std::size_t kRun = 512;  // cells that a run is to hold
constexpr std::uint32_t kDigitMask = (std::uint32_t{1} << kDigit) - 1;

template <int kBits>
using Counts = std::array<std::uint32_t, std::size_t{1} << kBits>;

template <int kBits>
void to_starts(Counts<kBits>& counts) {
  std::uint32_t start = 0;
  for (std::uint32_t& count : counts) {
    const std::uint32_t here = count;
    count = start;
    start += here;
  }
}

/// Cells that are in order but for the lowest `low` bits of their keys. Few are not in order where keys are uniform.
void finish(SortedCell* begin, SortedCell* end, int low) {
  if (begin == end) return;
  for (SortedCell* cell = begin + 1; cell < end; ++cell) {
    if (cell[-1] <= cell[0]) continue;
    const SortedCell leading = *cell >> (32 + low);
    SortedCell* first = cell - 1;
    while (first > begin && first[-1] >> (32 + low) == leading) --first;
    while (cell < end && *cell >> (32 + low) == leading) ++cell;
    std::sort(first, cell--);
  }
}

/// Sorts a run whose keys agree from bit `top` on by two digits below it; `other` is as long.
void sort_run(SortedCell* begin, SortedCell* end, int top, SortedCell* other) {
  const int low = std::max(0, top - 2 * kDigit);
  const auto minor = [low](SortedCell cell) { return (key_of(cell) >> low) & kDigitMask; };
  const auto major = [low](SortedCell cell) { return (cell >> (32 + low + kDigit)) & kDigitMask; };
  Counts<kDigit> minor_starts{};
  Counts<kDigit> major_starts{};
  for (const SortedCell* cell = begin; cell < end; ++cell) {
    ++minor_starts[minor(*cell)];
    ++major_starts[major(*cell)];
  }
  to_starts<kDigit>(minor_starts);
  to_starts<kDigit>(major_starts);
  for (const SortedCell* cell = begin; cell < end; ++cell) other[minor_starts[minor(*cell)]++] = *cell;
  const SortedCell* const other_end = other + (end - begin);
  for (const SortedCell* cell = other; cell < other_end; ++cell) begin[major_starts[major(*cell)]++] = *cell;
  if (low > 0) finish(begin, end, low);
}

}  // namespace

void sort_cells(std::span<const std::uint32_t> keys, std::vector<SortedCell>& sorted,
                std::vector<SortedCell>& scratch) {
  const std::size_t n = keys.size();
  sorted.resize(n);
  if (n == 0) return;
  const int bits = std::bit_width(*std::max_element(keys.begin(), keys.end()));
  const int leading = std::clamp(static_cast<int>(std::bit_width(n / kRun)), 0, std::min(kMaxLeading, bits));
  const int top = bits - leading;
  Counts<kMaxLeading> ends{};
  const auto run_of = [top](std::uint32_t key) { return static_cast<std::size_t>(std::uint64_t{key} >> top); };
  for (const std::uint32_t key : keys) ++ends[run_of(key)];
  const std::uint32_t longest = *std::max_element(ends.begin(), ends.end());
  to_starts<kMaxLeading>(ends);
  for (std::size_t i = 0; i < n; ++i) sorted[ends[run_of(keys[i])]++] = SortedCell{keys[i]} << 32 | i;
  scratch.resize(longest);
  std::uint32_t begin = 0;
  for (const std::uint32_t end : ends) {
    sort_run(sorted.data() + begin, sorted.data() + end, top, scratch.data());
    begin = end;
  }
}

}  // namespace relutope
