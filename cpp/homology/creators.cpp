#include "homology/creators.hpp"

#include <algorithm>
#include <utility>

#include "homology/fields.hpp"
#include "homology/reduction.hpp"

namespace relutope {
namespace {

constexpr std::size_t kAhead = 24;  // how many steps before its use a cache line is asked for

#if defined(__GNUC__)
void prefetch(const void* address) { __builtin_prefetch(address); }
#else
void prefetch(const void*) {}
#endif

/// Calls visit(a, b, i) for the pairs ends[2 order[i]], ends[2 order[i] + 1], i ascending, with their slots on the way.
template <class Visit>
void for_pairs(std::span<const std::int32_t> order, const std::int32_t* ends, const UnionFind& sets,
               const Visit& visit) {
  const std::size_t n = order.size();
  const auto pair = [&](std::size_t i) { return ends + 2 * static_cast<std::size_t>(order[i]); };
  for (std::size_t i = 0; i < n; ++i) {
    prefetch(pair(std::min(i + kAhead, n - 1)));
    const std::int32_t* soon = pair(std::min(i + kAhead / 2, n - 1));
    prefetch(sets.slot(soon[0]));
    prefetch(sets.slot(soon[1]));
    const std::int32_t* now = pair(i);
    visit(now[0], now[1], static_cast<std::size_t>(order[i]));
  }
}

}  // namespace

Creators::Creators(const ChainComplex& complex, const DualEnds& dual, bool acyclic, std::function<void()> heartbeat)
    : complex_(complex),
      dual_(dual),
      acyclic_(acyclic),
      heartbeat_(std::move(heartbeat)),
      is_graph_(is_graph(complex)) {
  for (const std::size_t count : complex.counts) offsets_.push_back(offsets_.back() + count);
}

const CellBits& Creators::find(std::span<const SortedCell> sorted) {
  creates_.reset(offsets_.back());
  for (std::size_t v = 0; v < complex_.counts[0]; ++v) creates_.set(v);
  const std::size_t d = complex_.dim();
  if (d == 0) return creates_;
  const bool all_by_sets = is_graph_ && (d == 1 || (dual_.exist() && d <= 3));
  if (is_graph_) {
    cells_of(1, sorted);
    by_edges();
  }
  if (dual_.exist() && d >= 3) {
    cells_of(d - 1, sorted);
    by_duality();
  }
  if (!all_by_sets) by_reduction(sorted);
  return creates_;
}

/// The k-cells among the sorted ones. Without branches: which dimension comes next cannot be foreseen.
void Creators::cells_of(std::size_t k, std::span<const SortedCell> sorted) {
  const auto first = static_cast<std::uint32_t>(offsets_[k]);
  const auto count = static_cast<std::uint32_t>(complex_.counts[k]);
  order_.resize(count + 1);
  std::size_t found = 0;
  for (const SortedCell cell : sorted) {
    const std::uint32_t id = number_of(cell) - first;
    order_[found] = static_cast<std::int32_t>(id);
    found += id < count;
  }
  order_.resize(count);
}

void Creators::by_edges() {
  sets_.reset(complex_.counts[0]);
  for_pairs(order_, complex_.boundaries[0].indices.data(), sets_,
            [&](std::int32_t a, std::int32_t b, std::size_t edge) {
              if (!sets_.unite(a, b)) creates_.set(offsets_[1] + edge);
            });
}

/// Backwards: a (d-1)-cell that joins two components of the complement had parted them when it entered.
void Creators::by_duality() {
  const std::size_t d = complex_.dim();
  std::reverse(order_.begin(), order_.end());
  sets_.reset(complex_.counts[d] + 1);
  for_pairs(order_, dual_.ends.data(), sets_, [&](std::int32_t a, std::int32_t b, std::size_t cell) {
    if (sets_.unite(a, b)) creates_.set(offsets_[d - 1] + cell);
  });
}

/// From the highest dimension down, with clearing (see persistence.cpp).
void Creators::by_reduction(std::span<const SortedCell> sorted) {
  const std::size_t d = complex_.dim();
  // Duality has told of the (d-1)-cells, and every d-cell destroys. Where no class of positive degree lasts, each cell
  // of dimension 2 that creates is the last row of a reduced column one dimension above.
  const std::size_t highest = dual_.exist() && d >= 3 ? d - 1 : d;
  const std::size_t lowest = !is_graph_ ? 1 : acyclic_ ? 3 : 2;
  for (std::size_t k = highest; k >= lowest; --k) reduce_dimension(k, sorted);
}

void Creators::reduce_dimension(std::size_t k, std::span<const SortedCell> sorted) {
  cells_of(k - 1, sorted);
  const std::vector<std::int32_t> row_order = order_;
  std::vector<std::int32_t> place(complex_.counts[k - 1]);
  for (std::size_t i = 0; i < order_.size(); ++i) {
    place[static_cast<std::size_t>(order_[i])] = static_cast<std::int32_t>(i);
  }
  cells_of(k, sorted);
  Reduction<ModTwo> reduction(ModTwo{}, complex_.counts[k - 1], complex_.counts[k], heartbeat_);
  std::vector<std::int32_t> rows;
  for (const std::int32_t c : order_) {
    const std::size_t cell = offsets_[k] + static_cast<std::size_t>(c);
    if (creates_.test(cell)) continue;
    rows.clear();
    for (const std::int32_t facet : complex_.boundaries[k - 1].column(static_cast<std::size_t>(c))) {
      const auto row = static_cast<std::size_t>(facet);
      // An edge that destroys is the last row of no reduced column, so it may be left out.
      if (k != 2 || !is_graph_ || creates_.test(offsets_[1] + row)) rows.push_back(place[row]);
    }
    const std::int32_t last = reduction.reduce(c, rows, {});
    if (last == BitTree::kEmpty) {
      creates_.set(cell);
    } else {
      creates_.set(offsets_[k - 1] + static_cast<std::size_t>(row_order[static_cast<std::size_t>(last)]));
    }
  }
}

}  // namespace relutope
