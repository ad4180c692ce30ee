#include "cells/half_spaces.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

namespace relutope {
namespace {

constexpr double kUnit = 0x1p-53;
constexpr std::size_t kCellsPerCheck = 4096;

double dot(const double* a, const double* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

/// Subtracts from v its component along a unit vector.
void project_out(const double* unit, double* v, std::size_t n) {
  const double along = dot(unit, v, n);
  for (std::size_t i = 0; i < n; ++i) v[i] -= along * unit[i];
}

/// Scales v to length 1; false if float64 sees no length.
bool normalise(double* v, std::size_t n) {
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(v[i]));
  if (!(largest > 0 && std::isfinite(largest))) return false;
  for (std::size_t i = 0; i < n; ++i) v[i] /= largest;
  const double length = std::sqrt(dot(v, v, n));
  for (std::size_t i = 0; i < n; ++i) v[i] /= length;
  return true;
}

}  // namespace

HalfSpaces::HalfSpaces(const Complex& complex, Budget& budget) : complex_(complex), dim_(complex.dim()) {
  first_.resize(complex.count(0) + 1);
  vertices_.resize(complex.count(0));
  for (std::size_t v = 0; v <= complex.count(0); ++v) first_[v] = v;
  for (std::size_t v = 0; v < complex.count(0); ++v) vertices_[v] = static_cast<std::int32_t>(v);
  for (std::size_t k = 1; k < dim_; ++k) {
    std::vector<std::size_t> first{0};
    std::vector<std::int32_t> of_cell, all;
    for (std::size_t cell = 0; cell < complex.count(k); ++cell) {
      if (cell % kCellsPerCheck == 0) budget.check();
      of_cell.clear();
      for (const std::int32_t f : complex.facets(k, cell)) {
        const std::span<const std::int32_t> below = vertices(static_cast<std::size_t>(f));
        of_cell.insert(of_cell.end(), below.begin(), below.end());
      }
      std::sort(of_cell.begin(), of_cell.end());
      of_cell.erase(std::unique(of_cell.begin(), of_cell.end()), of_cell.end());
      all.insert(all.end(), of_cell.begin(), of_cell.end());
      first.push_back(all.size());
    }
    first_.swap(first);
    vertices_.swap(all);
  }
  normals_.resize(complex.count(dim_ - 1) * dim_);
  std::vector<double> directions;
  for (std::size_t facet = 0; facet < complex.count(dim_ - 1); ++facet) {
    if (facet % kCellsPerCheck == 0) budget.check();
    compute_normal(facet, directions, &normals_[facet * dim_]);
  }
}

/// A unit vector orthogonal to dim - 1 directions of the facet, farthest first, up to rounding; nan at infinity.
void HalfSpaces::compute_normal(std::size_t facet, std::vector<double>& directions, double* out) const {
  const std::span<const std::int32_t> corners = vertices(facet);
  const std::size_t n = corners.size() - 1;
  directions.resize(n * dim_);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < dim_; ++c) {
      directions[i * dim_ + c] = coordinates(corners[i + 1])[c] - coordinates(corners[0])[c];
    }
  }
  std::size_t rank = 0;
  for (; rank < std::min(n, dim_ - 1); ++rank) {
    const auto length = [&](std::size_t i) { return dot(&directions[i * dim_], &directions[i * dim_], dim_); };
    std::size_t longest = rank;
    for (std::size_t i = rank + 1; i < n; ++i) {
      if (length(i) > length(longest)) longest = i;
    }
    double* chosen = &directions[rank * dim_];
    std::swap_ranges(chosen, chosen + dim_, &directions[longest * dim_]);
    if (!normalise(chosen, dim_)) break;
    for (std::size_t i = rank + 1; i < n; ++i) project_out(chosen, &directions[i * dim_], dim_);
  }
  std::size_t axis = 0;
  double shortest = std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < dim_; ++c) {
    double in_span = 0;
    for (std::size_t i = 0; i < rank; ++i) in_span += directions[i * dim_ + c] * directions[i * dim_ + c];
    if (in_span < shortest) {
      shortest = in_span;
      axis = c;
    }
  }
  std::fill(out, out + dim_, 0.0);
  out[axis] = 1;
  for (std::size_t i = 0; i < rank; ++i) project_out(&directions[i * dim_], out, dim_);
  normalise(out, dim_);
}

