#include "cells/folding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "cells/step_context.hpp"

namespace relutope {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Range> input_ranges(const Shape& shape, const Vertices& vertices) {
  std::vector<Range> ranges(shape.dim, Range{kInfinity, -kInfinity});
  for (std::size_t v = 0; v < vertices.count(); ++v) {
    for (std::size_t c = 0; c < shape.dim; ++c) {
      const double x = vertices.points[v * shape.dim + c], error = vertices.bounds[v].point;
      ranges[c].lo = std::min(ranges[c].lo, error == 0 ? x : std::nextafter(x - error, -kInfinity));
      ranges[c].hi = std::max(ranges[c].hi, error == 0 ? x : std::nextafter(x + error, kInfinity));
    }
  }
  return ranges;
}

/// The sign of a row without weights, which is its bias, also where no bound is finite.
std::optional<Sign> constant_sign(const Layer& layer, std::size_t i) {
  const auto row = layer.image(i);
  if (std::any_of(row.begin(), row.end() - 1, [](double weight) { return weight != 0; })) return std::nullopt;
  return row.back() > 0 ? Sign::kPositive : row.back() < 0 ? Sign::kNegative : Sign::kZero;
}

NeuronCode constant_code(Sign sign) {
  NeuronCode code;
  code.constant = sign;
  return code;
}

}  // namespace

Folding::Folding(const Network& network, const Shape& shape, const Vertices& vertices, Budget& budget, Workers& workers)
    : network_(network),
      workers_(workers),
      forms_(network, input_ranges(shape, vertices), budget),
      last_use_(last_readers(network, network.hidden_layers())) {
  for (std::size_t c = 0; c < shape.dim; ++c) entry_column_.push_back(static_cast<std::int32_t>(c + 1));
}

FormImage Folding::image_of(const ValueState& a) const {
  FormImage image = forms_.image();
  forms_.add(a, 1, image);
  return image;
}

FormImage Folding::difference(const ValueState& a, const ValueState& b) const {
  FormImage image = image_of(a);
  forms_.add(b, -1, image);
  return image;
}

std::optional<WorkingRows> Folding::start(std::size_t l, RowLayout& layout) {
  const LayerKind kind = network_.kind(l);
  codes_.assign(network_.signs_in(l), NeuronCode{});
  states_.assign(network_.layers()[l].rows(), ValueState{});
  open_.clear();
  OpenRows open;
  open.kept.assign(forms_.n_columns(), 0);
  if (kind == LayerKind::kMax) {
    start_max(l, open);
  } else {
    forms_.compute(l, workers_);
    start_rows(l, kind == LayerKind::kRelu, open);
  }
  forms_.set_states(l, states_);
  if (!open_.empty()) return working_rows(l, open, layout);
  finish(l);
  return std::nullopt;
}

void Folding::start_rows(std::size_t l, bool has_signs, OpenRows& open) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const auto row = static_cast<std::uint32_t>(i);
    states_[i] = {Kind::kForm, static_cast<std::uint32_t>(l), row};
    FormImage image = image_of(states_[i]);
    std::optional<Sign> sign = constant_sign(network_.layers()[l], i);
    if (!sign) sign = forms_.sign(image);
    if (sign == Sign::kZero || (has_signs && sign == Sign::kNegative)) states_[i] = {};
    if (!has_signs) continue;
    if (sign) {
      codes_[i] = constant_code(*sign);
      ++decided_;
      continue;
    }
    open_.push_back(i);
    open.images.push_back(std::move(image));
    open.cutting.push_back(row);
    open.values.push_back(static_cast<ValueId>(network_.first_value(l) + i));
  }
}

/// Columns that values need in layers after `l`. Open rows count with all columns of their forms.
std::vector<std::uint8_t> Folding::later_columns(std::size_t l) const {
  std::vector<std::uint8_t> marked(forms_.n_columns(), 0);
  for (std::size_t value = 0; value < network_.first_value(l + 1); ++value) {
    if (last_use_[value] > l) forms_.mark(forms_.state(network_.source(static_cast<ValueId>(value))), marked);
  }
  return marked;
}

