// relutope._core.Complex
#include <pybind11/stl.h>

#include <string>

#include "bindings/bind.hpp"
#include "bindings/checked.hpp"
#include "bindings/complex_arrays.hpp"
#include "bindings/signals.hpp"
#include "cells/validate.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

py::list counts(const Complex& complex) {
  py::list result;
  for (std::size_t k = 0; k <= complex.dim(); ++k) result.append(complex.count(k));
  return result;
}

py::list f_vector(const Complex& complex) {
  py::list result;
  for (std::size_t k = 0; k <= complex.dim(); ++k) result.append(complex.finite_count(k));
  return result;
}

py::array vertices(const py::object& self) {
  const auto& complex = self.cast<const Complex&>();
  return view(complex.vertices(), {static_cast<py::ssize_t>(complex.count(0)), static_cast<py::ssize_t>(complex.dim())},
              self);
}

py::array vertex_error(const py::object& self) {
  const auto& complex = self.cast<const Complex&>();
  return view(complex.vertex_error(), {static_cast<py::ssize_t>(complex.count(0))}, self);
}

py::array rays(const py::object& self) {
  const auto& complex = self.cast<const Complex&>();
  const auto n = static_cast<py::ssize_t>(complex.count(0) - complex.finite_count(0));
  return view(complex.rays(), {n, static_cast<py::ssize_t>(complex.dim())}, self);
}

py::tuple facets(const py::object& self, std::int64_t k) {
  const auto& complex = self.cast<const Complex&>();
  require_dimension(complex, k, 1);
  const Complex::Faces& faces = complex.faces(static_cast<std::size_t>(k));
  return py::make_tuple(view(faces.indptr.span(), {static_cast<py::ssize_t>(faces.indptr.size())}, self),
                        view(faces.indices.span(), {static_cast<py::ssize_t>(faces.indices.size())}, self));
}

py::array_t<std::int8_t> all_signs(const Complex& complex, std::size_t k) {
  const std::size_t n = complex.network().signs();
  py::array_t<std::int8_t> result({complex.count(k), n});
  std::int8_t* out = result.mutable_data();
  const py::gil_scoped_release release;
  const std::vector<Word> planes = complex.cell_signs(k);
  for (std::size_t c = 0; c < complex.count(k); ++c) {
    complex.expand_signs(planes.data() + c * 2 * complex.codes().words(), out + c * n);
  }
  return result;
}

py::array_t<std::int8_t> sign_vectors(const Complex& complex, std::int64_t dimension,
                                      const std::optional<py::array_t<std::int64_t, py::array::c_style>>& ids) {
  require_dimension(complex, dimension, 0);
  const auto k = static_cast<std::size_t>(dimension);
  if (!ids) return all_signs(complex, k);
  const std::size_t n = complex.network().signs();
  const std::size_t words = 2 * complex.codes().words();
  py::array_t<std::int8_t> result({static_cast<std::size_t>(ids->size()), n});
  std::vector<Word> planes(words);
  for (py::ssize_t i = 0; i < ids->size(); ++i) {
    complex.compose_signs(k, require_id(complex, k, ids->data()[i]), planes);
    complex.expand_signs(planes.data(), result.mutable_data() + static_cast<std::size_t>(i) * n);
  }
  return result;
}

/// Per axis -1, 0 or 1 for the lower, no or the upper wall of a wall set.
void expand_walls(Word set, std::size_t dim, std::int8_t* out) {
  for (std::size_t axis = 0; axis < dim; ++axis) {
    const int upper = (set >> Domain::wall_bit(axis, true)) & 1U;
    const int lower = (set >> Domain::wall_bit(axis, false)) & 1U;
    *out++ = static_cast<std::int8_t>(upper - lower);
  }
}

