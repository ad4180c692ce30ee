// Limits and interrupts become relutope.errors.IncompleteError, which carries how far the run got.
#include "bindings/bind.hpp"
#include "bindings/progress.hpp"

namespace py = pybind11;

namespace relutope {

py::dict to_python(const Progress& progress) {
  py::dict result;
  result["layer"] = progress.layer;
  result["n_layers"] = progress.n_layers;
  result["dimension"] = progress.dimension;
  result["cells"] = progress.cells;
  result["bytes"] = progress.bytes;
  result["seconds"] = progress.seconds;
  return result;
}

void bind_errors(py::module_&) {
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const Incomplete& e) {
      const py::object type = py::module_::import("relutope.errors").attr("IncompleteError");
      const py::object error = type(std::string(e.what()), e.reason, to_python(e.progress));
      PyErr_SetObject(type.ptr(), error.ptr());
    }
  });
}

}  // namespace relutope
