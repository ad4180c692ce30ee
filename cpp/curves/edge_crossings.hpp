// Crossings of the edges of two straight-line graphs in space: what linking numbers of their cycles add up from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "curves/close_pairs.hpp"

namespace relutope {

/// Points, three coordinates each, and pairs of their ids.
struct EdgeGraph {
  std::span<const double> points;
  std::span<const std::int64_t> edges;

  std::size_t n_edges() const { return edges.size() / 2; }
  const double* end(std::size_t edge, std::size_t which) const {
    return &points[3 * static_cast<std::size_t>(edges[2 * edge + which])];
  }
};

/// Edge a of the first graph passes over edge b of the second (sign +1 or -1), or they have a common point (0).
struct EdgeCrossing {
  std::uint32_t a, b;
  std::int8_t sign;
};

/// All of them, sorted by a, then b, seen along the last axis after the second graph was moved by an infinitesimal
/// vector, as linking_number() does. So the linking number of a cycle in each graph is the sum of the signs of their
/// edges' crossings, each times the directions in which the cycles run along the two edges, if no two of these meet.
std::vector<EdgeCrossing> edge_crossings(const EdgeGraph& a, const EdgeGraph& b, const Poll& poll);

}  // namespace relutope
