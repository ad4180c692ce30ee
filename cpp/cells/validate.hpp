// Checks of a finished complex. They find damage, not omissions: structural checks have passed on wrong complexes, so
// results are compared with an independent oracle besides.
#pragma once

#include <functional>

#include "cells/complex.hpp"

namespace relutope {

/// Called now and then during long checks; may throw.
using Heartbeat = std::function<void()>;

/// Throws std::runtime_error("internal: ...") unless
///   (1) the Euler characteristic is 1 for the whole complex and for every closed cell, and (-1)^d for the cells of
///   R^d; (2) every (k-2)-face of a k-cell lies in exactly two of its facets (so the boundary of a boundary is 0); (3)
///   every (d-1)-cell has two cofacets, or one if it lies on a wall; (4) no cell has a neuron of both signs, and (sign
///   vector, wall set) names a cell uniquely.
void validate_structure(const Complex& complex, const Heartbeat& heartbeat);

/// Throws std::runtime_error("internal: ...") unless every vertex, solved exactly from its walls and zero neurons, lies
/// in the domain on exactly its walls, has exactly its signs when the network is evaluated there in integers, and is
/// within vertex_error of its float64 coordinates.
void validate_vertices(const Complex& complex, const Heartbeat& heartbeat);

}  // namespace relutope
