#include "cells/vertex_solver.hpp"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>

#include "cells/kernels.hpp"
#include "exact/dyadic.hpp"

namespace relutope {
namespace {

constexpr double kUnit = 0x1p-53;

/// Rows whose bound exceeds this part of the cell's largest pre-activation are recomputed exactly. It decides nothing: it
/// trades one exact vertex now for uncertain signs later. Smaller values were slower on deep generic networks.
constexpr double kPoorBound = 0x1p-10;

}  // namespace

VertexSolver::VertexSolver(const StepContext& context) : context_(context), frame_(context) {}

void VertexSolver::set_carrier(std::size_t k, CellIndex cell) {
  carrier_dimension_ = k;
  carrier_ = cell;
  frame_set_ = exact_set_ = false;
}

const Frame& VertexSolver::frame() {
  if (!frame_set_) frame_.reset(carrier_dimension_, carrier_);
  frame_set_ = true;
  return frame_;
}

ExactSolver& VertexSolver::exact() {
  if (!exact_) exact_ = std::make_unique<ExactSolver>(context_.network, context_.codes, context_.domain, context_.layer);
  if (!exact_set_) {
    const Word* history = frame().history().data();
    exact_->set_carrier(history, history + context_.shape.history_words, frame_.walls(), carrier_dimension_);
    exact_set_ = true;
  }
  return *exact_;
}

/// Gauss-Jordan with partial pivoting; the result is a proposal, judged by relative_residual().
bool VertexSolver::invert() {
  work_ = matrix_;
  inverse_.assign(k_ * k_, 0.0);
  for (std::size_t i = 0; i < k_; ++i) inverse_[i * k_ + i] = 1;
  for (std::size_t c = 0; c < k_; ++c) {
    std::size_t pivot = c;
    for (std::size_t r = c + 1; r < k_; ++r) {
      if (std::abs(work_[r * k_ + c]) > std::abs(work_[pivot * k_ + c])) pivot = r;
    }
    if (!(std::abs(work_[pivot * k_ + c]) > 0)) return false;
    for (std::size_t j = 0; j < k_ && pivot != c; ++j) {
      std::swap(work_[c * k_ + j], work_[pivot * k_ + j]);
      std::swap(inverse_[c * k_ + j], inverse_[pivot * k_ + j]);
    }
    const double scale = 1 / work_[c * k_ + c];
    for (std::size_t j = 0; j < k_; ++j) {
      work_[c * k_ + j] *= scale;
      inverse_[c * k_ + j] *= scale;
    }
    for (std::size_t r = 0; r < k_; ++r) {
      const double factor = work_[r * k_ + c];
      if (r == c || factor == 0) continue;
      for (std::size_t j = 0; j < k_; ++j) {
        work_[r * k_ + j] -= factor * work_[c * k_ + j];
        inverse_[r * k_ + j] -= factor * inverse_[c * k_ + j];
      }
    }
  }
  return true;
}

// beta >= || I - R G* ||_inf for the exact increments G*, where R is `inverse_` and the computed G differs from G* by at
// most value_error per entry plus its own half ulp:
//   | I - R G* | <= | I - fl(R G) | + (k + 2) u |R| |G| + |R| (value_error + u |G|).
double VertexSolver::relative_residual() const {
  double beta = 0;
  const double gamma = 1.01 * kUnit * static_cast<double>(k_ + 4);
  for (std::size_t r = 0; r < k_; ++r) {
    double row = 0;
    for (std::size_t c = 0; c < k_; ++c) {
      double dot = r == c ? -1.0 : 0.0;
      double absolute = r == c ? 1.0 : 0.0;
      double carried = 0;
      for (std::size_t j = 0; j < k_; ++j) {
        const double weight = inverse_[r * k_ + j];
        dot += weight * matrix_[j * k_ + c];
        absolute += std::abs(weight * matrix_[j * k_ + c]);
        carried += std::abs(weight);
      }
      row += std::abs(dot) + gamma * absolute + carried * (frame_.directions()[c].value_error + DBL_MIN);
    }
    if (!(row <= beta)) beta = row;
  }
  return beta * (1 + 1e2 * kUnit);
}

// With t computed, rho >= | G* t + z* |_inf bounds how far the exact equations are from being solved. Since
// t - t* = (R G*)^-1 R (G* t + z*), |t - t*|_inf <= |R|_inf rho / (1 - beta).
bool VertexSolver::solve(std::span<const std::size_t> neurons) {
  const Shape& shape = context_.shape;
  const Vertices& vertices = context_.cells.vertices;
  const auto& directions = frame_.directions();
  k_ = neurons.size();
  matrix_.resize(k_ * k_);
  value_.resize(shape.parts * k_);
  step_.resize(shape.parts * k_);
  step_error_.assign(shape.parts, 0.0);
  const double* base = &vertices.rows[frame_.base() * shape.row_length() + shape.dim];
  for (std::size_t j = 0; j < k_; ++j) {
    for (std::size_t i = 0; i < k_; ++i) {
      const std::size_t part = directions[i].part * shape.part_length();
      const double* row = &vertices.rows[directions[i].vertex * shape.row_length() + part + shape.dim];
      matrix_[j * k_ + i] = row[neurons[j]] - base[part + neurons[j]];
    }
    for (std::size_t p = 0; p < shape.parts; ++p) value_[p * k_ + j] = base[p * shape.part_length() + neurons[j]];
  }
  if (!invert()) return false;
  const double beta = relative_residual();
  if (!(beta < 0.5)) return false;
  double norm = 0;
  for (std::size_t r = 0; r < k_; ++r) {
    double sum = 0;
    for (std::size_t j = 0; j < k_; ++j) sum += std::abs(inverse_[r * k_ + j]);
    norm = std::max(norm, sum);
  }
  const double gamma = 1.01 * kUnit * static_cast<double>(k_ + 5);
  for (std::size_t p = 0; p < shape.parts; ++p) {
    double* t = &step_[p * k_];
    const double* z = &value_[p * k_];
    for (std::size_t i = 0; i < k_; ++i) {
      t[i] = 0;
      for (std::size_t j = 0; j < k_; ++j) t[i] -= inverse_[i * k_ + j] * z[j];
    }
    double residual = 0;
    for (std::size_t j = 0; j < k_; ++j) {
      double sum = z[j];
      double absolute = std::abs(z[j]);
      for (std::size_t i = 0; i < k_; ++i) {
        sum += matrix_[j * k_ + i] * t[i];
        absolute += std::abs(matrix_[j * k_ + i] * t[i]);
      }
      residual = std::max(residual, std::abs(sum) + gamma * absolute);
    }
    weights(p);
    const double slack = gamma * reach(p);
    double carried = 0;
    for (std::size_t a = 0; a < factors_.size(); ++a) {
      const CellIndex v = a < shape.parts ? frame_.base() : directions[a - shape.parts].vertex;
      const std::size_t part = a < shape.parts ? a : directions[a - shape.parts].part;
      carried += (std::abs(factors_[a]) + (a < shape.parts ? slack : 0)) * vertices.bounds[v * shape.parts + part].value;
    }
    step_error_[p] = norm * (residual + carried + DBL_MIN) / (1 - beta) * (1 + 64 * kUnit);
  }
  return true;
}

/// The new row as a combination: the base's parts first, then one row per direction.
void VertexSolver::weights(std::size_t part) {
  const Shape& shape = context_.shape;
  const auto& directions = frame_.directions();
  offsets_.clear();
  factors_.assign(shape.parts, 0.0);
  factors_[part] = 1;
  for (std::size_t p = 0; p < shape.parts; ++p) {
    offsets_.push_back(frame_.base() * shape.row_length() + p * shape.part_length());
  }
  for (std::size_t i = 0; i < k_; ++i) {
    const double t = step_[part * k_ + i];
    factors_[directions[i].part] -= t;
    factors_.push_back(t);
    offsets_.push_back(directions[i].vertex * shape.row_length() + directions[i].part * shape.part_length());
  }
}

/// 1 + sum |t|: rounding a base factor 1 - sum t loses at most gamma * reach.
double VertexSolver::reach(std::size_t part) const {
  double sum = 1;
  for (std::size_t i = 0; i < k_; ++i) sum += std::abs(step_[part * k_ + i]);
  return sum;
}

// |row - exact| <= sum_a (|factor_a| + slack) error_a  rows that are not exact
//                + step_error sum_i spread_i           t that is not exact
//                + gamma (1 + sum |t|) sum largest_a   rounding of the factors and of the combination.
bool VertexSolver::combine_rows(std::size_t part, double* row, RowBound& bound) {
  const Shape& shape = context_.shape;
  const Vertices& vertices = context_.cells.vertices;
  const auto& directions = frame_.directions();
  weights(part);
  combine({vertices.rows.data(), offsets_.data(), factors_.data(), factors_.size()}, nullptr, row, shape.part_length());
  const double gamma = 1.01 * kUnit * static_cast<double>(2 * k_ + 8);
  const double slack = gamma * reach(part);
  bound = {};
  for (std::size_t a = 0; a < factors_.size(); ++a) {
    const CellIndex v = a < shape.parts ? frame_.base() : directions[a - shape.parts].vertex;
    const std::size_t p = a < shape.parts ? a : directions[a - shape.parts].part;
    const RowBound& from = vertices.bounds[v * shape.parts + p];
    const double factor = std::abs(factors_[a]) + (a < shape.parts ? slack : 0);
    const double rounding = a < shape.parts ? slack : gamma * factor;
    bound.value += factor * from.value + rounding * from.largest;
    bound.point += factor * from.point + rounding * largest_absolute(vertices.rows.data() + offsets_[a], shape.dim);
  }
  for (std::size_t i = 0; i < k_; ++i) {
    bound.value += step_error_[part] * directions[i].value_spread;
    bound.point += step_error_[part] * directions[i].point_spread;
  }
  bound.value = (bound.value + DBL_MIN) * (1 + 64 * kUnit);
  bound.point = (bound.point + DBL_MIN) * (1 + 64 * kUnit);
  return bound.value <= kPoorBound * frame_.scale() && std::isfinite(bound.point);
}

void VertexSolver::exact_row(std::span<const std::size_t> neurons, double* row, RowBound* bounds) {
  const Shape& shape = context_.shape;
  ExactSolver& solver = exact();
  const ExactPoint point = solver.point(neurons);
  for (std::size_t p = 0; p < shape.parts; ++p) {
    double* part = row + p * shape.part_length();
    const auto& numerators = p == 0 ? point.finite : point.infinite;
    for (std::size_t c = 0; c < shape.dim; ++c) part[c] = nearest_double(numerators[c], point.denominator);
    for (std::size_t i = 0; i < shape.columns; ++i) {
      part[shape.dim + i] = solver.value(i, point, p, context_.scaled.exponents()[i]);
    }
    // Correctly rounded: half an ulp of the largest entry, or half the smallest subnormal.
    bounds[p].point = largest_absolute(part, shape.dim) * kUnit + DBL_MIN;
    bounds[p].value = largest_absolute(part + shape.dim, shape.columns) * kUnit + DBL_MIN;
  }
}

void VertexSolver::zero_entries(const Word* mask, double* row) const {
  const Shape& shape = context_.shape;
  for (std::size_t w = 0; w < shape.mask_words; ++w) {
    Word zeros = ~(mask[w] | mask[shape.mask_words + w]);
    const std::size_t valid = context_.tables.bits() - w * kWordBits;
    if (valid < kWordBits) zeros &= (Word{1} << valid) - 1;
    for (; zeros != 0; zeros &= zeros - 1) {
      for (const std::size_t c : context_.tables.all[w * kWordBits + static_cast<std::size_t>(std::countr_zero(zeros))]) {
        for (std::size_t p = 0; p < shape.parts; ++p) row[p * shape.part_length() + shape.dim + c] = 0;
      }
    }
  }
}

void VertexSolver::append(std::span<const std::size_t> neurons, const Word* mask, Vertices& to) {
  const Shape& shape = context_.shape;
  const Word walls = frame().walls();
  double* row = to.rows.append(shape.row_length());
  RowBound* bounds = to.bounds.append(shape.parts);
  std::fill(row, row + shape.row_length(), 0.0);
  std::fill(bounds, bounds + shape.parts, RowBound{});
  bool good = frame_.span() && solve(neurons);
  // A vertex without walls is finite: on R^d its M part is exactly zero.
  const std::size_t parts = walls == 0 ? 1 : shape.parts;
  for (std::size_t p = 0; p < parts && good; ++p) good = combine_rows(p, row + p * shape.part_length(), bounds[p]);
  if (good) {
    ++tally.vertices_float;
  } else {
    ++tally.vertices_exact;
    exact_row(neurons, row, bounds);
  }
  zero_entries(mask, row);
  for (std::size_t p = 0; p < shape.parts; ++p) {
    bounds[p].largest = largest_absolute(row + p * shape.part_length() + shape.dim, shape.columns);
  }
  if (walls == 0 && shape.parts > 1) bounds[1] = {};
  to.history.append_copy(frame_.history().data(), frame_.history().size());
  to.masks.append_copy(mask, 2 * shape.mask_words);
  to.walls.push_back(walls);
}

}  // namespace relutope
