// relutope._core: whether closed polygons keep a distance
#include <cmath>
#include <string>

#include "bindings/bind.hpp"
#include "bindings/convert.hpp"
#include "bindings/signals.hpp"
#include "curves/clearance.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

std::span<const double> polygon(const DoubleArray& array, const char* name) {
  const std::span<const double> points = matrix(array, name, 3);
  if (points.empty()) throw py::value_error(std::string(name) + ": none; must be at least 1 point");
  for (const double value : points) {
    if (!std::isfinite(value)) throw py::value_error(std::string(name) + ": must be finite");
  }
  return points;
}

bool are_apart(const DoubleArray& a, const DoubleArray& b, double radius) {
  const ClosedPolygon first(polygon(a, "a"));
  const ClosedPolygon second(polygon(b, "b"));
  if (!(radius >= 0)) throw py::value_error("radius: must be at least 0");
  const py::gil_scoped_release release;
  return apart(first, second, radius, check_signals);
}

}  // namespace

void bind_clearance(py::module_& m) {
  m.def("apart", &are_apart, py::arg("a"), py::arg("b"), py::arg("radius"), FloatingGuard());
}

}  // namespace relutope
