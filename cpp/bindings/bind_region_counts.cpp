// relutope._core: regions that share a pattern, and regions merged into convex polyhedra
#include <pybind11/pybind11.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "bindings/bind.hpp"
#include "bindings/convert.hpp"
#include "bindings/signals.hpp"
#include "cells/convex_merging.hpp"
#include "cells/pattern_classes.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

template <class T, class From>
py::array_t<T> array_of(const std::vector<From>& values) {
  py::array_t<T> result(static_cast<py::ssize_t>(values.size()));
  std::copy(values.begin(), values.end(), result.mutable_data());
  return result;
}

void require_prefix(const Complex& complex, const Network& network) {
  bool fits = network.input_dim() == complex.dim() && network.hidden_layers() <= complex.codes().layers();
  for (std::size_t l = 0; fits && l < network.hidden_layers(); ++l) {
    fits = network.signs_in(l) == complex.codes().layer(l).size();
  }
  if (!fits) throw py::value_error("network: its hidden layers are not the first ones of the complex");
}

py::tuple activation(const Complex& complex, const Network& network) {
  require_prefix(complex, network);
  PatternClasses classes;
  {
    const py::gil_scoped_release release;
    classes = activation_classes(complex, network, check_signals);
  }
  return py::make_tuple(array_of<std::int32_t>(classes.of_region), classes.total);
}

py::array_t<std::int32_t> influence(const Complex& complex, const Network& network) {
  require_prefix(complex, network);
  std::vector<std::int32_t> classes;
  {
    const py::gil_scoped_release release;
    classes = influence_classes(complex, network, check_signals);
  }
  return array_of<std::int32_t>(classes);
}

py::tuple merging(const Complex& complex, const py::array_t<std::int32_t, py::array::c_style>& components,
                  bool from_last) {
  const std::size_t n = complex.count(complex.dim());
  if (static_cast<std::size_t>(components.size()) != n) {
    throw py::value_error("components: " + std::to_string(components.size()) + " labels; must be " + std::to_string(n) +
                          ", one per region");
  }
  const std::span<const std::int32_t> labels(components.data(), n);
  for (const std::int32_t label : labels) {
    if (label < 0 || static_cast<std::size_t>(label) >= n) {
      throw py::value_error("components: " + std::to_string(label) + "; must be 0 to " + std::to_string(n) + " - 1");
    }
  }
  ConvexMerging result;
  {
    const py::gil_scoped_release release;
    result = merge_convex(complex, labels, from_last, check_signals);
  }
  return py::make_tuple(array_of<bool>(result.convex), array_of<bool>(result.erased));
}

}  // namespace

void bind_region_counts(py::module_& m) {
  m.def("activation_classes", &activation, py::arg("complex"), py::arg("network"));
  m.def("influence_classes", &influence, py::arg("complex"), py::arg("network"));
  m.def("merge_convex", &merging, py::arg("complex"), py::arg("components"), py::arg("from_last"), FloatingGuard());
}

}  // namespace relutope
