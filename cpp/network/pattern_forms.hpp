// Exact affine forms of neurons under one activation pattern.
// Guarantee: form(l, i) is scale(l) times the pre-activation of neuron i of layer l wherever the pattern of the layers
// before l holds (a zero pre-activation may count as on or off: both give the same form there).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "network/network.hpp"

namespace relutope {

/// One thread's memo of forms. Layers whose predecessors keep their pattern keep their forms.
class PatternForms {
 public:
  using IsActive = std::function<bool(std::size_t layer, std::size_t neuron)>;

  explicit PatternForms(const Network& network);

  /// Sets the pattern of layers 0..n_layers-1; forms of layers 0..n_layers may be asked for afterwards. Of linear
  /// layers nothing is asked: their rows count as active.
  void set_pattern(std::size_t n_layers, const IsActive& is_active);

  /// Writes input_dim() coefficients, then the constant, to `out` (resized).
  void form(std::size_t layer, std::size_t neuron, std::vector<Integer>& out);

  bool is_active(std::size_t layer, std::size_t neuron) const { return forms_[layer].active[neuron] != 0; }

  const Integer& scale(std::size_t layer) const { return integers_.scale(layer); }

 private:
  struct LayerForms {
    std::vector<std::uint8_t> active;  // pattern of this layer
    std::vector<std::uint8_t> known;   // which forms are computed
    std::vector<double> doubles;       // forms, where float64 holds them exactly
    std::vector<Integer> integers;     // forms, otherwise
    bool listed = false;               // whether `open` holds the columns that read an active value or an input
    std::vector<std::size_t> open;     // of a dense layer
  };
  bool reads_active(const ValueSource& source) const {
    return source.layer == ValueSource::kInput || is_active(static_cast<std::size_t>(source.layer), source.row);
  }
  void forget(std::size_t layer);
  template <class Visit>
  void visit_active(std::size_t layer, std::size_t neuron, Visit&& visit);
  void ensure(std::size_t layer, std::size_t neuron);
  void compute_double(std::size_t layer, std::size_t neuron);
  void compute_integer(std::size_t layer, std::size_t neuron);

  const Network& network_;
  const IntegerLayers& integers_;
  std::size_t stride_;
  std::vector<LayerForms> forms_;
};

}  // namespace relutope
