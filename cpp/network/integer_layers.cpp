#include "network/integer_layers.hpp"

#include <algorithm>

#include "network/network.hpp"

namespace relutope {
namespace {

/// The layers that a layer reads, each once; -1 is the input.
std::vector<int> layers_read(const Network& network, std::size_t l) {
  std::vector<int> read;
  for (const ValueSource& source : network.sources(l)) {
    if (read.empty() || read.back() != source.layer) read.push_back(source.layer);
  }
  std::sort(read.begin(), read.end());
  read.erase(std::unique(read.begin(), read.end()), read.end());
  return read;
}

}  // namespace

void IntegerLayers::scale_layer(const Network& network, std::size_t l, Scaled& scaled) const {
  const Layer& layer = network.layers()[l];
  std::vector<IntegerRow> rows;
  Integer denominator = 1;
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    rows.push_back(layer.exact_row(i));
    denominator = boost::multiprecision::lcm(denominator, rows.back().denominator);
  }
  const std::vector<int> read = layers_read(network, l);
  const auto source_scale = [&](int source) -> Integer {
    return source == ValueSource::kInput ? Integer(1) : layers_[static_cast<std::size_t>(source)].scale;
  };
  Integer common = 1;
  for (const int source : read) common = boost::multiprecision::lcm(common, source_scale(source));
  std::vector<Integer> factors(l + 1);  // by source layer + 1
  for (const int source : read) factors[static_cast<std::size_t>(source + 1)] = common / source_scale(source);
  scaled.scale = denominator * common;
  scaled.coefficients.reserve(layer.coefficients());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Integer factor = denominator / rows[i].denominator;
    scaled.begin.push_back(scaled.coefficients.size());
    const auto entries = layer.entries(i);
    for (std::size_t t = 0; t < entries.size(); ++t) {
      const auto source = static_cast<std::size_t>(network.sources(l)[entries[t]].layer + 1);
      scaled.coefficients.push_back(rows[i].numerators[t] * factor * factors[source]);
    }
    scaled.coefficients.push_back(rows[i].numerators.back() * factor * common);
  }
  scaled.begin.push_back(scaled.coefficients.size());
}

// magnitude_[l + 1] bounds the absolute coefficients (and every partial sum) of all forms of layer l; magnitude_[0] = 1
// stands for the input's unit forms. By induction a form of layer l is at most sum_k |w_k| * magnitude(source of k) +
// |b|.
void IntegerLayers::bound_layer(const Network& network, std::size_t l, Scaled& scaled) {
  static const Integer kLimit = Integer(1) << 53;
  const Layer& layer = network.layers()[l];
  const std::vector<int> read = layers_read(network, l);
  Integer largest = 0;               // of the sums, and of the coefficients themselves, also where they multiply zeros
  std::vector<Integer> sums(l + 1);  // by source layer + 1
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    const Integer* row = &scaled.coefficients[scaled.begin[i]];
    const auto entries = layer.entries(i);
    for (std::size_t t = 0; t < entries.size(); ++t) {
      const Integer size = abs(row[t]);
      sums[static_cast<std::size_t>(network.sources(l)[entries[t]].layer + 1)] += size;
      if (size > largest) largest = size;
    }
    Integer sum = abs(row[entries.size()]);
    for (const int source : read) {
      Integer& part = sums[static_cast<std::size_t>(source + 1)];
      sum += part * magnitude_[static_cast<std::size_t>(source + 1)];
      part = 0;
    }
    if (sum > largest) largest = sum;
  }
  bool sources_fit = true;
  for (const int source : read) {
    if (source != ValueSource::kInput) sources_fit &= layers_[static_cast<std::size_t>(source)].fits_double;
  }
  magnitude_.push_back(largest);
  scaled.fits_double = sources_fit && largest < kLimit;
  if (!scaled.fits_double) return;
  scaled.doubles.reserve(scaled.coefficients.size());
  for (const Integer& value : scaled.coefficients) scaled.doubles.push_back(value.convert_to<double>());
}

void IntegerLayers::extend(const Network& network, std::size_t last) {
  for (std::size_t l = magnitude_.size() - 1; l <= last; ++l) {
    scale_layer(network, l, layers_[l]);
    bound_layer(network, l, layers_[l]);
  }
}

}  // namespace relutope
