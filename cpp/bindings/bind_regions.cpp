// relutope._core: what the network is on single regions
#include <pybind11/stl.h>

#include "bindings/bind.hpp"
#include "bindings/checked.hpp"
#include "bindings/convert.hpp"
#include "cells/complex.hpp"
#include "network/pattern_forms.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

/// Per region: the forms of all neurons of a layer (the last one: the outputs) as integers, and their common scale.
py::list exact_forms(const Complex& complex, const py::array_t<std::int64_t, py::array::c_style>& ids,
                     std::size_t layer) {
  const Network& network = complex.network();
  if (layer >= network.layers().size()) {
    throw py::value_error("layer: " + std::to_string(layer) + "; must be 0 to " +
                          std::to_string(network.layers().size() - 1));
  }
  PatternForms forms(network);
  std::vector<Word> planes(2 * complex.codes().words());
  const Word* negative = planes.data() + complex.codes().words();
  py::list result;
  std::vector<Integer> form;
  for (py::ssize_t i = 0; i < ids.size(); ++i) {
    complex.compose_signs(complex.dim(), require_id(complex, complex.dim(), ids.data()[i]), planes);
    forms.set_pattern(layer, [&](std::size_t l, std::size_t neuron) {
      return complex.codes().sign(l, neuron, planes.data(), negative) == Sign::kPositive;
    });
    py::list rows;
    for (std::size_t neuron = 0; neuron < network.layers()[layer].rows(); ++neuron) {
      forms.form(layer, neuron, form);
      rows.append(to_python(form));
    }
    result.append(py::make_tuple(rows, to_python(forms.scale(layer))));
  }
  return result;
}

}  // namespace

void bind_regions(py::module_& m) {
  m.def("exact_forms", &exact_forms, py::arg("complex"), py::arg("ids"), py::arg("layer"), FloatingGuard());
}

}  // namespace relutope
