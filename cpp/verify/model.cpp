#include "verify/model.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>

namespace relutope::verify {
namespace {

/// The row divided by the greatest common divisor of its entries, its first weight that is not zero positive. True if
/// the sign was changed. An empty row stands for one without weights.
bool normalise(const IntegerRow& row, std::vector<Integer>& primitive) {
  primitive = row.numerators;
  Integer common = 0;
  for (const Integer& value : primitive) common = gcd(common, value);
  const auto last = primitive.end() - 1;
  const auto first = std::find_if(primitive.begin(), last, [](const Integer& value) { return value != 0; });
  if (first == last) {
    primitive.clear();
    return false;
  }
  const bool negative = *first < 0;
  if (negative) common = -common;
  for (Integer& value : primitive) value /= common;
  return negative;
}

}  // namespace

Model::Model(std::size_t input_dim, const std::vector<std::vector<IntegerRow>>& layers, std::size_t domain_rows)
    : input_dim_(input_dim), domain_rows_(domain_rows) {
  if (layers.empty()) throw std::invalid_argument("layers: there is none; must be one or more");
  std::size_t columns = input_dim;
  Integer scale = 1;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    add_layer(layers[l], columns, scale);
    columns = layers[l].size();
    if (l + 1 == layers.size()) break;
    find_multiples(layers[l]);
    first_neuron_.push_back(first_neuron_.back() + columns);
  }
}

// With D the least common denominator of the layer and s the scale of its predecessor, the weights times D and the bias
// times D s are integers, and the layer's scale is D s > 0.
void Model::add_layer(const std::vector<IntegerRow>& rows, std::size_t columns, Integer& scale) {
  Layer layer;
  layer.rows = rows.size();
  layer.columns = columns;
  layer.images.resize((columns + 1) * layer.rows);
  Integer common = 1;
  for (const IntegerRow& row : rows) {
    if (row.numerators.size() != columns + 1 || row.denominator <= 0) {
      throw std::invalid_argument("layers: a row has the wrong length or a denominator that is not positive");
    }
    common = lcm(common, row.denominator);
  }
  layer.integers.reserve(layer.images.size());
  for (std::size_t i = 0; i < layer.rows; ++i) {
    const Integer factor = common / rows[i].denominator;
    for (std::size_t k = 0; k <= columns; ++k) {
      layer.integers.push_back(rows[i].numerators[k] * factor);
      layer.images[k * layer.rows + i] = nearest_double(rows[i].numerators[k], rows[i].denominator);
    }
    layer.integers.back() *= scale;
  }
  scale *= common;
  layers_.push_back(std::move(layer));
}

void Model::find_multiples(const std::vector<IntegerRow>& rows) {
  std::map<std::vector<Integer>, Multiple> first;
  std::vector<Integer> primitive;
  for (const IntegerRow& row : rows) {
    const std::size_t neuron = multiples_.size();
    if (neuron == domain_rows_) first.clear();
    const bool negative = normalise(row, primitive);
    Multiple own{neuron, negative};
    if (!primitive.empty()) own = first.try_emplace(primitive, own).first->second;
    multiples_.push_back({own.leader, own.leader != neuron && own.negative != negative});
  }
}

std::size_t Model::layer_of(std::size_t neuron) const {
  const auto next = std::upper_bound(first_neuron_.begin(), first_neuron_.end(), neuron);
  return static_cast<std::size_t>(next - first_neuron_.begin()) - 1;
}

void check_codes(const StoredComplex& stored, const Model& model) {
  std::int32_t next_bit = 0;
  for (std::size_t i = 0; i < model.neurons(); ++i) {
    const auto [leader, negative] = model.multiples()[i];
    const std::string name = "sign code of neuron " + std::to_string(i);
    const std::int32_t bit = stored.code_bit[i];
    if (leader == i) {
      if (bit >= 0 && bit != next_bit++) throw Refuted(name + ": it has the bit of another neuron");
    } else if (bit != stored.code_bit[leader]) {
      throw Refuted(name + ": it has another bit than the neuron whose multiple it is");
    }
    if (stored.code_flipped[i] != (negative ? 1 : 0)) throw Refuted(name + ": it is flipped, or not, wrongly");
    if (stored.code_constant[i] < -1 || stored.code_constant[i] > 1 || (bit >= 0 && stored.code_constant[i] != 0)) {
      throw Refuted(name + ": the constant sign is illegal");
    }
  }
}

}  // namespace relutope::verify
