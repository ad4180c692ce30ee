// relutope._core: point location
#include "bindings/bind.hpp"

namespace relutope {

void bind_location(pybind11::module_&) {}

}  // namespace relutope
