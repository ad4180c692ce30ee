// relutope._core.Network
#include <pybind11/stl.h>

#include <algorithm>
#include <string>

#include "bindings/bind.hpp"
#include "bindings/convert.hpp"
#include "bindings/network_layers.hpp"
#include "bindings/signals.hpp"
#include "network/affine_slice.hpp"
#include "network/evaluate.hpp"
#include "network/proportional.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

Layer layer_from_arrays(std::size_t index, LayerKind kind, std::size_t first_input, const DoubleArray& weights,
                        const DoubleArray& biases) {
  const std::string name = "layer " + std::to_string(index);
  if (weights.ndim() != 2) throw py::value_error(name + ": weights must have two dimensions (outputs, inputs)");
  if (biases.ndim() != 1 || biases.shape(0) != weights.shape(0)) {
    throw py::value_error(name + ": " + std::to_string(biases.size()) + " biases; must be one per row, " +
                          std::to_string(weights.shape(0)));
  }
  const auto rows = static_cast<std::size_t>(weights.shape(0));
  const auto columns = static_cast<std::size_t>(weights.shape(1));
  std::vector<double> coefficients;
  coefficients.reserve(rows * (columns + 1));
  for (std::size_t i = 0; i < rows; ++i) {
    coefficients.insert(coefficients.end(), weights.data() + i * columns, weights.data() + (i + 1) * columns);
    coefficients.push_back(biases.data()[i]);
  }
  return Layer(kind, value_range(first_input, columns), rows, std::move(coefficients));
}

/// In a chain all layers but the last are hidden.
LayerKind chain_kind(std::size_t index, std::size_t layers) {
  return index + 1 == layers ? LayerKind::kLinear : LayerKind::kRelu;
}

std::shared_ptr<Network> from_arrays(const std::vector<DoubleArray>& weights, const std::vector<DoubleArray>& biases) {
  if (weights.empty()) throw py::value_error("weights: no layer; at least the linear output layer is needed");
  if (weights.size() != biases.size()) {
    throw py::value_error("biases: " + std::to_string(biases.size()) + " arrays; must be one per layer, " +
                          std::to_string(weights.size()));
  }
  std::vector<Layer> layers;
  std::size_t first_input = 0;
  std::size_t width = 0;
  for (std::size_t l = 0; l < weights.size(); ++l) {
    layers.push_back(layer_from_arrays(l, chain_kind(l, weights.size()), first_input, weights[l], biases[l]));
    if (l > 0 && layers[l].columns() != width) {
      throw py::value_error("network: layer " + std::to_string(l) + " takes " + std::to_string(layers[l].columns()) +
                            " inputs, its predecessor has " + std::to_string(width));
    }
    width = layers[l].rows();
    first_input += layers[l].columns();
  }
  return std::make_shared<Network>(layers[0].columns(), std::move(layers));
}

std::shared_ptr<Network> from_rationals(const py::sequence& layers, std::size_t input_dim) {
  std::vector<Layer> result;
  std::size_t first_input = 0;
  std::size_t columns = input_dim;
  for (const py::handle layer : layers) {
    const std::vector<IntegerRow> rows = to_integer_rows(py::reinterpret_borrow<py::sequence>(layer));
    result.emplace_back(chain_kind(result.size(), layers.size()), value_range(first_input, columns), rows);
    first_input += columns;
    columns = rows.size();
  }
  return std::make_shared<Network>(input_dim, std::move(result));
}

std::shared_ptr<Network> from_layers(std::size_t input_dim, const py::sequence& layers) {
  std::vector<Layer> result;
  for (const py::handle layer : layers) {
    result.push_back(layer_from_python(py::reinterpret_borrow<py::tuple>(layer), result.size()));
  }
  return std::make_shared<Network>(input_dim, std::move(result));
}

py::list layers(const Network& network) {
  py::list result;
  for (const Layer& layer : network.layers()) result.append(layer_to_python(layer));
  return result;
}

/// How many points cost some milliseconds in float64: between so many, signals are checked.
std::size_t points_between_signals(const Network& network) {
  constexpr std::size_t kProducts = std::size_t{1} << 21;
  std::size_t products = 1;
  for (const Layer& layer : network.layers()) products += layer.coefficients();
  return std::max<std::size_t>(1, kProducts / products);
}

