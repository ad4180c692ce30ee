// The rows of a layer that are computed at the vertices: those that may cut cells, and values that are read there.
#pragma once

#include <cstdint>
#include <vector>

#include "cells/row_layout.hpp"
#include "cells/scaled_layer.hpp"
#include "network/network.hpp"
#include "network/proportional.hpp"

namespace relutope {

struct WorkingRows {
  ScaledLayer scaled;                  // the rows that may cut, then the values
  std::vector<RowClass> classes;       // of the rows that may cut; a layer without any is linear
  std::vector<std::uint32_t> cutting;  // their numbers in the network's cutting layer; empty if they are all its rows
  RowPlan plan;
};

/// All rows of what cuts at layer `l`; `layout` becomes that of their rows.
WorkingRows all_rows(const Network& network, std::size_t l, const std::vector<std::size_t>& last_reader,
                     RowLayout& layout);

}  // namespace relutope
