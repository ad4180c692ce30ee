#include "cells/carriers.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace relutope {
namespace {

constexpr std::size_t kCellsPerTask = 4096;

Carriers sized(const std::vector<std::size_t>& counts, Budget& budget) {
  Carriers carriers;
  for (const std::size_t count : counts) {
    Carrier& carrier = carriers.emplace_back(&budget);
    carrier.dimensions.resize(count);
    carrier.ids.resize(count);
  }
  return carriers;
}

/// Those of the facets of (m+1)-cells first..last-1 that were made, like these, while old k-cells were subdivided.
void descend(const Descent& descent, const Skeleton& cells, std::size_t k, std::size_t m, std::size_t first,
             std::size_t last, Carriers& carriers) {
  const auto first_made = static_cast<CellIndex>(descent.counts[k - 1][m]);
  Carrier& below = carriers[m];
  for (std::size_t c = first; c < last; ++c) {
    for (const CellIndex f : cells.facets(m + 1, static_cast<CellIndex>(c))) {
      if (f < first_made) continue;
      below.dimensions[f] = static_cast<std::int8_t>(k);
      below.ids[f] = carriers[m + 1].ids[c];
    }
  }
}

/// Those of all cells made while old k-cells were subdivided.
void descend(const Descent& descent, const Skeleton& cells, std::size_t k, Carriers& carriers, Budget& budget) {
  const Buffer<CellIndex>& children = descent.children[k];
  std::fill_n(carriers[k].dimensions.data(), descent.counts[k][k], static_cast<std::int8_t>(k));
  for (std::size_t c = 0; c + 1 < children.size(); ++c) {
    if (c % kCellsPerTask == 0) budget.check();
    std::fill(carriers[k].ids.data() + children[c], carriers[k].ids.data() + children[c + 1],
              static_cast<std::int32_t>(c));
    // Within a cell that is not cut nothing was made.
    if (children[c + 1] - children[c] > 1) {
      descend(descent, cells, k, k - 1, children[c], children[c + 1], carriers);
    }
  }
  for (std::size_t m = k - 1; m-- > 0;) {
    budget.check();
    descend(descent, cells, k, m, descent.counts[k - 1][m + 1], descent.counts[k][m + 1], carriers);
  }
}

/// The new id of every old k-cell when those at infinity go last. Walls of an old cell are those of its children.
std::vector<std::int32_t> old_ids(const Descent& descent, const Buffer<std::int32_t>& new_ids, std::size_t k,
                                  std::size_t finite) {
  const std::size_t count = k == 0 ? descent.counts[0][0] : descent.children[k].size() - 1;
  const auto is_finite = [&](std::size_t c) {
    return static_cast<std::size_t>(new_ids[k == 0 ? c : descent.children[k][c]]) < finite;
  };
  std::vector<std::int32_t> ids(count);
  std::int32_t next = 0;
  for (const bool wanted : {true, false}) {
    for (std::size_t c = 0; c < count; ++c) {
      if (is_finite(c) == wanted) ids[c] = next++;
    }
  }
  return ids;
}

[[noreturn]] void refuse() {
  throw std::runtime_error(
      "base: its cells are not in the order in which this version of relutope numbers them; compute it again");
}

bool same_codes(const Complex& base, const Complex& refined) {
  const SignCodes& old_codes = base.codes();
  const SignCodes& codes = refined.codes();
  if (old_codes.constraints() != codes.constraints() || old_codes.layers() >= codes.layers()) return false;
  for (std::size_t l = 0; l < old_codes.layers(); ++l) {
    if (old_codes.layer(l) != codes.layer(l)) return false;
  }
  return true;
}

/// True if both have the same walls and the same signs in the bits of the base.
bool same_vertex(const Complex& base, std::size_t old_vertex, const Complex& refined, std::size_t vertex) {
  if (base.vertex_walls(old_vertex) != refined.vertex_walls(vertex)) return false;
  const std::size_t words = base.codes().words();
  const std::size_t rest = base.codes().bits() % kWordBits;
  for (std::size_t plane = 0; plane < 2; ++plane) {
    const Word* old_signs = base.vertex_signs(old_vertex) + plane * words;
    const Word* signs = refined.vertex_signs(vertex) + plane * refined.codes().words();
    for (std::size_t w = 0; w < words; ++w) {
      const Word used = w + 1 == words && rest > 0 ? (Word{1} << rest) - 1 : ~Word{0};
      if (old_signs[w] != (signs[w] & used)) return false;
    }
  }
  return true;
}

/// True if facets of the cell that lie in the relative interior of (k-1)-cells lie in facets of its carrier.
bool same_boundary(const Complex& base, const Complex& refined, std::size_t k, std::size_t cell,
                   const Carriers& carriers) {
  const auto old_facets = base.facets(k, static_cast<std::size_t>(carriers[k].ids[cell]));
  // Facets ascend, and new cells within old ones of their dimension have the order of these.
  auto place = old_facets.begin();
  for (const std::int32_t facet : refined.facets(k, cell)) {
    const auto f = static_cast<std::size_t>(facet);
    if (carriers[k - 1].dimensions[f] != static_cast<std::int8_t>(k - 1)) continue;
    const std::int32_t id = carriers[k - 1].ids[f];
    while (place != old_facets.end() && *place < id) ++place;
    if (place == old_facets.end() || *place != id) return false;
  }
  return true;
}

}  // namespace

