#include "network/network.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace relutope {

Network::Network(std::size_t input_dim, std::vector<Layer> layers)
    : input_dim_(input_dim), layers_(std::move(layers)), lazy_(std::make_shared<Lazy>(layers_.size())) {
  if (input_dim_ == 0) throw std::invalid_argument("network: input dimension 0; must be at least 1");
  if (layers_.empty()) throw std::invalid_argument("network: no layer; at least the linear output layer is needed");
  if (layers_.back().kind() != LayerKind::kLinear) {
    throw std::invalid_argument("network: the last layer must be linear, it is the output");
  }
  std::size_t values = input_dim_;
  first_sign_.push_back(0);
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
    pairs_.emplace_back();
    differences_.emplace_back();
    if (kind(l) == LayerKind::kMax) add_max_layer(l);
    if (l + 1 == layers_.size()) break;
    std::size_t signs = kind(l) == LayerKind::kRelu ? layers_[l].rows() : 0;
    if (kind(l) == LayerKind::kMax) signs = layers_[l].first_entry(layers_[l].rows());
    first_sign_.push_back(first_sign_.back() + signs);
  }
}

void Network::add_max_layer(std::size_t l) {
  const Layer& layer = layers_[l];
  const std::string name = "network: max layer " + std::to_string(l);
  SparsePattern pattern{{0}, {}};
  std::vector<double> coefficients;
  for (const ValueSource& source : sources_[l]) {
    if (source.layer == ValueSource::kInput) throw std::invalid_argument(name + " reads an input");
  }
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    const auto entries = layer.entries(i);
    const auto row = layer.image(i);
    if (entries.empty() || layer.is_rational(i) || row.back() != 0 ||
        std::any_of(row.begin(), row.end() - 1, [](double x) { return x != 1; })) {
      throw std::invalid_argument(name + ": a row is empty or has other coefficients than 1, or a bias");
    }
    const auto first = static_cast<std::uint32_t>(layer.first_entry(i));
    for (std::uint32_t a = 0; a < entries.size(); ++a) {
      for (std::uint32_t b = a + 1; b < entries.size(); ++b) {
        pairs_[l].push_back({static_cast<std::uint32_t>(i), first + a, first + b});
        pattern.indices.insert(pattern.indices.end(), {entries[a], entries[b]});
        coefficients.insert(coefficients.end(), {1.0, -1.0, 0.0});
        pattern.offsets.push_back(pattern.indices.size());
      }
    }
  }
  differences_[l].emplace_back(LayerKind::kRelu, layer.column_values(), std::move(pattern), std::move(coefficients),
                               std::vector<IntegerRow>());
}

ValueSource Network::source(ValueId value) const {
  if (value < input_dim_) return {ValueSource::kInput, value};
  const auto next = std::upper_bound(first_value_.begin(), first_value_.end(), value);
  return {static_cast<int>(next - first_value_.begin()) - 1, value - *(next - 1)};
}

bool Network::is_chain() const {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    if (l + 1 < layers_.size() && kind(l) != LayerKind::kRelu) return false;
    for (const ValueSource& source : sources_[l]) {
      if (source.layer != static_cast<int>(l) - 1) return false;
    }
  }
  return true;
}

const IntegerLayers& Network::integer_layers(std::size_t last) const {
  if (lazy_->known.load(std::memory_order_acquire) > last) return lazy_->layers;
  const std::lock_guard lock(lazy_->mutex);
  lazy_->layers.extend(*this, last);
  lazy_->known.store(std::max(last + 1, lazy_->known.load()), std::memory_order_release);
  return lazy_->layers;
}

}  // namespace relutope
