// One layer's subdivision of the whole complex, skeleton by skeleton.
#pragma once

#include <vector>

#include "cells/refiner.hpp"
#include "cells/skeleton.hpp"
#include "cells/step_context.hpp"
#include "cells/tally.hpp"
#include "cells/workers.hpp"

namespace relutope {

/// Which new cells lie in which old ones. The new m-cells from counts[k - 1][m] up to counts[k][m] lie in the relative
/// interiors of old k-cells, those of dimension k in the order of these.
struct Descent {
  ChildRanges children;
  std::vector<std::vector<std::size_t>> counts;  // [k][m]: new m-cells once the old k-cells were subdivided
};

/// Replaces `cells` by its refinement by all neurons of the layer. REQUIRES: its vertices have rows and masks of the
/// layer (see forward()). Old vertices keep their ids. `arenas` is working memory, one skeleton per worker, kept from
/// layer to layer so that its pages are touched for the first time only once. `descent` is filled where it is given.
EngineTally subdivide_layer(const LayerInput& input, Skeleton& cells, std::vector<Skeleton>& arenas, Budget& budget,
                            Workers& workers, Descent* descent = nullptr);

}  // namespace relutope
