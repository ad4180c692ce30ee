// What a max layer leaves behind once its pairs of entries have cut the cells: the largest values and the signs of its
// entries.
#pragma once

#include <vector>

#include "cells/layer_tables.hpp"
#include "cells/row_layout.hpp"
#include "cells/skeleton.hpp"
#include "cells/workers.hpp"

namespace relutope {

struct MaxInput {
  const Network& network;
  std::size_t layer;
  const LayerTables& tables;                    // of the pairs
  const std::vector<std::size_t>& last_reader;  // see last_readers()
};

struct MaxSigns {
  std::vector<NeuronCode> codes;  // per entry, bits counted within the layer
  std::size_t bits = 0;
};

/// Replaces the vertices' masks by those of the entries, and their rows of pairs by rows of largest values; shape and
/// layout become those of these rows. REQUIRES: rows carry all that the layer reads.
MaxSigns take_maxima(const MaxInput& input, Shape& shape, RowLayout& layout, Vertices& vertices, Budget& budget,
                     Workers& workers);

}  // namespace relutope
