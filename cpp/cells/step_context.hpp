// What all threads share while one layer subdivides the complex. Everything here is read only during a parallel phase.
#pragma once

#include <cstddef>
#include <vector>

#include "cells/domain.hpp"
#include "cells/layer_tables.hpp"
#include "cells/scaled_layer.hpp"
#include "cells/skeleton.hpp"
#include "network/network.hpp"

namespace relutope {

struct StepContext {
  const Network& network;
  std::size_t layer;
  const ScaledLayer& scaled;
  const SignCodes& codes;  // of the layers before
  const Domain& domain;
  const LayerTables& tables;
  Shape shape;
  const Skeleton& old_cells;  // facets of the complex before this layer; its vertices are those of `cells`
  const Skeleton& cells;      // the refined complex, as far as it is merged
  Budget& budget;
};

}  // namespace relutope
