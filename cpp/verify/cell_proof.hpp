// What the proof needs of the cells above the vertices: names, ridges, cofacets and counts. Integers and bits only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "verify/model.hpp"
#include "verify/stored_complex.hpp"

namespace relutope::verify {

/// Sign vector and wall set of every cell of every dimension, packed: plane +, plane -, walls.
class CellNames {
 public:
  explicit CellNames(const StoredComplex& stored, const Heartbeat& heartbeat);

  Word walls(std::size_t k, std::size_t cell) const { return levels_[k][cell * stride_ + stride_ - 1]; }

  /// Whether one of the first `bits` signs is zero.
  bool has_zero(std::size_t k, std::size_t cell, std::size_t bits) const;

  /// Refuted unless each max row has an entry that is a largest one all over the cell.
  void check_maxima(const StoredComplex& stored, const Model& model, const Heartbeat& heartbeat) const;

  /// Refuted if a neuron has both signs on a closed cell, or two cells of any dimensions share a name.
  void check(const Heartbeat& heartbeat) const;

 private:
  const Word* name(std::size_t k, std::size_t cell) const { return &levels_[k][cell * stride_]; }

  std::size_t stride_;
  std::vector<std::vector<Word>> levels_;
};

/// Refuted unless edges have two vertices, k-cells k + 1 facets or more, and every ridge of a cell lies in exactly two
/// of its facets (so that the boundary of the boundary vanishes mod 2).
void check_ridges(const StoredComplex& stored, const Heartbeat& heartbeat);

/// Refuted unless every cell below the top has a coface, and every (d-1)-cell two, or one if it lies on a wall.
void check_cofacets(const StoredComplex& stored, const CellNames& names);

/// Refuted unless f_vector counts the cells that are not at infinity, these come first, and the Euler characteristics
/// of the closed ball and of the f-vector are right.
void check_counts(const StoredComplex& stored, const CellNames& names);

}  // namespace relutope::verify
