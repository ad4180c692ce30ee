// relutope._core: what the network is on single regions
#include <pybind11/stl.h>

#include <algorithm>
#include <string>

#include "bindings/bind.hpp"
#include "bindings/checked.hpp"
#include "bindings/convert.hpp"
#include "cells/complex.hpp"
#include "network/pattern_forms.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

void require_layer(const Network& network, std::size_t layer) {
  if (layer >= network.layers().size()) {
    throw py::value_error("layer: " + std::to_string(layer) + "; must be 0 to " +
                          std::to_string(network.layers().size() - 1));
  }
}

/// Forms of all neurons of a layer as integers, and their common scale.
py::tuple layer_forms(const Network& network, std::size_t layer, PatternForms& forms) {
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  py::list rows;
  std::vector<Integer> form;
  for (std::size_t neuron = 0; neuron < network.layers()[layer].rows(); ++neuron) {
    forms.form(layer, neuron, form);
    rows.append(to_python(form));
  }
  return py::make_tuple(rows, to_python(forms.scale(layer)));
}

/// Per region: the forms of all neurons of a layer (the last one: the outputs) as integers, and their common scale.
py::list exact_forms(const Complex& complex, const py::array_t<std::int64_t, py::array::c_style>& ids,
                     std::size_t layer) {
  const Network& network = complex.network();
  require_layer(network, layer);
  PatternForms forms(network);
  std::vector<Word> planes(2 * complex.codes().words());
  const Word* negative = planes.data() + complex.codes().words();
  py::list result;
  for (py::ssize_t i = 0; i < ids.size(); ++i) {
    complex.compose_signs(complex.dim(), require_id(complex, complex.dim(), ids.data()[i]), planes);
    forms.set_pattern(layer, [&](std::size_t l, std::size_t neuron) {
      return complex.codes().sign(l, neuron, planes.data(), negative) == Sign::kPositive;
    });
    result.append(layer_forms(network, layer, forms));
  }
  return result;
}

/// The same forms of a network under on/off patterns of its hidden neurons, one row of `patterns` each.
py::list pattern_forms(const Network& network, const py::array_t<bool, py::array::c_style>& patterns,
                       std::size_t layer) {
  require_layer(network, layer);
  if (patterns.ndim() != 2 || patterns.shape(1) != static_cast<py::ssize_t>(network.neurons())) {
    throw py::value_error("patterns: must have shape (n, " + std::to_string(network.neurons()) + ")");
  }
  PatternForms forms(network);
  py::list result;
  for (py::ssize_t i = 0; i < patterns.shape(0); ++i) {
    const bool* row = patterns.data() + i * patterns.shape(1);
    forms.set_pattern(layer, [&](std::size_t l, std::size_t neuron) { return row[network.first_neuron(l) + neuron]; });
    result.append(layer_forms(network, layer, forms));
  }
  return result;
}

/// Per layer: the float64 image of its rows (weights, then bias), its relative error, and (source, columns) per block.
py::list layer_images(const Network& network) {
  py::list result;
  for (const Layer& layer : network.layers()) {
    py::array_t<double> image({layer.rows(), layer.columns() + 1});
    for (std::size_t i = 0; i < layer.rows(); ++i) {
      const std::span<const double> row = layer.image(i);
      std::copy(row.begin(), row.end(), image.mutable_data() + i * row.size());
    }
    py::list sources;
    for (const Block& block : layer.blocks()) sources.append(py::make_tuple(block.source, block.columns));
    result.append(py::make_tuple(image, layer.relative_error(), sources));
  }
  return result;
}

}  // namespace

void bind_regions(py::module_& m) {
  m.def("layer_images", &layer_images, py::arg("network"));
  m.def("pattern_forms", &pattern_forms, py::arg("network"), py::arg("patterns"), py::arg("layer"), FloatingGuard());
  m.def("exact_forms", &exact_forms, py::arg("complex"), py::arg("ids"), py::arg("layer"), FloatingGuard());
}

}  // namespace relutope
