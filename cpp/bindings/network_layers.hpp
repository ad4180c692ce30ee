// Layers of a network as Python tuples (kind, indptr, indices, values, bias, rational): the rows of a sparse matrix
// over the ids of all earlier values, and for rows that are not all float64 a dict from row to (numerators,
// denominator).
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "network/network.hpp"

namespace relutope {

/// "relu", "linear" or "max".
const char* kind_name(LayerKind kind);

pybind11::tuple layer_to_python(const Layer& layer);

/// Throws ValueError if the arrays do not fit together; the message names layer `index`.
Layer layer_from_python(const pybind11::tuple& layer, std::size_t index);

}  // namespace relutope
