// relutope._core: the face poset
#include "bindings/bind.hpp"

namespace relutope {

void bind_faces(pybind11::module_&) {}

}  // namespace relutope