/// Columns: the rows of a polytope, then the axes unless it is bounded.
py::array_t<std::int8_t> walls(const Complex& complex, std::int64_t dimension) {
  require_dimension(complex, dimension, 0);
  const auto k = static_cast<std::size_t>(dimension);
  const std::size_t n_rows = complex.domain().constraint_count();
  const std::size_t n_axes = complex.domain().is_polytope() && complex.domain().parts() == 1 ? 0 : complex.dim();
  const std::vector<Word> sets = complex.cell_walls(k);
  const std::size_t words = complex.codes().words();
  const std::vector<Word> signs = n_rows > 0 ? complex.cell_signs(k) : std::vector<Word>();
  py::array_t<std::int8_t> result({sets.size(), n_rows + n_axes});
  std::int8_t* out = result.mutable_data();
  for (std::size_t c = 0; c < sets.size(); ++c) {
    for (std::size_t row = 0; row < n_rows; ++row) {
      const Word* planes = signs.data() + 2 * words * c;
      // A row without a bit is redundant, or 0 x <= 0: neither bounds the domain.
      const bool has_bit = complex.codes().constraints()[row].bit >= 0;
      *out++ = has_bit && complex.codes().constraint_sign(row, planes, planes + words) == Sign::kZero ? 1 : 0;
    }
    if (n_axes > 0) expand_walls(sets[c], n_axes, out);
    out += n_axes;
  }
  return result;
}

py::array_t<bool> bounded(const Complex& complex, std::int64_t k) {
  require_dimension(complex, k, 0);
  const std::vector<std::uint8_t> flags = complex.bounded(static_cast<std::size_t>(k));
  py::array_t<bool> result(static_cast<py::ssize_t>(flags.size()));
  std::copy(flags.begin(), flags.end(), result.mutable_data());
  return result;
}

py::list exact_vertices(const Complex& complex, const py::array_t<std::int64_t, py::array::c_style>& ids) {
  ExactSolver solver(complex.network(), complex.codes(), complex.domain(), complex.codes().layers());
  py::list result;
  for (py::ssize_t i = 0; i < ids.size(); ++i) {
    const std::size_t v = require_id(complex, 0, ids.data()[i]);
    if (v >= complex.finite_count(0)) {
      throw py::value_error("ids: vertex " + std::to_string(v) + " is at infinity; must be 0 to " +
                            std::to_string(complex.finite_count(0)) + " - 1");
    }
    const ExactPoint point = complex.exact_vertex(v, solver);
    result.append(py::make_tuple(to_python(point.finite), to_python(point.denominator)));
  }
  return result;
}

void validate(const Complex& complex, bool exact) {
  const py::gil_scoped_release release;
  validate_structure(complex, check_signals);
  if (exact) validate_vertices(complex, check_signals);
}

py::dict statistics(const Complex& complex) {
  const Statistics& s = complex.statistics();
  py::dict result;
  using namespace pybind11::literals;
  result["signs"] =
      py::dict("float"_a = s.tally.signs_float, "row"_a = s.tally.signs_row, "exact"_a = s.tally.signs_exact);
  result["orders"] = py::dict("float"_a = s.tally.orders_float, "exact"_a = s.tally.orders_exact);
  result["vertices"] = py::dict("float"_a = s.tally.vertices_float, "exact"_a = s.tally.vertices_exact);
  result["folded"] = py::dict("layers"_a = s.folded_layers, "signs"_a = s.folded_signs);
  result["seconds"] = s.seconds;
  result["cpu_seconds"] = s.cpu_seconds;
  result["bytes"] = complex.bytes();
  result["peak_bytes"] = s.peak_bytes;
  result["layer_seconds"] = s.layer_seconds;
  return result;
}

}  // namespace

void bind_complex(py::module_& m) {
  py::class_<Complex, std::shared_ptr<Complex>>(m, "Complex")
      .def_property_readonly("dim", &Complex::dim)
      .def_property_readonly("f_vector", &f_vector)
      .def_property_readonly("counts", &counts)
      .def_property_readonly("vertices", &vertices)
      .def_property_readonly("vertex_error", &vertex_error)
      .def_property_readonly("rays", &rays)
      .def("facets", &facets, py::arg("k"))
      .def("sign_vectors", &sign_vectors, py::arg("k"), py::arg("ids") = py::none())
      .def("walls", &walls, py::arg("k"))
      .def("bounded", &bounded, py::arg("k"))
      .def("statistics", &statistics)
      .def("exact_vertices", &exact_vertices, py::arg("ids"), FloatingGuard())
      .def("validate", &validate, py::arg("exact") = true, FloatingGuard())
      .def("to_arrays", &to_arrays)
      .def_static("from_arrays", &from_arrays, py::arg("network"), py::arg("domain"), py::arg("arrays"),
                  FloatingGuard());
}

}  // namespace relutope
