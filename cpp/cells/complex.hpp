// The canonical polyhedral complex of a network on a domain: flat arrays, read only once built.
//
// Cells of dimension k are numbered 0..count(k)-1. On R^d the cells at infinity (those on an M-wall) come last in every
// dimension, so finite_count(k) is the f-vector and ids below it name the cells of the canonical complex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cells/buffer.hpp"
#include "cells/domain.hpp"
#include "cells/exact_solver.hpp"
#include "cells/sign_codes.hpp"
#include "cells/tally.hpp"

namespace relutope {

struct Statistics {
  EngineTally tally;
  std::size_t folded_layers = 0;  // all hidden layers if large parts of them were to be folded away, else 0
  std::size_t folded_signs = 0;   // that bounds decided on the whole domain
  double seconds = 0;
  double cpu_seconds = 0;  // of the whole process, all threads
  std::int64_t peak_bytes = 0;
  std::vector<double> layer_seconds;
};

class Complex {
 public:
  struct Faces {
    Buffer<std::int32_t> indptr;   // count(k) + 1
    Buffer<std::int32_t> indices;  // facets, ascending within a cell
  };

  Complex(std::shared_ptr<const Network> network, Domain domain, SignCodes codes);

  std::size_t dim() const { return domain_.dim(); }
  const Domain& domain() const { return domain_; }
  const Network& network() const { return *network_; }
  const SignCodes& codes() const { return codes_; }

  std::size_t count(std::size_t k) const { return k == 0 ? walls_.size() : faces_[k].indptr.size() - 1; }
  std::size_t finite_count(std::size_t k) const { return finite_[k]; }

  std::span<const double> vertices() const { return vertices_.span(); }         // count(0) x d
  std::span<const float> vertex_error() const { return vertex_error_.span(); }  // count(0)
  std::span<const double> rays() const { return rays_.span(); }                 // (count(0) - finite_count(0)) x d
  const Faces& faces(std::size_t k) const { return faces_[k]; }                 // 1 <= k <= d
  std::span<const std::int32_t> facets(std::size_t k, std::size_t cell) const;
  Word vertex_walls(std::size_t v) const { return walls_[v]; }
  /// Planes + and - of the stored bits of a vertex, codes().words() words each.
  const Word* vertex_signs(std::size_t v) const { return signs_.data() + 2 * codes_.words() * v; }
  std::span<const Word> wall_words() const { return walls_.span(); }
  std::span<const Word> sign_words() const { return signs_.span(); }

  /// Wall set of every k-cell.
  std::vector<Word> cell_walls(std::size_t k) const;
  /// Composed planes of every k-cell, 2 * codes().words() words each.
  std::vector<Word> cell_signs(std::size_t k) const;
  /// Composed planes of one cell, 2 * codes().words() words.
  void compose_signs(std::size_t k, std::size_t cell, std::span<Word> planes) const;
  /// Vertices of the closure of one cell, ascending.
  std::vector<std::int32_t> cell_vertices(std::size_t k, std::size_t cell) const;
  /// True where no vertex of the closed cell is at infinity.
  std::vector<std::uint8_t> bounded(std::size_t k) const;
  /// Signs of all neurons, one int8 each, from planes as above.
  void expand_signs(const Word* planes, std::int8_t* out) const;

  /// Exact coordinates of a vertex; on R^d with their M part.
  ExactPoint exact_vertex(std::size_t v, ExactSolver& solver) const;

  std::size_t bytes() const;
  const Statistics& statistics() const { return statistics_; }
  void set_statistics(Statistics statistics) { statistics_ = std::move(statistics); }

 private:
  friend class ComplexBuilder;
  std::shared_ptr<const Network> network_;
  Domain domain_;
  SignCodes codes_;
  std::vector<std::size_t> finite_;
  Buffer<double> vertices_;
  Buffer<float> vertex_error_;
  Buffer<double> rays_;
  Buffer<Word> signs_;
  Buffer<Word> walls_;
  std::vector<Faces> faces_;
  Statistics statistics_;
};

}  // namespace relutope
