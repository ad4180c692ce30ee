// Orientations of cells: the signs of the boundary matrices over the integers.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "cells/complex.hpp"

namespace relutope {

/// Incidence numbers +1 and -1, entry k - 1 beside faces(k).indices: [c : f] for every k-cell c and facet f of it.
///
/// Laws: (1) for every k-cell c and (k-2)-face r, the sum of [c : f][f : r] over the facets f of c is 0; (2) the two
/// cofacets of an interior (d-1)-cell have opposite incidence numbers with it. The closed cells and the ball that they
/// fill are connected manifolds, so (1) fixes the numbers of a cell, and (2) those of all regions, up to one common
/// sign. The rule for these: of a cell of dimension below d the first facet has -1 for k = 1 and +1 for k >= 2, and so
/// has region 0.
///
/// Calls `heartbeat` now and then. Throws std::runtime_error("internal: ...") where no signs obey the laws.
std::vector<std::vector<std::int8_t>> incidence_numbers(const Complex& complex, const std::function<void()>& heartbeat);

}  // namespace relutope