Carriers carriers_of(const Descent& descent, const Skeleton& cells, Budget& budget) {
  Carriers carriers = sized(descent.counts.back(), budget);
  std::iota(carriers[0].ids.data(), carriers[0].ids.data() + descent.counts[0][0], 0);
  std::fill_n(carriers[0].dimensions.data(), descent.counts[0][0], std::int8_t{0});
  for (std::size_t k = 1; k < carriers.size(); ++k) descend(descent, cells, k, carriers, budget);
  return carriers;
}

Carriers identical_carriers(const Complex& refined, Budget& budget) {
  std::vector<std::size_t> counts;
  for (std::size_t k = 0; k <= refined.dim(); ++k) counts.push_back(refined.count(k));
  Carriers carriers = sized(counts, budget);
  for (std::size_t k = 0; k < carriers.size(); ++k) {
    std::fill_n(carriers[k].dimensions.data(), counts[k], static_cast<std::int8_t>(k));
    std::iota(carriers[k].ids.data(), carriers[k].ids.data() + counts[k], 0);
  }
  return carriers;
}

void renumber(const Descent& descent, const std::vector<Buffer<std::int32_t>>& new_ids, const Complex& refined,
              Carriers& carriers, Budget& budget) {
  std::vector<std::vector<std::int32_t>> old;
  for (std::size_t k = 0; k < carriers.size(); ++k) {
    old.push_back(old_ids(descent, new_ids[k], k, refined.finite_count(k)));
  }
  Carriers moved = sized(descent.counts.back(), budget);
  for (std::size_t k = 0; k < carriers.size(); ++k) {
    budget.check();
    for (std::size_t c = 0; c < refined.count(k); ++c) {
      const auto to = static_cast<std::size_t>(new_ids[k][c]);
      const std::int8_t dimension = carriers[k].dimensions[c];
      moved[k].dimensions[to] = dimension;
      moved[k].ids[to] = old[static_cast<std::size_t>(dimension)][static_cast<std::size_t>(carriers[k].ids[c])];
    }
  }
  carriers = std::move(moved);
}

// That the order of the old cells is that of the base follows by induction over their dimension k. Signs and walls name
// vertices. For k > 0 let C be the old cell in which a new k-cell lies, and b its supposed id in the base. The facets
// of all new k-cells in C that lie in (k-1)-cells cover the boundary of C, so if by induction each lies in a facet of
// b, the boundary of C is within that of b. A sphere within a sphere of its dimension is all of it, and a closed cell
// is the convex hull of its boundary: b is C.
void require_carriers(const Complex& base, const Complex& refined, const Carriers& carriers, Workers& workers) {
  if (base.dim() != refined.dim() || !same_codes(base, refined)) refuse();
  for (std::size_t k = 0; k < carriers.size(); ++k) {
    const auto none_beyond = static_cast<std::int32_t>(base.count(k));
    workers.run_blocks(refined.count(k), kCellsPerTask, [&](std::size_t first, std::size_t last, std::size_t) {
      for (std::size_t c = first; c < last; ++c) {
        if (carriers[k].dimensions[c] != static_cast<std::int8_t>(k)) continue;
        const std::int32_t id = carriers[k].ids[c];
        if (id >= none_beyond) refuse();
        const bool fits = k == 0 ? same_vertex(base, static_cast<std::size_t>(id), refined, c)
                                 : same_boundary(base, refined, k, c, carriers);
        if (!fits) refuse();
      }
    });
  }
}

}  // namespace relutope
