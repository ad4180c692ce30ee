#include "cells/forward_task.hpp"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>

#include "exact/predicates.hpp"

namespace relutope {
namespace {

constexpr double kUnit = 0x1p-53;

BoundLine bound_line(const ScaledLayer& layer, const ActiveInputs& active, std::size_t part) {
  constexpr double kInflate = 1.0 + 16 * kUnit;
  BoundLine line;
  if (active.size == 0) return line;
  const std::size_t terms = std::min(active.size, layer.longest_row());
  const double gamma = 1.01 * kUnit * static_cast<double>(terms + 2) + 1.01 * layer.relative_error();
  line.slope = (active.error * (1.0 + layer.relative_error()) + gamma * active.largest) * kInflate;
  line.bias_factor = part == 0 ? gamma * kInflate : 0.0;
  const bool all_zero = active.largest == 0 && active.error == 0;
  line.eta = part > 0 && all_zero ? 0.0 : DBL_MIN * (1.0 + active.largest + active.error) + layer.absolute_error();
  return line;
}

double bias_error(const ScaledLayer& layer, std::size_t i, std::size_t part) {
  if (part != 0 || layer.bias_is_exact(i)) return 0.0;
  return std::abs(layer.bias()[i]) * layer.relative_error() * (1 + 4 * kUnit) + DBL_MIN + layer.absolute_error();
}

/// A sign is certain beyond the error, and a zero is certain if there is no error at all.
std::optional<Sign> triage(double value, double error) {
  if (value == 0 && error == 0) return Sign::kZero;
  return triage_sign(value, error);
}

}  // namespace

ForwardTask::ForwardTask(const ForwardInput& input, const Vertices& from, const ForwardOutput& output)
    : input_(input),
      plan_(input.rows.plan),
      scaled_(input.rows.scaled),
      from_(from),
      out_(output),
      leaders_(input.rows.classes.empty() ? 0 : output.raw_words, 0),
      slots_(kBlock * output.shape.parts, ActiveInputs(scaled_.columns())),
      union_(scaled_.columns()),
      spare_row_(scaled_.rows()),
      sums_(scaled_.is_sparse() ? kBlock * scaled_.rows() : 0),
      line_(output.shape.parts),
      previous_row_(input.previous.shape.columns) {
  for (auto* plane : {&range.positive, &range.negative, &range.zero}) plane->assign(out_.raw_words, 0);
  for (std::size_t i = 0; i < input.rows.classes.size(); ++i) {
    if (input.rows.classes[i].kind == RowKind::kLeader) set_bit(leaders_.data(), i);
  }
  if (input.previous.tables != nullptr) {
    on_if_positive_ = flatten(input.previous.tables->on_if_positive);
    on_if_negative_ = flatten(input.previous.tables->on_if_negative);
  }
}

ForwardTask::Switches ForwardTask::flatten(const std::vector<std::vector<std::size_t>>& lists) {
  Switches switches{{0}, {}};
  for (const auto& list : lists) {
    switches.columns.insert(switches.columns.end(), list.begin(), list.end());
    switches.begin.push_back(switches.columns.size());
  }
  return switches;
}

void ForwardTask::run(std::size_t first, std::size_t last) {
  const std::size_t parts = out_.shape.parts;
  for (std::size_t v = first; v < last; v += kBlock) {
    const std::size_t n = std::min(kBlock, last - v);
    for (std::size_t p = 0; p < parts; ++p) {
      for (std::size_t i = 0; i < n; ++i) gather(v + i, p, slot(i, p));
      multiply(v, n, p);
    }
    for (std::size_t i = 0; i < n; ++i) one_vertex(v + i, i);
  }
}

/// An entry of the row before whose value is not off: a column may read it, the new row may carry it.
inline void ForwardTask::take(std::size_t entry, double value, double* row, ActiveInputs& active) const {
  if (plan_.is_plain) {
    active.add(entry, value);
    return;
  }
  if (plan_.column[entry] != RowPlan::kNone) active.add(static_cast<std::size_t>(plan_.column[entry]), value);
  if (plan_.carried[entry] != RowPlan::kNone) row[plan_.carried[entry]] = value;
}

void ForwardTask::gather_input(std::size_t v, std::size_t part, ActiveInputs& active) {
  active.error = from_.bounds[v * out_.shape.parts + part].point;
  const double* x = &from_.points[v * out_.shape.point_length() + part * out_.shape.dim];
  for (std::size_t c = 0; c < out_.shape.dim; ++c) {
    if (x[c] != 0 || active.error != 0) take(c, x[c], row_part(v, part), active);
  }
}

/// Pre-activations of the layer before: stored, or summed from their terms.
const double* ForwardTask::previous_row(std::size_t v, std::size_t part) {
  const Shape& shape = input_.previous.shape;
  const std::size_t old_count = from_.old_count();
  if (v < old_count) return &from_.rows[v * shape.row_length() + part * shape.columns];
  const Terms& terms = from_.terms;
  term_offsets_.clear();
  term_factors_.clear();
  for (std::size_t t = terms.begin(v - old_count); t < terms.ends[v - old_count]; ++t) {
    term_offsets_.push_back(std::size_t{terms.rows[t]} * shape.columns);
    term_factors_.push_back(terms.factors[t * shape.parts + part]);
  }
  combine({from_.rows.data(), term_offsets_.data(), term_factors_.data(), term_factors_.size()}, nullptr,
          previous_row_.data(), shape.columns);
  return previous_row_.data();
}

void ForwardTask::gather(std::size_t v, std::size_t part, ActiveInputs& active) {
  const LayerTables* tables = input_.previous.tables;
  const std::size_t words = input_.previous.shape.mask_words;
  double* row = row_part(v, part);
  std::fill_n(row + scaled_.rows(), plan_.n_carried, 0.0);
  active.size = 0;
  if (tables == nullptr) {
    gather_input(v, part, active);
  } else {
    active.error = from_.bounds[v * out_.shape.parts + part].value;
    const double* z = previous_row(v, part);
    for (const std::size_t c : tables->always_on) take(c, z[c], row, active);
    for (std::size_t c = input_.previous.own; c < input_.previous.shape.columns; ++c) take(c, z[c], row, active);
    for (std::size_t plane = 0; plane < 2; ++plane) {
      const Switches& on = plane == 0 ? on_if_positive_ : on_if_negative_;
      const Word* mask = from_.masks.data() + (2 * v + plane) * words;
      for (std::size_t w = 0; w < words && !on.columns.empty(); ++w) {
        for (Word bits = mask[w]; bits != 0; bits &= bits - 1) {
          const std::size_t bit = w * kWordBits + static_cast<std::size_t>(std::countr_zero(bits));
          for (std::size_t i = on.begin[bit]; i < on.begin[bit + 1]; ++i) {
            take(on.columns[i], z[on.columns[i]], row, active);
          }
        }
      }
    }
  }
  active.largest = largest_absolute(active.values.data(), active.size);
}

void ForwardTask::unite(std::size_t n_vertices, std::size_t part) {
  union_.size = 0;
  ++union_.now;
  for (std::size_t i = 0; i < n_vertices; ++i) {
    const ActiveInputs& active = slot(i, part);
    for (std::size_t a = 0; a < active.size; ++a) {
      const std::size_t column = active.columns[a];
      if (union_.round[column] != union_.now) {
        union_.round[column] = union_.now;
        union_.place[column] = union_.size;
        union_.columns[union_.size] = column;
        union_.offsets[union_.size] = column * scaled_.rows();
        std::fill_n(&union_.factors[kBlock * union_.size++], kBlock, 0.0);
      }
      union_.factors[kBlock * union_.place[column] + i] = active.values[a];
    }
  }
}

/// Rows of up to kBlock vertices, whose active inputs are mostly the same. A column that is not active at a vertex adds
/// an exact zero there.
void ForwardTask::multiply(std::size_t first, std::size_t n_vertices, std::size_t part) {
  if (scaled_.rows() == 0) return;
  unite(n_vertices, part);
  double* out[kBlock];
  for (std::size_t i = 0; i < kBlock; ++i) {
    out[i] = i < n_vertices ? row_part(first + i, part) : spare_row_.data();
  }
  if (scaled_.is_sparse()) {
    multiply_sparse(part, out);
    return;
  }
  combine_block({scaled_.column(0), union_.offsets.data(), union_.factors.data(), union_.size},
                part == 0 ? scaled_.bias().data() : nullptr, out, scaled_.rows());
}

void ForwardTask::multiply_sparse(std::size_t part, double* const* out) {
  for (std::size_t i = 0; i < scaled_.rows(); ++i) {
    std::fill_n(&sums_[kBlock * i], kBlock, part == 0 ? scaled_.bias()[i] : 0.0);
  }
  for (std::size_t a = 0; a < union_.size; ++a) {
    const std::size_t column = union_.columns[a];
    const double* factor = &union_.factors[kBlock * a];
    const auto rows = scaled_.entry_rows(column);
    const double* weights = scaled_.entry_weights(column);
    for (std::size_t t = 0; t < rows.size(); ++t) {
      double* sum = &sums_[kBlock * rows[t]];
      for (std::size_t v = 0; v < kBlock; ++v) sum[v] += factor[v] * weights[t];
    }
  }
  for (std::size_t v = 0; v < kBlock; ++v) {
    for (std::size_t i = 0; i < scaled_.rows(); ++i) out[v][i] = sums_[kBlock * i + v];
  }
}

void ForwardTask::one_vertex(std::size_t v, std::size_t slot_index) {
  active_ = &slot(slot_index, 0);
  marked_ = nullptr;
  double* row = &out_.rows[v * out_.shape.row_length()];
  for (std::size_t p = 0; p < out_.shape.parts; ++p) {
    line_[p] = bound_line(scaled_, active_[p], p);
    RowBound& bound = out_.bounds[v * out_.shape.parts + p];
    bound.largest = largest_absolute(row_part(v, p), out_.shape.columns);
    if (!std::isfinite(bound.largest)) line_[p].eta = std::numeric_limits<double>::infinity();
    bound.point = from_.bounds[v * out_.shape.parts + p].point;
    bound.value = vertex_bound(p);
    // Carried entries keep the error that they had among the inputs.
    if (plan_.n_carried > 0) bound.value = std::max(bound.value, active_[p].error);
  }
  if (!leaders_.empty()) signs(v, row);
}

/// Bound that holds for all rows of the vertex.
double ForwardTask::vertex_bound(std::size_t p) const {
  if (scaled_.rows() == 0) return 0.0;
  if (active_[p].size > 0) {
    return (scaled_.largest_absolute_sum() * line_[p].slope + scaled_.largest_bias() * line_[p].bias_factor +
            line_[p].eta) *
           (1 + 8 * kUnit);
  }
  double largest = 0;
  for (std::size_t i = 0; i < scaled_.rows(); ++i) largest = std::max(largest, bias_error(scaled_, i, p));
  return largest;
}

double ForwardTask::row_bound(std::size_t i, std::size_t p, double absolute_sum) const {
  if (active_[p].size == 0) return bias_error(scaled_, i, p);
  return (absolute_sum * line_[p].slope + std::abs(scaled_.bias()[i]) * line_[p].bias_factor + line_[p].eta) *
         (1 + 8 * kUnit);
}

/// triage() of up to 64 neurons at once.
SignBits ForwardTask::certain_signs(std::size_t p, std::size_t word, const double* row) const {
  const std::size_t first = word * kWordBits;
  const std::size_t n = std::min(scaled_.rows() - first, kWordBits);
  const double* z = row + p * out_.shape.columns + first;
  if (active_[p].size > 0) {
    const ErrorLine line{line_[p].slope, line_[p].bias_factor, line_[p].eta, 1 + 8 * kUnit};
    return compare_with_errors(z, &scaled_.absolute_sum()[first], &scaled_.bias()[first], line, n);
  }
  SignBits bits;
  for (std::size_t i = 0; i < n; ++i) {
    const std::optional<Sign> sign = triage(z[i], bias_error(scaled_, first + i, p));
    if (sign == Sign::kPositive) bits.positive |= Word{1} << i;
    if (sign == Sign::kNegative) bits.negative |= Word{1} << i;
    if (sign == Sign::kZero) bits.zero |= Word{1} << i;
  }
  return bits;
}

void ForwardTask::signs(std::size_t v, double* row) {
  Word* positive = &out_.raw[2 * out_.raw_words * v];
  Word* negative = positive + out_.raw_words;
  bool carrier_set = false;
  for (std::size_t w = 0; w < out_.raw_words; ++w) {
    positive[w] = negative[w] = 0;
    Word undecided = leaders_[w];
    Word later = 0;
    for (std::size_t p = out_.shape.parts; p-- > 0;) {
      const SignBits certain = certain_signs(p, w, row);
      positive[w] |= certain.positive & undecided;
      negative[w] |= certain.negative & undecided;
      later |= undecided & ~(certain.positive | certain.negative | certain.zero);
      undecided &= certain.zero;
    }
    tally.signs_float += static_cast<std::uint64_t>(std::popcount(leaders_[w] & ~later));
    for (; later != 0; later &= later - 1) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(later));
      const Sign sign = later_stages(v, w * kWordBits + bit, row, carrier_set);
      if (sign == Sign::kPositive) positive[w] |= Word{1} << bit;
      if (sign == Sign::kNegative) negative[w] |= Word{1} << bit;
    }
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
  if (!solver_)
    solver_ =
        std::make_unique<ExactSolver>(input_.network, input_.codes, input_.domain, input_.layer, input_.rows.cutting);
  if (!carrier_set) {
    const Word* history = from_.history.data() + 2 * out_.shape.history_words * v;
    solver_->set_carrier(history, history + out_.shape.history_words, from_.walls[v], 0);
    point_ = solver_->point({});
    carrier_set = true;
  }
  return solver_->sign(i, point_);
}

