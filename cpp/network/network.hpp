// A piecewise-linear network: hidden layers of ReLU neurons, maxima or linear values, then one linear output layer.
// A layer is affine in the input and in the values of any earlier layers, so skips and residual sums are ordinary.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "exact/sign.hpp"
#include "network/integer_layers.hpp"
#include "network/layer.hpp"

namespace relutope {

/// Where a value comes from: row `row` of hidden layer `layer`, or input `row`.
struct ValueSource {
  static constexpr int kInput = -1;
  int layer;
  std::uint32_t row;
};

/// Two entries of a row of a max layer, numbered through the layer.
struct EntryPair {
  std::uint32_t row;
  std::uint32_t first, second;
};

/// Signs. A ReLU neuron has the sign of its pre-activation z. An entry of a row of a max layer has the sign of its
/// value less the row's: 0 where it is a largest one, else negative. Together they are the signs of a layer: one per
/// row of a ReLU layer, one per entry of a max layer, none of a linear layer.
class Network {
 public:
  /// The last layer is the linear output. Throws std::invalid_argument if there is no layer, the input
  /// dimension is 0, the last layer is not linear, a column reads a value that no earlier layer has, or a max layer
  /// reads inputs, or has a row without entries, with another coefficient than 1, or with a bias.
  Network(std::size_t input_dim, std::vector<Layer> layers);

  std::size_t input_dim() const { return input_dim_; }
  std::size_t output_dim() const { return layers_.back().rows(); }
  std::size_t hidden_layers() const { return layers_.size() - 1; }
  /// Number of signs of all hidden layers.
  std::size_t signs() const { return first_sign_.back(); }
  /// Index of the first sign of hidden layer `l` among all signs; l == hidden_layers() gives signs().
  std::size_t first_sign(std::size_t l) const { return first_sign_[l]; }
  std::size_t signs_in(std::size_t l) const { return first_sign_[l + 1] - first_sign_[l]; }
  LayerKind kind(std::size_t l) const { return layers_[l].kind(); }
  /// The sign that makes a ReLU neuron pass its value on, or an entry the largest.
  Sign active_sign(std::size_t l) const { return kind(l) == LayerKind::kMax ? Sign::kZero : Sign::kPositive; }
  /// True if every layer reads its predecessor only and all hidden ones have ReLUs.
  bool is_chain() const;
  /// Hidden layers, then the output layer.
  const std::vector<Layer>& layers() const { return layers_; }

  /// Id of the first row of a layer among all values.
  ValueId first_value(std::size_t l) const { return first_value_[l]; }
  ValueSource source(ValueId value) const;
  /// Where the columns of a layer come from.
  const std::vector<ValueSource>& sources(std::size_t l) const { return sources_[l]; }

  /// The pairs of entries of each row of a max layer; none of other layers.
  const std::vector<EntryPair>& pairs(std::size_t l) const { return pairs_[l]; }
  /// What cuts cells at a layer: the layer itself, or the differences of the pairs of a max layer.
  const Layer& cutting_layer(std::size_t l) const {
    return kind(l) == LayerKind::kMax ? differences_[l].front() : layers_[l];
  }

  /// The same layers as integers with one positive scale per layer, layers 0 to `last` at least: the first exact
  /// decisions of a large network need no more. Built on first use, safe from any thread; always the same object.
  const IntegerLayers& integer_layers(std::size_t last) const;
  const IntegerLayers& integer_layers() const { return integer_layers(layers_.size() - 1); }

 private:
  void add_max_layer(std::size_t l);
  struct Lazy {
    explicit Lazy(std::size_t n_layers) : layers(n_layers) {}
    std::mutex mutex;
    std::atomic<std::size_t> known{0};  // number of layers that any thread may read
    IntegerLayers layers;
  };
  std::size_t input_dim_;
  std::vector<Layer> layers_;
  std::vector<std::size_t> first_sign_;
  std::vector<ValueId> first_value_;
  std::vector<std::vector<ValueSource>> sources_;
  std::vector<std::vector<EntryPair>> pairs_;
  std::vector<std::vector<Layer>> differences_;  // one of a max layer
  std::shared_ptr<Lazy> lazy_;
};

}  // namespace relutope
