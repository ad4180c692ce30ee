// Rows of a layer that are multiples of one another: their neurons share one hyperplane.
#pragma once

#include <cstddef>
#include <vector>

#include "network/layer.hpp"

namespace relutope {

enum class RowKind { kLeader, kFollower, kConstant };

/// What a row (weights and bias) is among the rows of its layer.
struct RowClass {
  RowKind kind;        // kConstant: all weights are zero
  std::size_t leader;  // the first row it is a multiple of; itself unless a follower
  bool flipped;        // the factor is negative
};

/// Classes of all rows, decided exactly. Law: a follower's pre-activation is a non-zero multiple of its leader's.
std::vector<RowClass> classify_rows(const Layer& layer);

}  // namespace relutope
