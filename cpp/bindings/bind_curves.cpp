// relutope._core: closed polygons in space
#include <pybind11/stl.h>

#include <memory>
#include <string>

#include "bindings/bind.hpp"
#include "bindings/convert.hpp"
#include "bindings/signals.hpp"
#include "curves/distance.hpp"
#include "curves/gauss.hpp"
#include "curves/linking.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

/// Keeps the arrays of float curves alive.
struct BoundCurves {
  std::vector<DoubleArray> arrays;
  std::unique_ptr<const ClosedCurves> curves;

  const ClosedCurves& with(std::size_t a, std::size_t b) const {
    if (std::max(a, b) >= curves->size()) {
      throw py::value_error("curve: " + std::to_string(std::max(a, b)) + "; must be less than " +
                            std::to_string(curves->size()));
    }
    return *curves;
  }
};

std::unique_ptr<BoundCurves> from_floats(std::vector<DoubleArray> arrays) {
  auto bound = std::make_unique<BoundCurves>();
  std::vector<std::span<const double>> points;
  for (const DoubleArray& array : arrays) {
    points.push_back(matrix(array, "points", 3));
    if (points.back().empty()) throw py::value_error("points: none; must be at least 1");
  }
  bound->arrays = std::move(arrays);
  const py::gil_scoped_release release;
  bound->curves = std::make_unique<ClosedCurves>(std::move(points));
  return bound;
}

std::unique_ptr<BoundCurves> from_rationals(const std::vector<py::sequence>& curves) {
  std::vector<std::vector<IntegerRow>> points;
  for (const py::sequence& curve : curves) {
    points.push_back(to_integer_rows(curve));
    if (points.back().empty()) throw py::value_error("points: none; must be at least 1");
    for (const IntegerRow& point : points.back()) {
      if (point.numerators.size() != 3 || point.denominator <= 0) {
        throw py::value_error("points: must be 3 numerators and a denominator > 0 each");
      }
    }
  }
  auto bound = std::make_unique<BoundCurves>();
  const py::gil_scoped_release release;
  bound->curves = std::make_unique<ClosedCurves>(std::move(points));
  return bound;
}

std::optional<std::int64_t> linking_number_of(const BoundCurves& bound, std::size_t a, std::size_t b) {
  const ClosedCurves& curves = bound.with(a, b);
  const py::gil_scoped_release release;
  return linking_number(curves, a, b, check_signals);
}

py::object meeting_of(const BoundCurves& bound, std::size_t a, std::size_t b) {
  const ClosedCurves& curves = bound.with(a, b);
  std::optional<Meeting> found;
  {
    const py::gil_scoped_release release;
    found = meeting(curves, a, b, check_signals);
  }
  if (!found) return py::none();
  return py::make_tuple(found->segment_a, found->segment_b, to_python(found->place.numerator),
                        to_python(found->place.denominator));
}

py::tuple nearest_segments_of(const BoundCurves& bound, std::size_t a, std::size_t b) {
  const ClosedCurves& curves = bound.with(a, b);
  NearestSegments nearest{};
  {
    const py::gil_scoped_release release;
    nearest = nearest_segments(curves, a, b, check_signals);
  }
  return py::make_tuple(nearest.segment_a, nearest.segment_b);
}

double gauss_integral_of(const BoundCurves& bound, std::size_t a, std::size_t b) {
  const ClosedCurves& curves = bound.with(a, b);
  const py::gil_scoped_release release;
  return gauss_integral(curves, a, b, check_signals);
}

}  // namespace

void bind_curves(py::module_& m) {
  py::class_<BoundCurves>(m, "ClosedCurves")
      .def(py::init(&from_floats), py::arg("points"), FloatingGuard())
      .def_static("from_rationals", &from_rationals, py::arg("points"), FloatingGuard())
      .def("linking_number", &linking_number_of, py::arg("a"), py::arg("b"), FloatingGuard())
      .def("meeting", &meeting_of, py::arg("a"), py::arg("b"), FloatingGuard())
      .def("nearest_segments", &nearest_segments_of, py::arg("a"), py::arg("b"), FloatingGuard())
      .def("gauss_integral", &gauss_integral_of, py::arg("a"), py::arg("b"), FloatingGuard());
}

}  // namespace relutope
