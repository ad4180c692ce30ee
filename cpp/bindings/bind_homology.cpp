// relutope._core: homology
#include <pybind11/stl.h>

#include <atomic>
#include <memory>
#include <stdexcept>

#include "bindings/bind.hpp"
#include "bindings/convert.hpp"
#include "bindings/signals.hpp"
#include "homology/curves.hpp"
#include "homology/persistence.hpp"
#include "homology/random_keys.hpp"
#include "homology/representatives.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

using IdArray = py::array_t<std::int32_t, py::array::c_style>;
using SignArray = py::array_t<std::int8_t, py::array::c_style>;
using KeyArray = py::array_t<std::uint32_t, py::array::c_style>;
using LongArray = py::array_t<std::int64_t, py::array::c_style>;

template <class T>
std::span<const T> span_of(const py::array_t<T, py::array::c_style>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

/// Keeps the arrays of a chain complex alive.
struct CellComplex {
  ChainComplex chains;
  std::shared_ptr<const DualEnds> dual = std::make_shared<DualEnds>();  // replaced, never changed: threads share it
  std::shared_ptr<const DualEnds> candidate;
  bool acyclic = false;
  bool orientable = false;
  std::vector<py::object> arrays;
};

std::shared_ptr<CellComplex> cell_complex(std::vector<std::size_t> counts, const std::vector<IdArray>& indptr,
                                          const std::vector<IdArray>& indices, const std::vector<SignArray>& signs) {
  auto complex = std::make_shared<CellComplex>();
  complex->chains.counts = std::move(counts);
  for (std::size_t k = 0; k < indptr.size(); ++k) {
    complex->chains.boundaries.push_back({span_of(indptr[k]), span_of(indices.at(k))});
    if (!signs.empty()) complex->chains.boundaries[k].signs = span_of(signs.at(k));
    complex->arrays.insert(complex->arrays.end(), {indptr[k], indices[k]});
    if (!signs.empty()) complex->arrays.push_back(signs[k]);
  }
  const py::gil_scoped_release release;
  require_consistent(complex->chains);
  return complex;
}

py::object to_pair(const std::optional<Cell>& cell) {
  if (!cell) return py::none();
  return py::make_tuple(cell->dimension, cell->id);
}

std::optional<Cell> open_boundary(const CellComplex& complex) {
  const py::gil_scoped_release release;
  return without_closed_boundary(complex.chains);
}

/// Looks whether Alexander duality may hold; see DualEnds for what it asks for besides.
bool find_dual(CellComplex& complex) {
  std::shared_ptr<const DualEnds> found;
  {
    const py::gil_scoped_release release;
    found = std::make_shared<DualEnds>(dual_ends(complex.chains));
  }
  complex.candidate = found;
  return found->exist();
}

/// What is known of the homology of the whole complex decides whether the duality that was found is used.
void set_known(CellComplex& complex, bool duality, bool acyclic, bool orientable) {
  if (duality && complex.candidate) complex.dual = complex.candidate;
  complex.acyclic = acyclic;
  complex.orientable = orientable;
}

std::span<const std::uint32_t> checked_keys(const CellComplex& complex, const KeyArray& keys) {
  if (static_cast<std::size_t>(keys.size()) != complex.chains.cells()) {
    throw py::value_error("keys: " + std::to_string(keys.size()) + "; must be one per cell, " +
                          std::to_string(complex.chains.cells()));
  }
  return span_of(keys);
}

py::array keys_of(const CellComplex& complex, int filtration, std::uint64_t seed) {
  std::vector<std::uint32_t> keys;
  {
    const py::gil_scoped_release release;
    random_keys(complex.chains, static_cast<RandomFiltration>(filtration), seed, keys);
  }
  return to_numpy(std::move(keys));
}

py::object misplaced_face(const CellComplex& complex, const KeyArray& keys) {
  const auto values = checked_keys(complex, keys);
  std::optional<std::pair<Cell, Cell>> found;
  {
    const py::gil_scoped_release release;
    found = face_after_coface(complex.chains, values);
  }
  if (!found) return py::none();
  return py::make_tuple(to_pair(found->first), to_pair(found->second));
}

/// A complex, and the working memory of Betti curves along its filtrations; for one thread at a time.
class CurveMachine {
 public:
  explicit CurveMachine(std::shared_ptr<const CellComplex> complex)
      : complex_(std::move(complex)),
        dual_(complex_->dual),
        curves_(complex_->chains, *dual_, complex_->acyclic, [this] { heartbeat(); }) {}
  CurveMachine(const CurveMachine&) = delete;
  CurveMachine& operator=(const CurveMachine&) = delete;

  /// Ends what another thread computes, at its next heartbeat, and all that comes after.
  void cancel() { cancelled_ = true; }

  py::tuple of_random(int filtration, std::uint64_t seed, const LongArray& thresholds) {
    return run(thresholds, [&] {
      random_keys(complex_->chains, static_cast<RandomFiltration>(filtration), seed, keys_);
      return std::span<const std::uint32_t>(keys_);
    });
  }
  py::tuple of_keys(const KeyArray& keys, const LongArray& thresholds) {
    const auto values = checked_keys(*complex_, keys);
    return run(thresholds, [&] { return values; });
  }

 private:
  void heartbeat() const {
    if (cancelled_) throw std::runtime_error("cancelled");
    check_signals();
  }

  template <class Keys>
  py::tuple run(const LongArray& thresholds, const Keys& keys) {
    const std::size_t width = complex_->chains.dim() + 1;
    std::vector<std::int64_t> curve(static_cast<std::size_t>(thresholds.size()) * width);
    {
      const auto limits = span_of(thresholds);
      const py::gil_scoped_release release;
      curves_.run(keys(), limits, curve);
    }
    std::vector<std::int64_t> peaks;
    for (const Peak& peak : curves_.peaks()) {
      peaks.insert(peaks.end(), {peak.value, peak.first_key, peak.last_key, peak.first_cells, peak.last_cells});
    }
    const auto columns = static_cast<py::ssize_t>(width);
    return py::make_tuple(to_numpy(std::move(curve), {thresholds.size(), columns}),
                          to_numpy(std::move(peaks), {columns, 5}));
  }

  std::shared_ptr<const CellComplex> complex_;
  std::shared_ptr<const DualEnds> dual_;
  BettiCurves curves_;
  std::vector<std::uint32_t> keys_;
  std::atomic<bool> cancelled_ = false;
};

std::vector<std::size_t> betti(const CellComplex& complex, Residue prime) {
  const py::gil_scoped_release release;
  return betti_numbers(complex.chains, prime, check_signals);
}

py::list bars_of(const CellComplex& complex, const KeyArray& keys, Residue prime, std::size_t max_dimension,
                 bool clearing) {
  const auto values = checked_keys(complex, keys);
  const auto dual = complex.dual;
  const bool orientable = complex.orientable;
  std::vector<Bars> bars;
  {
    const py::gil_scoped_release release;
    const FilteredOrder order(complex.chains, values);
    bars = persistence(complex.chains, order, *dual, orientable, {prime, max_dimension, clearing}, check_signals);
  }
  py::list result;
  for (Bars& degree : bars) {
    result.append(py::make_tuple(to_numpy(std::move(degree.births)), to_numpy(std::move(degree.deaths))));
  }
  return result;
}

py::list representatives(const CellComplex& complex, const KeyArray& keys, Residue prime,
                         const std::vector<std::pair<IdArray, IdArray>>& bars, std::size_t k, const LongArray& chosen,
                         bool cocycles) {
  const auto values = checked_keys(complex, keys);
  std::vector<Bars> table;
  for (const auto& [births, deaths] : bars) {
    const auto born = span_of(births);
    const auto dead = span_of(deaths);
    table.push_back({{born.begin(), born.end()}, {dead.begin(), dead.end()}});
  }
  std::vector<Chain> chains;
  {
    const auto places = span_of(chosen);
    const py::gil_scoped_release release;
    const FilteredOrder order(complex.chains, values);
    chains = cocycles ? representative_cocycles(complex.chains, order, values, table, k, places, prime, check_signals)
                      : representative_cycles(complex.chains, order, table, k, places, prime, check_signals);
  }
  py::list result;
  for (Chain& chain : chains) {
    if (chain.coefficients.empty()) chain.coefficients.assign(chain.cells.size(), 1);
    result.append(py::make_tuple(to_numpy(std::move(chain.cells)), to_numpy(std::move(chain.coefficients))));
  }
  return result;
}

}  // namespace

