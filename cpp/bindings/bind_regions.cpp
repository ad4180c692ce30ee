// relutope._core: what the network is on single regions
#include <pybind11/stl.h>

#include <algorithm>
#include <string>

#include "bindings/bind.hpp"
#include "bindings/checked.hpp"
#include "bindings/convert.hpp"
#include "bindings/signals.hpp"
#include "cells/complex.hpp"
#include "cells/triangulation.hpp"
#include "network/float_forms.hpp"
#include "network/pattern_forms.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

using Ids = py::array_t<std::int64_t, py::array::c_style>;
using Patterns = py::array_t<bool, py::array::c_style>;

void require_layer(const Network& network, std::size_t layer) {
  if (layer >= network.layers().size()) {
    throw py::value_error("layer: " + std::to_string(layer) + "; must be 0 to " +
                          std::to_string(network.layers().size() - 1));
  }
}

void require_patterns(const Network& network, const Patterns& patterns) {
  if (patterns.ndim() != 2 || patterns.shape(1) != static_cast<py::ssize_t>(network.signs())) {
    throw py::value_error("patterns: must have shape (n, " + std::to_string(network.signs()) + ")");
  }
}

/// A row holds which signs are active ones.
void set_pattern(const Network& network, std::size_t layer, const bool* row, PatternForms& forms) {
  forms.set_pattern(layer, [&](std::size_t l, std::size_t neuron) { return row[network.first_sign(l) + neuron]; });
}

std::vector<std::size_t> checked_ids(const Complex& complex, std::size_t k, const Ids& ids) {
  std::vector<std::size_t> result;
  for (py::ssize_t i = 0; i < ids.size(); ++i) result.push_back(require_id(complex, k, ids.data()[i]));
  return result;
}

/// Forms of all neurons of a layer as integers, and their common scale.
py::tuple layer_forms(const Network& network, std::size_t layer, PatternForms& forms) {
  check_signals();
  py::list rows;
  std::vector<Integer> form;
  for (std::size_t neuron = 0; neuron < network.layers()[layer].rows(); ++neuron) {
    forms.form(layer, neuron, form);
    rows.append(to_python(form));
  }
  return py::make_tuple(rows, to_python(forms.scale(layer)));
}

/// Per row of `patterns`, the on/off patterns of the hidden neurons: the forms of all neurons of a layer (the last one:
/// the outputs) as integers, and their common scale.
py::list pattern_forms(const Network& network, const Patterns& patterns, std::size_t layer) {
  require_layer(network, layer);
  require_patterns(network, patterns);
  PatternForms forms(network);
  py::list result;
  for (py::ssize_t i = 0; i < patterns.shape(0); ++i) {
    set_pattern(network, layer, patterns.data() + i * patterns.shape(1), forms);
    result.append(layer_forms(network, layer, forms));
  }
  return result;
}

/// The form of one hidden neuron (numbered through all layers) under each row of `patterns`: integers and their scale.
py::list neuron_forms(const Network& network, const Patterns& patterns, const Ids& neurons) {
  require_patterns(network, patterns);
  if (neurons.size() != patterns.shape(0)) throw py::value_error("neurons: must have one entry per pattern");
  PatternForms forms(network);
  py::list result;
  std::vector<Integer> form;
  for (py::ssize_t i = 0; i < neurons.size(); ++i) {
    check_signals();
    const auto neuron = static_cast<std::size_t>(neurons.data()[i]);
    if (neuron >= network.signs()) {
      throw py::value_error("neurons: " + std::to_string(neurons.data()[i]) + "; must be 0 to " +
                            std::to_string(network.signs()) + " - 1");
    }
    std::size_t layer = 0;
    while (network.first_sign(layer + 1) <= neuron) ++layer;
    set_pattern(network, layer + 1, patterns.data() + i * patterns.shape(1), forms);
    forms.sign_form(layer, neuron - network.first_sign(layer), form);
    result.append(py::make_tuple(to_python(form), to_python(forms.scale(layer))));
  }
  return result;
}

std::size_t forms_in(const Network& network, std::size_t l) {
  return network.kind(l) == LayerKind::kMax ? network.signs_in(l) : network.layers()[l].rows();
}

/// The forms of the layers from `first_layer` on under each row of `patterns`, in float64: per layer the values (n, d +
/// 1, width), and bounds on their errors. Those of a max layer are of its entries less their maxima.
py::list float_forms(const Network& network, const Patterns& patterns, std::size_t first_layer) {
  require_layer(network, first_layer);
  require_patterns(network, patterns);
  const auto n = static_cast<std::size_t>(patterns.shape(0));
  std::vector<py::array_t<double>> values, errors;
  std::vector<double*> value, error;
  for (std::size_t l = first_layer; l < network.layers().size(); ++l) {
    const std::vector<std::size_t> shape{n, network.input_dim() + 1, forms_in(network, l)};
    value.push_back(values.emplace_back(shape).mutable_data());
    error.push_back(errors.emplace_back(shape).mutable_data());
  }
  {
    const py::gil_scoped_release release;
    FloatForms forms(network);
    for (std::size_t i = 0; i < n; ++i) {
      if (i % 256 == 0) check_signals();
      forms.set_pattern({patterns.data() + i * network.signs(), network.signs()});
      for (std::size_t l = 0; l < value.size(); ++l) {
        const auto [v, e] = forms.sign_forms(first_layer + l);
        std::copy(v.begin(), v.end(), value[l] + i * v.size());
        std::copy(e.begin(), e.end(), error[l] + i * e.size());
      }
    }
  }
  py::list result;
  for (std::size_t l = 0; l < values.size(); ++l) result.append(py::make_tuple(values[l], errors[l]));
  return result;
}

