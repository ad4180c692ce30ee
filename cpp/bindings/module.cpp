// Contents of the compiled module relutope._core.
#include "bindings/bind.hpp"

PYBIND11_MODULE(_core, m) {
  m.doc() = "Compiled core of relutope: networks with exact coefficients and their polyhedral complexes.";
  relutope::bind_errors(m);
  relutope::bind_network(m);
  relutope::bind_domain(m);
  relutope::bind_complex(m);
  relutope::bind_polyhedral_complex(m);
  relutope::bind_faces(m);
  relutope::bind_regions(m);
  relutope::bind_region_counts(m);
  relutope::bind_location(m);
  relutope::bind_homology(m);
  relutope::bind_curves(m);
  relutope::bind_clearance(m);
  relutope::bind_edge_crossings(m);
  relutope::bind_refinement(m);
  relutope::bind_verify(m);
}
