#include "cells/orientation.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

namespace relutope {
namespace {

using IncidenceNumbers = std::vector<std::int8_t>;

[[noreturn]] void fail(std::size_t k, std::size_t cell) {
  throw std::runtime_error("internal: the facets of " + std::to_string(k) + "-cell " + std::to_string(cell) +
                           " have no orientation");
}

/// Unknown signs, one per element, and relations between two of them each: union-find in which every element knows its
/// sign relative to its parent.
class RelativeSigns {
 public:
  void reset(std::size_t n) {
    parent_.resize(n);
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
    relative_.assign(n, 1);
  }
  /// The smallest known relative of an element, its root, and the sign relative to that.
  std::pair<std::size_t, std::int8_t> find(std::size_t i) {
    std::size_t root = i;
    std::int8_t sign = 1;
    for (; parent_[root] != root; root = parent_[root]) sign = times(sign, relative_[root]);
    std::int8_t rest = sign;
    while (parent_[i] != root) {
      const std::size_t next = parent_[i];
      const std::int8_t own = relative_[i];
      parent_[i] = root;
      relative_[i] = rest;
      rest = times(rest, own);
      i = next;
    }
    return {root, sign};
  }
  /// States sign(i) * sign(j) == product; false if that contradicts what was stated before.
  bool relate(std::size_t i, std::size_t j, std::int8_t product) {
    const auto [root_i, sign_i] = find(i);
    const auto [root_j, sign_j] = find(j);
    const std::int8_t between = times(times(sign_i, sign_j), product);
    if (root_i == root_j) return between == 1;
    parent_[std::max(root_i, root_j)] = std::min(root_i, root_j);
    relative_[std::max(root_i, root_j)] = between;
    return true;
  }

 private:
  static std::int8_t times(std::int8_t a, std::int8_t b) { return a == b ? 1 : -1; }
  std::vector<std::size_t> parent_;
  std::vector<std::int8_t> relative_;
};

/// A ridge of a cell as a face of one of its facets.
struct RidgeSide {
  std::int32_t ridge;
  std::uint32_t facet;  // its place among the facets of the cell
  std::int8_t number;   // [facet : ridge]
  bool operator<(const RidgeSide& other) const { return ridge < other.ridge; }
};

/// Law (1), for the cells of dimension k >= 2; `below` are the incidence numbers of their facets.
IncidenceNumbers orient_boundaries(const Complex& complex, std::size_t k, const IncidenceNumbers& below,
                                   const std::function<void()>& heartbeat) {
  IncidenceNumbers numbers;
  numbers.reserve(complex.faces(k).indices.size());
  RelativeSigns signs;
  std::vector<RidgeSide> sides;
  for (std::size_t cell = 0; cell < complex.count(k); ++cell) {
    if (cell % 4096 == 0) heartbeat();
    const std::span<const std::int32_t> facets = complex.facets(k, cell);
    sides.clear();
    for (std::uint32_t i = 0; i < facets.size(); ++i) {
      const auto facet = static_cast<std::size_t>(facets[i]);
      auto place = static_cast<std::size_t>(complex.faces(k - 1).indptr[facet]);
      for (const std::int32_t ridge : complex.facets(k - 1, facet)) sides.push_back({ridge, i, below[place++]});
    }
    std::sort(sides.begin(), sides.end());
    if (sides.size() % 2 != 0) fail(k, cell);
    signs.reset(facets.size());
    for (std::size_t i = 0; i < sides.size(); i += 2) {
      const std::int8_t product = sides[i].number == sides[i + 1].number ? -1 : 1;
      if (sides[i].ridge != sides[i + 1].ridge || !signs.relate(sides[i].facet, sides[i + 1].facet, product)) {
        fail(k, cell);
      }
    }
    for (std::size_t i = 0; i < facets.size(); ++i) {
      const auto [root, sign] = signs.find(i);
      if (root != 0) fail(k, cell);
      numbers.push_back(sign);
    }
  }
  return numbers;
}

/// Law (2): turns regions round, region 0 excepted.
void orient_regions(const Complex& complex, IncidenceNumbers& numbers) {
  const std::size_t d = complex.dim();
  struct Side {
    std::int32_t region = -1;
    std::int8_t number = 0;
  };
  std::vector<Side> first_side(complex.count(d - 1));
  RelativeSigns signs;
  signs.reset(complex.count(d));
  std::size_t place = 0;
  for (std::size_t region = 0; region < complex.count(d); ++region) {
    for (const std::int32_t facet : complex.facets(d, region)) {
      const std::int8_t number = numbers[place++];
      Side& side = first_side[static_cast<std::size_t>(facet)];
      if (side.region < 0) {
        side = {static_cast<std::int32_t>(region), number};
      } else if (!signs.relate(static_cast<std::size_t>(side.region), region, side.number == number ? -1 : 1)) {
        fail(d, region);
      }
    }
  }
  place = 0;
  for (std::size_t region = 0; region < complex.count(d); ++region) {
    const std::int8_t sign = signs.find(region).second;
    for (std::size_t i = 0; i < complex.facets(d, region).size(); ++i) numbers[place++] *= sign;
  }
}

}  // namespace

std::vector<std::vector<std::int8_t>> incidence_numbers(const Complex& complex,
                                                        const std::function<void()>& heartbeat) {
  std::vector<IncidenceNumbers> result;
  IncidenceNumbers edges(complex.faces(1).indices.size());
  for (std::size_t i = 0; i < edges.size(); ++i) edges[i] = i % 2 == 0 ? -1 : 1;
  result.push_back(std::move(edges));
  for (std::size_t k = 2; k <= complex.dim(); ++k) {
    result.push_back(orient_boundaries(complex, k, result.back(), heartbeat));
  }
  orient_regions(complex, result.back());
  return result;
}

}  // namespace relutope
