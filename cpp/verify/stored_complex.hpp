// A complex as it stands in a file: views of its arrays, and how they are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <vector>

#include "exact/sign.hpp"

namespace relutope::verify {

using Word = std::uint64_t;

/// What ends a check: the stored complex is not what it claims to be.
class Refuted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Called between pieces of long work; may throw.
using Heartbeat = std::function<void()>;

struct StoredComplex {
  struct Facets {
    std::span<const std::int32_t> indptr;   // number of k-cells + 1
    std::span<const std::int32_t> indices;  // facets, ascending within a cell
  };

  std::size_t dim = 0;
  std::vector<double> lo, hi;   // empty on all of R^d and on a polytope
  std::size_t domain_rows = 0;  // so many of the first neurons are rows of a polytope
  std::span<const std::int64_t> finite_counts;
  std::span<const double> vertices;     // n x dim
  std::span<const float> vertex_error;  // n
  std::span<const double> rays;         // (n - finite_counts[0]) x dim
  std::span<const Word> signs;          // n x (plane +, plane -)
  std::span<const Word> walls;          // n; bit 2 axis + upper
  std::vector<Facets> facets;           // by dimension; entry 0 is unused
  std::span<const std::int32_t> code_bit;
  std::span<const std::int8_t> code_flipped;
  std::span<const std::int8_t> code_constant;

  bool is_box() const { return !lo.empty(); }
  std::size_t count(std::size_t k) const { return k == 0 ? walls.size() : facets[k].indptr.size() - 1; }
  std::size_t finite_count(std::size_t k) const { return static_cast<std::size_t>(finite_counts[k]); }
  std::span<const std::int32_t> facets_of(std::size_t k, std::size_t cell) const;
  /// Number of bits per plane, one more than the largest that a code names.
  std::size_t bits() const;
  /// Number of bits, the first ones, that belong to rows of a polytope.
  std::size_t row_bits() const;
  /// Words per plane.
  std::size_t words() const { return (bits() + 63) / 64; }
  bool on_wall(std::size_t v, std::size_t bit) const { return (walls[v] >> bit) & 1U; }
  /// Signs of all neurons at a vertex.
  void expand(std::size_t v, std::span<Sign> signs_of_neurons) const;
};

/// Refuted unless all lengths fit together, ids are in range and ascend within a cell, unused bits are zero, and no bit
/// stands in both planes of a vertex. After it nothing reads out of bounds.
void check_arrays(const StoredComplex& stored, std::size_t neurons);

}  // namespace relutope::verify
