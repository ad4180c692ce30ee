#include "cells/frame.hpp"

#include <algorithm>
#include <cmath>

#include "cells/kernels.hpp"

namespace relutope {

Frame::Frame(const StepContext& context) : context_(context) {}

void Frame::collect_vertices(std::size_t k, CellIndex cell) {
  vertices_.assign(1, cell);
  for (std::size_t m = k; m >= 1; --m) {
    scratch_.clear();
    for (const CellIndex c : vertices_) {
      for (const CellIndex f : context_.old_cells.facets(m, c)) scratch_.push_back(f);
    }
    if (m < k) {
      std::sort(scratch_.begin(), scratch_.end());
      scratch_.erase(std::unique(scratch_.begin(), scratch_.end()), scratch_.end());
    }
    vertices_.swap(scratch_);
  }
}

void Frame::reset(std::size_t k, CellIndex cell) {
  dimension_ = k;
  collect_vertices(k, cell);
  const Vertices& vertices = context_.cells.vertices;
  const std::size_t words = 2 * context_.shape.history_words;
  history_.assign(words, 0);
  walls_ = ~Word{0};
  for (const CellIndex v : vertices_) {
    walls_ &= vertices.walls[v];
    const Word* from = vertices.history.data() + words * v;
    for (std::size_t w = 0; w < words; ++w) history_[w] |= from[w];
  }
  spanned_ = full_ = false;
}

void Frame::add_direction(CellIndex vertex, std::size_t part) {
  const Shape& shape = context_.shape;
  const Vertices& vertices = context_.cells.vertices;
  const double* a = &vertices.rows[vertex * shape.row_length() + part * shape.columns];
  const double* b = &vertices.rows[base() * shape.row_length() + part * shape.columns];
  const double* p = &vertices.points[vertex * shape.point_length() + part * shape.dim];
  const double* q = &vertices.points[base() * shape.point_length() + part * shape.dim];
  const RowBound& bound_a = vertices.bounds[vertex * shape.parts + part];
  const RowBound& bound_b = vertices.bounds[base() * shape.parts + part];
  // A computed difference is off by the two rows' errors and half an ulp; 1 + 2^-51 covers the ulps of the sums here.
  constexpr double kUp = 1 + 0x1p-51;
  Direction d;
  d.vertex = vertex;
  d.part = part;
  d.value_error = (bound_a.value + bound_b.value) * kUp;
  d.value_spread = (largest_difference(a, b, shape.columns) + d.value_error) * kUp;
  d.point_spread = (largest_difference(p, q, shape.dim) + (bound_a.point + bound_b.point) * kUp) * kUp;
  directions_.push_back(d);
  scale_ = std::max(scale_, bound_a.largest);
}

/// Squared length of what is left of a candidate difference after the directions chosen so far are projected out.
double Frame::residual(std::size_t candidate, std::size_t part, std::vector<double>& out) const {
  const Shape& shape = context_.shape;
  const double* a = &context_.cells.vertices.points[vertices_[candidate] * shape.point_length() + part * shape.dim];
  const double* b = &context_.cells.vertices.points[base() * shape.point_length() + part * shape.dim];
  out.resize(shape.dim);
  for (std::size_t c = 0; c < shape.dim; ++c) out[c] = a[c] - b[c];
  for (std::size_t i = 0; i < directions_.size(); ++i) {
    const double* e = &orthonormal_[i * shape.dim];
    double dot = 0;
    for (std::size_t c = 0; c < shape.dim; ++c) dot += e[c] * out[c];
    for (std::size_t c = 0; c < shape.dim; ++c) out[c] -= dot * e[c];
  }
  double square = 0;
  for (const double x : out) square += x * x;
  return square;
}

bool Frame::span() {
  if (spanned_) return full_;
  spanned_ = true;
  directions_.clear();
  orthonormal_.clear();
  base_ = 0;
  const Vertices& vertices = context_.cells.vertices;
  // A finite base keeps the M part of new finite vertices exactly zero.
  if (context_.shape.parts > 1) {
    for (std::size_t v = vertices_.size(); v-- > 0;) {
      if (vertices.walls[vertices_[v]] == 0) base_ = v;
    }
  }
  scale_ = vertices.bounds[base() * context_.shape.parts].largest;
  while (directions_.size() < dimension_) {
    double best = 0;
    std::size_t best_vertex = 0;
    std::size_t best_part = 0;
    if (dimension_ == 1 && context_.shape.parts == 1) {
      add_direction(vertices_[1 - base_], 0);
      continue;
    }
    for (std::size_t v = 0; v < vertices_.size(); ++v) {
      for (std::size_t part = 0; part < context_.shape.parts; ++part) {
        const double square = v == base_ ? 0.0 : residual(v, part, trial_);
        if (square > best && std::isfinite(square)) {
          best = square;
          best_vertex = v;
          best_part = part;
          best_ = trial_;
        }
      }
    }
    if (best == 0) return false;
    const double norm = std::sqrt(best);
    for (const double x : best_) orthonormal_.push_back(x / norm);
    add_direction(vertices_[best_vertex], best_part);
  }
  full_ = true;
  return true;
}

}  // namespace relutope
