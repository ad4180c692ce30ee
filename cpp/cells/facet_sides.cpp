#include "cells/facet_sides.hpp"

#include <stdexcept>
#include <string>

namespace relutope {
namespace {

constexpr std::size_t kMostPoints = 1 << 14;

}  // namespace

FacetSides::FacetSides(const Complex& complex)
    : complex_(complex),
      solver_(complex.network(), complex.codes(), complex.domain(), complex.codes().layers()),
      forms_(complex.network()),
      region_planes_(2 * complex.codes().words()),
      facet_planes_(2 * complex.codes().words()) {}

Sign FacetSides::side(std::int32_t facet, std::int32_t region, std::int32_t vertex) {
  const std::size_t d = complex_.dim();
  complex_.compose_signs(d, static_cast<std::size_t>(region), region_planes_);
  const Word* positive = region_planes_.data();
  const Word* negative = positive + complex_.codes().words();
  const Neuron neuron = vanishing_neuron(facet);
  forms_.set_pattern(neuron.layer, [&](std::size_t l, std::size_t i) {
    return complex_.codes().sign(l, i, positive, negative) == Sign::kPositive;
  });
  forms_.form(neuron.layer, neuron.index, form_);
  const ExactPoint& x = point(vertex);
  Integer value = 0;
  for (std::size_t k = 0; k < x.infinite.size(); ++k) value += form_[k] * x.infinite[k];
  if (value == 0) {
    value = form_[d] * x.denominator;
    for (std::size_t k = 0; k < d; ++k) value += form_[k] * x.finite[k];
  }
  return neuron.on_region == Sign::kPositive ? sign_of(value) : -sign_of(value);
}

/// The first neuron that is zero on the facet and not on the region whose planes are set.
FacetSides::Neuron FacetSides::vanishing_neuron(std::int32_t facet) {
  const SignCodes& codes = complex_.codes();
  complex_.compose_signs(complex_.dim() - 1, static_cast<std::size_t>(facet), facet_planes_);
  const std::size_t words = codes.words();
  for (std::size_t l = 0; l < codes.layers(); ++l) {
    for (std::size_t i = 0; i < codes.layer(l).size(); ++i) {
      const Sign on_region = codes.sign(l, i, region_planes_.data(), region_planes_.data() + words);
      if (on_region == Sign::kZero) continue;
      if (codes.sign(l, i, facet_planes_.data(), facet_planes_.data() + words) == Sign::kZero) return {l, i, on_region};
    }
  }
  throw std::runtime_error("internal: no neuron vanishes on facet " + std::to_string(facet));
}

const ExactPoint& FacetSides::point(std::int32_t vertex) {
  if (points_.size() >= kMostPoints && !points_.contains(vertex)) points_.clear();
  const auto [place, is_new] = points_.try_emplace(vertex);
  if (is_new) place->second = complex_.exact_vertex(static_cast<std::size_t>(vertex), solver_);
  return place->second;
}

}  // namespace relutope
