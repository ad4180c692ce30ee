// relutope._core: functionals of the outputs, as neurons, at vertices and on cells
#include <pybind11/stl.h>

#include <functional>
#include <string>

#include "bindings/bind.hpp"
#include "bindings/checked.hpp"
#include "bindings/convert.hpp"
#include "bindings/signals.hpp"
#include "cells/composition.hpp"
#include "network/functionals.hpp"
#include "network/pattern_forms.hpp"

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

Integer at(const std::vector<Integer>& form, const std::vector<Integer>& point, const Integer& constant) {
  Integer sum = form.back() * constant;
  for (std::size_t i = 0; i < point.size(); ++i) sum += form[i] * point[i];
  return sum;
}

/// Per vertex: numerators of the outputs, their multiples of M (0 unless it is at infinity), and the denominator. The
/// network is the complex's own, or has its first hidden layers.
py::list vertex_outputs(const Complex& complex, const Network& network,
                        const py::array_t<std::int64_t, py::array::c_style>& ids) {
  const SignCodes& codes = complex.codes();
  const std::size_t last = network.hidden_layers();
  ExactSolver solver(complex.network(), codes, complex.domain(), complex.network().hidden_layers());
  PatternForms forms(network);
  py::list result;
  std::vector<Integer> form;
  for (py::ssize_t i = 0; i < ids.size(); ++i) {
    check_signals();
    const std::size_t v = require_id(complex, 0, ids.data()[i]);
    const Word* positive = complex.vertex_signs(v);
    // The pattern of a vertex at infinity holds at p + M q for all large M, so the form is right in both parts.
    forms.set_pattern(last, [&](std::size_t l, std::size_t neuron) {
      return codes.sign(l, neuron, positive, positive + codes.words()) == network.active_sign(l);
    });
    const ExactPoint point = complex.exact_vertex(v, solver);
    py::list finite;
    py::list infinite;
    for (std::size_t k = 0; k < network.output_dim(); ++k) {
      forms.form(last, k, form);
      finite.append(to_python(at(form, point.finite, point.denominator)));
      infinite.append(to_python(at(form, point.infinite, Integer(0))));
    }
    result.append(py::make_tuple(finite, infinite, to_python(Integer(forms.scale(last) * point.denominator))));
  }
  return result;
}

template <class Field>
using Fields = py::array_t<Field, py::array::c_style>;

template <class Field>
py::list composed_fields(const Complex& complex, const Fields<Field>& at_vertices, bool meet) {
  py::list result;
  result.append(at_vertices);
  const Field* below = at_vertices.data();
  for (std::size_t k = 1; k <= complex.dim(); ++k) {
    check_signals();
    Fields<Field> fields({at_vertices.shape(0), static_cast<py::ssize_t>(complex.count(k))});
    Field* out = fields.mutable_data();
    {
      const py::gil_scoped_release release;
      for (py::ssize_t row = 0; row < at_vertices.shape(0); ++row) {
        const auto i = static_cast<std::size_t>(row);
        const Field* from = below + i * complex.count(k - 1);
        Field* to = out + i * complex.count(k);
        if (meet) {
          compose(complex, k, from, std::bit_and<Field>(), to);
        } else {
          compose(complex, k, from, std::bit_or<Field>(), to);
        }
      }
    }
    result.append(fields);
    below = out;
  }
  return result;
}

/// Per dimension rows of bit fields of the cells, uint8 or uint64, from rows at the vertices.
py::list composed(const Complex& complex, const py::array& at_vertices, bool meet) {
  if (at_vertices.ndim() != 2 || at_vertices.shape(1) != static_cast<py::ssize_t>(complex.count(0))) {
    throw py::value_error("at_vertices: must have the shape (rows, " + std::to_string(complex.count(0)) + ")");
  }
  if (py::isinstance<Fields<Word>>(at_vertices)) {
    return composed_fields<Word>(complex, py::reinterpret_borrow<Fields<Word>>(at_vertices), meet);
  }
  if (py::isinstance<Fields<std::uint8_t>>(at_vertices)) {
    return composed_fields<std::uint8_t>(complex, py::reinterpret_borrow<Fields<std::uint8_t>>(at_vertices), meet);
  }
  throw py::value_error("at_vertices: must be a contiguous array of uint8 or uint64");
}

}  // namespace

void bind_refinement(py::module_& m) {
  m.def("extended_network", &extended_network, py::arg("network"), py::arg("functionals"));
  m.def("composed", &composed, py::arg("complex"), py::arg("at_vertices"), py::arg("meet"));
  m.def("vertex_outputs", &vertex_outputs, py::arg("complex"), py::arg("network"), py::arg("ids"), FloatingGuard());
}

}  // namespace relutope
