#include "cells/layer_step.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace relutope {
namespace {

constexpr std::size_t kCellsPerTask = 128;
constexpr std::size_t kTasksPerWave = 32;  // per worker

/// Lengths of the arrays of one dimension. For vertices the lists are their terms.
struct Lengths {
  std::size_t cells = 0;
  std::size_t lists = 0;  // facets
  std::size_t rows = 0;   // exactly computed rows
};

Lengths lengths_of(std::size_t m, const Skeleton& cells, const Shape& shape) {
  if (m > 0) return {cells.count(m), cells.cells[m].facets.size(), 0};
  return {cells.count(0), cells.vertices.terms.rows.size(), cells.vertices.rows.size() / shape.row_length()};
}

/// What one task appended to its worker's arena, per dimension.
struct Slice {
  std::size_t worker = 0;
  std::vector<Lengths> begin, end;
};

/// Where each slice's arrays of one dimension begin after the merge; one entry past the last slice.
using Offsets = std::vector<Lengths>;

Offsets offsets_of(std::size_t m, const std::vector<Slice>& slices, const Skeleton& cells, const Shape& shape,
                   Budget& budget) {
  Offsets offsets{lengths_of(m, cells, shape)};
  for (const Slice& slice : slices) {
    const Lengths& last = offsets.back();
    const Lengths& begin = slice.begin[m];
    const Lengths& end = slice.end[m];
    offsets.push_back({last.cells + end.cells - begin.cells, last.lists + end.lists - begin.lists,
                       last.rows + end.rows - begin.rows});
  }
  budget.require_ids(offsets.back().cells);
  budget.require_ids(offsets.back().lists);
  budget.require_ids(offsets.back().rows * shape.parts);
  return offsets;
}

/// `ahead`: estimated number of new cells still to come, for each one of this wave.
void make_room(std::size_t m, const Lengths& total, double ahead, const Shape& shape, Skeleton& cells) {
  if (m == 0) {
    Vertices& vertices = cells.vertices;
    const std::size_t old_count = vertices.old_count();
    vertices.points.grow(total.cells * shape.point_length(), ahead);
    vertices.bounds.grow(total.cells * shape.parts, ahead);
    vertices.rows.grow(total.rows * shape.row_length(), ahead);
    vertices.terms.ends.grow(total.cells - old_count, ahead);
    vertices.terms.rows.grow(total.lists, ahead);
    vertices.terms.factors.grow(total.lists * shape.parts, ahead);
    vertices.history.grow(total.cells * 2 * shape.history_words, ahead);
    vertices.masks.grow(total.cells * 2 * shape.mask_words, ahead);
    vertices.walls.grow(total.cells, ahead);
    return;
  }
  Cells& target = cells.cells[m];
  target.facets.grow(total.lists, ahead);
  if (m > 1) target.ends.grow(total.cells, ahead);
  if (m < shape.dim) target.masks.grow(total.cells * 3 * shape.mask_words, ahead);
}

/// Copies elements first..last-1 of `length` values each to the place of element `at`.
template <class T>
void place(const Buffer<T>& from, std::size_t first, std::size_t last, std::size_t length, std::size_t at,
           Buffer<T>& to) {
  std::copy_n(from.data() + first * length, (last - first) * length, to.data() + at * length);
}

/// Copies ids, local ones shifted. Modulo 2^32 the shift may wrap around; its sum with a local id does not.
void place_ids(const Buffer<CellIndex>& from, std::size_t first, std::size_t last, CellIndex shift, std::size_t at,
               Buffer<CellIndex>& to) {
  CellIndex* out = to.data() + at;
  for (std::size_t i = first; i < last; ++i) *out++ = from[i] & kLocal ? shift + (from[i] & ~kLocal) : from[i];
}

void place_ends(const Buffer<CellIndex>& from, std::size_t first, std::size_t last, CellIndex shift, std::size_t at,
                Buffer<CellIndex>& to) {
  CellIndex* out = to.data() + at;
  for (std::size_t i = first; i < last; ++i) *out++ = from[i] + shift;
}

void merge_vertices(const Vertices& from, const Lengths& begin, const Lengths& end, const Lengths& at,
                    const Shape& shape, Vertices& to) {
  place(from.points, begin.cells, end.cells, shape.point_length(), at.cells, to.points);
  place(from.bounds, begin.cells, end.cells, shape.parts, at.cells, to.bounds);
  place(from.history, begin.cells, end.cells, 2 * shape.history_words, at.cells, to.history);
  place(from.masks, begin.cells, end.cells, 2 * shape.mask_words, at.cells, to.masks);
  place(from.walls, begin.cells, end.cells, 1, at.cells, to.walls);
  place(from.rows, begin.rows, end.rows, shape.row_length(), at.rows, to.rows);
  place(from.terms.factors, begin.lists, end.lists, shape.parts, at.lists, to.terms.factors);
  const std::size_t row_shift = (at.rows - begin.rows) * shape.parts;
  place_ids(from.terms.rows, begin.lists, end.lists, static_cast<CellIndex>(row_shift), at.lists, to.terms.rows);
  const std::size_t old_count = to.old_count();
  place_ends(from.terms.ends, begin.cells, end.cells, static_cast<CellIndex>(at.lists - begin.lists),
             at.cells - old_count, to.terms.ends);
}

void merge_cells(std::size_t m, const Cells& from, const Slice& slice, const Lengths& at, std::size_t facets_at,
                 const Shape& shape, Cells& to) {
  const Lengths& begin = slice.begin[m];
  const Lengths& end = slice.end[m];
  const auto shift = static_cast<CellIndex>(facets_at - slice.begin[m - 1].cells);
  place_ids(from.facets, begin.lists, end.lists, shift, at.lists, to.facets);
  if (m > 1) {
    place_ends(from.ends, begin.cells, end.cells, static_cast<CellIndex>(at.lists - begin.lists), at.cells, to.ends);
  }
  if (m < shape.dim) place(from.masks, begin.cells, end.cells, 3 * shape.mask_words, at.cells, to.masks);
}

/// Appends the slices in task order, so that ids do not depend on which thread ran which task.
void merge(std::size_t k, const std::vector<Slice>& slices, double ahead, const std::vector<Skeleton>& arenas,
           const Shape& shape, Skeleton& cells, Budget& budget, Workers& workers) {
  std::vector<Offsets> offsets;
  for (std::size_t m = 0; m <= k; ++m) offsets.push_back(offsets_of(m, slices, cells, shape, budget));
  for (std::size_t m = 0; m <= k; ++m) make_room(m, offsets[m].back(), ahead, shape, cells);
  workers.run(slices.size(), [&](std::size_t task, std::size_t) {
    const Slice& slice = slices[task];
    const Skeleton& arena = arenas[slice.worker];
    merge_vertices(arena.vertices, slice.begin[0], slice.end[0], offsets[0][task], shape, cells.vertices);
    for (std::size_t m = 1; m <= k; ++m) {
      merge_cells(m, arena.cells[m], slice, offsets[m][task], offsets[m - 1][task].cells, shape, cells.cells[m]);
    }
  });
}

/// Subdivides the old cells of one task and notes what was appended to the arena.
Slice run_task(std::size_t k, std::size_t task, const StepContext& context, Refiner& refiner, std::size_t worker,
               ChildRanges& children, Skeleton& arena) {
  Slice slice{worker, {}, {}};
  for (std::size_t m = 0; m <= k; ++m) slice.begin.push_back(lengths_of(m, arena, context.shape));
  const std::size_t first = task * kCellsPerTask;
  const std::size_t last = std::min(context.old_cells.count(k), first + kCellsPerTask);
  refiner.run(k, static_cast<CellIndex>(first), static_cast<CellIndex>(last), children, arena, &children[k][first]);
  for (std::size_t m = 0; m <= k; ++m) slice.end.push_back(lengths_of(m, arena, context.shape));
  return slice;
}

using Refiners = std::vector<std::unique_ptr<Refiner>>;

/// Old k-cells in waves: what a wave appends to the arenas is merged while it is still in the processor's caches.
void subdivide_dimension(std::size_t k, const StepContext& context, Refiners& refiners, ChildRanges& children,
                         std::vector<Skeleton>& arenas, Skeleton& fresh, Workers& workers) {
  const std::size_t count = context.old_cells.count(k);
  const std::size_t tasks = (count + kCellsPerTask - 1) / kCellsPerTask;
  auto next = static_cast<CellIndex>(fresh.count(k));
  const std::size_t wave = kTasksPerWave * workers.size();
  for (std::size_t begin = 0; begin < tasks; begin += wave) {
    std::vector<Slice> slices(std::min(wave, tasks - begin));
    for (Skeleton& arena : arenas) arena.clear();
    workers.run(slices.size(), [&](std::size_t task, std::size_t worker) {
      if (!refiners[worker]) refiners[worker] = make_refiner(context);
      slices[task] = run_task(k, begin + task, context, *refiners[worker], worker, children, arenas[worker]);
    });
    const double ahead = 1.2 * static_cast<double>(tasks - begin - slices.size()) / static_cast<double>(slices.size());
    merge(k, slices, ahead, arenas, context.shape, fresh, context.budget, workers);
  }
  for (std::size_t c = 0; c < count; ++c) {
    const CellIndex cells = children[k][c];
    children[k][c] = next;
    next += cells;
  }
  children[k][count] = next;
}

std::vector<std::size_t> counts_of(const Skeleton& cells, std::size_t dim) {
  std::vector<std::size_t> counts;
  for (std::size_t m = 0; m <= dim; ++m) counts.push_back(cells.count(m));
  return counts;
}

}  // namespace

