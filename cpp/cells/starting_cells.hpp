// The faces of the domain, before any neuron cuts it.
#pragma once

#include "cells/domain.hpp"
#include "cells/sign_codes.hpp"
#include "cells/skeleton.hpp"
#include "cells/workers.hpp"

namespace relutope {

struct StartingCells {
  Domain domain;    // a polytope that is bounded has no walls at infinity
  SignCodes codes;  // of the domain's constraints
  Skeleton cells;   // its vertices' history holds the constraints' signs
};

/// Throws std::invalid_argument if a polytope is empty or not full-dimensional; the message names the row.
StartingCells starting_cells(const Domain& domain, Budget& budget, Workers& workers);

}  // namespace relutope