bool HalfSpaces::is_bounded(std::size_t region) const {
  for (const std::int32_t f : complex_.facets(dim_, region)) {
    for (const std::int32_t v : vertices(static_cast<std::size_t>(f))) {
      if (static_cast<std::size_t>(v) >= complex_.finite_count(0) || !std::isfinite(error(v))) return false;
    }
  }
  return true;
}

void HalfSpaces::box(std::size_t region, double* out) const {
  std::fill(out, out + dim_, std::numeric_limits<double>::infinity());
  std::fill(out + dim_, out + 2 * dim_, -std::numeric_limits<double>::infinity());
  for (const std::int32_t f : complex_.facets(dim_, region)) {
    for (const std::int32_t v : vertices(static_cast<std::size_t>(f))) {
      const double* x = coordinates(v);
      for (std::size_t c = 0; c < dim_; ++c) {
        out[c] = std::min(out[c], x[c]);
        out[dim_ + c] = std::max(out[dim_ + c], x[c]);
      }
    }
  }
}

/// The mean of the vertices, each counted once per facet; the exact one is an interior point of the region.
void HalfSpaces::centre(std::size_t region, std::vector<double>& out, std::size_t& n_terms,
                        double& largest_error) const {
  out.assign(dim_, 0.0);
  n_terms = 0;
  largest_error = 0;
  for (const std::int32_t f : complex_.facets(dim_, region)) {
    for (const std::int32_t v : vertices(static_cast<std::size_t>(f))) {
      for (std::size_t c = 0; c < dim_; ++c) out[c] += coordinates(v)[c];
      largest_error = std::max(largest_error, error(v));
      ++n_terms;
    }
  }
  for (double& x : out) x /= static_cast<double>(n_terms);
}

// Notation: u = 2^-53; e_v is the error of vertex v in the max norm, e the largest of the region's; |n|_1 the sum of
// |n_i|; S = sum |n_i| b_i with b_i >= |x_i| for x in `around`, and >= |v_i| + e_v.
//   n . v >= fl(n . v) - e_v |n|_1 - d u' S and n . x <= fl(n . x) + d u' S, where u' = u / (1 - d u), each up to d
//   underflows of 2^-1075. Computing e_v |n|_1, the difference and the threshold rounds by at most (d + 6) u S.
//   So t = min (fl(n . v) - e_v |n|_1) - slack, slack = 4 (d + 8) u S + DBL_MIN, covers all, with second-order terms.
//   The centre sums K coordinates of size b_i, then divides: n . c <= fl(n . c) + e |n|_1 + (K + 2 d + 8) u S + ...,
//   so that fl(n . c) + e |n|_1 + 4 (K + d + 8) u S + DBL_MIN < t proves n . c < h.
// If a sum overflows then S does, since rounding is monotone; then t is -infinity or nan and no point satisfies it.
void HalfSpaces::append(std::size_t region, std::span<const double> around, std::vector<double>& out) const {
  std::vector<double> middle;
  std::size_t n_terms = 0;
  double largest_error = 0;
  centre(region, middle, n_terms, largest_error);
  for (const std::int32_t f : complex_.facets(dim_, region)) {
    const auto facet = static_cast<std::size_t>(f);
    const std::size_t at = out.size();
    out.insert(out.end(), &normals_[facet * dim_], &normals_[facet * dim_] + dim_);
    double* normal = out.data() + at;
    if (dot(normal, middle.data(), dim_) > dot(normal, coordinates(vertices(facet)[0]), dim_)) {
      for (std::size_t c = 0; c < dim_; ++c) normal[c] = -normal[c];
    }
    double size = 0;  // S
    double norm = 0;  // |n|_1
    for (std::size_t c = 0; c < dim_; ++c) {
      const double reach = std::max(std::abs(around[c]), std::abs(around[dim_ + c])) + largest_error;
      size += std::abs(normal[c]) * reach;
      norm += std::abs(normal[c]);
    }
    double lowest = std::numeric_limits<double>::infinity();
    for (const std::int32_t v : vertices(facet)) {
      lowest = std::min(lowest, dot(normal, coordinates(v), dim_) - error(v) * norm);
    }
    const auto terms = static_cast<double>(dim_ + 8);
    const double threshold = lowest - (4 * terms * kUnit * size + DBL_MIN);
    const double at_centre = dot(normal, middle.data(), dim_) + largest_error * norm +
                             (4 * (static_cast<double>(n_terms) + terms) * kUnit * size + DBL_MIN);
    out.push_back(at_centre < threshold ? threshold : -std::numeric_limits<double>::infinity());
  }
}

}  // namespace relutope
