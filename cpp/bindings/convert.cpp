#include "bindings/convert.hpp"

#include <string>

namespace py = pybind11;

namespace relutope {

py::int_ to_python(const Integer& value) {
  const std::string text = to_hex(value);
  PyObject* object = PyLong_FromString(text.c_str(), nullptr, 16);
  if (object == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::int_>(object);
}

Integer to_integer(const py::handle& value) {
  if (!PyLong_Check(value.ptr())) throw py::type_error("numerators and denominators: must be Python integers");
  PyObject* text = PyNumber_ToBase(value.ptr(), 16);
  if (text == nullptr) throw py::error_already_set();
  std::string digits = py::reinterpret_steal<py::str>(text).cast<std::string>();
  const std::size_t prefix = digits.find("0x");
  if (prefix != std::string::npos) digits.erase(prefix, 2);
  return integer_from_hex(digits);
}

std::vector<Integer> to_integers(const py::sequence& values) {
  std::vector<Integer> result;
  result.reserve(values.size());
  for (const py::handle value : values) result.push_back(to_integer(value));
  return result;
}

std::vector<IntegerRow> to_integer_rows(const py::sequence& rows) {
  std::vector<IntegerRow> result;
  for (const py::handle item : rows) {
    const auto row = py::reinterpret_borrow<py::sequence>(item);
    result.push_back({to_integers(py::reinterpret_borrow<py::sequence>(row[0])), to_integer(row[1])});
  }
  return result;
}

py::list to_python(const std::vector<Integer>& values) {
  py::list result;
  for (const Integer& value : values) result.append(to_python(value));
  return result;
}

std::span<const double> matrix(const DoubleArray& array, const char* name, std::size_t columns) {
  if (array.ndim() != 2 || static_cast<std::size_t>(array.shape(1)) != columns) {
    std::string shape;
    for (py::ssize_t i = 0; i < array.ndim(); ++i) shape += (i > 0 ? ", " : "") + std::to_string(array.shape(i));
    throw py::value_error(std::string(name) + ": shape (" + shape + "); must be (m, " + std::to_string(columns) + ")");
  }
  return {array.data(), static_cast<std::size_t>(array.size())};
}

}  // namespace relutope
