#include "bindings/network_layers.hpp"

#include <algorithm>
#include <string>

#include "bindings/convert.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

using Ids = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;

/// A layer with at least this share of its coefficients is stored as a dense one.
constexpr double kDenseShare = 0.25;

struct Arrays {
  std::span<const std::int64_t> indptr, indices;
  std::span<const double> values, bias;
};

Arrays checked(const Ids& indptr, const Ids& indices, const DoubleArray& values, const DoubleArray& bias,
               const std::string& name) {
  const Arrays arrays{{indptr.data(), static_cast<std::size_t>(indptr.size())},
                      {indices.data(), static_cast<std::size_t>(indices.size())},
                      {values.data(), static_cast<std::size_t>(values.size())},
                      {bias.data(), static_cast<std::size_t>(bias.size())}};
  const auto n = static_cast<std::int64_t>(arrays.indices.size());
  if (arrays.indptr.size() != arrays.bias.size() + 1 || arrays.values.size() != arrays.indices.size() ||
      arrays.indptr.front() != 0 || arrays.indptr.back() != n || !std::ranges::is_sorted(arrays.indptr)) {
    throw py::value_error(name + ": indptr must rise from 0 to the number of indices and values, one more than biases");
  }
  for (const std::int64_t id : arrays.indices) {
    if (id < 0 || id > std::int64_t{0xffffffff}) {
      throw py::value_error(name + ": reads value " + std::to_string(id) + "; must be 0 or more");
    }
  }
  return arrays;
}

std::vector<ValueId> values_read(const Arrays& arrays) {
  std::vector<ValueId> columns(arrays.indices.begin(), arrays.indices.end());
  std::ranges::sort(columns);
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

std::vector<IntegerRow> rational_rows(const py::dict& rational, std::size_t rows, const std::string& name) {
  std::vector<IntegerRow> result;
  if (rational.empty()) return result;
  result.resize(rows);
  for (const auto& [key, value] : rational) {
    const auto row = key.cast<std::size_t>();
    if (row >= rows) throw py::value_error(name + ": rational row " + std::to_string(row) + " does not exist");
    py::list one;
    one.append(value);
    result[row] = std::move(to_integer_rows(one).front());
  }
  return result;
}

}  // namespace

const char* kind_name(LayerKind kind) {
  if (kind == LayerKind::kRelu) return "relu";
  return kind == LayerKind::kLinear ? "linear" : "max";
}

Layer layer_from_python(const py::tuple& layer, std::size_t index) {
  const std::string name = "layer " + std::to_string(index);
  if (layer.size() != 6) throw py::value_error(name + ": must be (kind, indptr, indices, values, bias, rational)");
  const auto given = layer[0].cast<std::string>();
  if (given != "relu" && given != "linear" && given != "max") {
    throw py::value_error(name + ": kind is '" + given + "'; must be 'relu', 'linear' or 'max'");
  }
  const LayerKind kind =
      given == "relu" ? LayerKind::kRelu : (given == "linear" ? LayerKind::kLinear : LayerKind::kMax);
  const auto indptr = layer[1].cast<Ids>();
  const auto indices = layer[2].cast<Ids>();
  const auto values = layer[3].cast<DoubleArray>();
  const auto bias = layer[4].cast<DoubleArray>();
  const Arrays arrays = checked(indptr, indices, values, bias, name);
  const std::size_t rows = arrays.bias.size();
  std::vector<ValueId> columns = values_read(arrays);
  SparsePattern pattern;
  std::vector<double> coefficients;
  for (std::size_t i = 0; i <= rows; ++i) pattern.offsets.push_back(static_cast<std::size_t>(arrays.indptr[i]));
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t t = pattern.offsets[i]; t < pattern.offsets[i + 1]; ++t) {
      const auto at = std::ranges::lower_bound(columns, static_cast<ValueId>(arrays.indices[t]));
      pattern.indices.push_back(static_cast<std::uint32_t>(at - columns.begin()));
      coefficients.push_back(arrays.values[t]);
    }
    coefficients.push_back(arrays.bias[i]);
  }
  const Layer sparse(kind, std::move(columns), std::move(pattern), std::move(coefficients),
                     rational_rows(layer[5].cast<py::dict>(), rows, name));
  const auto all = static_cast<double>(rows * sparse.columns());
  const bool is_sparse = static_cast<double>(arrays.indices.size()) < kDenseShare * all;
  return is_sparse || kind == LayerKind::kMax ? sparse : sparse.as_dense();
}

py::tuple layer_to_python(const Layer& layer) {
  std::vector<std::int64_t> indptr{0}, indices;
  std::vector<double> values, bias;
  py::dict rational;
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    const auto entries = layer.entries(i);
    const auto image = layer.image(i);
    const bool exact = layer.is_rational(i);
    const IntegerRow row = exact ? layer.exact_row(i) : IntegerRow{};
    std::vector<Integer> numerators;
    for (std::size_t t = 0; t < entries.size(); ++t) {
      if (image[t] == 0) continue;
      indices.push_back(layer.column_values()[entries[t]]);
      values.push_back(image[t]);
      if (exact) numerators.push_back(row.numerators[t]);
    }
    indptr.push_back(static_cast<std::int64_t>(indices.size()));
    bias.push_back(image.back());
    if (!exact) continue;
    numerators.push_back(row.numerators.back());
    rational[py::int_(i)] = py::make_tuple(to_python(numerators), to_python(row.denominator));
  }
  return py::make_tuple(kind_name(layer.kind()), to_numpy(std::move(indptr)), to_numpy(std::move(indices)),
                        to_numpy(std::move(values)), to_numpy(std::move(bias)), rational);
}

}  // namespace relutope
