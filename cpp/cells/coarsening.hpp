// Cells that only an auxiliary cut keeps apart, joined again.
#pragma once

#include "cells/skeleton.hpp"

namespace relutope {

/// Joins cells of equal history and walls. REQUIRES: the points of one history and one wall set, composed over the
/// vertices below each cell, are a relatively open convex polyhedron; and no vertex has terms. Afterwards no masks are
/// set, and cells and vertices keep their order. Returns false, and changes nothing, if there is nothing to join.
bool coarsen(const Shape& shape, Skeleton& cells, Budget& budget);

}  // namespace relutope
