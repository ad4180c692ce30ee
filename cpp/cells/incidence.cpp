#include "cells/incidence.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace relutope {
namespace {

/// Replaces m-cells by their facets, each once and ascending; `below` is scratch.
void descend(const Complex& complex, std::size_t m, std::vector<std::int32_t>& level,
             std::vector<std::int32_t>& below) {
  below.clear();
  for (const std::int32_t cell : level) {
    const std::span<const std::int32_t> facets = complex.facets(m, static_cast<std::size_t>(cell));
    below.insert(below.end(), facets.begin(), facets.end());
  }
  std::sort(below.begin(), below.end());
  below.erase(std::unique(below.begin(), below.end()), below.end());
  level.swap(below);
}

}  // namespace

Incidence cofacets(const Complex& complex, std::size_t k) {
  const std::span<const std::int32_t> indptr = complex.faces(k + 1).indptr.span();
  const std::span<const std::int32_t> indices = complex.faces(k + 1).indices.span();
  Incidence result;
  // Entry i + 1 is first the length of list i, then its begin, and, once the list is filled, its end.
  result.indptr.assign(complex.count(k) + 1, 0);
  std::int32_t* const end = result.indptr.data() + 1;
  for (const std::int32_t facet : indices) ++end[facet];
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < complex.count(k); ++i) {
    const std::int32_t length = end[i];
    end[i] = sum;
    sum += length;
  }
  result.indices.resize(indices.size());
  for (std::size_t cell = 0; cell + 1 < indptr.size(); ++cell) {
    for (const std::int32_t facet : complex.facets(k + 1, cell)) {
      result.indices[static_cast<std::size_t>(end[facet]++)] = static_cast<std::int32_t>(cell);
    }
  }
  return result;
}

Incidence faces_of(const Complex& complex, std::size_t k, std::size_t m, std::span<const std::int64_t> ids,
                   const std::function<void()>& heartbeat) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  Incidence result;
  result.indptr.reserve(ids.size() + 1);
  result.indptr.push_back(0);
  std::vector<std::int32_t> level, below;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i % 4096 == 0) heartbeat();
    level.assign(1, static_cast<std::int32_t>(ids[i]));
    for (std::size_t dimension = k; dimension > m; --dimension) descend(complex, dimension, level, below);
    if (level.size() > kMost - result.indices.size()) {
      throw std::length_error("ids: the faces of these cells are more than 2^31 - 1; ask for fewer cells at once");
    }
    result.indices.insert(result.indices.end(), level.begin(), level.end());
    result.indptr.push_back(static_cast<std::int32_t>(result.indices.size()));
  }
  return result;
}

}  // namespace relutope
