// Which region a point lies in, proven by float64 bounds or left open.
//
// Every facet F of a bounded region R gets a vector n, as good a normal as floats give, and a number t such that
// fl(n . x) < t proves n . x < h, where h <= n . v for all vertices v of F.
// Lemma: let c be an interior point of R with n . c < h for every facet. A point x with n . x < h for every facet lies
// in the interior of R. Proof: if not, the segment from c to x meets the boundary of R in a point y of some facet F. y
// is a convex combination of vertices of F, so n . y >= h > n . c. Along the segment n . is affine, hence increasing,
// and x does not come before y: n . x >= n . y >= h, a contradiction.
// So n need not be normal to F, and no other region has to be looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cells/bounding_tree.hpp"
#include "cells/complex.hpp"

namespace relutope {

class RegionSearch {
 public:
  /// One thread's memory.
  struct Scratch {
    std::vector<double> columns;
    std::vector<std::int32_t> stack, found;
  };

  RegionSearch(const Complex& complex, Budget& budget);

  /// Sets regions[i] to the region in whose interior point i is proven to lie; leaves it alone if none is.
  /// REQUIRES: finite points, regions.size() * dim of them.
  void find(std::span<const double> points, std::span<std::int64_t> regions, Scratch& scratch) const;

 private:
  bool is_in_region(std::size_t place, const double* columns, std::size_t n, std::size_t point) const;

  std::size_t dim_;
  BoundingTree tree_;
  std::vector<std::int32_t> regions_;  // of the tree's places
  std::vector<std::size_t> first_;     // of each place's half-spaces, then the end
  std::vector<double> half_spaces_;    // n, then t
};

}  // namespace relutope
