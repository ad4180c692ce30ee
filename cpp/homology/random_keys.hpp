// Random filtrations of a complex as one key per cell; keys of faces are at most those of their cofaces.
#pragma once

#include <cstdint>
#include <vector>

#include "homology/chain_complex.hpp"

namespace relutope {

enum class RandomFiltration { kByDimension, kLowerStar, kUpperStar, kCellMax, kRandomQueue };

/// Keys of all cells, dimension after dimension. Of the star filtrations and kCellMax a key is a random number below
/// 2^32, equal ones being possible; of kByDimension and kRandomQueue the keys are the places 0, 1, ... in the order.
/// The same seed gives the same keys on every machine.
void random_keys(const ChainComplex& complex, RandomFiltration filtration, std::uint64_t seed,
                 std::vector<std::uint32_t>& keys);

}  // namespace relutope
