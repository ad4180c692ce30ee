#include "cells/forward_task.hpp"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>

#include "cells/kernels.hpp"
#include "exact/predicates.hpp"

namespace relutope {
namespace {

constexpr double kUnit = 0x1p-53;

BoundLine bound_line(const ScaledLayer& layer, const ActiveInputs& active, std::size_t part) {
  constexpr double kInflate = 1.0 + 16 * kUnit;
  BoundLine line;
  if (active.size() == 0) return line;
  const double gamma = 1.01 * kUnit * static_cast<double>(active.size() + 2) + 1.01 * layer.relative_error();
  line.slope = (active.error * (1.0 + layer.relative_error()) + gamma * active.largest) * kInflate;
  line.bias_factor = part == 0 ? gamma * kInflate : 0.0;
  line.eta = DBL_MIN * ((part == 0 ? 1.0 : 0.0) + active.largest + active.error);
  return line;
}

double bias_error(const ScaledLayer& layer, std::size_t i, std::size_t part) {
  if (part != 0 || layer.bias_is_exact(i)) return 0.0;
  return std::abs(layer.bias()[i]) * layer.relative_error() * (1 + 4 * kUnit) + DBL_MIN;
}

/// A sign is certain beyond the error, and a zero is certain if there is no error at all.
std::optional<Sign> triage(double value, double error) {
  if (value == 0 && error == 0) return Sign::kZero;
  return triage_sign(value, error);
}

}  // namespace

ForwardTask::ForwardTask(const ForwardInput& input, const std::vector<RowClass>& classes, const Vertices& from,
                         const ForwardOutput& output)
    : input_(input), scaled_(input.scaled), classes_(classes), from_(from), out_(output), active_(output.shape.parts),
      line_(output.shape.parts) {
  range.positive.assign(out_.raw_words, 0);
  range.negative.assign(out_.raw_words, 0);
  range.zero.assign(out_.raw_words, 0);
}

void ForwardTask::run(std::size_t first, std::size_t last) {
  for (std::size_t v = first; v < last; ++v) one_vertex(v);
}

void ForwardTask::gather_input(std::size_t v, std::size_t part) {
  ActiveInputs& active = active_[part];
  active.error = from_.bounds[v * out_.shape.parts + part].point;
  const double* x = &from_.rows[v * input_.previous.shape.row_length() + part * input_.previous.shape.part_length()];
  for (std::size_t c = 0; c < out_.shape.dim; ++c) {
    if (x[c] == 0 && active.error == 0) continue;
    add_input(active, c, x[c]);
  }
}

void ForwardTask::add_input(ActiveInputs& active, std::size_t column, double value) const {
  active.columns.push_back(column);
  active.offsets.push_back(column * scaled_.rows());
  active.values.push_back(value);
  active.largest = std::max(active.largest, std::abs(value));
  if (std::isnan(value)) active.largest = value;
}

void ForwardTask::gather_columns(const std::vector<std::size_t>& columns, std::size_t v) {
  for (std::size_t p = 0; p < out_.shape.parts; ++p) {
    const double* z = &from_.rows[v * input_.previous.shape.row_length() + p * input_.previous.shape.part_length() + out_.shape.dim];
    for (const std::size_t c : columns) add_input(active_[p], c, z[c]);
  }
}

void ForwardTask::gather(std::size_t v) {
  for (std::size_t p = 0; p < out_.shape.parts; ++p) active_[p].clear();
  if (input_.previous.tables == nullptr) {
    for (std::size_t p = 0; p < out_.shape.parts; ++p) gather_input(v, p);
    return;
  }
  for (std::size_t p = 0; p < out_.shape.parts; ++p) active_[p].error = from_.bounds[v * out_.shape.parts + p].value;
  const LayerTables& tables = *input_.previous.tables;
  const Word* mask = &from_.masks[2 * input_.previous.shape.mask_words * v];
  gather_columns(tables.always_on, v);
  for (std::size_t plane = 0; plane < 2; ++plane) {
    const auto& lists = plane == 0 ? tables.on_if_positive : tables.on_if_negative;
    for (std::size_t w = 0; w < words_for(tables.bits()); ++w) {
      for (Word bits = mask[plane * input_.previous.shape.mask_words + w]; bits != 0; bits &= bits - 1) {
        gather_columns(lists[w * kWordBits + static_cast<std::size_t>(std::countr_zero(bits))], v);
      }
    }
  }
}

void ForwardTask::one_vertex(std::size_t v) {
  gather(v);
  const std::size_t n = scaled_.rows();
  double* row = &out_.rows[v * out_.shape.row_length()];
  const double* old_row = &from_.rows[v * input_.previous.shape.row_length()];
  for (std::size_t p = 0; p < out_.shape.parts; ++p) {
    const ActiveInputs& active = active_[p];
    double* z = row + p * out_.shape.part_length() + out_.shape.dim;
    std::copy_n(old_row + p * input_.previous.shape.part_length(), out_.shape.dim, row + p * out_.shape.part_length());
    combine({scaled_.column(0), active.offsets.data(), active.values.data(), active.size()},
            p == 0 ? scaled_.bias().data() : nullptr, z, n);
    line_[p] = bound_line(scaled_, active, p);
    RowBound& bound = out_.bounds[v * out_.shape.parts + p];
    bound.point = from_.bounds[v * out_.shape.parts + p].point;
    bound.value = vertex_bound(p);
    bound.largest = largest_absolute(z, n);
  }
  signs(v, row);
}

/// Bound that holds for all rows of the vertex.
double ForwardTask::vertex_bound(std::size_t p) const {
  if (active_[p].size() > 0) {
    return (scaled_.largest_absolute_sum() * line_[p].slope + scaled_.largest_bias() * line_[p].bias_factor +
            line_[p].eta) * (1 + 8 * kUnit);
  }
  double largest = 0;
  for (std::size_t i = 0; i < scaled_.rows(); ++i) largest = std::max(largest, bias_error(scaled_, i, p));
  return largest;
}

double ForwardTask::row_bound(std::size_t i, std::size_t p, double absolute_sum) const {
  if (active_[p].size() == 0) return bias_error(scaled_, i, p);
  return (absolute_sum * line_[p].slope + std::abs(scaled_.bias()[i]) * line_[p].bias_factor + line_[p].eta) *
         (1 + 8 * kUnit);
}

void ForwardTask::signs(std::size_t v, double* row) {
  Word* positive = &out_.raw[2 * out_.raw_words * v];
  Word* negative = positive + out_.raw_words;
  std::fill(positive, positive + 2 * out_.raw_words, Word{0});
  bool carrier_set = false;
  for (std::size_t i = 0; i < scaled_.rows(); ++i) {
    if (classes_[i].kind != RowKind::kLeader) continue;
    std::optional<Sign> sign;
    for (std::size_t p = out_.shape.parts; p-- > 0 && (!sign || *sign == Sign::kZero);) {
      const double z = row[p * out_.shape.part_length() + out_.shape.dim + i];
      sign = triage(z, row_bound(i, p, scaled_.absolute_sum()[i]));
      if (!sign) break;
    }
    if (sign) {
      ++tally.signs_float;
    } else {
      sign = later_stages(v, i, row, carrier_set);
    }
    if (*sign == Sign::kPositive) set_bit(positive, i);
    if (*sign == Sign::kNegative) set_bit(negative, i);
  }
  for (std::size_t w = 0; w < out_.raw_words; ++w) {
    range.positive[w] |= positive[w];
    range.negative[w] |= negative[w];
    range.zero[w] |= ~(positive[w] | negative[w]);
  }
}

Sign ForwardTask::later_stages(std::size_t v, std::size_t i, double* row, bool& carrier_set) {
  std::optional<Sign> sign = Sign::kZero;
  for (std::size_t p = out_.shape.parts; p-- > 0 && sign && *sign == Sign::kZero;) sign = row_stage(i, p, row);
  if (sign) {
    ++tally.signs_row;
    return *sign;
  }
  ++tally.signs_exact;
  if (!solver_) solver_ = std::make_unique<ExactSolver>(input_.network, input_.codes, input_.domain, input_.layer);
  if (!carrier_set) {
    const Word* history = from_.history.data() + 2 * out_.shape.history_words * v;
    solver_->set_carrier(history, history + out_.shape.history_words, from_.walls[v], 0);
    point_ = solver_->point({});
    carrier_set = true;
  }
  return solver_->sign(i, point_);
}

/// The same bound with the row's own active weights; if all of them are zero, z_i is its bias.
std::optional<Sign> ForwardTask::row_stage(std::size_t i, std::size_t p, double* row) const {
  double sum = 0;
  bool all_zero = true;
  for (const std::size_t k : active_[p].columns) {
    sum += std::abs(scaled_.column(k)[i]);
    all_zero &= scaled_.is_zero(i, k);
  }
  double& z = row[p * out_.shape.part_length() + out_.shape.dim + i];
  if (all_zero) {
    z = p == 0 ? scaled_.bias()[i] : 0.0;
    return triage(z, bias_error(scaled_, i, p));
  }
  return triage(z, row_bound(i, p, sum * (1 + 2 * kUnit * static_cast<double>(active_[p].size() + 4))));
}

}  // namespace relutope
