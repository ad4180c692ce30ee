// relutope._core: certificates
#include "bindings/bind.hpp"

namespace relutope {

void bind_verify(pybind11::module_&) {}

}  // namespace relutope
