// The places at which neurons change sign along an edge of a piece, in order, ties joined.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "cells/step_context.hpp"
#include "cells/vertex_solver.hpp"

namespace relutope {

/// One end of the edge.
struct EdgeEnd {
  RowView row;
  const double* point;
  const RowBound* bounds;
  const Word* mask;
  Word walls;
  const Word* history;
};

class Crossings {
 public:
  explicit Crossings(const StepContext& context) : context_(context) {}

  /// Orders the bits in `mixed`, a plane of mask_words words, from end a to end b. `path` are the neurons
  /// that vanish along the edge and make it an edge of the solver's carrier.
  void order(const EdgeEnd& a, const EdgeEnd& b, std::span<const Word> mixed, std::span<const std::size_t> path,
             VertexSolver& solver);

  std::size_t groups() const { return group_ends_.size(); }
  /// Bits that vanish at the i-th vertex along the edge.
  std::span<const std::size_t> group(std::size_t i) const {
    const std::size_t first = i == 0 ? 0 : group_ends_[i - 1];
    return {bits_.data() + first, group_ends_[i] - first};
  }

 private:
  struct Place {
    double low;
    double high;
    std::size_t bit;
  };
  enum class Scale { kFinite, kInfinite, kToInfinity, kFromInfinity };

  ExactPoint exact_vertex(const EdgeEnd& end);
  Scale scale_of_edge(const EdgeEnd& a, const EdgeEnd& b);
  bool same_direction(const EdgeEnd& a, const EdgeEnd& b);
  Place place(const EdgeEnd& a, const EdgeEnd& b, Scale scale, std::size_t bit) const;
  void order_exactly(std::span<Place> places, const Word* mask_a, std::span<const std::size_t> path,
                     VertexSolver& solver);

  const StepContext& context_;
  std::unique_ptr<ExactSolver> ends_;
  std::vector<std::size_t> zeros_;
  std::vector<Place> places_;
  std::vector<std::size_t> bits_, group_ends_, neurons_;
};

}  // namespace relutope
