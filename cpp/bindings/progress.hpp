// Progress as a Python dictionary.
#pragma once

#include <pybind11/pybind11.h>

#include "cells/budget.hpp"

namespace relutope {

pybind11::dict to_python(const Progress& progress);

}  // namespace relutope
