// Between numpy arrays, Python integers and the core's types.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "exact/dyadic.hpp"
#include "exact/integer.hpp"

namespace relutope {

using DoubleArray = pybind11::array_t<double, pybind11::array::c_style | pybind11::array::forcecast>;

pybind11::int_ to_python(const Integer& value);
Integer to_integer(const pybind11::handle& value);
std::vector<Integer> to_integers(const pybind11::sequence& values);
pybind11::list to_python(const std::vector<Integer>& values);
/// Rows (numerators, denominator) of a layer.
std::vector<IntegerRow> to_integer_rows(const pybind11::sequence& rows);

/// A read-only view of memory that `owner` keeps alive.
template <class T>
pybind11::array view(std::span<const T> data, std::vector<pybind11::ssize_t> shape, const pybind11::object& owner) {
  static const T kEmpty{};
  const T* pointer = data.empty() ? &kEmpty : data.data();
  pybind11::array array(pybind11::dtype::of<T>(), std::move(shape), pointer, owner);
  pybind11::detail::array_proxy(array.ptr())->flags &= ~pybind11::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  return array;
}

/// A read-only array that owns the values, those of a std::vector or a Buffer, of shape (n,) unless another is given.
template <class Values>
  requires(!std::is_reference_v<Values>)
pybind11::array to_numpy(Values&& values, std::vector<pybind11::ssize_t> shape = {}) {
  auto* owned = new Values(std::move(values));
  const pybind11::capsule owner(owned, [](void* pointer) { delete static_cast<Values*>(pointer); });
  if (shape.empty()) shape = {static_cast<pybind11::ssize_t>(owned->size())};
  return view(std::span(std::as_const(*owned).data(), owned->size()), std::move(shape), owner);
}

/// A two-dimensional float64 argument of `columns` columns; ValueError otherwise.
std::span<const double> matrix(const DoubleArray& array, const char* name, std::size_t columns);

}  // namespace relutope
