// The neurons by whose signs pairs of regions differ.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "cells/incidence.hpp"

namespace relutope {

/// List i holds the neurons, numbered layer by layer, whose signs on regions first[i] and second[i] differ.
/// REQUIRES: spans of one length, legal ids. Throws std::length_error if the lists together exceed 2^31 - 1 entries;
/// calls `heartbeat` now and then.
Incidence flips(const Complex& complex, std::span<const std::int32_t> first, std::span<const std::int32_t> second,
                const std::function<void()>& heartbeat);

}  // namespace relutope
