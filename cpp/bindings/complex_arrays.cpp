#include "bindings/complex_arrays.hpp"

#include <algorithm>
#include <string>

#include "cells/complex_builder.hpp"

namespace py = pybind11;

namespace relutope {
namespace {

template <class T>
Buffer<T> buffer_of(const py::dict& arrays, const std::string& key) {
  using Array = py::array_t<T, py::array::c_style>;
  if (!arrays.contains(key)) throw py::value_error("arrays: '" + key + "' is missing");
  const py::object item = arrays[py::str(key)];
  if (!py::isinstance<Array>(item)) throw py::value_error("arrays: '" + key + "' has the wrong dtype or layout");
  const auto array = py::reinterpret_borrow<Array>(item);
  Buffer<T> buffer;
  buffer.append_copy(array.data(), static_cast<std::size_t>(array.size()));
  return buffer;
}

void require(bool condition, const char* what) {
  if (!condition) throw py::value_error(std::string("arrays: ") + what);
}

/// Bits must be numbered without gaps in the order of the layers, as SignCodes::add_layer does.
SignCodes codes_of(const Network& network, const py::dict& arrays) {
  const auto bits = buffer_of<std::int32_t>(arrays, "code_bit");
  const auto flipped = buffer_of<std::int8_t>(arrays, "code_flipped");
  const auto constant = buffer_of<std::int8_t>(arrays, "code_constant");
  const std::size_t n = network.neurons();
  require(bits.size() == n && flipped.size() == n && constant.size() == n, "sign codes: one per neuron is needed");
  SignCodes codes;
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    std::vector<NeuronCode> layer;
    const auto first_bit = static_cast<std::int32_t>(codes.bits());
    std::int32_t end = first_bit;
    for (std::size_t i = network.first_neuron(l); i < network.first_neuron(l + 1); ++i) {
      require(bits[i] >= -1 && bits[i] <= end && (bits[i] == -1 || bits[i] >= first_bit),
              "sign codes: a bit is out of order");
      require(constant[i] >= -1 && constant[i] <= 1, "sign codes: a constant sign is not -1, 0 or 1");
      end = std::max(end, bits[i] + 1);
      layer.push_back({bits[i] < 0 ? -1 : bits[i] - first_bit, flipped[i] != 0, sign_from_int(constant[i])});
    }
    codes.add_layer(std::move(layer), static_cast<std::size_t>(end - first_bit));
  }
  return codes;
}

}  // namespace

Domain domain_of(const Network& network, const std::optional<DoubleArray>& lo, const std::optional<DoubleArray>& hi) {
  if (lo.has_value() != hi.has_value()) throw py::value_error("lo, hi: give both for a box or none for all of R^d");
  if (!lo) return Domain::all_space(network.input_dim());
  return Domain::box({lo->data(), lo->data() + lo->size()}, {hi->data(), hi->data() + hi->size()});
}

py::dict to_arrays(const py::object& self) {
  const auto& complex = self.cast<const Complex&>();
  const auto n = static_cast<py::ssize_t>(complex.count(0));
  const auto d = static_cast<py::ssize_t>(complex.dim());
  py::dict arrays;
  py::array_t<std::int64_t> finite(d + 1);
  for (py::ssize_t k = 0; k <= d; ++k) {
    finite.mutable_at(k) = static_cast<std::int64_t>(complex.finite_count(static_cast<std::size_t>(k)));
  }
  arrays["f_vector"] = finite;
  arrays["vertices"] = view(complex.vertices(), {n, d}, self);
  arrays["vertex_error"] = view(complex.vertex_error(), {n}, self);
  arrays["rays"] = view(complex.rays(), {n - finite.at(0), d}, self);
  arrays["signs"] = view(complex.sign_words(), {n, static_cast<py::ssize_t>(2 * complex.codes().words())}, self);
  arrays["walls"] = view(complex.wall_words(), {n}, self);
  for (std::size_t k = 1; k <= complex.dim(); ++k) {
    const Complex::Faces& faces = complex.faces(k);
    arrays[("indptr_" + std::to_string(k)).c_str()] =
        view(faces.indptr.span(), {static_cast<py::ssize_t>(faces.indptr.size())}, self);
    arrays[("indices_" + std::to_string(k)).c_str()] =
        view(faces.indices.span(), {static_cast<py::ssize_t>(faces.indices.size())}, self);
  }
  const auto neurons = static_cast<py::ssize_t>(complex.network().neurons());
  py::array_t<std::int32_t> bit(neurons);
  py::array_t<std::int8_t> flipped(neurons);
  py::array_t<std::int8_t> constant(neurons);
  py::ssize_t i = 0;
  for (std::size_t l = 0; l < complex.codes().layers(); ++l) {
    for (const NeuronCode& code : complex.codes().layer(l)) {
      bit.mutable_at(i) = code.bit;
      flipped.mutable_at(i) = code.flipped ? 1 : 0;
      constant.mutable_at(i++) = static_cast<std::int8_t>(to_int(code.constant));
    }
  }
  arrays["code_bit"] = bit;
  arrays["code_flipped"] = flipped;
  arrays["code_constant"] = constant;
  return arrays;
}

std::shared_ptr<Complex> from_arrays(const std::shared_ptr<Network>& network, const std::optional<DoubleArray>& lo,
                                     const std::optional<DoubleArray>& hi, const py::dict& arrays) {
  const Domain domain = domain_of(*network, lo, hi);
  ComplexArrays parts;
  const auto finite = buffer_of<std::int64_t>(arrays, "f_vector");
  for (const std::int64_t count : finite.span()) {
    require(count >= 0, "f_vector: must not be negative");
    parts.finite_counts.push_back(static_cast<std::size_t>(count));
  }
  parts.vertices = buffer_of<double>(arrays, "vertices");
  parts.vertex_error = buffer_of<float>(arrays, "vertex_error");
  parts.rays = buffer_of<double>(arrays, "rays");
  parts.signs = buffer_of<Word>(arrays, "signs");
  parts.walls = buffer_of<Word>(arrays, "walls");
  parts.faces.emplace_back();
  for (std::size_t k = 1; k <= domain.dim(); ++k) {
    parts.faces.push_back({buffer_of<std::int32_t>(arrays, "indptr_" + std::to_string(k)),
                           buffer_of<std::int32_t>(arrays, "indices_" + std::to_string(k))});
  }
  return assemble_complex(network, domain, codes_of(*network, arrays), std::move(parts));
}

}  // namespace relutope
