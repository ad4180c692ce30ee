// The packed signs of the vertices in all layers before the one in work.
#pragma once

#include <cstddef>

#include "cells/skeleton.hpp"
#include "cells/workers.hpp"

namespace relutope {

/// Appends the masks of the layer just done, `new_bits` bits, to the vertices' history of `old_bits` bits.
void extend_history(const Shape& shape, std::size_t old_bits, std::size_t new_bits, Vertices& vertices, Budget& budget,
                    Workers& workers);

}  // namespace relutope
