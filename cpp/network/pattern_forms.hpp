// Exact affine forms of neurons under one activation pattern.
// Guarantee: form(l, i) is scale(l) times row i of layer l, before its ReLU, wherever the pattern of the layers before
// l (of a max layer: up to l) holds. A zero pre-activation may count as on or off, and any of several largest entries
// of a max row may stand for it: all give the same form there.
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
  /// Whether sign i of a layer is its active_sign().
  using IsActive = std::function<bool(std::size_t layer, std::size_t i)>;

  explicit PatternForms(const Network& network);

  /// Sets the pattern of layers 0..n_layers-1; forms of layers 0..n_layers may be asked for afterwards. Rows of
  /// linear layers always count as active.
  void set_pattern(std::size_t n_layers, const IsActive& is_active);

  /// Writes input_dim() coefficients, then the constant, to `out` (resized).
  void form(std::size_t layer, std::size_t neuron, std::vector<Integer>& out);

  /// Writes the form whose sign is sign i of the layer: that of the row, or of an entry less that of its max row.
  void sign_form(std::size_t layer, std::size_t i, std::vector<Integer>& out);

  /// Writes that of row i of the cutting layer.
  void cutting_form(std::size_t layer, std::size_t i, std::vector<Integer>& out);

  /// False for a ReLU neuron that is off; of other layers always true.
  bool passes_on(const ValueSource& source) const {
    if (source.layer == ValueSource::kInput) return true;
    const auto layer = static_cast<std::size_t>(source.layer);
    return network_.kind(layer) != LayerKind::kRelu || forms_[layer].active[source.row] != 0;
  }

  const Integer& scale(std::size_t layer) const { return integers_.scale(layer); }

 private:
  struct LayerForms {
    std::vector<std::uint8_t> active;  // per sign of the layer
    std::vector<std::size_t> chosen;   // of a max layer: per row the place of its first active entry
    std::vector<std::uint8_t> known;   // which forms are computed
    std::vector<double> doubles;       // forms, where float64 holds them exactly
    std::vector<Integer> integers;     // forms, otherwise
    bool listed = false;               // whether `open` holds the columns that read an active value or an input
    std::vector<std::size_t> open;     // of a dense layer
  };
  void choose(std::size_t layer);
  void add_entry(std::size_t layer, std::size_t row, std::size_t t, int factor, std::vector<Integer>& out);
  void difference(std::size_t layer, std::size_t row, std::size_t a, std::size_t b, std::vector<Integer>& out);
  void forget(std::size_t layer);
  template <class Visit>
  void visit_active(std::size_t layer, std::size_t neuron, Visit&& visit);
  void ensure(std::size_t layer, std::size_t neuron);
  void compute_double(std::size_t layer, std::size_t neuron);
  void compute_integer(std::size_t layer, std::size_t neuron);

  const Network& network_;
  const IntegerLayers& integers_;
  std::size_t last_known_ = 0;  // layer of integers_ that is known for certain
  std::size_t stride_;
  std::vector<LayerForms> forms_;
};

}  // namespace relutope
