// What one hidden layer's neurons are once their signs at all vertices are known: bits of the masks, multiples of one
// another, or constant; and which columns feed the next layer for which signs.
#pragma once

#include <cstddef>
#include <vector>

#include "cells/scaled_layer.hpp"
#include "cells/sign_codes.hpp"
#include "network/proportional.hpp"

namespace relutope {

struct LayerTables {
  std::vector<NeuronCode> codes;              // per neuron, bits counted within the layer
  std::vector<std::size_t> leader;            // per bit: the neuron whose sign it is
  std::vector<std::vector<std::size_t>> all;  // per bit: the leader and its multiples
  std::vector<std::vector<std::size_t>> on_if_positive;
  std::vector<std::vector<std::size_t>> on_if_negative;
  std::vector<std::size_t> always_on;
  std::size_t bits() const { return leader.size(); }
};

/// Which signs a neuron takes at the vertices; by convexity a neuron that takes one only is constant on the domain.
struct SignRange {
  std::vector<Word> positive, negative, zero;  // bit per neuron
};

/// Of a linear layer, whose values are always on.
LayerTables linear_layer_tables(std::size_t rows);

/// Of the first rows of a layer, those that have classes.
LayerTables make_layer_tables(const ScaledLayer& layer, const std::vector<RowClass>& classes, const SignRange& range);

}  // namespace relutope
