// relutope._core: certificates
#include <pybind11/stl.h>

#include <optional>
#include <string>

#include "bindings/bind.hpp"
#include "bindings/convert.hpp"
#include "bindings/signals.hpp"
#include "verify/certify.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

/// The array keeps its memory as long as the dictionary does.
template <class T>
std::span<const T> span_of(const py::dict& arrays, const std::string& key) {
  using Array = py::array_t<T, py::array::c_style>;
  if (!arrays.contains(key)) throw py::value_error("arrays: '" + key + "' is missing");
  const py::object item = arrays[py::str(key)];
  if (!py::isinstance<Array>(item)) throw py::value_error("arrays: '" + key + "' has the wrong dtype or layout");
  const auto array = py::reinterpret_borrow<Array>(item);
  return {array.data(), static_cast<std::size_t>(array.size())};
}

verify::StoredComplex stored_complex(std::size_t dim, const std::optional<DoubleArray>& lo,
                                     const std::optional<DoubleArray>& hi, const py::dict& arrays) {
  verify::StoredComplex stored;
  stored.dim = dim;
  if (lo) stored.lo.assign(lo->data(), lo->data() + lo->size());
  if (hi) stored.hi.assign(hi->data(), hi->data() + hi->size());
  stored.finite_counts = span_of<std::int64_t>(arrays, "f_vector");
  stored.vertices = span_of<double>(arrays, "vertices");
  stored.vertex_error = span_of<float>(arrays, "vertex_error");
  stored.rays = span_of<double>(arrays, "rays");
  stored.signs = span_of<verify::Word>(arrays, "signs");
  stored.walls = span_of<verify::Word>(arrays, "walls");
  stored.code_bit = span_of<std::int32_t>(arrays, "code_bit");
  stored.code_flipped = span_of<std::int8_t>(arrays, "code_flipped");
  stored.code_constant = span_of<std::int8_t>(arrays, "code_constant");
  stored.facets.resize(1);
  for (std::size_t k = 1; k <= dim; ++k) {
    stored.facets.push_back({span_of<std::int32_t>(arrays, "indptr_" + std::to_string(k)),
                             span_of<std::int32_t>(arrays, "indices_" + std::to_string(k))});
  }
  return stored;
}

/// From a tuple (kind, indptr, indices, values, bias, rational), see bindings/network_layers.hpp.
verify::LayerRows layer_rows(const py::tuple& layer) {
  using Ids = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;
  const auto indptr = layer[1].cast<Ids>();
  const auto indices = layer[2].cast<Ids>();
  const auto values = layer[3].cast<DoubleArray>();
  const auto bias = layer[4].cast<DoubleArray>();
  const auto rational = layer[5].cast<py::dict>();
  if (indptr.size() != bias.size() + 1 || values.size() != indices.size()) {
    throw py::value_error("layers: arrays of a layer do not fit together");
  }
  verify::LayerRows result;
  const auto kind = layer[0].cast<std::string>();
  if (kind == "linear") result.kind = verify::Kind::kLinear;
  if (kind == "max") result.kind = verify::Kind::kMax;
  for (py::ssize_t i = 0; i < bias.size(); ++i) {
    const std::int64_t begin = indptr.at(i);
    const std::int64_t end = indptr.at(i + 1);
    if (begin < 0 || end < begin || end > indices.size()) throw py::value_error("layers: indptr is out of order");
    result.reads.emplace_back(indices.data() + begin, indices.data() + end);
    if (rational.contains(py::int_(i))) {
      py::list one;
      one.append(rational[py::int_(i)]);
      result.rows.push_back(std::move(to_integer_rows(one).front()));
      continue;
    }
    std::vector<double> row(values.data() + begin, values.data() + end);
    row.push_back(bias.at(i));
    result.rows.push_back(integer_row(row));
  }
  return result;
}

py::dict certify_arrays(const py::sequence& layers, std::size_t input_dim, const std::optional<DoubleArray>& lo,
                        const std::optional<DoubleArray>& hi, std::size_t domain_rows, const py::dict& arrays,
                        const std::optional<py::function>& begin) {
  std::vector<verify::LayerRows> rows;
  for (const py::handle layer : layers) rows.push_back(layer_rows(py::reinterpret_borrow<py::tuple>(layer)));
  const verify::Model model(input_dim, rows, domain_rows);
  verify::StoredComplex stored = stored_complex(input_dim, lo, hi, arrays);
  stored.domain_rows = domain_rows;
  const auto announce = [&](const char* name) {
    const py::gil_scoped_acquire acquire;
    if (begin) (*begin)(name);
  };
  verify::Findings findings;
  {
    const py::gil_scoped_release release;
    findings = verify::certify(stored, model, announce, check_signals);
  }
  py::list checks;
  for (const verify::Check& check : findings.checks) checks.append(py::make_tuple(check.name, check.ok, check.message));
  py::dict result;
  result["checks"] = checks;
  result["signs_by_bounds"] = findings.signs.triage;
  result["signs_by_integers"] = findings.signs.exact;
  return result;
}

}  // namespace

void bind_verify(py::module_& m) {
  m.def("certify", &certify_arrays, py::arg("layers"), py::arg("input_dim"), py::arg("lo"), py::arg("hi"),
        py::arg("domain_rows"), py::arg("arrays"), py::arg("begin") = py::none(), FloatingGuard());
}

}  // namespace relutope
