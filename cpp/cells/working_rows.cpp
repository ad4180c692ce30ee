#include "cells/working_rows.hpp"

#include <utility>

namespace relutope {

WorkingRows all_rows(const Network& network, std::size_t l, const std::vector<std::size_t>& last_reader,
                     RowLayout& layout) {
  const Layer& layer = network.cutting_layer(l);
  ScaledLayer scaled(layer, column_exponents(network, l, layout));
  RowPlan plan = plan_rows(network, l, last_reader, scaled, layout);
  std::vector<RowClass> classes;
  if (layer.kind() != LayerKind::kLinear) classes = classify_rows(layer);
  return {std::move(scaled), std::move(classes), {}, std::move(plan)};
}

}  // namespace relutope
