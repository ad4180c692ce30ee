// One layer's subdivision of the whole complex, skeleton by skeleton.
#pragma once

#include <vector>

#include "cells/skeleton.hpp"
#include "cells/step_context.hpp"
#include "cells/tally.hpp"
#include "cells/workers.hpp"

namespace relutope {

/// Replaces `cells` by its refinement by all neurons of the layer. REQUIRES: its vertices have rows and masks of the
/// layer (see forward()). Old vertices keep their ids. `arenas` is working memory, one skeleton per worker, kept from
/// layer to layer so that its pages are touched for the first time only once.
EngineTally subdivide_layer(const LayerInput& input, Skeleton& cells, std::vector<Skeleton>& arenas, Budget& budget,
                            Workers& workers);

}  // namespace relutope