WorkingRows Folding::working_rows(std::size_t l, OpenRows& open, RowLayout& layout) {
  std::vector<std::uint8_t> later = later_columns(l);
  std::vector<std::uint8_t> read(forms_.n_columns(), 0);
  for (std::size_t c = 0; c < later.size(); ++c) later[c] |= open.kept[c];
  for (const FormImage& image : open.images) {
    for (std::size_t c = 0; c < read.size(); ++c) read[c] |= image.marked[c];
  }
  RowPlan plan;
  plan.is_plain = false;
  plan.column.assign(layout.values.size(), RowPlan::kNone);
  plan.carried.assign(layout.values.size(), RowPlan::kNone);
  std::vector<std::uint32_t> columns;
  std::vector<int> exponents;
  for (std::size_t e = 0; e < layout.values.size(); ++e) {
    const std::int32_t c = entry_column_[e];
    if (c < 0 || !read[static_cast<std::size_t>(c)]) continue;
    plan.column[e] = static_cast<std::int32_t>(columns.size());
    columns.push_back(static_cast<std::uint32_t>(c));
    exponents.push_back(layout.exponents[e]);
  }
  ScaledLayer scaled(open.images, columns, exponents);
  RowLayout next{std::move(open.values), scaled.exponents(), scaled.rows(), open.cutting.size()};
  std::vector<std::int32_t> next_column(next.own, -1);
  maxima_.carried.clear();
  for (std::size_t e = 0; e < layout.values.size(); ++e) {
    const std::int32_t c = entry_column_[e];
    if (c < 0 || !later[static_cast<std::size_t>(c)]) continue;
    plan.carried[e] = static_cast<std::int32_t>(next.values.size());
    maxima_.carried.push_back(next.values.size());
    next.values.push_back(layout.values[e]);
    next.exponents.push_back(layout.exponents[e]);
    next_column.push_back(c);
  }
  plan.n_carried = next.values.size() - next.own;
  entry_column_ = std::move(next_column);
  layout = std::move(next);
  if (network_.kind(l) == LayerKind::kMax) place_contenders();
  std::vector<RowClass> classes = classify_rows(network_.cutting_layer(l).selected(open.cutting));
  return {std::move(scaled), std::move(classes), std::move(open.cutting), std::move(plan)};
}

/// Values of an entry at the vertices bound it on the domain, because it is affine on every cell, and so does zero if
/// it is a ReLU's.
Range Folding::range_of_entry(std::size_t entry, const RowLayout& layout, const Shape& shape,
                              const Vertices& vertices) const {
  Range range{kInfinity, -kInfinity};
  for (std::size_t v = 0; v < vertices.count(); ++v) {
    const double z = RowView(vertices, vertices, v, shape).value(0, entry), error = vertices.bounds[v].value;
    // No bound stays no bound.
    if (!(error < kInfinity)) return {-kInfinity, kInfinity};
    range.lo = std::min(range.lo, z - error);
    range.hi = std::max(range.hi, z + error);
  }
  const int unscale = -layout.exponents[entry];
  return {std::nextafter(std::ldexp(std::nextafter(range.lo, -kInfinity), unscale), -kInfinity),
          std::nextafter(std::ldexp(std::nextafter(range.hi, kInfinity), unscale), kInfinity)};
}

void Folding::finish_relu(std::size_t l, const LayerTables& tables, const RowLayout& layout, const Shape& shape,
                          const Vertices& vertices) {
  for (std::size_t j = 0; j < open_.size(); ++j) {
    const NeuronCode& code = tables.codes[j];
    codes_[open_[j]] = code;
    if (code.bit < 0) {
      if (code.constant != Sign::kPositive) states_[open_[j]] = {};
      continue;
    }
    const Range range = range_of_entry(j, layout, shape, vertices);
    const std::uint32_t column = forms_.add_column({0.0, std::max(0.0, range.hi)});
    states_[open_[j]] = {Kind::kColumn, 0, column};
    entry_column_[j] = static_cast<std::int32_t>(column);
  }
  forms_.set_states(l, states_);
  finish(l);
}

/// Codes say of every row whether it is a negative multiple of an earlier one, also where bounds have decided it.
void Folding::finish(std::size_t l) {
  if (network_.kind(l) == LayerKind::kRelu) {
    const std::vector<RowClass> classes = classify_rows(network_.layers()[l]);
    for (std::size_t i = 0; i < classes.size(); ++i) codes_[i].flipped = classes[i].flipped;
  }
  std::size_t value = network_.first_value(0);
  for (std::size_t m = 0; m <= l; ++m) {
    std::size_t last = 0;
    for (; value < network_.first_value(m + 1); ++value) last = std::max(last, last_use_[value]);
    if (last <= l) forms_.release(m);
  }
}

}  // namespace relutope