EngineTally subdivide_layer(const LayerInput& input, Skeleton& cells, std::vector<Skeleton>& arenas, Budget& budget,
                            Workers& workers, Descent* descent) {
  const std::size_t dim = input.shape.dim;
  Skeleton old_cells = std::move(cells);
  Skeleton fresh(dim, &budget);
  fresh.vertices = std::move(old_cells.vertices);
  budget.add_cells(static_cast<std::int64_t>(fresh.count(0)));
  const StepContext context{input, old_cells, fresh, budget};
  Refiners refiners(workers.size());
  ChildRanges children;
  for (std::size_t k = 0; k <= dim; ++k) children.emplace_back(&budget);
  std::vector<std::vector<std::size_t>> counts{counts_of(fresh, dim)};
  for (std::size_t k = 1; k <= dim; ++k) {
    budget.start_dimension(k);
    children[k].resize(old_cells.count(k) + 1);
    subdivide_dimension(k, context, refiners, children, arenas, fresh, workers);
    counts.push_back(counts_of(fresh, dim));
  }
  if (descent != nullptr) *descent = {std::move(children), std::move(counts)};
  EngineTally tally;
  for (const auto& refiner : refiners) {
    if (refiner) tally += refiner->tally();
  }
  cells = std::move(fresh);
  return tally;
}

}  // namespace relutope
