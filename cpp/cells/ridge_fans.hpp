// The facets and regions around ridges, in cyclic order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cells/complex.hpp"

namespace relutope {

/// The two regions of each (d-1)-cell in ascending order; -1 where there is one only, on a wall.
std::vector<std::array<std::int32_t, 2>> facet_regions(const Complex& complex);

/// Ridges inside the domain with a marked facet. Entry i of a fan is a facet and the region that lies between it and
/// the facet of the next entry, the last entry being followed by the first.
class RidgeFans {
 public:
  struct Entry {
    std::int32_t facet;
    std::int32_t region;
  };

  /// REQUIRES: regions = facet_regions(complex), one mark per (d-1)-cell.
  RidgeFans(const Complex& complex, std::span<const std::array<std::int32_t, 2>> regions,
            std::span<const std::uint8_t> marked);

  std::size_t size() const { return ridges_.size(); }
  std::int32_t ridge(std::size_t fan) const { return ridges_[fan]; }
  /// Place of the first entry of a fan among those of all fans.
  std::size_t first(std::size_t fan) const { return starts_[fan]; }
  std::span<const Entry> entries(std::size_t fan) const {
    return {entries_.data() + starts_[fan], starts_[fan + 1] - starts_[fan]};
  }
  /// The fan of a (d-2)-cell, -1 if there is none.
  std::int32_t fan_of(std::int32_t ridge) const { return fan_of_[static_cast<std::size_t>(ridge)]; }

 private:
  void append(std::int32_t ridge, std::span<const std::int32_t> facets,
              std::span<const std::array<std::int32_t, 2>> regions);

  std::vector<std::int32_t> ridges_;
  std::vector<std::size_t> starts_{0};
  std::vector<Entry> entries_;
  std::vector<std::int32_t> fan_of_;
};

}  // namespace relutope
