// What follows for cells from bit fields at their vertices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cells/complex.hpp"

namespace relutope {

/// Fields of the k-cells, k > 0, from those of the (k-1)-cells: combine() of the facets' ones. "Or" and "and" may meet
/// a field more than once, so that goes on from vertices to regions.
template <class Field, class Combine>
void compose(const Complex& complex, std::size_t k, const Field* below, const Combine& combine, Field* out) {
  const std::int32_t* facet = complex.faces(k).indices.data();
  const std::int32_t* end = complex.faces(k).indptr.data() + 1;
  const std::int32_t* const begin = facet;
  for (std::size_t c = 0; c < complex.count(k); ++c) {
    Field field = below[*facet++];
    for (const std::int32_t* last = begin + end[c]; facet < last; ++facet) field = combine(field, below[*facet]);
    out[c] = field;
  }
}

}  // namespace relutope
