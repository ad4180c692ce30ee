// The engine's entry: from a network and a domain to the canonical polyhedral complex.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "cells/budget.hpp"
#include "cells/carriers.hpp"
#include "cells/complex.hpp"

namespace relutope {

/// Subdivides the domain layer by layer, skeleton by skeleton. The result has the same bytes for any n_threads >= 1
/// (seconds apart). `fold` says whether neurons of one sign on the domain are folded into later layers before cells are
/// cut (see Folding), which changes costs only; by default large networks on bounded domains are. Throws Incomplete at
/// a limit or an interrupt, std::invalid_argument for arguments that do not fit.
std::unique_ptr<Complex> polyhedral_complex(std::shared_ptr<const Network> network, const Domain& domain,
                                            std::optional<bool> fold, std::size_t n_threads, const Limits& limits,
                                            Budget::Poll poll);

struct Refinement {
  std::unique_ptr<Complex> complex;
  Carriers carriers;  // in the base
};

/// The complex of a network that has the hidden layers of the base's network and one more. `fold` is that of the base:
/// the order of cells depends on it. Throws std::runtime_error if the cells of the base are not in the order in which
/// polyhedral_complex() numbers them.
Refinement refined_complex(const Complex& base, std::shared_ptr<const Network> network, const Domain& domain, bool fold,
                           std::size_t n_threads, const Limits& limits, Budget::Poll poll);

}  // namespace relutope
