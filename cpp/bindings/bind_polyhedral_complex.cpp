// relutope._core: polyhedral_complex and refined_complex
#include <pybind11/stl.h>

#include <optional>

#include "bindings/bind.hpp"
#include "bindings/convert.hpp"
#include "bindings/progress.hpp"
#include "cells/polyhedral_complex.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

/// Calls Python's signal handlers, then the user's callback. An exception of the callback is kept and re-raised.
class PythonPoll {
 public:
  explicit PythonPoll(py::object callback) : callback_(std::move(callback)) {}

  bool operator()(const Progress& progress) {
    const py::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) {
      const py::error_already_set error;
      if (error.matches(PyExc_KeyboardInterrupt)) return true;
      error_.emplace(error);
      return true;
    }
    if (callback_.is_none()) return false;
    try {
      callback_(to_python(progress));
    } catch (const py::error_already_set& error) {
      if (!error.matches(PyExc_KeyboardInterrupt)) error_.emplace(error);
      return true;
    }
    return false;
  }
  void rethrow() {
    if (error_) throw *std::exchange(error_, std::nullopt);
  }

 private:
  py::object callback_;
  std::optional<py::error_already_set> error_;
};

/// What call(poll) returns, made without the GIL.
template <class Call>
auto polled(const py::object& poll, const Call& call) {
  PythonPoll python_poll(poll);
  try {
    const py::gil_scoped_release release;
    return call([&](const Progress& progress) { return python_poll(progress); });
  } catch (const Incomplete&) {
    python_poll.rethrow();
    throw;
  }
}

std::shared_ptr<Complex> build(const std::shared_ptr<Network>& network, const Domain& domain, std::size_t n_threads,
                               std::int64_t max_cells, double max_seconds, std::int64_t max_bytes,
                               const py::object& poll, std::optional<bool> fold) {
  return polled(poll, [&](Budget::Poll python_poll) {
    return polyhedral_complex(network, domain, fold, n_threads, {max_cells, max_seconds, max_bytes},
                              std::move(python_poll));
  });
}

/// The complex, and per dimension the dimensions and the ids of the carriers.
py::tuple refine(const Complex& base, const std::shared_ptr<Network>& network, const Domain& domain,
                 std::size_t n_threads, std::int64_t max_cells, double max_seconds, std::int64_t max_bytes,
                 const py::object& poll, bool fold) {
  Refinement refinement = polled(poll, [&](Budget::Poll python_poll) {
    return refined_complex(base, network, domain, fold, n_threads, {max_cells, max_seconds, max_bytes},
                           std::move(python_poll));
  });
  py::list carriers;
  for (Carrier& carrier : refinement.carriers) {
    carriers.append(py::make_tuple(to_numpy(std::move(carrier.dimensions)), to_numpy(std::move(carrier.ids))));
  }
  return py::make_tuple(std::shared_ptr<Complex>(std::move(refinement.complex)), carriers);
}

}  // namespace

void bind_polyhedral_complex(py::module_& m) {
  m.def("polyhedral_complex", &build, py::arg("network"), py::arg("domain"), py::arg("n_threads"), py::arg("max_cells"),
        py::arg("max_seconds"), py::arg("max_bytes"), py::arg("poll"), py::arg("fold") = py::none(), FloatingGuard());
  m.def("refined_complex", &refine, py::arg("base"), py::arg("network"), py::arg("domain"), py::arg("n_threads"),
        py::arg("max_cells"), py::arg("max_seconds"), py::arg("max_bytes"), py::arg("poll"), py::arg("fold"),
        FloatingGuard());
}

}  // namespace relutope
