// Which stage decided how often: returned with the result, never kept globally.
#pragma once

#include <cstdint>

namespace relutope {

struct EngineTally {
  std::uint64_t signs_float = 0;     // signs at vertices by the vertex's bound
  std::uint64_t signs_row = 0;       // by the bound of the one row, from its active inputs
  std::uint64_t signs_exact = 0;     // in integers
  std::uint64_t orders_float = 0;    // crossings on an edge placed by disjoint intervals
  std::uint64_t orders_exact = 0;    // placed by exact signs
  std::uint64_t vertices_float = 0;  // new vertices solved in float64 with a bound
  std::uint64_t vertices_exact = 0;  // new vertices recomputed exactly because that bound was poor

  EngineTally& operator+=(const EngineTally& o) {
    signs_float += o.signs_float;
    signs_row += o.signs_row;
    signs_exact += o.signs_exact;
    orders_float += o.orders_float;
    orders_exact += o.orders_exact;
    vertices_float += o.vertices_float;
    vertices_exact += o.vertices_exact;
    return *this;
  }
};

}  // namespace relutope
