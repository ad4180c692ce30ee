// A complex as a dictionary of plain numpy arrays, and back.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "bindings/convert.hpp"
#include "cells/complex.hpp"

namespace relutope {

pybind11::dict to_arrays(const pybind11::object& self);
std::shared_ptr<Complex> from_arrays(const std::shared_ptr<Network>& network, const Domain& domain,
                                     const pybind11::dict& arrays);

}  // namespace relutope
