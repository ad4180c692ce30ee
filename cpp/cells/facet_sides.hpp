// On which side of the hyperplane of a facet a cell lies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "cells/complex.hpp"
#include "cells/influence.hpp"

namespace relutope {

/// One thread's memo of vertices and forms.
class FacetSides {
 public:
  explicit FacetSides(const Complex& complex);

  /// The sign that the affine function which is zero on `facet` and positive on `region` has on all of `other_facet`, a
  /// facet of `other_region`, if a neuron that vanishes on the facet has one form on both regions by their patterns.
  /// REQUIRES: the facets are those of their regions and on no wall.
  std::optional<Sign> triage_side(std::int32_t facet, std::int32_t region, std::int32_t other_facet,
                                  std::int32_t other_region);

  /// The sign of the same function at a vertex; on R^d, where the vertex may be at infinity, for all large M.
  Sign exact_side(std::int32_t facet, std::int32_t region, std::int32_t vertex);

 private:
  struct Neuron {
    std::size_t layer;
    std::size_t index;
    Sign on_region;
  };
  Neuron vanishing_neuron(std::int32_t facet, std::int32_t region);
  Sign sign(const Neuron& neuron, const std::vector<Word>& planes) const;
  void find_influential(const Neuron& neuron, const std::vector<Word>& planes, std::vector<Word>& found) const;
  const ExactPoint& point(std::int32_t vertex);

  const Complex& complex_;
  Influence influence_;
  ExactSolver solver_;
  PatternForms forms_;
  std::unordered_map<std::int32_t, ExactPoint> points_;
  std::vector<Word> region_planes_, facet_planes_;
  std::vector<Word> influential_, other_influential_;
  std::vector<Integer> form_;
};

}  // namespace relutope
