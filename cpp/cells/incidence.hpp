// Which cells are faces of which, across dimensions and in both directions, as compressed lists of int32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "cells/complex.hpp"

namespace relutope {

/// List i is indices[indptr[i]] up to indices[indptr[i + 1]], ascending.
struct Incidence {
  std::vector<std::int32_t> indptr;
  std::vector<std::int32_t> indices;
};

/// The (k+1)-cells that have each k-cell as a facet. REQUIRES: k < dim().
Incidence cofacets(const Complex& complex, std::size_t k);

/// The m-faces of chosen k-cells, in their order. REQUIRES: m < k <= dim() and legal ids.
/// Throws std::length_error if the lists together exceed 2^31 - 1 entries; calls `heartbeat` now and then.
Incidence faces_of(const Complex& complex, std::size_t k, std::size_t m, std::span<const std::int64_t> ids,
                   const std::function<void()>& heartbeat);

}  // namespace relutope
