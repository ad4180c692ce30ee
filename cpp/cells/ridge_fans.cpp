#include "cells/ridge_fans.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace relutope {

std::vector<std::array<std::int32_t, 2>> facet_regions(const Complex& complex) {
  const std::size_t d = complex.dim();
  std::vector<std::array<std::int32_t, 2>> regions(complex.count(d - 1), {-1, -1});
  for (std::size_t r = 0; r < complex.count(d); ++r) {
    for (const std::int32_t f : complex.facets(d, r)) {
      std::array<std::int32_t, 2>& pair = regions[static_cast<std::size_t>(f)];
      pair[pair[0] < 0 ? 0 : 1] = static_cast<std::int32_t>(r);
    }
  }
  return regions;
}

RidgeFans::RidgeFans(const Complex& complex, std::span<const std::array<std::int32_t, 2>> regions,
                     std::span<const std::uint8_t> marked) {
  const std::size_t d = complex.dim();
  if (d < 2) return;
  const std::size_t n_ridges = complex.count(d - 2);
  fan_of_.assign(n_ridges, -1);
  std::vector<std::uint8_t> wanted(n_ridges, 0);
  for (std::size_t f = 0; f < marked.size(); ++f) {
    if (!marked[f]) continue;
    for (const std::int32_t r : complex.facets(d - 1, f)) wanted[static_cast<std::size_t>(r)] = 1;
  }
  std::fill(wanted.begin() + static_cast<std::ptrdiff_t>(complex.finite_count(d - 2)), wanted.end(), std::uint8_t{0});

  std::vector<std::size_t> ends(n_ridges + 1, 0);
  const auto for_each_pair = [&](auto&& visit) {
    for (std::size_t f = 0; f < marked.size(); ++f) {
      for (const std::int32_t r : complex.facets(d - 1, f)) {
        if (wanted[static_cast<std::size_t>(r)]) visit(static_cast<std::size_t>(r), static_cast<std::int32_t>(f));
      }
    }
  };
  for_each_pair([&](std::size_t ridge, std::int32_t) { ++ends[ridge + 1]; });
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<std::size_t> place(ends.begin(), ends.end() - 1);
  std::vector<std::int32_t> facets(ends.back());
  for_each_pair([&](std::size_t ridge, std::int32_t f) { facets[place[ridge]++] = f; });
  for (std::size_t ridge = 0; ridge < n_ridges; ++ridge) {
    if (wanted[ridge]) {
      append(static_cast<std::int32_t>(ridge), {facets.data() + ends[ridge], ends[ridge + 1] - ends[ridge]}, regions);
    }
  }
}

void RidgeFans::append(std::int32_t ridge, std::span<const std::int32_t> facets,
                       std::span<const std::array<std::int32_t, 2>> regions) {
  const auto pair = [&](std::int32_t f) { return regions[static_cast<std::size_t>(f)]; };
  if (std::ranges::any_of(facets, [&](std::int32_t f) { return pair(f)[1] < 0; })) return;  // on a wall
  std::int32_t facet = facets[0];
  std::int32_t region = pair(facet)[1];
  for (std::size_t i = 0; i < facets.size(); ++i) {
    entries_.push_back({facet, region});
    const auto next = std::ranges::find_if(
        facets, [&](std::int32_t f) { return f != facet && (pair(f)[0] == region || pair(f)[1] == region); });
    if (next == facets.end()) throw std::runtime_error("internal: the regions around a ridge are no cycle");
    facet = *next;
    region = pair(facet)[0] == region ? pair(facet)[1] : pair(facet)[0];
  }
  if (facet != facets[0]) throw std::runtime_error("internal: the regions around a ridge are several cycles");
  fan_of_[static_cast<std::size_t>(ridge)] = static_cast<std::int32_t>(ridges_.size());
  ridges_.push_back(ridge);
  starts_.push_back(entries_.size());
}

}  // namespace relutope
