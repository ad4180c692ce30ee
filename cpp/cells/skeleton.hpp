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

/// Error bounds of one part of a vertex's row; `largest` is the largest |value| of the pre-activations.
struct RowBound {
  double point = 0;    // max-norm error of the coordinates
  double value = 0;    // max-norm error of the pre-activations
  double largest = 0;  // max |computed pre-activation|
};

/// Lengths that all vertices and masks of one layer share.
struct Shape {
  std::size_t dim = 0;
  std::size_t parts = 1;          // 1 on a box, 2 (finite part, M part) on all of R^d
  std::size_t columns = 0;        // neurons of the layer in work
  std::size_t mask_words = 0;     // words per plane of the masks of that layer
  std::size_t history_words = 0;  // words per plane of the sign bits of earlier layers
  std::size_t part_length() const { return dim + columns; }
  std::size_t row_length() const { return parts * part_length(); }
};

/// Vertices: a row holds, per part, the d coordinates and then the pre-activations of the layer in work.
struct Vertices {
  explicit Vertices(Budget* budget) : rows(budget), bounds(budget), history(budget), masks(budget), walls(budget) {}
  Buffer<double> rows;
  Buffer<RowBound> bounds;
  Buffer<Word> history;  // planes + and -, earlier layers
  Buffer<Word> masks;    // planes + and -, layer in work
  Buffer<Word> walls;
  std::size_t count() const { return walls.size(); }
};

/// Cells of one dimension k >= 1: the facets of cell c are facets[ends[c-1]..ends[c]) (two each for k = 1, without ends).
struct Cells {
  explicit Cells(Budget* budget) : ends(budget), facets(budget), masks(budget) {}
  Buffer<CellIndex> ends;
  Buffer<CellIndex> facets;
  Buffer<Word> masks;
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
  const Word* mask(std::size_t k, CellIndex c, std::size_t words) const {
    return (k == 0 ? vertices.masks.data() : cells[k].masks.data()) + 2 * words * std::size_t{c};
  }

  Vertices vertices;
  std::vector<Cells> cells;  // cells[0] stays empty
};

/// The faces of the domain's box, with vertices' coordinates, walls and bounds set; no masks, no history, no columns.
class Domain;
Skeleton box_skeleton(const Domain& domain, Budget& budget);

}  // namespace relutope