/// Of a chain: per layer the rows over all of its predecessor.
py::list rows(const Network& network) {
  if (!network.is_chain()) throw py::value_error("rows: the network is no chain");
  py::list layers;
  std::size_t width = network.input_dim();
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Layer& layer = network.layers()[l];
    py::list list;
    for (std::size_t i = 0; i < layer.rows(); ++i) {
      const IntegerRow row = layer.exact_row(i);
      std::vector<Integer> numerators(width + 1);
      const auto entries = layer.entries(i);
      for (std::size_t t = 0; t < entries.size(); ++t) {
        numerators[network.sources(l)[entries[t]].row] = row.numerators[t];
      }
      numerators.back() = row.numerators.back();
      list.append(py::make_tuple(to_python(numerators), to_python(row.denominator)));
    }
    layers.append(list);
    width = layer.rows();
  }
  return layers;
}

/// Per layer the ids of the values that it reads.
py::list columns(const Network& network) {
  py::list layers;
  for (const Layer& layer : network.layers()) {
    const std::vector<ValueId>& values = layer.column_values();
    layers.append(to_numpy(std::vector<std::int64_t>(values.begin(), values.end())));
  }
  return layers;
}

/// Float64 images of the coefficients, per layer an array with a column more than columns(), the biases.
py::list images(const Network& network) {
  py::list layers;
  for (const Layer& layer : network.layers()) {
    py::array_t<double> table({layer.rows(), layer.columns() + 1});
    double* out = table.mutable_data();
    for (std::size_t i = 0; i < layer.rows(); ++i) out = std::ranges::copy(layer.expanded(i, layer.image(i)), out).out;
    layers.append(table);
  }
  return layers;
}

py::tuple evaluate_points(const Network& network, const DoubleArray& points) {
  const std::span<const double> x = matrix(points, "points", network.input_dim());
  const std::size_t count = static_cast<std::size_t>(points.shape(0));
  const std::size_t width = network.output_dim();
  py::array_t<double> values({count, width});
  py::array_t<double> errors({count, width});
  double* value = values.mutable_data();
  double* error = errors.mutable_data();
  {
    const py::gil_scoped_release release;
    const std::size_t step = points_between_signals(network);
    for (std::size_t i = 0; i < count; ++i) {
      if (i % step == 0) check_signals();
      const FloatEvaluation result = evaluate(network, x.subspan(i * network.input_dim(), network.input_dim()));
      std::copy(result.values.back().begin(), result.values.back().end(), value + i * width);
      std::copy(result.errors.back().begin(), result.errors.back().end(), error + i * width);
    }
  }
  return py::make_tuple(values, errors);
}

ExactEvaluation exact_at(const Network& network, const py::sequence& numerators, const py::int_& denominator) {
  const std::vector<Integer> point = to_integers(numerators);
  const Integer common = to_integer(denominator);
  if (point.size() != network.input_dim()) {
    throw py::value_error("numerators: " + std::to_string(point.size()) + " entries; must be " +
                          std::to_string(network.input_dim()));
  }
  if (common <= 0) throw py::value_error("denominator: must be positive");
  return exact_evaluate(network, point, common);
}

py::list exact_outputs(const Network& network, const py::sequence& numerators, const py::int_& denominator) {
  const ExactEvaluation result = exact_at(network, numerators, denominator);
  py::list outputs;
  for (const Integer& value : result.values.back()) {
    outputs.append(py::make_tuple(to_python(value), to_python(result.denominators.back())));
  }
  return outputs;
}

py::array_t<std::int8_t> exact_signs_at(const Network& network, const py::sequence& numerators,
                                        const py::int_& denominator) {
  const ExactEvaluation result = exact_at(network, numerators, denominator);
  py::array_t<std::int8_t> signs(static_cast<py::ssize_t>(network.signs()));
  exact_signs(network, result, signs.mutable_data());
  return signs;
}

py::array_t<std::int8_t> sign_vectors(const Network& network, const DoubleArray& points) {
  const std::span<const double> x = matrix(points, "points", network.input_dim());
  for (const double value : x) {
    if (!std::isfinite(value)) throw py::value_error("points: " + std::to_string(value) + "; must be finite");
  }
  const auto count = static_cast<std::size_t>(points.shape(0));
  const std::size_t n = network.signs();
  py::array_t<std::int8_t> signs({count, n});
  std::int8_t* out = signs.mutable_data();
  const py::gil_scoped_release release;
  StageTally tally;
  const std::size_t step = points_between_signals(network);
  for (std::size_t i = 0; i < count; ++i) {
    // Where integers must decide, one point may take as long as many others.
    if (i % step == 0 || tally.exact > 0) check_signals();
    tally.exact = 0;
    sign_vector(network, x.subspan(i * network.input_dim(), network.input_dim()), {out + i * n, n}, tally);
  }
  return signs;
}

