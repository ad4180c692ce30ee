// One bind_<noun> per source file.
#pragma once

#include <pybind11/pybind11.h>

#include "exact/floating_environment.hpp"

namespace relutope {

/// Extra of every bound function that computes with floats.
using FloatingGuard = pybind11::call_guard<DefaultFloatingEnvironment>;

void bind_errors(pybind11::module_& m);
void bind_network(pybind11::module_& m);
void bind_domain(pybind11::module_& m);
void bind_complex(pybind11::module_& m);
void bind_polyhedral_complex(pybind11::module_& m);
void bind_faces(pybind11::module_& m);
void bind_regions(pybind11::module_& m);
void bind_region_counts(pybind11::module_& m);
void bind_location(pybind11::module_& m);
void bind_homology(pybind11::module_& m);
void bind_curves(pybind11::module_& m);
void bind_clearance(pybind11::module_& m);
void bind_edge_crossings(pybind11::module_& m);
void bind_refinement(pybind11::module_& m);
void bind_verify(pybind11::module_& m);

}  // namespace relutope
