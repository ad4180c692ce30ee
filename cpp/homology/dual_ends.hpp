// The dual graph of a complex with one more d-cell, the outside.
#pragma once

#include <cstdint>
#include <vector>

#include "homology/chain_complex.hpp"

namespace relutope {

/// Alexander duality in degree d - 1. Let every (d-1)-cell of K have one or two cofacets, let K' be K with a d-cell,
/// the outside, whose boundary is the sum of the (d-1)-cells with one cofacet, let the dual graph of K' be connected,
/// and H_{d-1}(K; Z/2) = 0. Then for each subcomplex L of K, beta_{d-1}(L) is one less than the number of components of
/// the dual graph of K' without the cells of L. For in the exact sequence
///   H_d(L) -> H_d(K') -> H_d(K', L) -> H_{d-1}(L) -> H_{d-1}(K')
/// the first group is 0 and the second Z/2 since the graph is connected and the outside is not in L, the last is 0, and
/// the third has one generator per component. A polytopal complex that is a closed ball is of this kind.
struct DualEnds {
  std::vector<std::int32_t>
      ends;  // two d-cells per (d-1)-cell; counts[d] is the outside. Empty: K is not of this kind.

  bool exist() const { return !ends.empty(); }
};

/// Whether all that is said above holds but for H_{d-1}(K; Z/2) = 0, and the ends.
DualEnds dual_ends(const ChainComplex& complex);

/// True if every edge has two ends that differ, so that union-find knows H_0.
bool is_graph(const ChainComplex& complex);

}  // namespace relutope
