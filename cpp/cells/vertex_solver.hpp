// New vertices of an old cell: where k independent neurons of the layer vanish. Coordinates, and the terms of which the
// pre-activations are the sum. In float64 from the cell's frame with a proven bound; recomputed exactly where that
// bound is poor.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "cells/exact_solver.hpp"
#include "cells/frame.hpp"
#include "cells/tally.hpp"

namespace relutope {

class VertexSolver {
 public:
  explicit VertexSolver(const StepContext& context);

  /// The old cell in work. Its vertices are read on first use only.
  void set_carrier(std::size_t k, CellIndex cell);
  const Frame& frame();

  /// Appends a vertex; `mask` has its signs in this layer.
  /// REQUIRES: the neurons (k of them) determine the vertex within the old cell's affine hull.
  void append(std::span<const std::size_t> neurons, const Word* mask, Vertices& to);

  /// The exact solver with this old cell as its carrier.
  ExactSolver& exact();

  EngineTally tally;

 private:
  /// t = -G^-1 z for every part, with |t - exact| <= step_error; false if no bound below 1/2 relative to G is found.
  bool solve(std::span<const std::size_t> neurons);
  void list_sources();
  bool invert();
  double relative_residual() const;
  void weights(std::size_t part);
  double reach(std::size_t part) const;
  bool combine(std::size_t part, double* point, RowBound& bound) const;
  void append_terms(std::size_t parts, Terms& terms) const;
  void append_exact(std::span<const std::size_t> neurons, double* point, RowBound* bounds, Vertices& to);

  const StepContext& context_;
  Frame frame_;
  std::size_t carrier_dimension_ = 0;
  CellIndex carrier_ = 0;
  bool frame_set_ = false;
  std::unique_ptr<ExactSolver> exact_;
  bool exact_set_ = false;

  std::size_t k_ = 0;
  std::vector<double> matrix_, work_, inverse_;  // k x k, row-major: G, elimination scratch, approximate G^-1
  std::vector<double> value_;                    // parts x k: pre-activations of the neurons at the base
  std::vector<double> step_;                     // parts x k: t
  std::vector<double> step_error_;               // per part
  /// Rows that the new vertex combines: all parts of the base, then one per direction; factors_[source * parts + part].
  struct Source {
    CellIndex vertex;
    std::size_t part;
  };
  std::vector<Source> sources_;
  std::vector<double> factors_;
};

}  // namespace relutope
