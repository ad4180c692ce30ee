// Evaluation of a network at points: in float64 with a proven forward error bound, and exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exact/predicates.hpp"
#include "exact/sign.hpp"
#include "network/network.hpp"

namespace relutope {

/// Values of all layers at one point; values[l][i] is row i, before its ReLU (last: the outputs).
struct FloatEvaluation {
  std::vector<std::vector<double>> values;
  std::vector<std::vector<double>> errors;  // |value - exact| <= error; inf or nan where float64 overflows
};

/// REQUIRES: point.size() == network.input_dim(); the point's float64 coordinates are taken as exact.
FloatEvaluation evaluate(const Network& network, std::span<const double> point);

/// Exact pre-activations at the point numerators / denominator (> 0). values[l][i] / denominators[l] is row i.
struct ExactEvaluation {
  std::vector<std::vector<Integer>> values;
  std::vector<Integer> denominators;  // positive
};
ExactEvaluation exact_evaluate(const Network& network, std::span<const Integer> numerators, const Integer& denominator);

/// The signs of all hidden layers, network.signs() entries.
void exact_signs(const Network& network, const ExactEvaluation& exact, std::int8_t* signs);

/// Exact signs of all hidden layers at a float64 point: bounds first, integers if any sign stays open.
/// `signs` has network.signs() entries. The tally counts the signs that each stage decided.
void sign_vector(const Network& network, std::span<const double> point, std::span<std::int8_t> signs,
                 StageTally& tally);

}  // namespace relutope
