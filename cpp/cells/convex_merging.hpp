// Merging regions into fewer convex polyhedra that still form a polyhedral complex.
//
// Erase a set of facets and take the connected components of what is left of the regions. These are convex and meet
// face to face exactly if, around every ridge inside the domain, the facets that are kept leave
//   (a) no sector (all are erased), (b) two sectors of angle pi, or (c) sectors of angles below pi only.
// Convex: let U be such a component, an open connected set, q a generic point of U, and move p along a generic path in
// U from q. The segment qp first fails to lie in U where it meets a kept facet or a ridge. It cannot meet a facet
// inside, which it would cross, and so earlier segments too. At a ridge the segment is the limit of segments inside one
// sector, whose angle is at most pi, so it would run along the sector's boundary, which generic q excludes. Generic
// paths avoid all cones over cells of smaller dimension.
// Face to face: by (b) the cells that make up one facet of a polyhedron have the same polyhedron on their other side,
// of which they are a facet too. Walk around a point x through facets that hold x: the smallest face that holds x is
// a face of the common facet, hence the same for both polyhedra. So polyhedra that share x share this face.
//
// Unions of sets of facets that may be kept may be kept again, so each set of facets has a smallest superset that may
// be erased, and local repairs find it: sectors above pi erase all facets of their ridge, those of pi all but two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cells/complex.hpp"
#include "cells/validate.hpp"

namespace relutope {

struct ConvexMerging {
  std::vector<std::uint8_t> convex;  // per component: is its union convex?
  std::vector<std::uint8_t> erased;  // per (d-1)-cell: these may be erased, and no further facet besides
};

/// `components` labels the regions by 0, 1, ...; only facets between regions of one label are erased, greedily in the
/// order of their ids or from the last to the first. REQUIRES: the regions of a label are connected through such
/// facets.
ConvexMerging merge_convex(const Complex& complex, std::span<const std::int32_t> components, bool from_last,
                           const Heartbeat& heartbeat);

}  // namespace relutope
