// relutope._core: homology
#include <pybind11/stl.h>

#include "bindings/bind.hpp"
#include "bindings/convert.hpp"
#include "bindings/signals.hpp"
#include "homology/betti_numbers.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

using IdArray = py::array_t<std::int32_t, py::array::c_style>;

std::span<const std::int32_t> ids(const IdArray& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

std::vector<std::size_t> betti(std::vector<std::size_t> counts,
                               const std::vector<std::pair<IdArray, IdArray>>& boundaries) {
  ChainComplex complex;
  complex.counts = std::move(counts);
  for (const auto& [indptr, indices] : boundaries) complex.boundaries.push_back({ids(indptr), ids(indices)});
  require_consistent(complex);
  const py::gil_scoped_release release;
  return betti_numbers(complex, check_signals);
}

}  // namespace

void bind_homology(py::module_& m) { m.def("betti_numbers", &betti, py::arg("counts"), py::arg("boundaries")); }

}  // namespace relutope
