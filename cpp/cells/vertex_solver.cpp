#include "cells/vertex_solver.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "cells/kernels.hpp"
#include "exact/dyadic.hpp"

namespace relutope {
namespace {

constexpr double kUnit = 0x1p-53;

/// Rows whose bound exceeds this part of the cell's largest pre-activation are recomputed exactly. It decides nothing:
/// it trades one exact vertex now for uncertain signs later. Smaller values were slower on deep generic networks.
constexpr double kPoorBound = 0x1p-10;

/// The larger bound; nan, which stands for no bound at all, if either is.
double worse(double a, double b) { return a >= b || std::isnan(a) ? a : b; }

}  // namespace

VertexSolver::VertexSolver(const StepContext& context) : context_(context), frame_(context) {}

void VertexSolver::set_carrier(std::size_t k, CellIndex cell) {
  carrier_dimension_ = k;
  carrier_ = cell;
  frame_set_ = exact_set_ = false;
  sources_.clear();
}

const Frame& VertexSolver::frame() {
  if (!frame_set_) frame_.reset(carrier_dimension_, carrier_);
  frame_set_ = true;
  return frame_;
}

ExactSolver& VertexSolver::exact() {
  if (!exact_) {
    exact_ = std::make_unique<ExactSolver>(context_.network, context_.codes, context_.domain, context_.layer,
                                           context_.cutting);
  }
  if (!exact_set_) {
    const Word* history = frame().history().data();
    exact_->set_carrier(history, history + context_.shape.history_words, frame_.walls(), carrier_dimension_);
    exact_set_ = true;
  }
  return *exact_;
}

void VertexSolver::list_sources() {
  if (!sources_.empty()) return;
  for (std::size_t p = 0; p < context_.shape.parts; ++p) sources_.push_back({frame_.base(), p});
  for (const Direction& d : frame_.directions()) sources_.push_back({d.vertex, d.part});
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

// beta >= || I - R G* ||_inf for the exact increments G*, where R is `inverse_` and the computed G differs from G* by
// at most value_error per entry plus its own half ulp:
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
    beta = worse(beta, row);
  }
  return beta * (1 + 1e2 * kUnit);
}

// With t computed, rho >= | G* t + z* |_inf bounds how far the exact equations are from being solved. Since
// t - t* = (R G*)^-1 R (G* t + z*), |t - t*|_inf <= |R|_inf rho / (1 - beta). Each DBL_MIN covers the products before
// it that underflow.
bool VertexSolver::solve(std::span<const std::size_t> neurons) {
  const Shape& shape = context_.shape;
  const Vertices& vertices = context_.cells.vertices;
  const auto& directions = frame_.directions();
  k_ = neurons.size();
  matrix_.resize(k_ * k_);
  value_.resize(shape.parts * k_);
  step_.resize(shape.parts * k_);
  step_error_.assign(shape.parts, 0.0);
  const double* base = &vertices.rows[frame_.base() * shape.row_length()];
  for (std::size_t j = 0; j < k_; ++j) {
    for (std::size_t i = 0; i < k_; ++i) {
      const std::size_t part = directions[i].part * shape.columns;
      const double* row = &vertices.rows[directions[i].vertex * shape.row_length() + part];
      matrix_[j * k_ + i] = row[neurons[j]] - base[part + neurons[j]];
    }
    for (std::size_t p = 0; p < shape.parts; ++p) value_[p * k_ + j] = base[p * shape.columns + neurons[j]];
  }
  list_sources();
  factors_.assign(shape.parts * sources_.size(), 0.0);
  if (!invert()) return false;
  const double beta = relative_residual();
  if (!(beta < 0.5)) return false;
  double norm = 0;
  for (std::size_t r = 0; r < k_; ++r) {
    double sum = 0;
    for (std::size_t j = 0; j < k_; ++j) sum += std::abs(inverse_[r * k_ + j]);
    norm = worse(norm, sum);
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
      residual = worse(residual, std::abs(sum) + gamma * absolute);
    }
    weights(p);
    const double slack = gamma * reach(p);
    double carried = 0;
    for (std::size_t a = 0; a < sources_.size(); ++a) {
      const double error = vertices.bounds[sources_[a].vertex * shape.parts + sources_[a].part].value;
      carried += (std::abs(factors_[a * shape.parts + p]) + (a < shape.parts ? slack : 0)) * error;
    }
    step_error_[p] = norm * (residual + carried + DBL_MIN) / (1 - beta) * (1 + 64 * kUnit) + DBL_MIN;
  }
  return true;
}

/// Factors of the sources for one part: z = base + sum_i t_i (direction's vertex - base).
void VertexSolver::weights(std::size_t part) {
  const std::size_t parts = context_.shape.parts;
  const auto& directions = frame_.directions();
  for (std::size_t p = 0; p < parts; ++p) factors_[p * parts + part] = p == part ? 1 : 0;
  for (std::size_t i = 0; i < k_; ++i) {
    const double t = step_[part * k_ + i];
    factors_[directions[i].part * parts + part] -= t;
    factors_[(parts + i) * parts + part] = t;
  }
}

/// 1 + sum |t|: rounding a base factor 1 - sum t loses at most gamma * reach.
double VertexSolver::reach(std::size_t part) const {
  double sum = 1;
  for (std::size_t i = 0; i < k_; ++i) sum += std::abs(step_[part * k_ + i]);
  return sum;
}

