// relutope._core: point location
#include <pybind11/pybind11.h>

#include "bindings/bind.hpp"
#include "bindings/convert.hpp"
#include "bindings/signals.hpp"
#include "cells/locator.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

py::tuple locate(Locator& locator, const DoubleArray& points, std::size_t n_threads) {
  const std::span<const double> coordinates = matrix(points, "points", locator.complex().dim());
  py::array_t<std::int64_t> ids(points.shape(0));
  py::array_t<std::int8_t> dimensions(points.shape(0));
  const auto n = static_cast<std::size_t>(points.shape(0));
  const std::span<std::int64_t> ids_out(ids.mutable_data(), n);
  const std::span<std::int8_t> dimensions_out(dimensions.mutable_data(), n);
  std::size_t n_by_bounds = 0;
  {
    const py::gil_scoped_release release;
    Budget budget({}, [](const Progress&) -> bool {
      check_signals();
      return false;
    });
    n_by_bounds = locator.locate(coordinates, n_threads, budget, ids_out, dimensions_out);
  }
  return py::make_tuple(ids, dimensions, n_by_bounds);
}

}  // namespace

void bind_location(py::module_& m) {
  py::class_<Locator>(m, "Locator")
      .def(py::init([](const std::shared_ptr<Complex>& complex) { return std::make_unique<Locator>(complex); }),
           py::arg("complex"))
      .def("locate", &locate, py::arg("points"), py::arg("n_threads"), FloatingGuard());
}

}  // namespace relutope
