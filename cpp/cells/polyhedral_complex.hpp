// The engine's entry: from a network and a domain to the canonical polyhedral complex.
#pragma once

#include <cstddef>
#include <memory>

#include "cells/budget.hpp"
#include "cells/complex.hpp"

namespace relutope {

/// Subdivides the domain layer by layer, skeleton by skeleton. The result has the same bytes for any n_threads >= 1
/// (seconds apart). Throws Incomplete at a limit or an interrupt, std::invalid_argument for arguments that do not fit.
std::unique_ptr<Complex> polyhedral_complex(std::shared_ptr<const Network> network, const Domain& domain,
                                            std::size_t n_threads, const Limits& limits, Budget::Poll poll);

}  // namespace relutope
