// The cells of a complex while a layer is worked in: flat arrays per dimension, ids are positions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cells/buffer.hpp"
#include "network/sign_vector.hpp"

namespace relutope {

using CellIndex = std::uint32_t;
/// Marks an index into the arena of the task that made the cell, until the arenas are merged.
inline constexpr CellIndex kLocal = CellIndex{1} << 31;

/// Error bounds of one part of a vertex.
struct RowBound {
  double point = 0;    // max-norm error of the coordinates
  double value = 0;    // max-norm error of the pre-activations of the layer in work
  double largest = 0;  // max |computed pre-activation|; unset for vertices that this layer made
};

/// Lengths that all vertices and masks of one layer share.
struct Shape {
  std::size_t dim = 0;
  std::size_t parts = 1;          // 1 on a box, 2 (finite part, M part) on all of R^d
  std::size_t columns = 0;        // neurons of the layer in work
  std::size_t mask_words = 0;     // words per plane of the masks of that layer
  std::size_t history_words = 0;  // words per plane of the sign bits of earlier layers
  std::size_t point_length() const { return parts * dim; }
  std::size_t row_length() const { return parts * columns; }
};

/// Pre-activations of a vertex that a layer made, as a linear combination of rows: for every part p of the vertex,
/// z_p = sum_t factors[t * parts + p] * (row part rows[t]). Most of them are needed for a few neurons or never, and
/// stored rows would be most of the memory of a run.
struct Terms {
  explicit Terms(Budget* budget) : ends(budget), rows(budget), factors(budget) {}
  Buffer<CellIndex> ends;  // per new vertex
  Buffer<CellIndex> rows;  // row index * parts + part; with kLocal: of the arena's own rows
  Buffer<double> factors;
  std::size_t begin(std::size_t vertex) const { return vertex == 0 ? 0 : ends[vertex - 1]; }
};

/// Arrays that different workers append to lie this far apart, else their sizes share cache lines. Processors fetch
/// lines of 64 bytes in pairs.
inline constexpr std::size_t kApart = 128;

/// Vertices: those that existed before the layer in work have rows; those that it made have terms.
struct alignas(kApart) Vertices {
  explicit Vertices(Budget* budget)
      : points(budget), bounds(budget), rows(budget), terms(budget), history(budget), masks(budget), walls(budget) {}
  Buffer<double> points;  // per part, the d coordinates
  Buffer<RowBound> bounds;
  Buffer<double> rows;  // per part, the pre-activations; after those of the old vertices, rows of exactly computed ones
  Terms terms;
  Buffer<Word> history;  // planes + and -, earlier layers
  Buffer<Word> masks;    // planes + and -, layer in work
  Buffer<Word> walls;
  std::size_t count() const { return walls.size(); }
  /// Number of vertices that existed before the layer in work.
  std::size_t old_count() const { return walls.size() - terms.ends.size(); }
  void clear() {
    for (Buffer<double>* buffer : {&points, &rows, &terms.factors}) buffer->clear();
    for (Buffer<CellIndex>* buffer : {&terms.ends, &terms.rows}) buffer->clear();
    for (Buffer<Word>* buffer : {&history, &masks, &walls}) buffer->clear();
    bounds.clear();
  }
};

/// Cells of one dimension k >= 1: the facets of cell c are facets[ends[c-1]..ends[c]) (two each for k = 1, without
/// ends). Masks have three planes: +, - and "touching", the neurons that vanish on a facet of the cell. None are kept
/// for k = d.
struct alignas(kApart) Cells {
  explicit Cells(Budget* budget) : ends(budget), facets(budget), masks(budget) {}
  Buffer<CellIndex> ends;
  Buffer<CellIndex> facets;
  Buffer<Word> masks;
  void clear() {
    ends.clear();
    facets.clear();
    masks.clear();
  }
};

struct FacetSpan {
  const CellIndex* first;
  const CellIndex* last;
  const CellIndex* begin() const { return first; }
  const CellIndex* end() const { return last; }
};

struct Skeleton {
  Skeleton(std::size_t dim, Budget* budget) : vertices(budget) {
    for (std::size_t k = 0; k <= dim; ++k) cells.emplace_back(budget);
  }
  std::size_t count(std::size_t k) const {
    if (k == 0) return vertices.count();
    return k == 1 ? cells[1].facets.size() / 2 : cells[k].ends.size();
  }
  FacetSpan facets(std::size_t k, CellIndex c) const {
    const CellIndex* data = cells[k].facets.data();
    if (k == 1) return {data + 2 * std::size_t{c}, data + 2 * std::size_t{c} + 2};
    return {data + (c == 0 ? 0 : cells[k].ends[c - 1]), data + cells[k].ends[c]};
  }
  /// Planes + and -, of `words` words each.
  const Word* mask(std::size_t k, CellIndex c, std::size_t words) const {
    return k == 0 ? vertices.masks.data() + 2 * words * std::size_t{c}
                  : cells[k].masks.data() + 3 * words * std::size_t{c};
  }
  void clear() {
    vertices.clear();
    for (Cells& level : cells) level.clear();
  }

  Vertices vertices;
  std::vector<Cells> cells;  // cells[0] stays empty
};

class Domain;

/// The faces of the domain's box, with vertices' coordinates, walls and bounds set; no masks, no history, no rows.
Skeleton box_skeleton(const Domain& domain, Budget& budget);

}  // namespace relutope
