#include "cells/row_layout.hpp"

#include <algorithm>
#include <utility>

namespace relutope {

RowLayout input_layout(std::size_t dim) { return {value_range(0, dim), std::vector<int>(dim, 0), dim, 0}; }

std::vector<std::size_t> last_readers(const Network& network, std::size_t n_layers) {
  std::vector<std::size_t> last(network.first_value(network.hidden_layers()), 0);
  for (std::size_t l = 0; l < n_layers; ++l) {
    for (const ValueId value : network.layers()[l].column_values()) last[value] = l;
  }
  return last;
}

namespace {

/// Entry of each value, or RowPlan::kNone.
std::vector<std::int32_t> entries_of(const RowLayout& layout, std::size_t n_values) {
  std::vector<std::int32_t> entries(n_values, RowPlan::kNone);
  for (std::size_t e = 0; e < layout.values.size(); ++e) entries[layout.values[e]] = static_cast<std::int32_t>(e);
  return entries;
}

}  // namespace

std::vector<int> column_exponents(const Network& network, std::size_t l, const RowLayout& before) {
  const std::vector<std::int32_t> entries = entries_of(before, network.first_value(l));
  std::vector<int> exponents;
  for (const ValueId value : network.layers()[l].column_values()) {
    exponents.push_back(before.exponents[static_cast<std::size_t>(entries[value])]);
  }
  return exponents;
}

RowPlan plan_rows(const Network& network, std::size_t l, const std::vector<std::size_t>& last_reader,
                  const ScaledLayer& scaled, RowLayout& layout) {
  const Layer& layer = network.cutting_layer(l);
  const bool is_max = network.kind(l) == LayerKind::kMax;
  const std::vector<std::int32_t> entries = entries_of(layout, network.first_value(l));
  RowLayout next{value_range(network.first_value(l), layer.rows()), scaled.exponents(), layer.rows(), layer.rows()};
  if (is_max) next.values.assign(layer.rows(), RowLayout::kNoValue);
  RowPlan plan;
  plan.column.assign(layout.values.size(), RowPlan::kNone);
  plan.carried.assign(layout.values.size(), RowPlan::kNone);
  for (std::size_t k = 0; k < layer.columns(); ++k) {
    const std::int32_t entry = entries[layer.column_values()[k]];
    plan.column[static_cast<std::size_t>(entry)] = static_cast<std::int32_t>(k);
    plan.is_plain &= entry == static_cast<std::int32_t>(k);
  }
  for (std::size_t e = 0; e < layout.values.size(); ++e) {
    const bool is_read = is_max && plan.column[e] != RowPlan::kNone;
    if (last_reader[layout.values[e]] <= l && !is_read) continue;
    plan.carried[e] = static_cast<std::int32_t>(next.values.size());
    next.values.push_back(layout.values[e]);
    next.exponents.push_back(layout.exponents[e]);
  }
  plan.n_carried = next.values.size() - next.own;
  plan.is_plain &= plan.n_carried == 0 && layer.columns() == layout.values.size();
  layout = std::move(next);
  return plan;
}

}  // namespace relutope
