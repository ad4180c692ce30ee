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

/// Codes of one layer or of the domain's rows. Bits must be numbered without gaps, from `first_bit` on.
class CodeReader {
 public:
  CodeReader(const py::dict& arrays, const std::string& prefix, std::size_t n)
      : bits_(buffer_of<std::int32_t>(arrays, prefix + "_bit")),
        flipped_(buffer_of<std::int8_t>(arrays, prefix + "_flipped")),
        constant_(buffer_of<std::int8_t>(arrays, prefix + "_constant")) {
    require(bits_.size() == n && flipped_.size() == n && constant_.size() == n,
            "sign codes: one per neuron and row of the domain is needed");
  }

  /// Codes first..last-1, their bits counted from first_bit; `n_bits` is how many they use.
  std::vector<NeuronCode> read(std::size_t first, std::size_t last, std::size_t first_bit, std::size_t& n_bits) const {
    const auto base = static_cast<std::int32_t>(first_bit);
    std::int32_t end = base;
    std::vector<NeuronCode> codes;
    for (std::size_t i = first; i < last; ++i) {
      require(bits_[i] >= -1 && bits_[i] <= end && (bits_[i] == -1 || bits_[i] >= base),
              "sign codes: a bit is out of order");
      require(constant_[i] >= -1 && constant_[i] <= 1, "sign codes: a constant sign is not -1, 0 or 1");
      end = std::max(end, bits_[i] + 1);
      codes.push_back({bits_[i] < 0 ? -1 : bits_[i] - base, flipped_[i] != 0, sign_from_int(constant_[i])});
    }
    n_bits = static_cast<std::size_t>(end - base);
    return codes;
  }

 private:
  Buffer<std::int32_t> bits_;
  Buffer<std::int8_t> flipped_;
  Buffer<std::int8_t> constant_;
};

SignCodes codes_of(const Network& network, const Domain& domain, const py::dict& arrays) {
  SignCodes codes;
  std::size_t n_bits = 0;
  if (domain.is_polytope()) {
    const CodeReader rows(arrays, "constraint", domain.constraint_count());
    std::vector<NeuronCode> constraints = rows.read(0, domain.constraint_count(), 0, n_bits);
    codes.add_constraints(std::move(constraints), n_bits);
  }
  const CodeReader neurons(arrays, "code", network.signs());
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    std::vector<NeuronCode> layer =
        neurons.read(network.first_sign(l), network.first_sign(l + 1), codes.bits(), n_bits);
    codes.add_layer(std::move(layer), n_bits);
  }
  return codes;
}

void write_codes(const std::vector<NeuronCode>& codes, const std::string& prefix, py::dict& arrays) {
  const auto n = static_cast<py::ssize_t>(codes.size());
  py::array_t<std::int32_t> bit(n);
  py::array_t<std::int8_t> flipped(n);
  py::array_t<std::int8_t> constant(n);
  for (py::ssize_t i = 0; i < n; ++i) {
    const NeuronCode& code = codes[static_cast<std::size_t>(i)];
    bit.mutable_at(i) = code.bit;
    flipped.mutable_at(i) = code.flipped ? 1 : 0;
    constant.mutable_at(i) = static_cast<std::int8_t>(to_int(code.constant));
  }
  arrays[(prefix + "_bit").c_str()] = bit;
  arrays[(prefix + "_flipped").c_str()] = flipped;
  arrays[(prefix + "_constant").c_str()] = constant;
}

}  // namespace

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
  if (complex.domain().is_polytope()) write_codes(complex.codes().constraints(), "constraint", arrays);
  std::vector<NeuronCode> codes;
  for (std::size_t l = 0; l < complex.codes().layers(); ++l) {
    const std::vector<NeuronCode>& layer = complex.codes().layer(l);
    codes.insert(codes.end(), layer.begin(), layer.end());
  }
  write_codes(codes, "code", arrays);
  return arrays;
}

std::shared_ptr<Complex> from_arrays(const std::shared_ptr<Network>& network, const Domain& domain,
                                     const py::dict& arrays) {
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
  const bool bounded = !parts.finite_counts.empty() && parts.finite_counts[0] == parts.walls.size();
  parts.faces.emplace_back();
  for (std::size_t k = 1; k <= domain.dim(); ++k) {
    parts.faces.push_back({buffer_of<std::int32_t>(arrays, "indptr_" + std::to_string(k)),
                           buffer_of<std::int32_t>(arrays, "indices_" + std::to_string(k))});
  }
  return assemble_complex(network, domain.is_polytope() && bounded ? domain.as_bounded() : domain,
                          codes_of(*network, domain, arrays), std::move(parts));
}

}  // namespace relutope
