// Affine forms of neurons under one activation pattern, in integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "verify/model.hpp"

namespace relutope::verify {

/// The point (finite + M infinite) / denominator, denominator > 0; `infinite` is empty on a box.
struct ExactPoint {
  std::vector<Integer> finite;
  std::vector<Integer> infinite;
  Integer denominator;
};

class IntegerForms {
 public:
  explicit IntegerForms(const Model& model);

  /// The neurons that count as on. Layers whose predecessors keep their pattern keep their forms.
  void set_pattern(std::span<const std::uint8_t> on);

  /// A positive multiple of the pre-activation of neuron i of the layer under the pattern: input_dim coefficients, then
  /// the constant. It holds until the next call.
  std::span<const Integer> form(std::size_t layer, std::size_t i);

  /// Sign of the form there, for all large M.
  Sign sign(std::size_t layer, std::size_t i, const ExactPoint& point);

 private:
  struct LayerForms {
    std::vector<std::uint8_t> known;
    std::vector<Integer> entries;
  };
  void compute(std::size_t layer, std::size_t i);
  /// The scaled form of a row.
  std::span<const Integer> row_form(std::size_t layer, std::size_t i);
  void add(const Model::Source& source, const Integer& factor, Integer* out);
  std::size_t chosen(std::size_t layer, std::size_t row) const;

  const Model& model_;
  std::size_t stride_;
  std::vector<std::uint8_t> pattern_;
  std::vector<LayerForms> forms_;
  std::vector<Integer> difference_;
};

}  // namespace relutope::verify
