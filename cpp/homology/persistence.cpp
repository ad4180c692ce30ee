// Degree 0 by union-find with the elder rule; degree d-1, where Alexander duality holds, by the same on the dual graph
// with the order reversed; all others by column reduction from the highest dimension down, with clearing (Chen and
// Kerber, Persistent homology computation with a twist, 2011): where a reduced column has its last entry in row r,
// column r of the next matrix reduces to 0, since it is the last of columns whose sum is 0.
#include "homology/persistence.hpp"

#include <algorithm>
#include <numeric>

#include "homology/reduction.hpp"
#include "homology/union_find.hpp"

namespace relutope {
namespace {

using Heartbeat = std::function<void()>;

/// Who is whose partner, by places.
class Pairing {
 public:
  explicit Pairing(const ChainComplex& complex) {
    for (const std::size_t count : complex.counts) {
      death_of_.emplace_back(count, Bars::kEssential);
      destroys_.emplace_back(count, 0);
    }
  }
  void pair(std::size_t k, std::int32_t birth, std::int32_t death) {
    death_of_[k][static_cast<std::size_t>(birth)] = death;
    destroys_[k + 1][static_cast<std::size_t>(death)] = 1;
  }
  bool destroys(std::size_t k, std::int32_t place) const { return destroys_[k][static_cast<std::size_t>(place)] != 0; }
  bool is_paired_birth(std::size_t k, std::int32_t place) const {
    return death_of_[k][static_cast<std::size_t>(place)] != Bars::kEssential;
  }

  Bars bars(std::size_t k, const FilteredOrder& order) const {
    Bars result;
    for (std::size_t i = 0; i < death_of_[k].size(); ++i) {
      if (destroys_[k][i]) continue;
      const std::int32_t death = death_of_[k][i];
      result.births.push_back(order.cells(k)[i]);
      result.deaths.push_back(death == Bars::kEssential ? death : order.cell(k + 1, death));
    }
    return result;
  }

 private:
  std::vector<std::vector<std::int32_t>> death_of_;
  std::vector<std::vector<std::uint8_t>> destroys_;
};

void pair_vertices(const ChainComplex& complex, const FilteredOrder& order, Pairing& pairing) {
  ElderUnionFind<std::less<>> sets(complex.counts[0]);
  const std::int32_t* ends = complex.boundaries[0].indices.data();
  const auto places = order.places(0);
  std::int32_t place = 0;
  for (const std::int32_t edge : order.cells(1)) {
    const std::int32_t* pair = ends + 2 * static_cast<std::size_t>(edge);
    const std::int32_t younger =
        sets.unite(places[static_cast<std::size_t>(pair[0])], places[static_cast<std::size_t>(pair[1])]);
    if (younger >= 0) pairing.pair(0, younger, place);
    ++place;
  }
}

/// In reverse the d-cells are what vertices are forwards, and the outside is there from the beginning.
void pair_regions(const ChainComplex& complex, const FilteredOrder& order, const DualEnds& dual, Pairing& pairing) {
  const std::size_t d = complex.dim();
  const auto outside = static_cast<std::int32_t>(complex.counts[d]);
  ElderUnionFind<std::greater<>> sets(complex.counts[d] + 1);
  const auto place_of = [&](std::int32_t region) { return region == outside ? outside : order.place(d, region); };
  const auto cells = order.cells(d - 1);
  for (std::size_t i = cells.size(); i-- > 0;) {
    const std::int32_t* pair = &dual.ends[2 * static_cast<std::size_t>(cells[i])];
    const std::int32_t younger = sets.unite(place_of(pair[0]), place_of(pair[1]));
    if (younger >= 0) pairing.pair(d - 1, static_cast<std::int32_t>(i), younger);
  }
}

/// Pairs (k-1)-cells with k-cells. `rows_known`: which rows destroy is known, so that they may be left out.
template <class Field>
void pair_by_reduction(const ChainComplex& complex, const FilteredOrder& order, std::size_t k, const Field& field,
                       bool clearing, bool rows_known, Pairing& pairing, const Heartbeat& heartbeat) {
  const BoundaryMatrix& matrix = complex.boundaries[k - 1];
  Reduction<Field> reduction(field, complex.counts[k - 1], complex.counts[k], heartbeat);
  std::vector<std::int32_t> rows;
  std::vector<Residue> coefficients;
  for (std::int32_t place = 0; place < static_cast<std::int32_t>(complex.counts[k]); ++place) {
    if (clearing && k < complex.dim() && pairing.is_paired_birth(k, place)) continue;
    const auto cell = static_cast<std::size_t>(order.cell(k, place));
    rows.clear();
    coefficients.clear();
    for (auto i = static_cast<std::size_t>(matrix.indptr[cell]); i < static_cast<std::size_t>(matrix.indptr[cell + 1]);
         ++i) {
      const std::int32_t row = order.place(k - 1, matrix.indices[i]);
      if (rows_known && pairing.destroys(k - 1, row)) continue;
      rows.push_back(row);
      if constexpr (Field::kHasCoefficients) coefficients.push_back(field.of_sign(matrix.signs[i]));
    }
    const std::int32_t last = reduction.reduce(place, rows, coefficients);
    if (last != BitTree::kEmpty) pairing.pair(k - 1, last, place);
  }
}

}  // namespace

std::vector<Bars> persistence(const ChainComplex& complex, const FilteredOrder& order, const DualEnds& dual,
                              bool orientable, const PersistenceOptions& options, const Heartbeat& heartbeat) {
  const std::size_t d = complex.dim();
  Pairing pairing(complex);
  std::size_t highest = std::min(d, options.max_dimension + 1);
  std::size_t lowest = 1;
  if (options.clearing && is_graph(complex)) {
    pair_vertices(complex, order, pairing);
    lowest = 2;
  }
  if (options.clearing && highest == d && d >= 2 && dual.exist() && (options.prime == 2 || orientable)) {
    pair_regions(complex, order, dual, pairing);
    --highest;
  }
  for (std::size_t k = highest; k >= lowest && k >= 1; --k) {
    const bool rows_known = lowest == 2 && k == 2;
    if (options.prime == 2) {
      pair_by_reduction(complex, order, k, ModTwo{}, options.clearing, rows_known, pairing, heartbeat);
    } else {
      pair_by_reduction(complex, order, k, ModPrime(options.prime), options.clearing, rows_known, pairing, heartbeat);
    }
  }
  std::vector<Bars> result;
  for (std::size_t k = 0; k <= std::min(d, options.max_dimension); ++k) result.push_back(pairing.bars(k, order));
  return result;
}

std::vector<std::size_t> betti_numbers(const ChainComplex& complex, Residue prime, const Heartbeat& heartbeat) {
  const std::vector<std::uint32_t> keys(complex.cells(), 0);
  const FilteredOrder order(complex, keys);
  std::vector<std::size_t> result;
  for (const Bars& bars : persistence(complex, order, {}, false, {prime, complex.dim()}, heartbeat)) {
    result.push_back(static_cast<std::size_t>(std::count(bars.deaths.begin(), bars.deaths.end(), Bars::kEssential)));
  }
  return result;
}

}  // namespace relutope
