#include "cells/layer_tables.hpp"

namespace relutope {
namespace {

NeuronCode leader_code(std::size_t i, const SignRange& range, LayerTables& tables) {
  const bool positive = test_bit(range.positive.data(), i);
  const bool negative = test_bit(range.negative.data(), i);
  const bool zero = test_bit(range.zero.data(), i);
  NeuronCode code;
  if (positive + negative + zero > 1) {
    code.bit = static_cast<std::int32_t>(tables.leader.size());
    tables.leader.push_back(i);
  } else if (positive || negative) {
    code.constant = positive ? Sign::kPositive : Sign::kNegative;
  }
  return code;
}

NeuronCode constant_code(double bias) {
  NeuronCode code;
  if (bias != 0) code.constant = bias > 0 ? Sign::kPositive : Sign::kNegative;
  return code;
}

}  // namespace

LayerTables linear_layer_tables(std::size_t rows) {
  LayerTables tables;
  for (std::size_t i = 0; i < rows; ++i) tables.always_on.push_back(i);
  return tables;
}

LayerTables make_layer_tables(const ScaledLayer& layer, const std::vector<RowClass>& classes, const SignRange& range) {
  LayerTables tables;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const RowClass& row = classes[i];
    if (row.kind == RowKind::kLeader) {
      tables.codes.push_back(leader_code(i, range, tables));
    } else if (row.kind == RowKind::kConstant) {
      tables.codes.push_back(constant_code(layer.bias()[i]));
    } else {
      NeuronCode code = tables.codes[row.leader];
      code.flipped = row.flipped;
      if (code.bit < 0 && row.flipped) code.constant = -code.constant;
      tables.codes.push_back(code);
    }
  }
  tables.all.resize(tables.bits());
  tables.on_if_positive.resize(tables.bits());
  tables.on_if_negative.resize(tables.bits());
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const NeuronCode& code = tables.codes[i];
    if (code.bit < 0) {
      if (code.constant == Sign::kPositive) tables.always_on.push_back(i);
      continue;
    }
    const auto bit = static_cast<std::size_t>(code.bit);
    tables.all[bit].push_back(i);
    (code.flipped ? tables.on_if_negative : tables.on_if_positive)[bit].push_back(i);
  }
  return tables;
}

}  // namespace relutope
