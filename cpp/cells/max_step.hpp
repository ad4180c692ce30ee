// What a max layer leaves behind once its pairs have cut the cells: the largest values and the signs of its entries.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "cells/layer_tables.hpp"
#include "cells/row_layout.hpp"
#include "cells/skeleton.hpp"
#include "cells/workers.hpp"

namespace relutope {

/// Rows of a max layer and their contenders: entries of the layer that may be the largest.
struct Maxima {
  static constexpr std::int32_t kNothing = -1;
  std::vector<ValueId> values;       // per row
  std::vector<std::size_t> first;    // of each row's contenders; one more
  std::vector<std::int32_t> place;   // per contender: where the vertices' rows hold its value, kNothing for 0
  std::vector<std::uint32_t> alike;  // per contender: the first one that has the same value everywhere
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;  // contenders that each row of the tables compares
  std::vector<std::size_t> carried;                            // places of what is carried on
};

/// All rows and entries of the layer. REQUIRES: the vertices' rows carry all that it reads.
Maxima all_maxima(const Network& network, std::size_t l, const std::vector<std::size_t>& last_reader,
                  const RowLayout& layout);

struct MaxSigns {
  std::vector<NeuronCode> codes;  // per contender, bits counted within the layer
  std::size_t bits = 0;
};

/// Replaces the vertices' masks by those of the contenders, and their rows of pairs by rows of largest values; shape
/// and layout become those of these rows. `tables` are those of the pairs.
MaxSigns take_maxima(const Maxima& maxima, const LayerTables& tables, Shape& shape, RowLayout& layout,
                     Vertices& vertices, Budget& budget, Workers& workers);

}  // namespace relutope
