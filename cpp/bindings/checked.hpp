// Arguments that name cells, checked.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "cells/complex.hpp"

namespace relutope {

inline void require_dimension(const Complex& complex, std::int64_t k, std::int64_t lowest) {
  if (k < lowest || k > static_cast<std::int64_t>(complex.dim())) {
    throw pybind11::value_error("k: " + std::to_string(k) + "; must be " + std::to_string(lowest) + " to " +
                                std::to_string(complex.dim()));
  }
}

inline std::size_t require_id(const Complex& complex, std::size_t k, std::int64_t id) {
  if (id < 0 || id >= static_cast<std::int64_t>(complex.count(k))) {
    throw pybind11::value_error("ids: " + std::to_string(id) + "; must be 0 to " + std::to_string(complex.count(k)) +
                                " - 1");
  }
  return static_cast<std::size_t>(id);
}

}  // namespace relutope
