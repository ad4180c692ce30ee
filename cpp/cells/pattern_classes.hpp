// Which regions share a pattern, by comparing bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cells/complex.hpp"
#include "cells/validate.hpp"

namespace relutope {

struct PatternClasses {
  std::vector<std::int32_t> of_region;  // class of each region; classes are numbered by their lowest region
  std::size_t total = 0;                // classes among all finite cells, regions or not
};

/// Classes of cells with one activation pattern: the neurons of the network's hidden layers whose sign is +.
/// REQUIRES, here and below: the hidden layers of the network are the first of the complex.
PatternClasses activation_classes(const Complex& complex, const Network& network, const Heartbeat& heartbeat);

/// Classes of regions with one set of neurons that are influential for the outputs (see Influence), so that these have
/// one affine form on all regions of a class.
std::vector<std::int32_t> influence_classes(const Complex& complex, const Network& network, const Heartbeat& heartbeat);

}  // namespace relutope
