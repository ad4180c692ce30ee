#include "cells/layer_step.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "cells/refiner.hpp"

namespace relutope {
namespace {

constexpr std::size_t kCellsPerTask = 256;

using Arenas = std::vector<std::unique_ptr<Arena>>;

/// Where each arena's cells and facets of one dimension begin after the merge; one entry past the last arena.
struct Offsets {
  std::vector<std::size_t> cells;
  std::vector<std::size_t> facets;
};

Offsets offsets_of(std::size_t m, const Arenas& arenas, const Skeleton& cells, Budget& budget) {
  Offsets offsets{{cells.count(m)}, {cells.cells[m].facets.size()}};
  for (const auto& arena : arenas) {
    offsets.cells.push_back(offsets.cells.back() + arena->cells.count(m));
    offsets.facets.push_back(offsets.facets.back() + arena->cells.cells[m].facets.size());
  }
  budget.require_ids(offsets.cells.back());
  budget.require_ids(offsets.facets.back());
  return offsets;
}

void make_room(std::size_t m, const Offsets& offsets, const Shape& shape, Skeleton& cells) {
  const std::size_t count = offsets.cells.back();
  if (m == 0) {
    Vertices& vertices = cells.vertices;
    vertices.rows.resize(count * shape.row_length());
    vertices.bounds.resize(count * shape.parts);
    vertices.history.resize(count * 2 * shape.history_words);
    vertices.masks.resize(count * 2 * shape.mask_words);
    vertices.walls.resize(count);
    return;
  }
  Cells& target = cells.cells[m];
  target.facets.resize(offsets.facets.back());
  if (m > 1) target.ends.resize(count);
  target.masks.resize(count * 2 * shape.mask_words);
}

template <class T>
void place(const Buffer<T>& from, std::size_t at, Buffer<T>& to) {
  std::copy_n(from.data(), from.size(), to.data() + at);
}

void merge_vertices(const Vertices& from, std::size_t at, const Shape& shape, Vertices& to) {
  place(from.rows, at * shape.row_length(), to.rows);
  place(from.bounds, at * shape.parts, to.bounds);
  place(from.history, at * 2 * shape.history_words, to.history);
  place(from.masks, at * 2 * shape.mask_words, to.masks);
  place(from.walls, at, to.walls);
}

void merge_cells(std::size_t m, const Cells& from, std::size_t arena, const std::vector<Offsets>& offsets, const Shape& shape,
                 Cells& to) {
  const auto base = static_cast<CellIndex>(offsets[m - 1].cells[arena]);
  CellIndex* facet = to.facets.data() + offsets[m].facets[arena];
  for (const CellIndex f : from.facets.span()) *facet++ = f & kLocal ? base + (f & ~kLocal) : f;
  if (m > 1) {
    CellIndex* end = to.ends.data() + offsets[m].cells[arena];
    for (const CellIndex e : from.ends.span()) *end++ = e + static_cast<CellIndex>(offsets[m].facets[arena]);
  }
  place(from.masks, offsets[m].cells[arena] * 2 * shape.mask_words, to.masks);
}

/// Appends the arenas in task order, so that ids do not depend on which thread ran which task.
void merge(std::size_t k, Arenas& arenas, const Shape& shape, Skeleton& cells, Buffer<CellIndex>& children, Budget& budget,
           Workers& workers) {
  std::vector<Offsets> offsets;
  for (std::size_t m = 0; m <= k; ++m) {
    offsets.push_back(offsets_of(m, arenas, cells, budget));
    make_room(m, offsets.back(), shape, cells);
  }
  children.push_back(static_cast<CellIndex>(offsets[k].cells[0]));
  for (const auto& arena : arenas) {
    for (const CellIndex n : arena->children.span()) children.push_back(children.back() + n);
  }
  workers.run(arenas.size(), [&](std::size_t task, std::size_t) {
    const Skeleton& local = arenas[task]->cells;
    merge_vertices(local.vertices, offsets[0].cells[task], shape, cells.vertices);
    for (std::size_t m = 1; m <= k; ++m) merge_cells(m, local.cells[m], task, offsets, shape, cells.cells[m]);
    arenas[task].reset();
  });
}

}  // namespace

EngineTally subdivide_layer(const LayerInput& input, Skeleton& cells, Budget& budget, Workers& workers) {
  const std::size_t dim = input.shape.dim;
  Skeleton old_cells = std::move(cells);
  Skeleton fresh(dim, &budget);
  fresh.vertices = std::move(old_cells.vertices);
  budget.add_cells(static_cast<std::int64_t>(fresh.count(0)));
  const StepContext context{input.network, input.layer,  input.scaled, input.codes, input.domain,
                            input.tables,  input.shape,  old_cells,    fresh,       budget};
  std::vector<std::unique_ptr<Refiner>> refiners(workers.size());
  ChildRanges children;
  for (std::size_t k = 0; k <= dim; ++k) children.emplace_back(&budget);
  for (std::size_t k = 1; k <= dim; ++k) {
    budget.start_dimension(k);
    const std::size_t count = old_cells.count(k);
    Arenas arenas((count + kCellsPerTask - 1) / kCellsPerTask);
    workers.run(arenas.size(), [&](std::size_t task, std::size_t worker) {
      if (!refiners[worker]) refiners[worker] = make_refiner(context);
      arenas[task] = std::make_unique<Arena>(dim, &budget);
      const std::size_t first = task * kCellsPerTask;
      const std::size_t last = std::min(count, first + kCellsPerTask);
      refiners[worker]->run(k, static_cast<CellIndex>(first), static_cast<CellIndex>(last), children, *arenas[task]);
    });
    merge(k, arenas, input.shape, fresh, children[k], budget, workers);
  }
  EngineTally tally;
  for (const auto& refiner : refiners) {
    if (refiner) tally += refiner->tally();
  }
  cells = std::move(fresh);
  return tally;
}

}  // namespace relutope
