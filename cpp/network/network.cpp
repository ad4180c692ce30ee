#include "network/network.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace relutope {

Network::Network(std::size_t input_dim, std::vector<Layer> layers)
    : input_dim_(input_dim), layers_(std::move(layers)), lazy_(std::make_shared<Lazy>()) {
  if (input_dim_ == 0) throw std::invalid_argument("network: input dimension 0; must be at least 1");
  if (layers_.empty()) throw std::invalid_argument("network: no layer; at least the linear output layer is needed");
  first_neuron_.push_back(0);
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    for (const Block& block : layers_[l].blocks()) {
      if (block.source < Block::kInput || block.source >= static_cast<int>(l)) {
        throw std::invalid_argument("network: layer " + std::to_string(l) + " reads source " +
                                    std::to_string(block.source) + "; must be -1 (the input) or an earlier layer");
      }
      const std::size_t width =
          block.source == Block::kInput ? input_dim_ : layers_[static_cast<std::size_t>(block.source)].rows();
      if (block.columns != width) {
        throw std::invalid_argument("network: layer " + std::to_string(l) + " takes " + std::to_string(block.columns) +
                                    " inputs, its source has " + std::to_string(width));
      }
    }
    if (l + 1 < layers_.size()) first_neuron_.push_back(first_neuron_.back() + layers_[l].rows());
  }
}

bool Network::is_chain() const {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const auto& blocks = layers_[l].blocks();
    if (blocks.size() != 1 || blocks[0].source != static_cast<int>(l) - 1) return false;
  }
  return true;
}

const IntegerLayers& Network::integer_layers() const {
  std::call_once(lazy_->once, [this] { lazy_->layers = std::make_unique<IntegerLayers>(layers_); });
  return *lazy_->layers;
}

}  // namespace relutope
