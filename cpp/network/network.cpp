#include "network/network.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace relutope {

Network::Network(std::size_t input_dim, std::vector<Layer> layers)
    : input_dim_(input_dim), layers_(std::move(layers)), lazy_(std::make_shared<Lazy>()) {
  if (input_dim_ == 0) throw std::invalid_argument("network: input dimension 0; must be at least 1");
  if (layers_.empty()) throw std::invalid_argument("network: no layer; at least the linear output layer is needed");
  if (layers_.back().kind() != LayerKind::kLinear) {
    throw std::invalid_argument("network: the last layer must be linear, it is the output");
  }
  std::size_t values = input_dim_;
  first_neuron_.push_back(0);
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    first_value_.push_back(static_cast<ValueId>(values));
    std::vector<ValueSource>& sources = sources_.emplace_back();
    for (const ValueId value : layers_[l].column_values()) {
      if (value >= values) {
        throw std::invalid_argument("network: layer " + std::to_string(l) + " reads value " + std::to_string(value) +
                                    "; there are " + std::to_string(values) + " before it");
      }
      sources.push_back(source(value));
    }
    values += layers_[l].rows();
    if (values > std::numeric_limits<ValueId>::max()) throw std::invalid_argument("network: more than 2^32 values");
    if (l + 1 < layers_.size()) first_neuron_.push_back(first_neuron_.back() + (is_linear(l) ? 0 : layers_[l].rows()));
  }
}

ValueSource Network::source(ValueId value) const {
  if (value < input_dim_) return {ValueSource::kInput, value};
  const auto next = std::upper_bound(first_value_.begin(), first_value_.end(), value);
  return {static_cast<int>(next - first_value_.begin()) - 1, value - *(next - 1)};
}

bool Network::is_chain() const {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    if (l + 1 < layers_.size() && is_linear(l)) return false;
    for (const ValueSource& source : sources_[l]) {
      if (source.layer != static_cast<int>(l) - 1) return false;
    }
  }
  return true;
}

const IntegerLayers& Network::integer_layers() const {
  std::call_once(lazy_->once, [this] { lazy_->layers = std::make_unique<IntegerLayers>(*this); });
  return *lazy_->layers;
}

}  // namespace relutope
