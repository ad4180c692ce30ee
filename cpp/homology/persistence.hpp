// Pairs of cells that create and destroy a homology class along a filtration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "homology/chain_complex.hpp"
#include "homology/dual_ends.hpp"
#include "homology/fields.hpp"
#include "homology/filtered_order.hpp"

namespace relutope {

/// Bars of one degree in the order of their births: the cells that create, and those one dimension above that destroy,
/// or kEssential.
struct Bars {
  static constexpr std::int32_t kEssential = -1;
  std::vector<std::int32_t> births;
  std::vector<std::int32_t> deaths;
};

struct PersistenceOptions {
  Residue prime = 2;  // REQUIRES: over another than 2 all signs are known
  std::size_t max_dimension = 0;
  bool clearing = true;  // union-find and clearing; without them every column is reduced, as a check
};

/// Degrees 0..max_dimension. `dual` is used over Z/2, and over other primes if `orientable`: the duality then holds
/// with coefficients, as it does in a closed ball. `heartbeat` is called now and then and may throw.
std::vector<Bars> persistence(const ChainComplex& complex, const FilteredOrder& order, const DualEnds& dual,
                              bool orientable, const PersistenceOptions& options,
                              const std::function<void()>& heartbeat);

/// Betti numbers of degrees 0..dim().
std::vector<std::size_t> betti_numbers(const ChainComplex& complex, Residue prime,
                                       const std::function<void()>& heartbeat);

}  // namespace relutope
