#include "cells/facet_sides.hpp"

#include <stdexcept>
#include <string>

namespace relutope {
namespace {

constexpr std::size_t kMostPoints = 1 << 14;

}  // namespace

FacetSides::FacetSides(const Complex& complex)
    : complex_(complex),
      influence_(complex.network()),
      solver_(complex.network(), complex.codes(), complex.domain(), complex.codes().layers()),
      forms_(complex.network()),
      region_planes_(2 * complex.codes().words()),
      facet_planes_(2 * complex.codes().words()) {}

std::optional<Sign> FacetSides::triage_side(std::int32_t facet, std::int32_t region, std::int32_t other_facet,
                                            std::int32_t other_region) {
  const Neuron neuron = vanishing_neuron(facet, region);
  if (complex_.network().kind(neuron.layer) == LayerKind::kMax) return std::nullopt;
  find_influential(neuron, region_planes_, influential_);
  complex_.compose_signs(complex_.dim(), static_cast<std::size_t>(other_region), region_planes_);
  find_influential(neuron, region_planes_, other_influential_);
  if (influential_ != other_influential_) return std::nullopt;
  complex_.compose_signs(complex_.dim() - 1, static_cast<std::size_t>(other_facet), facet_planes_);
  const Sign on_facet = sign(neuron, facet_planes_);
  return neuron.on_region == Sign::kPositive ? on_facet : -on_facet;
}

Sign FacetSides::exact_side(std::int32_t facet, std::int32_t region, std::int32_t vertex) {
  const std::size_t d = complex_.dim();
  const Neuron neuron = vanishing_neuron(facet, region);
  const Word* positive = region_planes_.data();
  const Word* negative = positive + complex_.codes().words();
  forms_.set_pattern(neuron.layer + 1, [&](std::size_t l, std::size_t i) {
    return complex_.codes().sign(l, i, positive, negative) == complex_.network().active_sign(l);
  });
  forms_.sign_form(neuron.layer, neuron.index, form_);
  const ExactPoint& x = point(vertex);
  Integer value = 0;
  for (std::size_t k = 0; k < x.infinite.size(); ++k) value += form_[k] * x.infinite[k];
  if (value == 0) {
    value = form_[d] * x.denominator;
    for (std::size_t k = 0; k < d; ++k) value += form_[k] * x.finite[k];
  }
  return neuron.on_region == Sign::kPositive ? sign_of(value) : -sign_of(value);
}

/// The first neuron that is zero on the facet and not on the region; sets the planes of both.
FacetSides::Neuron FacetSides::vanishing_neuron(std::int32_t facet, std::int32_t region) {
  complex_.compose_signs(complex_.dim(), static_cast<std::size_t>(region), region_planes_);
  complex_.compose_signs(complex_.dim() - 1, static_cast<std::size_t>(facet), facet_planes_);
  const SignCodes& codes = complex_.codes();
  for (std::size_t l = 0; l < codes.layers(); ++l) {
    for (std::size_t i = 0; i < codes.layer(l).size(); ++i) {
      Neuron neuron{l, i, Sign::kZero};
      neuron.on_region = sign(neuron, region_planes_);
      if (neuron.on_region != Sign::kZero && sign(neuron, facet_planes_) == Sign::kZero) return neuron;
    }
  }
  throw std::runtime_error("internal: no neuron vanishes on facet " + std::to_string(facet));
}

Sign FacetSides::sign(const Neuron& neuron, const std::vector<Word>& planes) const {
  const Word* positive = planes.data();
  return complex_.codes().sign(neuron.layer, neuron.index, positive, positive + complex_.codes().words());
}

void FacetSides::find_influential(const Neuron& neuron, const std::vector<Word>& planes,
                                  std::vector<Word>& found) const {
  found.assign(influence_.words(), 0);
  influence_.add_sources(neuron.layer, neuron.index, found);
  influence_.trace(
      neuron.layer,
      [&](std::size_t l, std::size_t i) {
        return sign({l, i, Sign::kZero}, planes) == complex_.network().active_sign(l);
      },
      found);
}

const ExactPoint& FacetSides::point(std::int32_t vertex) {
  if (points_.size() >= kMostPoints && !points_.contains(vertex)) points_.clear();
  const auto [place, is_new] = points_.try_emplace(vertex);
  if (is_new) place->second = complex_.exact_vertex(static_cast<std::size_t>(vertex), solver_);
  return place->second;
}

}  // namespace relutope
