// relutope._core: networks with functionals of their outputs as one more hidden layer
#include "bindings/bind.hpp"
#include "bindings/convert.hpp"
#include "network/functionals.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

std::shared_ptr<Network> extended_network(const Network& network, const py::sequence& functionals) {
  std::vector<IntegerRow> rows;
  for (const py::handle item : functionals) {
    const auto row = py::reinterpret_borrow<py::sequence>(item);
    rows.push_back({to_integers(py::reinterpret_borrow<py::sequence>(row[0])), to_integer(row[1])});
  }
  return std::make_shared<Network>(with_functionals(network, rows));
}

}  // namespace

void bind_refinement(py::module_& m) {
  m.def("extended_network", &extended_network, py::arg("network"), py::arg("functionals"));
}

}  // namespace relutope
