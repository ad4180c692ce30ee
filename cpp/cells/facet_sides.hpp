// On which side of the hyperplane of a facet a vertex lies, decided in integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "cells/complex.hpp"

namespace relutope {

/// One thread's memo of vertices and forms.
class FacetSides {
 public:
  explicit FacetSides(const Complex& complex);

  /// Sign, at a vertex, of the affine function that is zero on `facet` and positive on `region`; on R^d, where the
  /// vertex may be at infinity, for all large M. REQUIRES: facet is a facet of region and on no wall.
  Sign side(std::int32_t facet, std::int32_t region, std::int32_t vertex);

 private:
  struct Neuron {
    std::size_t layer;
    std::size_t index;
    Sign on_region;
  };
  Neuron vanishing_neuron(std::int32_t facet);
  const ExactPoint& point(std::int32_t vertex);

  const Complex& complex_;
  ExactSolver solver_;
  PatternForms forms_;
  std::unordered_map<std::int32_t, ExactPoint> points_;
  std::vector<Word> region_planes_, facet_planes_;
  std::vector<Integer> form_;
};

}  // namespace relutope
