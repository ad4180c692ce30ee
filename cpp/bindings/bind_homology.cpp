// relutope._core: homology
#include "bindings/bind.hpp"

namespace relutope {

void bind_homology(pybind11::module_&) {}

}  // namespace relutope
