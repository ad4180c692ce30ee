#include "homology/representatives.hpp"

#include <algorithm>
#include <numeric>

namespace relutope {
namespace {

using Heartbeat = std::function<void()>;

/// Rows of one column, and coefficients where the field has any.
template <class Field>
class Column {
 public:
  explicit Column(const Field& field) : field_(field) {}
  void clear() {
    rows_.clear();
    coefficients_.clear();
  }
  void add(std::int32_t row, std::span<const std::int8_t> signs, std::size_t at) {
    rows_.push_back(row);
    if constexpr (Field::kHasCoefficients) coefficients_.push_back(field_.of_sign(signs[at]));
  }
  const std::vector<std::int32_t>& rows() const { return rows_; }
  const std::vector<Residue>& coefficients() const { return coefficients_; }

 private:
  Field field_;
  std::vector<std::int32_t> rows_;
  std::vector<Residue> coefficients_;
};

/// The places of the cells that destroy, ascending: all other columns reduce to 0.
std::vector<std::int32_t> destroying_places(const Bars& bars, const FilteredOrder& order, std::size_t k) {
  std::vector<std::int32_t> places;
  for (const std::int32_t death : bars.deaths) {
    if (death != Bars::kEssential) places.push_back(order.place(k, death));
  }
  std::sort(places.begin(), places.end());
  return places;
}

Chain with_ids(Chain chain, const FilteredOrder& order, std::size_t k) {
  for (std::int32_t& cell : chain.cells) cell = order.cell(k, cell);
  return chain;
}

template <class Field>
class Cycles {
 public:
  Cycles(const ChainComplex& complex, const FilteredOrder& order, const Field& field, const Heartbeat& heartbeat)
      : complex_(complex), order_(order), field_(field), heartbeat_(heartbeat), column_(field) {}

  /// Reduced boundaries of the (k+1)-cells that end the bars.
  void finite(const Bars& bars, std::size_t k, std::span<const std::int64_t> chosen, std::vector<Chain>& result) {
    std::int32_t last = -1;
    for (const std::int64_t bar : chosen) {
      const std::int32_t death = bars.deaths[static_cast<std::size_t>(bar)];
      if (death != Bars::kEssential) last = std::max(last, order_.place(k + 1, death));
    }
    if (last < 0) return;
    Reduction<Field> reduction(field_, complex_.counts[k], complex_.counts[k + 1], heartbeat_);
    for (const std::int32_t place : destroying_places(bars, order_, k + 1)) {
      if (place > last) break;
      boundary(k + 1, place);
      reduction.reduce(place, column_.rows(), column_.coefficients());
    }
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const auto bar = static_cast<std::size_t>(chosen[i]);
      if (bars.deaths[bar] == Bars::kEssential) continue;
      result[i] = with_ids(reduction.reduced(order_.place(k, bars.births[bar])), order_, k);
    }
  }

  /// What makes the boundary of the birth 0: the birth and k-cells before it. `below` are the bars of degree k - 1.
  void essential(const Bars& bars, const Bars& below, std::size_t k, std::span<const std::int64_t> chosen,
                 std::vector<Chain>& result) {
    Reduction<Field, true> reduction(field_, complex_.counts[k - 1], complex_.counts[k], heartbeat_);
    for (const std::int32_t place : destroying_places(below, order_, k)) {
      boundary(k, place);
      reduction.reduce(place, column_.rows(), column_.coefficients());
    }
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const auto bar = static_cast<std::size_t>(chosen[i]);
      if (bars.deaths[bar] != Bars::kEssential) continue;
      const std::int32_t place = order_.place(k, bars.births[bar]);
      boundary(k, place);
      reduction.reduce(place, column_.rows(), column_.coefficients());
      result[i] = with_ids(reduction.last_history(), order_, k);
    }
  }

 private:
  void boundary(std::size_t k, std::int32_t place) {
    const BoundaryMatrix& matrix = complex_.boundaries[k - 1];
    const auto cell = static_cast<std::size_t>(order_.cell(k, place));
    column_.clear();
    for (auto i = static_cast<std::size_t>(matrix.indptr[cell]); i < static_cast<std::size_t>(matrix.indptr[cell + 1]);
         ++i) {
      column_.add(order_.place(k - 1, matrix.indices[i]), matrix.signs, i);
    }
  }

  const ChainComplex& complex_;
  const FilteredOrder& order_;
  Field field_;
  const Heartbeat& heartbeat_;
  Column<Field> column_;
};

template <class Field>
std::vector<Chain> cycles(const ChainComplex& complex, const FilteredOrder& order, const std::vector<Bars>& bars,
                          std::size_t k, std::span<const std::int64_t> chosen, const Field& field,
                          const Heartbeat& heartbeat) {
  std::vector<Chain> result(chosen.size());
  Cycles<Field> table(complex, order, field, heartbeat);
  table.finite(bars[k], k, chosen, result);
  if (k > 0) {
    table.essential(bars[k], bars[k - 1], k, chosen, result);
    return result;
  }
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (!result[i].cells.empty()) continue;
    result[i].cells = {bars[0].births[static_cast<std::size_t>(chosen[i])]};
    if (Field::kHasCoefficients) result[i].coefficients = {1};
  }
  return result;
}

