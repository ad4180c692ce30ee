// relutope._core.Domain
#include <pybind11/stl.h>

#include "bindings/bind.hpp"
#include "bindings/convert.hpp"
#include "cells/domain.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

Domain box(const DoubleArray& lo, const DoubleArray& hi) {
  return Domain::box({lo.data(), lo.data() + lo.size()}, {hi.data(), hi.data() + hi.size()});
}

Domain polytope(const py::sequence& rows, std::size_t dim) {
  return Domain::polytope(Layer(LayerKind::kRelu, value_range(0, dim), to_integer_rows(rows)));
}

}  // namespace

void bind_domain(py::module_& m) {
  py::class_<Domain>(m, "Domain")
      .def_static("box", &box, py::arg("lo"), py::arg("hi"))
      .def_static("all_space", &Domain::all_space, py::arg("dim"))
      .def_static("polytope", &polytope, py::arg("rows"), py::arg("dim"))
      .def_property_readonly("dim", &Domain::dim);
}

}  // namespace relutope
