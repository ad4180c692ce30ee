// The half-spaces by which RegionSearch proves that a point lies in a region.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cells/budget.hpp"
#include "cells/complex.hpp"

namespace relutope {

class HalfSpaces {
 public:
  HalfSpaces(const Complex& complex, Budget& budget);

  /// True if all vertices of the region are points with finite coordinates and errors; only such may be asked for.
  bool is_bounded(std::size_t region) const;
  /// Writes dim lower, then dim upper bounds of the region's float64 vertices.
  void box(std::size_t region, double* out) const;
  /// Appends n and t of every facet, see region_search.hpp, for points x of the closed box `around`, that contains the
  /// region's box. If the lemma's c is not found, one t is -infinity, which no point satisfies.
  void append(std::size_t region, std::span<const double> around, std::vector<double>& out) const;

 private:
  std::span<const std::int32_t> vertices(std::size_t facet) const {
    return {&vertices_[first_[facet]], first_[facet + 1] - first_[facet]};
  }
  const double* coordinates(std::int32_t v) const { return &complex_.vertices()[static_cast<std::size_t>(v) * dim_]; }
  double error(std::int32_t v) const {
    return static_cast<double>(complex_.vertex_error()[static_cast<std::size_t>(v)]);
  }
  void centre(std::size_t region, std::vector<double>& out, std::size_t& n_terms, double& largest_error) const;
  void compute_normal(std::size_t facet, std::vector<double>& directions, double* out) const;

  const Complex& complex_;
  std::size_t dim_;
  std::vector<std::size_t> first_;  // vertices of the (dim - 1)-cells, compressed
  std::vector<std::int32_t> vertices_;
  std::vector<double> normals_;  // of the (dim - 1)-cells
};

}  // namespace relutope
