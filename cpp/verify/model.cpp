#include "verify/model.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <stdexcept>
#include <string>

namespace relutope::verify {
namespace {

/// The row divided by the greatest common divisor of its entries, its first weight that is not zero positive. True if
/// the sign was changed. An empty row stands for one without weights.
bool normalise(std::span<const Integer> row, std::vector<Integer>& primitive) {
  primitive.assign(row.begin(), row.end());
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

Model::Model(std::size_t input_dim, const std::vector<LayerRows>& layers, std::size_t domain_rows)
    : input_dim_(input_dim) {
  if (layers.empty()) throw std::invalid_argument("layers: there is none; must be one or more");
  if (layers.back().kind != Kind::kLinear) throw std::invalid_argument("layers: the last one is no linear output");
  if (domain_rows > 0 && (layers.front().kind != Kind::kRelu || layers.front().rows.size() != domain_rows)) {
    throw std::invalid_argument("layers: the first one must be the rows of the domain");
  }
  for (const LayerRows& rows : layers) {
    add_layer(rows);
    if (layers_.size() == layers.size()) break;
    find_multiples(layers_.back());
    first_neuron_.push_back(multiples_.size());
  }
  set_slots();
}

void Model::set_slots() {
  slots_ = neurons();
  for (std::size_t l = 0; l < hidden_layers(); ++l) {
    const bool is_relu = layers_[l].kind == Kind::kRelu;
    layers_[l].first_slot = is_relu ? first_neuron_[l] : slots_;
    if (!is_relu) slots_ += layers_[l].rows;
  }
}

/// The values that any row reads become the columns.
void Model::set_sources(const LayerRows& rows, std::vector<std::uint32_t>& columns, Layer& layer) const {
  for (const auto& reads : rows.reads) columns.insert(columns.end(), reads.begin(), reads.end());
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  for (const std::uint32_t value : columns) {
    if (value < input_dim_) {
      layer.sources.push_back({Source::kInput, value});
      continue;
    }
    const auto next = std::upper_bound(first_value_.begin(), first_value_.end(), value);
    const auto l = static_cast<std::size_t>(next - first_value_.begin()) - 1;
    if (l >= layers_.size()) throw std::invalid_argument("layers: a row reads a value that is not before it");
    layer.sources.push_back({l, value - first_value_[l]});
  }
}

// With D the least common denominator of the layer and S that of the scales of its sources, the weights times D S over
// the scale of what they read and the bias times D S are integers, and the layer's scale is D S > 0.
void Model::add_layer(const LayerRows& rows) {
  first_value_.push_back(layers_.empty() ? input_dim_ : first_value_.back() + layers_.back().rows);
  Layer layer;
  layer.kind = rows.kind;
  layer.rows = rows.rows.size();
  std::vector<std::uint32_t> columns;
  if (rows.reads.size() != layer.rows) throw std::invalid_argument("layers: reads and rows differ in number");
  set_sources(rows, columns, layer);
  layer.columns = columns.size();
  Integer common = 1;
  for (std::size_t i = 0; i < layer.rows; ++i) {
    const auto& reads = rows.reads[i];
    if (rows.rows[i].numerators.size() != reads.size() + 1 || rows.rows[i].denominator <= 0 ||
        std::adjacent_find(reads.begin(), reads.end(), std::greater_equal<>()) != reads.end()) {
      throw std::invalid_argument(
          "layers: a row has the wrong length, an order of reads or a denominator that is wrong");
    }
    common = lcm(common, rows.rows[i].denominator);
  }
  Integer scales = 1;
  std::vector<Integer> factors;
  for (const Source& source : layer.sources) {
    if (source.layer != Source::kInput) scales = lcm(scales, layers_[source.layer].scale);
  }
  for (const Source& source : layer.sources) {
    factors.push_back(source.layer == Source::kInput ? scales : Integer(scales / layers_[source.layer].scale));
  }
  layer.scale = common * scales;
  layer.images.resize((layer.columns + 1) * layer.rows);
  layer.integers.resize(layer.images.size());
  for (std::size_t i = 0; i < layer.rows; ++i) {
    const IntegerRow& row = rows.rows[i];
    const Integer factor = common / row.denominator;
    Integer* out = &layer.integers[i * (layer.columns + 1)];
    for (std::size_t t = 0; t < rows.reads[i].size(); ++t) {
      const auto at = std::lower_bound(columns.begin(), columns.end(), rows.reads[i][t]);
      const auto k = static_cast<std::size_t>(at - columns.begin());
      out[k] = row.numerators[t] * factor * factors[k];
      layer.images[k * layer.rows + i] = nearest_double(row.numerators[t], row.denominator);
    }
    out[layer.columns] = row.numerators.back() * factor * scales;
    layer.images[layer.columns * layer.rows + i] = nearest_double(row.numerators.back(), row.denominator);
  }
  if (layer.kind == Kind::kMax) add_entries(rows, columns, layer);
  layers_.push_back(std::move(layer));
}

void Model::add_entries(const LayerRows& rows, const std::vector<std::uint32_t>& columns, Layer& layer) const {
  layer.first_entry.push_back(0);
  for (std::size_t i = 0; i < layer.rows; ++i) {
    const std::vector<Integer>& numerators = rows.rows[i].numerators;
    const bool plain = rows.rows[i].denominator == 1 && numerators.size() > 1 && numerators.back() == 0 &&
                       std::all_of(numerators.begin(), numerators.end() - 1, [](const Integer& x) { return x == 1; });
    if (!plain) throw std::invalid_argument("layers: a max row is empty or has other coefficients than 1");
    for (const std::uint32_t value : rows.reads[i]) {
      const auto at = std::lower_bound(columns.begin(), columns.end(), value);
      const auto k = static_cast<std::size_t>(at - columns.begin());
      if (layer.sources[k].layer == Source::kInput) throw std::invalid_argument("layers: a max row reads an input");
      layer.entry_columns.push_back(k);
    }
    layer.first_entry.push_back(layer.entry_columns.size());
  }
}

/// Entries of a max layer stand for themselves.
/// Scaling a column by a positive number keeps which rows are multiples of one another.
void Model::find_multiples(const Layer& layer) {
  for (std::size_t e = 0; e < layer.entry_columns.size(); ++e) multiples_.push_back({multiples_.size(), false});
  if (layer.kind != Kind::kRelu) return;
  std::map<std::vector<Integer>, Multiple> first;
  std::vector<Integer> primitive;
  for (std::size_t i = 0; i < layer.rows; ++i) {
    const std::size_t neuron = multiples_.size();
    const std::size_t length = layer.columns + 1;
    const bool negative = normalise({&layer.integers[i * length], length}, primitive);
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
