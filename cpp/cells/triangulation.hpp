// Pulling triangulations of closed bounded cells, and exact volumes from them.
//
// The apex of every face is its lowest vertex id; a cell is the union of the cones from its apex over the triangulated
// facets that do not hold the apex (Lee and Santos, Subdivisions and triangulations of polytopes, 2017). The simplices
// of a face depend on that face alone, so those of neighbouring cells fit together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "cells/complex.hpp"

namespace relutope {

class Triangulation {
 public:
  /// For cells of dimension at most `dimension`.
  Triangulation(const Complex& complex, std::size_t dimension);

  /// Appends the simplices of a closed k-cell, k + 1 ascending vertex ids each. REQUIRES: k <= dimension.
  void append(std::size_t k, std::size_t cell, std::vector<std::int32_t>& simplices);

 private:
  void cone(std::size_t k, std::size_t cell, std::vector<std::int32_t>& simplices);

  const Complex& complex_;
  std::vector<std::vector<std::int32_t>> lowest_;  // lowest vertex of every cell
  std::vector<std::int32_t> apexes_;               // of the cells passed on the way down
};

/// The rational numerator / denominator, not necessarily in lowest terms; denominator > 0.
struct Ratio {
  Integer numerator;
  Integer denominator;
};

/// Exact volumes of regions. `poll` is called now and then and may throw. REQUIRES: the regions are bounded.
std::vector<Ratio> exact_volumes(const Complex& complex, std::span<const std::size_t> regions,
                                 const std::function<void()>& poll);

}  // namespace relutope
