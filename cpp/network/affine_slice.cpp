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

/// The columns of a layer on the slice: all its inputs first, if the layer reads any, then the columns of other values,
/// whose ids move with the number of inputs.
struct RestrictedColumns {
  std::vector<ValueId> values;
  std::vector<std::uint32_t> place;  // per old column that is no input
  std::size_t inputs = 0;            // number of columns that are inputs of the slice
};

RestrictedColumns restrict_columns(const Network& network, std::size_t l, std::size_t slice_dim) {
  RestrictedColumns result;
  bool reads_input = false;
  for (const ValueSource& source : network.sources(l)) reads_input |= source.layer == ValueSource::kInput;
  result.inputs = reads_input ? slice_dim : 0;
  result.values = value_range(0, result.inputs);
  for (std::size_t k = 0; k < network.sources(l).size(); ++k) {
    result.place.push_back(static_cast<std::uint32_t>(result.values.size()));
    if (network.sources(l)[k].layer == ValueSource::kInput) continue;
    const std::size_t value = network.layers()[l].column_values()[k] - network.input_dim() + slice_dim;
    result.values.push_back(static_cast<ValueId>(value));
  }
  return result;
}

/// The row (W U / e, W origin / e + b), e the slice's denominator, with the entries of other values as they are; their
/// columns go to `entries`.
IntegerRow restrict_row(const Network& network, std::size_t l, std::size_t i, const AffineSlice& slice,
                        const RestrictedColumns& columns, std::vector<std::uint32_t>& entries) {
  const IntegerRow from = network.layers()[l].exact_row(i);
  const auto old_entries = network.layers()[l].entries(i);
  IntegerRow row{std::vector<Integer>(columns.inputs), from.denominator * slice.denominator};
  for (std::size_t c = 0; c < columns.inputs; ++c) entries.push_back(static_cast<std::uint32_t>(c));
  Integer bias = from.numerators.back() * slice.denominator;
  for (std::size_t t = 0; t < old_entries.size(); ++t) {
    const ValueSource& source = network.sources(l)[old_entries[t]];
    const Integer& weight = from.numerators[t];
    if (source.layer != ValueSource::kInput) {
      entries.push_back(columns.place[old_entries[t]]);
      row.numerators.push_back(weight * slice.denominator);
    } else if (weight != 0) {
      for (std::size_t c = 0; c < columns.inputs; ++c) row.numerators[c] += weight * slice.directions[c][source.row];
      bias += weight * slice.origin[source.row];
    }
  }
  row.numerators.push_back(std::move(bias));
  reduce(row);
  return row;
}

Layer restrict_layer(const Network& network, std::size_t l, const AffineSlice& slice) {
  const Layer& layer = network.layers()[l];
  RestrictedColumns columns = restrict_columns(network, l, slice.directions.size());
  SparsePattern pattern{{0}, {}};
  std::vector<IntegerRow> rows;
  std::vector<double> coefficients;
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    // A row without inputs keeps its coefficients, as float64 where they are.
    if (columns.inputs == 0) {
      for (const std::uint32_t k : layer.entries(i)) pattern.indices.push_back(columns.place[k]);
      coefficients.insert(coefficients.end(), layer.image(i).begin(), layer.image(i).end());
      if (layer.relative_error() > 0) rows.push_back(layer.is_rational(i) ? layer.exact_row(i) : IntegerRow());
    } else {
      rows.push_back(restrict_row(network, l, i, slice, columns, pattern.indices));
    }
    pattern.offsets.push_back(pattern.indices.size());
  }
  if (layer.is_dense() && !rows.empty()) return Layer(layer.kind(), std::move(columns.values), rows);
  if (layer.is_dense()) return Layer(layer.kind(), std::move(columns.values), layer.rows(), std::move(coefficients));
  coefficients.resize(pattern.indices.size() + layer.rows());
  return Layer(layer.kind(), std::move(columns.values), std::move(pattern), std::move(coefficients), std::move(rows));
}

}  // namespace

Network restrict_to_slice(const Network& network, const AffineSlice& slice) {
  if (slice.directions.empty()) throw std::invalid_argument("slice: no direction; at least one is needed");
  if (slice.denominator <= 0) throw std::invalid_argument("slice: the denominator must be positive");
  require_length(slice.origin, network);
  for (const std::vector<Integer>& direction : slice.directions) require_length(direction, network);
  std::vector<Layer> layers;
  for (std::size_t l = 0; l < network.layers().size(); ++l) layers.push_back(restrict_layer(network, l, slice));
  return Network(slice.directions.size(), std::move(layers));
}

}  // namespace relutope
