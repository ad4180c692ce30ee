#include "network/affine_slice.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace relutope {
namespace {

void require_length(const std::vector<Integer>& row, const Network& network) {
  if (row.size() != network.input_dim()) {
    throw std::invalid_argument("slice: a row of length " + std::to_string(row.size()) +
                                "; must be the network's input dimension " + std::to_string(network.input_dim()));
  }
}

/// Lowest terms, so that equal networks are stored alike.
void reduce(IntegerRow& row) {
  Integer divisor = row.denominator;
  for (const Integer& value : row.numerators) divisor = boost::multiprecision::gcd(divisor, value);
  for (Integer& value : row.numerators) value /= divisor;
  row.denominator /= divisor;
}

Integer dot(const Integer* weights, const std::vector<Integer>& x) {
  Integer sum = 0;
  for (std::size_t c = 0; c < x.size(); ++c) {
    if (x[c] != 0) sum += weights[c] * x[c];
  }
  return sum;
}

/// The rows (W U / e, W origin / e + b), e the slice's denominator, with the columns of other sources as they are.
Layer restrict_layer(const Layer& layer, const AffineSlice& slice) {
  std::vector<Block> blocks = layer.blocks();
  for (Block& block : blocks) {
    if (block.source == Block::kInput) block.columns = slice.directions.size();
  }
  std::vector<IntegerRow> rows;
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    const IntegerRow from = layer.exact_row(i);
    IntegerRow row{{}, from.denominator * slice.denominator};
    Integer bias = from.numerators[layer.columns()] * slice.denominator;
    std::size_t column = 0;
    for (const Block& block : layer.blocks()) {
      const Integer* weights = &from.numerators[column];
      if (block.source == Block::kInput) {
        for (const std::vector<Integer>& direction : slice.directions) {
          row.numerators.push_back(dot(weights, direction));
        }
        bias += dot(weights, slice.origin);
      } else {
        for (std::size_t c = 0; c < block.columns; ++c) row.numerators.push_back(weights[c] * slice.denominator);
      }
      column += block.columns;
    }
    row.numerators.push_back(std::move(bias));
    reduce(row);
    rows.push_back(std::move(row));
  }
  return Layer(std::move(blocks), std::move(rows));
}

}  // namespace

Network restrict_to_slice(const Network& network, const AffineSlice& slice) {
  if (slice.directions.empty()) throw std::invalid_argument("slice: no direction; at least one is needed");
  if (slice.denominator <= 0) throw std::invalid_argument("slice: the denominator must be positive");
  require_length(slice.origin, network);
  for (const std::vector<Integer>& direction : slice.directions) require_length(direction, network);
  std::vector<Layer> layers;
  for (const Layer& layer : network.layers()) {
    bool reads_input = false;
    for (const Block& block : layer.blocks()) reads_input = reads_input || block.source == Block::kInput;
    layers.push_back(reads_input ? restrict_layer(layer, slice) : layer);
  }
  return Network(slice.directions.size(), std::move(layers));
}

}  // namespace relutope
