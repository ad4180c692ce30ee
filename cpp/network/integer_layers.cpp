#include "network/integer_layers.hpp"

namespace relutope {
namespace {

const Integer& source_scale(int source, const Integer& one, const auto& layers) {
  return source == Block::kInput ? one : layers[static_cast<std::size_t>(source)].scale;
}

}  // namespace

void IntegerLayers::scale_layer(const Layer& layer, Scaled& scaled) const {
  const Integer one = 1;
  std::vector<IntegerRow> rows;
  Integer denominator = 1;
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    rows.push_back(layer.exact_row(i));
    denominator = boost::multiprecision::lcm(denominator, rows.back().denominator);
  }
  Integer common = 1;
  for (const Block& block : layer.blocks()) {
    common = boost::multiprecision::lcm(common, source_scale(block.source, one, layers_));
  }
  scaled.scale = denominator * common;
  scaled.stride = layer.columns() + 1;
  scaled.coefficients.reserve(layer.rows() * scaled.stride);
  for (const IntegerRow& row : rows) {
    const Integer factor = denominator / row.denominator;
    std::size_t column = 0;
    for (const Block& block : layer.blocks()) {
      const Integer block_factor = factor * (common / source_scale(block.source, one, layers_));
      for (std::size_t k = 0; k < block.columns; ++k) {
        scaled.coefficients.push_back(row.numerators[column++] * block_factor);
      }
    }
    scaled.coefficients.push_back(row.numerators[column] * factor * common);
  }
}

// magnitude[l + 1] bounds the absolute coefficients (and every partial sum) of all forms of layer l; magnitude[0] = 1
// stands for the input's unit forms. By induction a form of layer l is at most sum_k |w_k| * magnitude(source of k) +
// |b|.
void IntegerLayers::bound_layer(const Layer& layer, Scaled& scaled, std::vector<Integer>& magnitude) const {
  static const Integer kLimit = Integer(1) << 53;
  Integer largest = 0;
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    Integer sum = 0;
    std::size_t column = 0;
    const Integer* row = &scaled.coefficients[i * scaled.stride];
    for (const Block& block : layer.blocks()) {
      Integer block_sum = 0;
      for (std::size_t k = 0; k < block.columns; ++k) block_sum += abs(row[column++]);
      sum += block_sum * magnitude[static_cast<std::size_t>(block.source + 1)];
    }
    sum += abs(row[column]);
    if (sum > largest) largest = sum;
  }
  magnitude.push_back(largest);
  bool sources_fit = true;
  for (const Block& block : layer.blocks()) {
    if (block.source != Block::kInput) sources_fit &= layers_[static_cast<std::size_t>(block.source)].fits_double;
  }
  scaled.fits_double = sources_fit && largest < kLimit;
  if (!scaled.fits_double) return;
  scaled.doubles.reserve(scaled.coefficients.size());
  for (const Integer& value : scaled.coefficients) scaled.doubles.push_back(value.convert_to<double>());
}

IntegerLayers::IntegerLayers(const std::vector<Layer>& layers) {
  std::vector<Integer> magnitude{Integer(1)};
  for (const Layer& layer : layers) {
    Scaled scaled;
    scale_layer(layer, scaled);
    bound_layer(layer, scaled, magnitude);
    layers_.push_back(std::move(scaled));
  }
}

}  // namespace relutope
