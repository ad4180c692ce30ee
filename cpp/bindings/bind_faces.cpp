// relutope._core: the face poset
#include <pybind11/stl.h>

#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "bindings/bind.hpp"
#include "bindings/checked.hpp"
#include "bindings/convert.hpp"
#include "bindings/signals.hpp"
#include "cells/flips.hpp"
#include "cells/incidence.hpp"
#include "cells/orientation.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

using IdArray = py::array_t<std::int64_t, py::array::c_style>;
using RegionArray = py::array_t<std::int32_t, py::array::c_style>;

py::tuple to_tuple(Incidence&& lists) {
  return py::make_tuple(to_numpy(std::move(lists.indptr)), to_numpy(std::move(lists.indices)));
}

py::tuple cofacets_of(const Complex& complex, std::int64_t k) {
  require_dimension(complex, k, 0);
  require_dimension(complex, k + 1, 1);
  Incidence lists;
  {
    const py::gil_scoped_release release;
    lists = cofacets(complex, static_cast<std::size_t>(k));
  }
  return to_tuple(std::move(lists));
}

py::tuple incidence(const Complex& complex, std::int64_t k, std::int64_t m, const std::optional<IdArray>& ids) {
  require_dimension(complex, k, 1);
  if (m < 0 || m >= k) {
    throw py::value_error("m: " + std::to_string(m) + "; must be 0 to " + std::to_string(k - 1));
  }
  const auto dimension = static_cast<std::size_t>(k);
  std::vector<std::int64_t> chosen;
  if (ids) {
    for (py::ssize_t i = 0; i < ids->size(); ++i) require_id(complex, dimension, ids->data()[i]);
    chosen.assign(ids->data(), ids->data() + ids->size());
  } else {
    chosen.resize(complex.count(dimension));
    std::iota(chosen.begin(), chosen.end(), std::int64_t{0});
  }
  Incidence lists;
  {
    const py::gil_scoped_release release;
    lists = faces_of(complex, dimension, static_cast<std::size_t>(m), chosen, check_signals);
  }
  return to_tuple(std::move(lists));
}

py::list incidence_numbers_of(const Complex& complex) {
  std::vector<std::vector<std::int8_t>> numbers;
  {
    const py::gil_scoped_release release;
    numbers = incidence_numbers(complex, check_signals);
  }
  py::list result;
  for (std::vector<std::int8_t>& dimension : numbers) result.append(to_numpy(std::move(dimension)));
  return result;
}

py::tuple flips_of(const Complex& complex, const RegionArray& first, const RegionArray& second) {
  if (first.size() != second.size()) {
    throw py::value_error("first, second: " + std::to_string(first.size()) + " and " + std::to_string(second.size()) +
                          " regions; must be as many");
  }
  for (const RegionArray* regions : {&first, &second}) {
    for (py::ssize_t i = 0; i < regions->size(); ++i) require_id(complex, complex.dim(), regions->data()[i]);
  }
  const std::span<const std::int32_t> a(first.data(), static_cast<std::size_t>(first.size()));
  const std::span<const std::int32_t> b(second.data(), static_cast<std::size_t>(second.size()));
  Incidence lists;
  {
    const py::gil_scoped_release release;
    lists = flips(complex, a, b, check_signals);
  }
  return to_tuple(std::move(lists));
}

}  // namespace

void bind_faces(py::module_& m) {
  m.def("cofacets", &cofacets_of, py::arg("complex"), py::arg("k"));
  m.def("incidence", &incidence, py::arg("complex"), py::arg("k"), py::arg("m"), py::arg("ids") = py::none());
  m.def("incidence_numbers", &incidence_numbers_of, py::arg("complex"));
  m.def("flips", &flips_of, py::arg("complex"), py::arg("first"), py::arg("second"));
}

}  // namespace relutope
