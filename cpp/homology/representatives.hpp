// Chains that stand for bars: cycles that are born and die with them, and cocycles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "homology/chain_complex.hpp"
#include "homology/fields.hpp"
#include "homology/filtered_order.hpp"
#include "homology/persistence.hpp"
#include "homology/reduction.hpp"

namespace relutope {

/// Of the chosen bars of degree k, which are places in bars[k]; cells of the chains are k-cells, by id. A cycle of a
/// bar has its birth as its last cell, and is a boundary once its death is in, not before. A cocycle is one on the
/// cells that enter before the death; its first cell is the birth. REQUIRES: bars[k], and bars[k - 1] if k > 0, are
/// those of the order over the field.
std::vector<Chain> representative_cycles(const ChainComplex& complex, const FilteredOrder& order,
                                         const std::vector<Bars>& bars, std::size_t k,
                                         std::span<const std::int64_t> chosen, Residue prime,
                                         const std::function<void()>& heartbeat);
std::vector<Chain> representative_cocycles(const ChainComplex& complex, const FilteredOrder& order,
                                           std::span<const std::uint32_t> keys, const std::vector<Bars>& bars,
                                           std::size_t k, std::span<const std::int64_t> chosen, Residue prime,
                                           const std::function<void()>& heartbeat);

}  // namespace relutope