// For the coordinates and for every pre-activation that RowView computes from the terms:
//   |value - exact| <= sum_a (|factor_a| + slack) error_a  sources that are not exact
//                    + step_error sum_i spread_i           t that is not exact
//                    + gamma (1 + sum |t|) sum largest_a   rounding of the factors and of the combination.
bool VertexSolver::combine(std::size_t part, double* point, RowBound& bound) const {
  const Shape& shape = context_.shape;
  const Vertices& vertices = context_.cells.vertices;
  const double gamma = 1.01 * kUnit * static_cast<double>(2 * k_ + 8);
  const double slack = gamma * reach(part);
  for (std::size_t a = 0; a < sources_.size(); ++a) {
    const double* from = &vertices.points[sources_[a].vertex * shape.point_length() + sources_[a].part * shape.dim];
    const RowBound& error = vertices.bounds[sources_[a].vertex * shape.parts + sources_[a].part];
    const double signed_factor = factors_[a * shape.parts + part];
    const double factor = std::abs(signed_factor) + (a < shape.parts ? slack : 0);
    const auto rounding = [&](double largest) {
      return a < shape.parts ? slack * largest : gamma * (factor * largest);
    };
    double largest = 0;
    for (std::size_t c = 0; c < shape.dim; ++c) {
      point[c] += signed_factor * from[c];
      largest = std::max(largest, std::abs(from[c]));
    }
    bound.value += factor * error.value + rounding(error.largest);
    bound.point += factor * error.point + rounding(largest);
  }
  for (std::size_t c = 0; c < shape.dim; ++c) {
    if (!std::isfinite(point[c])) return false;
  }
  const auto& directions = frame_.directions();
  for (std::size_t i = 0; i < k_; ++i) {
    bound.value += step_error_[part] * directions[i].value_spread;
    bound.point += step_error_[part] * directions[i].point_spread;
  }
  bound.value = (bound.value + DBL_MIN) * (1 + 64 * kUnit);
  bound.point = (bound.point + DBL_MIN) * (1 + 64 * kUnit);
  return bound.value <= kPoorBound * frame_.scale() && std::isfinite(bound.point);
}

void VertexSolver::append_terms(std::size_t parts, Terms& terms) const {
  const std::size_t all_parts = context_.shape.parts;
  for (std::size_t a = 0; a < sources_.size(); ++a) {
    terms.rows.push_back(static_cast<CellIndex>(sources_[a].vertex * all_parts + sources_[a].part));
    for (std::size_t p = 0; p < all_parts; ++p) terms.factors.push_back(p < parts ? factors_[a * all_parts + p] : 0.0);
  }
}

/// The vertex from integers: its row is stored, its terms are that row.
void VertexSolver::append_exact(std::span<const std::size_t> neurons, double* point, RowBound* bounds, Vertices& to) {
  const Shape& shape = context_.shape;
  const std::size_t row_index = to.rows.size() / shape.row_length();
  double* row = to.rows.append(shape.row_length());
  ExactSolver& solver = exact();
  const ExactPoint exact_point = solver.point(neurons);
  for (std::size_t p = 0; p < shape.parts; ++p) {
    const auto& numerators = p == 0 ? exact_point.finite : exact_point.infinite;
    for (std::size_t c = 0; c < shape.dim; ++c) {
      point[p * shape.dim + c] = nearest_double(numerators[c], exact_point.denominator);
    }
    double* z = row + p * shape.columns;
    for (std::size_t i = 0; i < shape.columns; ++i) {
      const ValueId value = context_.layout.values[i];
      const int exponent = context_.layout.exponents[i];
      z[i] = i < context_.layout.cutting ? solver.pre_activation(i, exact_point, p, exponent)
                                         : solver.value(value, exact_point, p, exponent);
    }
    // Correctly rounded: half an ulp of the largest entry, or half the smallest subnormal.
    bounds[p].point = largest_absolute(point + p * shape.dim, shape.dim) * kUnit + DBL_MIN;
    bounds[p].value = largest_absolute(z, shape.columns) * kUnit + DBL_MIN;
    to.terms.rows.push_back(static_cast<CellIndex>(row_index * shape.parts + p) | kLocal);
    for (std::size_t q = 0; q < shape.parts; ++q) to.terms.factors.push_back(p == q ? 1.0 : 0.0);
  }
}

void VertexSolver::append(std::span<const std::size_t> neurons, const Word* mask, Vertices& to) {
  const Shape& shape = context_.shape;
  const Word walls = frame().walls();
  double* point = to.points.append(shape.point_length());
  RowBound* bounds = to.bounds.append(shape.parts);
  std::fill(point, point + shape.point_length(), 0.0);
  std::fill(bounds, bounds + shape.parts, RowBound{});
  bool good = frame_.span() && solve(neurons);
  // A vertex without walls is finite: on R^d its M part is exactly zero.
  const std::size_t parts = walls == 0 ? 1 : shape.parts;
  for (std::size_t p = 0; p < parts && good; ++p) good = combine(p, point + p * shape.dim, bounds[p]);
  if (good) {
    ++tally.vertices_float;
    append_terms(parts, to.terms);
  } else {
    ++tally.vertices_exact;
    append_exact(neurons, point, bounds, to);
  }
  to.terms.ends.push_back(static_cast<CellIndex>(to.terms.rows.size()));
  if (walls == 0 && shape.parts > 1) bounds[1] = {};
  to.history.append_copy(frame_.history().data(), frame_.history().size());
  to.masks.append_copy(mask, 2 * shape.mask_words);
  to.walls.push_back(walls);
}

}  // namespace relutope
