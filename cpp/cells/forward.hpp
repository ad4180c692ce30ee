// Pre-activations and signs of one layer at all vertices.
#pragma once

#include <cstddef>

#include "cells/domain.hpp"
#include "cells/layer_tables.hpp"
#include "cells/skeleton.hpp"
#include "cells/tally.hpp"
#include "cells/workers.hpp"
#include "cells/working_rows.hpp"
#include "network/network.hpp"

namespace relutope {

/// The layer before: its tables and the shape of the rows that hold its pre-activations; null tables at the input.
struct PreviousLayer {
  const LayerTables* tables;
  Shape shape;
  std::size_t own = 0;  // entries of a row that are the layer's pre-activations; the others are carried
};

struct ForwardInput {
  const Network& network;
  std::size_t layer;
  const WorkingRows& rows;  // of that layer
  const SignCodes& codes;   // of the layers before it
  const Domain& domain;
  PreviousLayer previous;
};

struct ForwardResult {
  LayerTables tables;
  Shape shape;
  EngineTally tally;
};

/// Replaces the vertices' rows, bounds and masks by those of hidden layer input.layer; a linear layer has rows and
/// bounds, but no masks. REQUIRES: the vertices' history
/// holds the signs of all layers before it.
ForwardResult forward(const ForwardInput& input, Vertices& vertices, Budget& budget, Workers& workers);

}  // namespace relutope
