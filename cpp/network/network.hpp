// A piecewise-linear network: hidden layers of ReLU neurons or of linear values, then one linear output layer.
// A layer is affine in the input and in the values of any earlier layers, so skips and residual sums are ordinary.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "network/integer_layers.hpp"
#include "network/layer.hpp"

namespace relutope {

/// Where a value comes from: row `row` of hidden layer `layer`, or input `row`.
struct ValueSource {
  static constexpr int kInput = -1;
  int layer;
  std::uint32_t row;
};

class Network {
 public:
  /// The last layer is the linear output. Throws std::invalid_argument if there is no layer, the input
  /// dimension is 0, the last layer is not linear, or a column reads a value that no earlier layer has.
  Network(std::size_t input_dim, std::vector<Layer> layers);

  std::size_t input_dim() const { return input_dim_; }
  std::size_t output_dim() const { return layers_.back().rows(); }
  std::size_t hidden_layers() const { return layers_.size() - 1; }
  /// Number of ReLU neurons.
  std::size_t neurons() const { return first_neuron_.back(); }
  /// Index of the first neuron of hidden layer `l` among all hidden neurons; l == hidden_layers() gives neurons().
  std::size_t first_neuron(std::size_t l) const { return first_neuron_[l]; }
  /// Number of neurons of a hidden layer: its rows, or 0 if it is linear.
  std::size_t neurons_in(std::size_t l) const { return first_neuron_[l + 1] - first_neuron_[l]; }
  bool is_linear(std::size_t l) const { return layers_[l].kind() == LayerKind::kLinear; }
  /// True if every layer reads its predecessor only and all hidden ones have ReLUs.
  bool is_chain() const;
  /// Hidden layers, then the output layer.
  const std::vector<Layer>& layers() const { return layers_; }

  /// Id of the first row of a layer among all values.
  ValueId first_value(std::size_t l) const { return first_value_[l]; }
  ValueSource source(ValueId value) const;
  /// Where the columns of a layer come from.
  const std::vector<ValueSource>& sources(std::size_t l) const { return sources_[l]; }

  /// The same layers as integers with one positive scale per layer; built on first use, safe from any thread.
  const IntegerLayers& integer_layers() const;

 private:
  struct Lazy {
    std::once_flag once;
    std::unique_ptr<IntegerLayers> layers;
  };
  std::size_t input_dim_;
  std::vector<Layer> layers_;
  std::vector<std::size_t> first_neuron_;
  std::vector<ValueId> first_value_;
  std::vector<std::vector<ValueSource>> sources_;
  std::shared_ptr<Lazy> lazy_;
};

}  // namespace relutope
