// Ctrl-C during long computations.
#pragma once

#include <pybind11/pybind11.h>

namespace relutope {

/// Runs Python's handlers of signals and throws what they raise; with or without the GIL held.
inline void check_signals() {
  const pybind11::gil_scoped_acquire acquire;
  if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
}

}  // namespace relutope