/// The same bound with the row's own active weights; if all of them are zero, z_i is its bias.
std::optional<Sign> ForwardTask::row_stage(std::size_t i, std::size_t p, double* row) {
  double sum = 0;
  bool all_zero = true;
  const auto add = [&](double weight) {
    sum += std::abs(weight);
    all_zero &= weight == 0 && scaled_.zeros_are_exact(i);
  };
  if (scaled_.is_sparse()) {
    mark_active(p);
    for (const ScaledLayer::Entry& entry : scaled_.row_entries(i)) {
      if (marks_[entry.column] == mark_) add(entry.weight);
    }
  } else {
    for (std::size_t a = 0; a < active_[p].size; ++a) add(scaled_.column(active_[p].columns[a])[i]);
  }
  double& z = row[p * out_.shape.columns + i];
  if (all_zero) {
    z = p == 0 ? scaled_.bias()[i] : 0.0;
    return triage(z, bias_error(scaled_, i, p));
  }
  return triage(z, row_bound(i, p, sum * (1 + 2 * kUnit * static_cast<double>(active_[p].size + 4))));
}

/// Marks the active columns of one part of the vertex in work, once.
void ForwardTask::mark_active(std::size_t p) {
  if (marked_ == &active_[p]) return;
  marked_ = &active_[p];
  marks_.resize(scaled_.columns());
  ++mark_;
  for (std::size_t a = 0; a < marked_->size; ++a) marks_[marked_->columns[a]] = mark_;
}

}  // namespace relutope