/// Starts of each cell's simplices, and their vertices (n, k + 1).
py::tuple triangulate(const Complex& complex, std::int64_t dimension, const Ids& ids) {
  require_dimension(complex, dimension, 0);
  const auto k = static_cast<std::size_t>(dimension);
  const std::vector<std::size_t> cells = checked_ids(complex, k, ids);
  std::vector<std::int64_t> starts{0};
  std::vector<std::int32_t> simplices;
  {
    const py::gil_scoped_release release;
    Triangulation triangulation(complex, k);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i % 4096 == 0) check_signals();
      triangulation.append(k, cells[i], simplices);
      starts.push_back(static_cast<std::int64_t>(simplices.size() / (k + 1)));
    }
  }
  py::array_t<std::int32_t> table({simplices.size() / (k + 1), k + 1});
  std::copy(simplices.begin(), simplices.end(), table.mutable_data());
  return py::make_tuple(py::array_t<std::int64_t>(static_cast<py::ssize_t>(starts.size()), starts.data()), table);
}

/// Exact volumes of bounded regions as (numerator, denominator).
py::list exact_region_volumes(const Complex& complex, const Ids& ids) {
  const std::vector<std::size_t> regions = checked_ids(complex, complex.dim(), ids);
  const std::vector<std::uint8_t> bounded = complex.bounded(complex.dim());
  for (const std::size_t region : regions) {
    if (!bounded[region]) throw py::value_error("ids: region " + std::to_string(region) + " is not bounded");
  }
  std::vector<Ratio> volumes;
  {
    const py::gil_scoped_release release;
    volumes = exact_volumes(complex, regions, check_signals);
  }
  py::list result;
  for (const Ratio& volume : volumes) {
    result.append(py::make_tuple(to_python(volume.numerator), to_python(volume.denominator)));
  }
  return result;
}

/// Exact vertices (p + M q) / denominator as (p, q, denominator); q is empty on bounded domains.
py::list exact_points(const Complex& complex, const Ids& ids) {
  ExactSolver solver(complex.network(), complex.codes(), complex.domain(), complex.codes().layers());
  py::list result;
  for (const std::size_t v : checked_ids(complex, 0, ids)) {
    const ExactPoint point = complex.exact_vertex(v, solver);
    result.append(py::make_tuple(to_python(point.finite), to_python(point.infinite), to_python(point.denominator)));
  }
  return result;
}

/// Vertices of chosen k-cells, compressed: starts and ascending ids.
py::tuple cell_vertices(const Complex& complex, std::int64_t dimension, const Ids& ids) {
  require_dimension(complex, dimension, 0);
  const auto k = static_cast<std::size_t>(dimension);
  const std::vector<std::size_t> cells = checked_ids(complex, k, ids);
  std::vector<std::int64_t> starts{0};
  std::vector<std::int32_t> vertices;
  {
    const py::gil_scoped_release release;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i % 4096 == 0) check_signals();
      const std::vector<std::int32_t> found = complex.cell_vertices(k, cells[i]);
      vertices.insert(vertices.end(), found.begin(), found.end());
      starts.push_back(static_cast<std::int64_t>(vertices.size()));
    }
  }
  return py::make_tuple(py::array_t<std::int64_t>(static_cast<py::ssize_t>(starts.size()), starts.data()),
                        py::array_t<std::int32_t>(static_cast<py::ssize_t>(vertices.size()), vertices.data()));
}

/// The network whose hidden neurons the complex has signs of.
const Network& complex_network(const Complex& complex) { return complex.network(); }

}  // namespace

void bind_regions(py::module_& m) {
  m.def("complex_network", &complex_network, py::arg("complex"), py::return_value_policy::reference,
        py::keep_alive<0, 1>());
  m.def("cell_vertices", &cell_vertices, py::arg("complex"), py::arg("k"), py::arg("ids"));
  m.def("triangulate", &triangulate, py::arg("complex"), py::arg("k"), py::arg("ids"));
  m.def("exact_points", &exact_points, py::arg("complex"), py::arg("ids"), FloatingGuard());
  m.def("exact_volumes", &exact_region_volumes, py::arg("complex"), py::arg("ids"), FloatingGuard());
  m.def("float_forms", &float_forms, py::arg("network"), py::arg("patterns"), py::arg("first_layer"), FloatingGuard());
  m.def("neuron_forms", &neuron_forms, py::arg("network"), py::arg("patterns"), py::arg("neurons"), FloatingGuard());
  m.def("pattern_forms", &pattern_forms, py::arg("network"), py::arg("patterns"), py::arg("layer"), FloatingGuard());
}

}  // namespace relutope