/// The boundary matrix from dimension k + 1 by rows.
struct Coboundary {
  Coboundary(const ChainComplex& complex, std::size_t k) : starts(complex.counts[k] + 1, 0) {
    if (k == complex.dim()) return;
    const BoundaryMatrix& matrix = complex.boundaries[k];
    for (const std::int32_t facet : matrix.indices) ++starts[static_cast<std::size_t>(facet) + 1];
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    cofacets.resize(matrix.indices.size());
    signs.resize(matrix.signs.size());
    std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
    for (std::size_t c = 0; c < matrix.columns(); ++c) {
      for (auto i = static_cast<std::size_t>(matrix.indptr[c]); i < static_cast<std::size_t>(matrix.indptr[c + 1]);
           ++i) {
        const std::size_t at = next[static_cast<std::size_t>(matrix.indices[i])]++;
        cofacets[at] = static_cast<std::int32_t>(c);
        if (!signs.empty()) signs[at] = matrix.signs[i];
      }
    }
  }
  std::vector<std::size_t> starts;
  std::vector<std::int32_t> cofacets;
  std::vector<std::int8_t> signs;
};

/// Leaves the cells whose key is at most that of the death: those of lower dimension enter before it.
void keep_before(std::uint32_t death, std::span<const std::uint32_t> keys, Chain& chain) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < chain.cells.size(); ++i) {
    if (keys[static_cast<std::size_t>(chain.cells[i])] > death) continue;
    chain.cells[kept] = chain.cells[i];
    if (!chain.coefficients.empty()) chain.coefficients[kept] = chain.coefficients[i];
    ++kept;
  }
  chain.cells.resize(kept);
  if (!chain.coefficients.empty()) chain.coefficients.resize(kept);
}

/// Reduces coboundaries with both orders reversed: births from the last one back, and of a column the row that enters
/// first is its last one. k-cells that destroy have coboundaries that reduce to 0, so they are left out.
template <class Field>
std::vector<Chain> cocycles(const ChainComplex& complex, const FilteredOrder& order,
                            std::span<const std::uint32_t> keys, const Bars& bars, std::size_t k,
                            std::span<const std::int64_t> chosen, const Field& field, const Heartbeat& heartbeat) {
  const Coboundary matrix(complex, k);
  const auto first = complex.counts.begin();
  keys = keys.subspan(std::accumulate(first, first + static_cast<std::ptrdiff_t>(k), std::size_t{0}));
  const std::size_t n_rows = k == complex.dim() ? 1 : complex.counts[k + 1];
  std::vector<std::vector<std::size_t>> wanted(bars.births.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) wanted[static_cast<std::size_t>(chosen[i])].push_back(i);
  Reduction<Field, true> reduction(field, n_rows, complex.counts[k], heartbeat);
  Column<Field> column(field);
  std::vector<Chain> result(chosen.size());
  for (std::size_t bar = bars.births.size(); bar-- > 0;) {
    const auto birth = static_cast<std::size_t>(bars.births[bar]);
    const std::int32_t death = bars.deaths[bar];
    const bool essential = death == Bars::kEssential;
    if (essential && wanted[bar].empty()) continue;
    column.clear();
    for (std::size_t i = matrix.starts[birth]; i < matrix.starts[birth + 1]; ++i) {
      column.add(static_cast<std::int32_t>(n_rows) - 1 - order.place(k + 1, matrix.cofacets[i]), matrix.signs, i);
    }
    const std::int32_t last = reduction.reduce(order.place(k, bars.births[bar]), column.rows(), column.coefficients());
    if (wanted[bar].empty()) continue;
    Chain chain = with_ids(essential ? reduction.last_history() : reduction.history(last), order, k);
    if (!essential) keep_before(keys[complex.counts[k] + static_cast<std::size_t>(death)], keys, chain);
    for (const std::size_t i : wanted[bar]) result[i] = chain;
  }
  return result;
}

}  // namespace

std::vector<Chain> representative_cycles(const ChainComplex& complex, const FilteredOrder& order,
                                         const std::vector<Bars>& bars, std::size_t k,
                                         std::span<const std::int64_t> chosen, Residue prime,
                                         const Heartbeat& heartbeat) {
  if (prime == 2) return cycles(complex, order, bars, k, chosen, ModTwo{}, heartbeat);
  return cycles(complex, order, bars, k, chosen, ModPrime(prime), heartbeat);
}

std::vector<Chain> representative_cocycles(const ChainComplex& complex, const FilteredOrder& order,
                                           std::span<const std::uint32_t> keys, const std::vector<Bars>& bars,
                                           std::size_t k, std::span<const std::int64_t> chosen, Residue prime,
                                           const Heartbeat& heartbeat) {
  if (prime == 2) return cocycles(complex, order, keys, bars[k], k, chosen, ModTwo{}, heartbeat);
  return cocycles(complex, order, keys, bars[k], k, chosen, ModPrime(prime), heartbeat);
}

}  // namespace relutope
