// A complex as a dictionary of plain numpy arrays, and back.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <optional>

#include "bindings/convert.hpp"
#include "cells/complex.hpp"

namespace relutope {

pybind11::dict to_arrays(const pybind11::object& self);
std::shared_ptr<Complex> from_arrays(const std::shared_ptr<Network>& network, const std::optional<DoubleArray>& lo,
                                     const std::optional<DoubleArray>& hi, const pybind11::dict& arrays);

/// Box if both are given, all of R^d if none is; ValueError otherwise.
Domain domain_of(const Network& network, const std::optional<DoubleArray>& lo, const std::optional<DoubleArray>& hi);

}  // namespace relutope
