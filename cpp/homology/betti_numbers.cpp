// Column reduction from the highest dimension down, with clearing (Chen and Kerber, Persistent homology computation
// with a twist, 2011): where a reduced column has its last entry in row r, column r of the next matrix reduces to 0,
// since it is the last of a set of columns whose sum is 0.
#include "homology/betti_numbers.hpp"

#include <algorithm>

#include "homology/bit_tree.hpp"

namespace relutope {
namespace {

constexpr std::size_t kFlipsPerHeartbeat = std::size_t{1} << 22;

class Reduction {
 public:
  explicit Reduction(const std::function<void()>& heartbeat) : heartbeat_(heartbeat) {}

  /// Which rows hold the last entry of a reduced column; columns that are `cleared` are known to reduce to 0.
  std::vector<std::uint8_t> last_rows(const BoundaryMatrix& matrix, std::size_t n_rows,
                                      const std::vector<std::uint8_t>& cleared) {
    std::vector<std::vector<std::int32_t>> reduced(n_rows);  // by last row
    std::vector<std::uint8_t> is_last(n_rows, 0);
    BitTree column(n_rows);
    for (std::size_t c = 0; c + 1 < matrix.indptr.size(); ++c) {
      if (cleared[c]) continue;
      const auto begin = static_cast<std::size_t>(matrix.indptr[c]);
      add(matrix.indices.subspan(begin, static_cast<std::size_t>(matrix.indptr[c + 1]) - begin), column);
      std::int32_t last = column.largest();
      while (last != BitTree::kEmpty && is_last[static_cast<std::size_t>(last)]) {
        add(reduced[static_cast<std::size_t>(last)], column);
        last = column.largest();
      }
      if (last == BitTree::kEmpty) continue;
      is_last[static_cast<std::size_t>(last)] = 1;
      take(column, reduced[static_cast<std::size_t>(last)]);
    }
    return is_last;
  }

 private:
  void add(std::span<const std::int32_t> rows, BitTree& column) {
    for (const std::int32_t row : rows) column.flip(row);
    flips_ += rows.size();
    if (flips_ < kFlipsPerHeartbeat) return;
    flips_ = 0;
    heartbeat_();
  }

  /// Moves the column out, which leaves it empty.
  static void take(BitTree& column, std::vector<std::int32_t>& rows) {
    for (std::int32_t row = column.largest(); row != BitTree::kEmpty; row = column.largest()) {
      rows.push_back(row);
      column.flip(row);
    }
  }

  const std::function<void()>& heartbeat_;
  std::size_t flips_ = 0;
};

}  // namespace

std::vector<std::size_t> betti_numbers(const ChainComplex& complex, const std::function<void()>& heartbeat) {
  Reduction reduction(heartbeat);
  std::vector<std::size_t> betti = complex.counts;
  std::vector<std::uint8_t> cleared(complex.counts.back(), 0);
  for (std::size_t k = complex.boundaries.size(); k >= 1; --k) {
    cleared = reduction.last_rows(complex.boundaries[k - 1], complex.counts[k - 1], cleared);
    const auto rank = static_cast<std::size_t>(std::count(cleared.begin(), cleared.end(), std::uint8_t{1}));
    betti[k] -= rank;
    betti[k - 1] -= rank;
  }
  return betti;
}

}  // namespace relutope
