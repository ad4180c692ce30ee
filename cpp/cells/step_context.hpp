// What all threads share while one layer subdivides the complex. Everything here is read only during a parallel phase.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cells/domain.hpp"
#include "cells/layer_tables.hpp"
#include "cells/row_layout.hpp"
#include "cells/skeleton.hpp"
#include "network/network.hpp"

namespace relutope {

struct LayerInput {
  const Network& network;
  std::size_t layer;
  const RowLayout& layout;
  const SignCodes& codes;  // of the layers before
  const Domain& domain;
  const LayerTables& tables;
  Shape shape;
  std::span<const std::uint32_t> cutting;  // see ExactSolver
};

struct StepContext : LayerInput {
  const Skeleton& old_cells;  // facets of the complex before this layer; its vertices are those of `cells`
  const Skeleton& cells;      // the refined complex, as far as it is merged
  Budget& budget;
};

/// Pre-activations at one vertex during the step.
class RowView {
 public:
  /// A vertex of `vertices`, which are the merged ones or those of an arena.
  RowView(const Vertices& merged, const Vertices& vertices, std::size_t vertex, const Shape& shape)
      : rows_(merged.rows.data()), local_rows_(vertices.rows.data()), shape_(shape) {
    const std::size_t old_count = vertices.old_count();
    if (vertex < old_count) {
      row_ = rows_ + vertex * shape.row_length();
      return;
    }
    const std::size_t begin = vertices.terms.begin(vertex - old_count);
    n_terms_ = vertices.terms.ends[vertex - old_count] - begin;
    term_rows_ = vertices.terms.rows.data() + begin;
    factors_ = vertices.terms.factors.data() + begin * shape.parts;
  }

  double value(std::size_t part, std::size_t column) const {
    if (row_ != nullptr) return row_[part * shape_.columns + column];
    double sum = 0;
    for (std::size_t t = 0; t < n_terms_; ++t) {
      const double* base = term_rows_[t] & kLocal ? local_rows_ : rows_;
      sum += factors_[t * shape_.parts + part] * base[std::size_t{term_rows_[t] & ~kLocal} * shape_.columns + column];
    }
    return sum;
  }

 private:
  const double* rows_;
  const double* local_rows_;
  const Shape& shape_;
  const double* row_ = nullptr;
  std::size_t n_terms_ = 0;
  const CellIndex* term_rows_ = nullptr;
  const double* factors_ = nullptr;
};

}  // namespace relutope
