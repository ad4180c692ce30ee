// One thread's share of the forward pass: rows, bounds and signs of single vertices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "cells/exact_solver.hpp"
#include "cells/forward.hpp"
#include "cells/kernels.hpp"

namespace relutope {

/// The active inputs of one part of one vertex.
struct ActiveInputs {
  explicit ActiveInputs(std::size_t n_columns) : columns(n_columns), values(n_columns) {}
  std::vector<std::size_t> columns;  // of the layer
  std::vector<double> values;
  std::size_t size = 0;  // the vectors have room for all columns
  double error = 0;      // |value - exact| of each
  double largest = 0;    // max |value|
  void add(std::size_t column, double value) {
    columns[size] = column;
    values[size++] = value;
  }
};

/// The columns that are active at any of kBlock vertices, with a factor for each vertex.
struct ActiveUnion {
  explicit ActiveUnion(std::size_t n_columns)
      : columns(n_columns), offsets(n_columns), factors(kBlock * n_columns), place(n_columns), round(n_columns, 0) {}
  std::vector<std::size_t> columns;
  std::vector<std::size_t> offsets;  // of the columns' weights
  std::vector<double> factors;
  std::size_t size = 0;
  std::vector<std::size_t> place;  // of a column, if it was met in this round
  std::vector<std::uint64_t> round;
  std::uint64_t now = 0;
};

/// Error bound of row i: |computed z_i - exact z_i| <= sum(i) * slope + offset(i), for one part of one vertex.
///
/// With a active inputs, or a the most entries of a row if that is less, gamma = (a + 2) u / (1 - (a + 2) u), kappa the
/// relative error of the coefficients' images, e the error of the inputs and Y = max |y|:
///   rounding of the product sums       gamma (|b_i| + sum_k |w_ik| Y)
///   rounding of the coefficients       kappa (|b_i| + sum_k |w_ik| (Y + e)) + 2^-1074 (1 + a (Y + e))
///   inputs that are not exact          sum_k |w_ik| e
///   underflow of the products          a 2^-1074
/// so slope = e (1 + kappa) + (gamma + kappa) Y and offset_i = (gamma + kappa) |b_i| + eta, where eta collects the
/// underflow terms and DBL_MIN (1 + Y + e) is more than all of them, those of slope and offset included; in part 1
/// there is no bias, and nothing underflows if all inputs are exactly 0. `inflate` restores what rounding the bound
/// loses. Rows that are forms are off by their absolute error besides, which joins eta. A sum that overflows has no
/// bound. Without active inputs z_i is the image of b_i (part 0) or 0 (part 1): the bound is the image's own error,
/// mostly 0.
struct BoundLine {
  double slope = 0;
  double bias_factor = 0;
  double eta = 0;
};

/// Where the results of all tasks go; signs are raw, two planes over all neurons of the layer.
struct ForwardOutput {
  Shape shape;
  double* rows;
  RowBound* bounds;
  Word* raw;
  std::size_t raw_words;
};

class ForwardTask {
 public:
  ForwardTask(const ForwardInput& input, const Vertices& from, const ForwardOutput& output);

  SignRange range;
  EngineTally tally;

  void run(std::size_t first, std::size_t last);

 private:
  /// Columns that a mask bit switches on: columns[begin[bit]..begin[bit + 1]).
  struct Switches {
    std::vector<std::size_t> begin, columns;
  };

  static Switches flatten(const std::vector<std::vector<std::size_t>>& lists);
  void gather(std::size_t v, std::size_t part, ActiveInputs& active);
  void gather_input(std::size_t v, std::size_t part, ActiveInputs& active);
  void take(std::size_t entry, double value, double* row, ActiveInputs& active) const;
  const double* previous_row(std::size_t v, std::size_t part);
  ActiveInputs& slot(std::size_t i, std::size_t part) { return slots_[i * out_.shape.parts + part]; }
  void unite(std::size_t n_vertices, std::size_t part);
  void multiply(std::size_t first, std::size_t n_vertices, std::size_t part);
  void multiply_sparse(std::size_t part, double* const* out);
  double* row_part(std::size_t v, std::size_t part) const {
    return out_.rows + v * out_.shape.row_length() + part * out_.shape.columns;
  }
  void one_vertex(std::size_t v, std::size_t slot_index);
  double vertex_bound(std::size_t part) const;
  double row_bound(std::size_t i, std::size_t part, double absolute_sum) const;
  SignBits certain_signs(std::size_t part, std::size_t word, const double* row) const;
  void signs(std::size_t v, double* row);
  Sign later_stages(std::size_t v, std::size_t i, double* row, bool& carrier_set);
  std::optional<Sign> row_stage(std::size_t i, std::size_t part, double* row);
  void mark_active(std::size_t part);

  const ForwardInput& input_;
  const RowPlan& plan_;
  const ScaledLayer& scaled_;
  const Vertices& from_;
  ForwardOutput out_;
  std::vector<Word> leaders_;  // neurons whose signs are computed
  Switches on_if_positive_, on_if_negative_;
  std::vector<ActiveInputs> slots_;  // of kBlock vertices, per part
  ActiveUnion union_;
  std::vector<double> spare_row_;
  std::vector<double> sums_;              // of a sparse layer: kBlock per row
  const ActiveInputs* active_ = nullptr;  // per part, of the vertex in work
  std::vector<BoundLine> line_;           // per part
  // Of a sparse layer: the part whose active columns have marks_[column] == mark_.
  const ActiveInputs* marked_ = nullptr;
  std::vector<std::uint64_t> marks_;
  std::uint64_t mark_ = 0;
  std::vector<double> previous_row_;
  std::vector<std::size_t> term_offsets_;
  std::vector<double> term_factors_;
  std::unique_ptr<ExactSolver> solver_;
  ExactPoint point_;
};

}  // namespace relutope
