// Affine functionals of a network's outputs as neurons of one more hidden layer.
#pragma once

#include <vector>

#include "network/network.hpp"

namespace relutope {

/// The hidden layers of `network`, then one whose pre-activations are positive multiples of the functionals, then an
/// output of zeros, on which no cell depends. A functional holds output_dim() coefficients and then a constant.
/// Throws std::invalid_argument if there is none, or one has another length.
Network with_functionals(const Network& network, const std::vector<IntegerRow>& functionals);

}  // namespace relutope
