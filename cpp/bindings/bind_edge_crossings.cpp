// relutope._core: crossings of the edges of two graphs in space
#include <cmath>
#include <string>

#include "bindings/bind.hpp"
#include "bindings/convert.hpp"
#include "bindings/signals.hpp"
#include "curves/edge_crossings.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

using Ids = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;

EdgeGraph checked(const DoubleArray& points, const Ids& edges, const std::string& name) {
  const EdgeGraph graph{matrix(points, ("points_" + name).c_str(), 3),
                        {edges.data(), static_cast<std::size_t>(edges.size())}};
  for (const double value : graph.points) {
    if (!std::isfinite(value)) throw py::value_error("points_" + name + ": must be finite");
  }
  if (edges.ndim() != 2 || edges.shape(1) != 2) throw py::value_error("edges_" + name + ": must have shape (n, 2)");
  for (const std::int64_t id : graph.edges) {
    if (id < 0 || id >= points.shape(0)) {
      throw py::value_error("edges_" + name + ": point " + std::to_string(id) + "; must be at least 0, less than " +
                            std::to_string(points.shape(0)));
    }
  }
  return graph;
}

py::tuple crossings_of(const DoubleArray& points_a, const Ids& edges_a, const DoubleArray& points_b,
                       const Ids& edges_b) {
  const EdgeGraph first = checked(points_a, edges_a, "a");
  const EdgeGraph second = checked(points_b, edges_b, "b");
  std::vector<std::uint32_t> a, b;
  std::vector<std::int8_t> signs;
  {
    const py::gil_scoped_release release;
    for (const EdgeCrossing& crossing : edge_crossings(first, second, check_signals)) {
      a.push_back(crossing.a);
      b.push_back(crossing.b);
      signs.push_back(crossing.sign);
    }
  }
  return py::make_tuple(to_numpy(std::move(a)), to_numpy(std::move(b)), to_numpy(std::move(signs)));
}

}  // namespace

void bind_edge_crossings(py::module_& m) {
  m.def("edge_crossings", &crossings_of, py::arg("points_a"), py::arg("edges_a"), py::arg("points_b"),
        py::arg("edges_b"), FloatingGuard());
}

}  // namespace relutope
