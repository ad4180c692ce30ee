// A piecewise-linear network: hidden ReLU layers, then one linear output layer.
// The pre-activation of a layer is affine in the input and in the ReLU outputs of all earlier layers.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "network/integer_layers.hpp"
#include "network/layer.hpp"

namespace relutope {

class Network {
 public:
  /// The last layer is the linear output. Throws std::invalid_argument if there is no layer, the input
  /// dimension is 0, or a block does not fit its source.
  Network(std::size_t input_dim, std::vector<Layer> layers);

  std::size_t input_dim() const { return input_dim_; }
  std::size_t output_dim() const { return layers_.back().rows(); }
  std::size_t hidden_layers() const { return layers_.size() - 1; }
  std::size_t neurons() const { return first_neuron_.back(); }
  /// Index of the first neuron of hidden layer `l` among all hidden neurons; l == hidden_layers() gives neurons().
  std::size_t first_neuron(std::size_t l) const { return first_neuron_[l]; }
  /// Hidden layers, then the output layer.
  const std::vector<Layer>& layers() const { return layers_; }
  /// True if every layer reads its predecessor only.
  bool is_chain() const;

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
  std::shared_ptr<Lazy> lazy_;
};

}  // namespace relutope
