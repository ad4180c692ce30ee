// An old cell as an affine frame: a base vertex and k directions, each a difference of two vertices' rows.
//
// Every pre-activation of the layer is affine on the cell, so differences of rows are its exact increments up to
// rounding. On R^d a difference of finite parts and one of M parts are both directions of the cell's affine hull,
// because the hull's normals do not depend on M.
#pragma once

#include <cstddef>
#include <vector>

#include "cells/step_context.hpp"

namespace relutope {

struct Direction {
  CellIndex vertex = 0;
  std::size_t part = 0;
  double value_error = 0;   // bound of the error of each increment of a pre-activation
  double value_spread = 0;  // bound of the largest exact increment
  double point_spread = 0;
};

class Frame {
 public:
  explicit Frame(const StepContext& context);

  /// Reads the cell's vertices, their common walls and their composed signs. The directions come with span().
  void reset(std::size_t k, CellIndex cell);

  Word walls() const { return walls_; }
  /// Planes + and - of the earlier layers' signs on the cell's interior.
  const std::vector<Word>& history() const { return history_; }

  /// Chooses the base and the directions, farthest first; false if k independent ones are not found in float64. That is
  /// a matter of conditioning only: whatever is chosen, vertices are solved with a bound that includes it.
  bool span();
  CellIndex base() const { return vertices_[base_]; }
  const std::vector<Direction>& directions() const { return directions_; }
  /// Largest |pre-activation| of the vertices in use: the scale on which an error is large or small.
  double scale() const { return scale_; }

 private:
  void collect_vertices(std::size_t k, CellIndex cell);
  double residual(std::size_t candidate, std::size_t part, std::vector<double>& out) const;
  void add_direction(CellIndex vertex, std::size_t part);

  const StepContext& context_;
  std::size_t dimension_ = 0;
  Word walls_ = 0;
  std::vector<Word> history_;
  std::vector<CellIndex> vertices_, scratch_;
  std::vector<Direction> directions_;
  std::vector<double> orthonormal_, trial_, best_;
  std::size_t base_ = 0;
  double scale_ = 0;
  bool spanned_ = false, full_ = false;
};

}  // namespace relutope
