// Which cell of a complex holds each cell of its refinement by one more layer.
#pragma once

#include <cstdint>
#include <vector>

#include "cells/complex.hpp"
#include "cells/layer_step.hpp"

namespace relutope {

/// For each new cell of one dimension, the dimension and the id of the old cell whose relative interior holds it.
struct Carrier {
  explicit Carrier(Budget* budget) : dimensions(budget), ids(budget) {}
  Buffer<std::int8_t> dimensions;
  Buffer<std::int32_t> ids;
};

/// By dimension of the new cells.
using Carriers = std::vector<Carrier>;

/// From what subdivide_layer() noted; new and old ids are those of the skeletons.
Carriers carriers_of(const Descent& descent, const Skeleton& cells, Budget& budget);

/// Those of a layer that cuts nothing.
Carriers identical_carriers(const Complex& refined, Budget& budget);

/// Replaces ids of the skeletons by those of the finished complexes. `new_ids` are what build_complex() gave out for
/// `refined`.
void renumber(const Descent& descent, const std::vector<Buffer<std::int32_t>>& new_ids, const Complex& refined,
              Carriers& carriers, Budget& budget);

/// Throws std::runtime_error unless the carriers are right for `base`, whose cells a file may hold in the order of
/// another version. REQUIRES: base is a complex of the same domain and the layers before, in whatever order; the
/// carriers are right up to the order of the old cells.
void require_carriers(const Complex& base, const Complex& refined, const Carriers& carriers, Workers& workers);

}  // namespace relutope
