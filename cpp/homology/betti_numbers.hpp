// Betti numbers over Z/2.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "homology/chain_complex.hpp"

namespace relutope {

/// One number per dimension. `heartbeat` is called now and then and may throw.
std::vector<std::size_t> betti_numbers(const ChainComplex& complex, const std::function<void()>& heartbeat);

}  // namespace relutope
