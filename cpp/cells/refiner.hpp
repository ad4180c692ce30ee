// Subdivision of old cells by the neurons of one layer: one recursion for all dimensions.
//
// refine(m, F): F are the facets of an m-dimensional piece, already cut by every neuron. The piece's neurons with both
// signs are those in OR(positive) & OR(negative) over F.
//   1. None: the piece is a cell.
//   2. Else take one, j. F+ and F- are the facets with its sign + and -; no facet of the piece is all zero, since j
//   takes
//      both signs on it. Z are the (m-2)-cells in F+ on which j vanishes: they bound the section of the piece by j, and
//      each lies in exactly one facet of F+ and one of F-, so F+ (or F-, if smaller) shows each of them once. A facet
//      holds at most one: j vanishes on one face of it.
//   3. S = refine(m - 1, Z); refine(m, F+ with S); refine(m, F- with S).
//   m = 1: all crossings of the edge in order (ties are one vertex), vertices and edges in between.
// Every cell is final when it is created. Coincident hyperplanes need no case of their own: masks carry all zeros.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "cells/skeleton.hpp"
#include "cells/step_context.hpp"
#include "cells/tally.hpp"

namespace relutope {

/// Per dimension, the first new cell within each old cell and one past the end: children are contiguous.
using ChildRanges = std::vector<Buffer<CellIndex>>;

class Refiner {
 public:
  virtual ~Refiner() = default;

  /// Subdivides old k-cells first..last-1, whose facets are refined and merged already. New cells are appended to the
  /// arena with ids local to it; counts[c - first] becomes the number of k-cells within old cell c.
  virtual void run(std::size_t k, CellIndex first, CellIndex last, const ChildRanges& children, Skeleton& arena,
                   CellIndex* counts) = 0;
  virtual EngineTally tally() const = 0;
};

/// A refiner for one thread; compiled for the number of mask words.
std::unique_ptr<Refiner> make_refiner(const StepContext& context);

}  // namespace relutope
