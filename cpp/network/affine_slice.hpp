// A network on an affine slice x = origin + sum_j t_j direction_j of its input space, as an exact function of t.
#pragma once

#include <vector>

#include "network/network.hpp"

namespace relutope {

/// Integers over one positive denominator.
struct AffineSlice {
  std::vector<std::vector<Integer>> directions;
  std::vector<Integer> origin;
  Integer denominator;
};

/// Throws std::invalid_argument if there is no direction, a length is not the network's input dimension, or a
/// coefficient of the product is beyond the range of float64.
Network restrict_to_slice(const Network& network, const AffineSlice& slice);

}  // namespace relutope
