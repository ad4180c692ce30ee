#include "homology/dual_ends.hpp"

#include "homology/union_find.hpp"

namespace relutope {

DualEnds dual_ends(const ChainComplex& complex) {
  const std::size_t d = complex.dim();
  if (d < 1) return {};
  constexpr std::int32_t kNone = -1;
  const auto outside = static_cast<std::int32_t>(complex.counts[d]);
  std::vector<std::int32_t> ends(2 * complex.counts[d - 1], kNone);
  for (std::size_t c = 0; c < complex.counts[d]; ++c) {
    for (const std::int32_t facet : complex.boundaries[d - 1].column(c)) {
      std::int32_t* pair = &ends[2 * static_cast<std::size_t>(facet)];
      if (pair[1] != kNone) return {};
      pair[pair[0] != kNone] = static_cast<std::int32_t>(c);
    }
  }
  UnionFind together;
  together.reset(complex.counts[d] + 1);
  std::size_t components = complex.counts[d] + 1;
  for (std::size_t i = 0; i < ends.size(); i += 2) {
    if (ends[i] == kNone) return {};
    if (ends[i + 1] == kNone) ends[i + 1] = outside;
    components -= together.unite(ends[i], ends[i + 1]);
  }
  if (components != 1) return {};
  return {std::move(ends)};
}

bool is_graph(const ChainComplex& complex) {
  if (complex.dim() < 1) return false;
  const BoundaryMatrix& edges = complex.boundaries[0];
  for (std::size_t e = 0; e < edges.columns(); ++e) {
    const auto ends = edges.column(e);
    if (ends.size() != 2 || ends[0] == ends[1]) return false;
  }
  return true;
}

}  // namespace relutope