std::shared_ptr<Network> restrict_to_rows(const Network& network, const py::sequence& directions_then_origin,
                                          const py::int_& denominator) {
  AffineSlice slice;
  for (const py::handle row : directions_then_origin) {
    slice.directions.push_back(to_integers(py::reinterpret_borrow<py::sequence>(row)));
  }
  if (slice.directions.empty()) throw py::value_error("rows: none; must be the directions and the origin");
  slice.origin = std::move(slice.directions.back());
  slice.directions.pop_back();
  slice.denominator = to_integer(denominator);
  const py::gil_scoped_release release;
  return std::make_shared<Network>(restrict_to_slice(network, slice));
}

py::dict census(const Network& network) {
  std::size_t dead = 0;
  std::size_t constant = 0;
  std::size_t proportional = 0;
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    if (network.kind(l) != LayerKind::kRelu) continue;
    const Layer& layer = network.layers()[l];
    const std::vector<RowClass> classes = classify_rows(layer);
    for (std::size_t i = 0; i < classes.size(); ++i) {
      if (classes[i].kind == RowKind::kFollower) ++proportional;
      if (classes[i].kind == RowKind::kConstant) ++(layer.bias_image(i) > 0 ? constant : dead);
    }
  }
  py::dict result;
  result["dead"] = dead;
  result["constant"] = constant;
  result["proportional"] = proportional;
  return result;
}

std::vector<std::string> kinds(const Network& network) {
  std::vector<std::string> names;
  for (const Layer& layer : network.layers()) names.emplace_back(kind_name(layer.kind()));
  return names;
}

/// Per sign, whether it is that of an entry of a max row.
py::array_t<bool> is_entry(const Network& network) {
  py::array_t<bool> result(static_cast<py::ssize_t>(network.signs()));
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    std::fill_n(result.mutable_data() + network.first_sign(l), network.signs_in(l), network.kind(l) == LayerKind::kMax);
  }
  return result;
}

/// Inputs and rows of all layers.
std::size_t n_values(const Network& network) {
  return network.first_value(network.hidden_layers()) + network.output_dim();
}

std::vector<std::size_t> hidden_widths(const Network& network) {
  std::vector<std::size_t> widths;
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    if (network.kind(l) == LayerKind::kRelu) widths.push_back(network.layers()[l].rows());
  }
  return widths;
}

}  // namespace

void bind_network(py::module_& m) {
  py::class_<Network, std::shared_ptr<Network>>(m, "Network")
      .def(py::init(&from_arrays), py::arg("weights"), py::arg("biases"), FloatingGuard())
      .def_static("from_rationals", &from_rationals, py::arg("layers"), py::arg("input_dim"), FloatingGuard())
      .def_static("from_layers", &from_layers, py::arg("input_dim"), py::arg("layers"), FloatingGuard())
      .def("layers", &layers, FloatingGuard())
      .def_property_readonly("is_chain", &Network::is_chain)
      .def_property_readonly("kinds", &kinds)
      .def_property_readonly("n_signs", &Network::signs)
      .def_property_readonly("n_values", &n_values)
      .def_property_readonly("n_layers", [](const Network& network) { return network.layers().size(); })
      .def_property_readonly("input_dim", &Network::input_dim)
      .def_property_readonly("output_dim", &Network::output_dim)
      .def_property_readonly("hidden_widths", &hidden_widths)
      .def("rows", &rows, FloatingGuard())
      .def("is_entry", &is_entry)
      .def("columns", &columns)
      .def("images", &images)
      .def("evaluate", &evaluate_points, py::arg("points"), FloatingGuard())
      .def("exact_evaluate", &exact_outputs, py::arg("numerators"), py::arg("denominator"), FloatingGuard())
      .def("exact_signs", &exact_signs_at, py::arg("numerators"), py::arg("denominator"), FloatingGuard())
      .def("sign_vectors", &sign_vectors, py::arg("points"), FloatingGuard())
      .def("restrict", &restrict_to_rows, py::arg("directions_then_origin"), py::arg("denominator"), FloatingGuard())
      .def("census", &census, FloatingGuard());
}

}  // namespace relutope
