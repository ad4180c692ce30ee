// What the entries of the vertices' rows are: the pre-activations of the layer in work, then the values of earlier
// layers and inputs that later layers read. All of them are affine on every cell of the complex before the layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cells/scaled_layer.hpp"
#include "network/network.hpp"

namespace relutope {

struct RowLayout {
  static constexpr auto kNoValue = static_cast<ValueId>(-1);
  std::vector<ValueId> values;  // per entry; kNoValue where it is a pair of entries of a max layer
  std::vector<int> exponents;   // an entry is 2^exponents[e] times the true value
  std::size_t own = 0;          // entries 0..own-1 are the rows of the layer in work, the others are carried along
  std::size_t cutting = 0;      // of the own ones the first so many may cut cells, the others are values that it reads
};

/// The inputs: the coordinates of the points stand for a row.
RowLayout input_layout(std::size_t dim);

/// What becomes of the entries of one layer's rows at the next layer.
struct RowPlan {
  static constexpr std::int32_t kNone = -1;
  std::vector<std::int32_t> column;   // the column that reads an entry, or kNone
  std::vector<std::int32_t> carried;  // the entry of the new row that holds its value, or kNone
  std::size_t n_carried = 0;
  bool is_plain = true;  // every entry is read by the column of its number and none is carried
};

/// Exponents of what the columns of layer `l` read, from rows before it that hold all of them.
std::vector<int> column_exponents(const Network& network, std::size_t l, const RowLayout& before);

/// The plan for what cuts at layer `l` and the layout of its rows, which at a max layer carry all that the layer reads.
/// last_reader[v] is the last layer that reads value v.
RowPlan plan_rows(const Network& network, std::size_t l, const std::vector<std::size_t>& last_reader,
                  const ScaledLayer& scaled, RowLayout& layout);

/// The last of the first n_layers layers that reads each value before them, inputs first; 0 where none does.
std::vector<std::size_t> last_readers(const Network& network, std::size_t n_layers);

}  // namespace relutope