void bind_homology(py::module_& m) {
  py::class_<CellComplex, std::shared_ptr<CellComplex>>(m, "CellComplex")
      .def(py::init(&cell_complex), py::arg("counts"), py::arg("indptr"), py::arg("indices"), py::arg("signs"))
      .def("open_boundary", [](const CellComplex& complex) { return to_pair(open_boundary(complex)); })
      .def("find_dual", &find_dual)
      .def("set_known", &set_known, py::arg("duality"), py::arg("acyclic"), py::arg("orientable"))
      .def("random_keys", &keys_of, py::arg("filtration"), py::arg("seed"))
      .def("misplaced_face", &misplaced_face, py::arg("keys"))
      .def("betti_numbers", &betti, py::arg("prime"))
      .def("persistence", &bars_of, py::arg("keys"), py::arg("prime"), py::arg("max_dimension"), py::arg("clearing"))
      .def("representatives", &representatives, py::arg("keys"), py::arg("prime"), py::arg("bars"), py::arg("k"),
           py::arg("chosen"), py::arg("cocycles"));
  py::class_<CurveMachine>(m, "BettiCurves")
      .def(py::init<std::shared_ptr<CellComplex>>(), py::arg("complex"))
      .def("of_random", &CurveMachine::of_random, py::arg("filtration"), py::arg("seed"), py::arg("thresholds"))
      .def("cancel", &CurveMachine::cancel)
      .def("of_keys", &CurveMachine::of_keys, py::arg("keys"), py::arg("thresholds"));
}

}  // namespace relutope
