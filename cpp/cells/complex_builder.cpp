#include "cells/complex_builder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace relutope {
namespace {

constexpr std::size_t kCellsPerTask = 4096;

using Ids = Buffer<std::int32_t>;

/// New id of every cell when those on an M-wall go last and all else keeps its order.
Ids infinite_last(const Buffer<Word>& walls, std::size_t& finite, Budget& budget) {
  Ids ids(&budget);
  ids.resize(walls.size());
  std::int32_t next = 0;
  for (std::size_t c = 0; c < walls.size(); ++c) {
    if (walls[c] == 0) ids[c] = next++;
  }
  finite = static_cast<std::size_t>(next);
  for (std::size_t c = 0; c < walls.size(); ++c) {
    if (walls[c] != 0) ids[c] = next++;
  }
  return ids;
}

/// Wall sets of the k-cells from those of their facets.
Buffer<Word> join_walls(const Skeleton& cells, std::size_t k, const Buffer<Word>& below, Budget& budget) {
  Buffer<Word> walls(&budget);
  walls.resize(cells.count(k));
  std::fill_n(walls.data(), walls.size(), ~Word{0});
  for (std::size_t c = 0; c < walls.size(); ++c) {
    for (const CellIndex f : cells.facets(k, static_cast<CellIndex>(c))) walls[c] &= below[f];
  }
  return walls;
}

/// Smallest float that is not below the bound.
float round_up(double bound) {
  const auto rounded = static_cast<float>(bound);
  return static_cast<double>(rounded) >= bound ? rounded
                                               : std::nextafter(rounded, std::numeric_limits<float>::infinity());
}

/// Without cells at infinity ids stay, so the working arrays become the stored ones.
void keep_vertices(const Shape& shape, Vertices& from, ComplexArrays& arrays, Workers& workers) {
  const std::size_t count = from.count();
  arrays.vertex_error.resize(count);
  workers.run_blocks(count, kCellsPerTask, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t v = first; v < last; ++v) arrays.vertex_error[v] = round_up(from.bounds[v * shape.parts].point);
  });
  arrays.vertices = std::move(from.points);
  arrays.signs = std::move(from.history);
  arrays.walls = std::move(from.walls);
  arrays.vertices.shrink_to_fit();
  arrays.signs.shrink_to_fit();
  arrays.walls.shrink_to_fit();
}

void copy_vertex(const Shape& shape, const Vertices& from, std::size_t v, std::size_t to, std::size_t finite,
                 ComplexArrays& arrays) {
  const std::size_t d = shape.dim;
  const double* point = &from.points[v * shape.point_length()];
  const std::size_t words = 2 * shape.history_words;
  arrays.walls[to] = from.walls[v];
  std::copy_n(from.history.data() + v * words, words, arrays.signs.data() + to * words);
  const bool infinite = from.walls[v] != 0;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t c = 0; c < d; ++c) arrays.vertices[to * d + c] = infinite ? nan : point[c];
  arrays.vertex_error[to] =
      infinite ? std::numeric_limits<float>::quiet_NaN() : round_up(from.bounds[v * shape.parts].point);
  if (infinite) std::copy_n(point + d, d, arrays.rays.data() + (to - finite) * d);
}

void copy_vertices(const Shape& shape, const Vertices& from, const Ids& ids, ComplexArrays& arrays, Workers& workers) {
  const std::size_t count = from.count();
  const std::size_t finite = arrays.finite_counts[0];
  arrays.vertices.resize(count * shape.dim);
  arrays.vertex_error.resize(count);
  arrays.rays.resize((count - finite) * shape.dim);
  arrays.signs.resize(count * 2 * shape.history_words);
  arrays.walls.resize(count);
  workers.run_blocks(count, kCellsPerTask, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t v = first; v < last; ++v) {
      copy_vertex(shape, from, v, static_cast<std::size_t>(ids[v]), finite, arrays);
    }
  });
}

void keep_cells(std::size_t k, Skeleton& cells, Complex::Faces& faces, Workers& workers) {
  const std::size_t count = cells.count(k);
  faces.indptr.resize(count + 1);
  faces.indptr[0] = 0;
  faces.indices = std::move(cells.cells[k].facets).reinterpreted<std::int32_t>();
  workers.run_blocks(count, kCellsPerTask, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t c = first; c < last; ++c) {
      const std::size_t begin = k == 1 ? 2 * c : (c == 0 ? 0 : cells.cells[k].ends[c - 1]);
      const std::size_t end = k == 1 ? 2 * c + 2 : cells.cells[k].ends[c];
      std::sort(faces.indices.data() + begin, faces.indices.data() + end);
      faces.indptr[c + 1] = static_cast<std::int32_t>(end);
    }
  });
  faces.indices.shrink_to_fit();
}

/// Facets of all k-cells under the new ids.
void copy_cells(const Skeleton& cells, std::size_t k, const Ids& ids, const Ids& facet_ids, Complex::Faces& faces,
                Workers& workers) {
  const std::size_t count = cells.count(k);
  faces.indptr.resize(count + 1);
  faces.indices.resize(cells.cells[k].facets.size());
  std::int32_t* indptr = faces.indptr.data();
  indptr[0] = 0;
  for (std::size_t c = 0; c < count; ++c) {
    const FacetSpan facets = cells.facets(k, static_cast<CellIndex>(c));
    indptr[ids[c] + 1] = static_cast<std::int32_t>(facets.last - facets.first);
  }
  for (std::size_t c = 0; c < count; ++c) indptr[c + 1] += indptr[c];
  workers.run_blocks(count, kCellsPerTask, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t c = first; c < last; ++c) {
      std::int32_t* out = faces.indices.data() + indptr[ids[c]];
      std::int32_t* end = out;
      for (const CellIndex f : cells.facets(k, static_cast<CellIndex>(c))) *end++ = facet_ids[f];
      std::sort(out, end);
    }
  });
}

ComplexArrays empty_arrays(std::size_t dim, Budget* budget) {
  ComplexArrays arrays{{},
                       Buffer<double>(budget),
                       Buffer<float>(budget),
                       Buffer<double>(budget),
                       Buffer<Word>(budget),
                       Buffer<Word>(budget),
                       {}};
  for (std::size_t k = 0; k <= dim; ++k) {
    arrays.faces.push_back({Buffer<std::int32_t>(budget), Buffer<std::int32_t>(budget)});
  }
  return arrays;
}

void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(std::string("complex: stored arrays do not fit together: ") + what);
}

void check_faces(const Complex::Faces& faces, std::size_t facets_below) {
  require(faces.indptr.size() >= 1 && faces.indptr[0] == 0, "indptr must begin with 0");
  for (std::size_t c = 1; c < faces.indptr.size(); ++c) {
    require(faces.indptr[c] > faces.indptr[c - 1], "indptr must increase");
  }
  require(static_cast<std::size_t>(faces.indptr[faces.indptr.size() - 1]) == faces.indices.size(),
          "indptr and indices differ");
  for (const std::int32_t f : faces.indices.span()) {
    require(f >= 0 && static_cast<std::size_t>(f) < facets_below, "a facet id is out of range");
  }
}

/// The words whose lowest `bits` bits may be set; bits <= kWordBits.
Word lowest_bits(std::size_t bits) { return bits == kWordBits ? ~Word{0} : (Word{1} << bits) - 1; }

/// Nothing reads bits that stand for no wall or no neuron, so no other check would notice them.
void check_unused_bits(const ComplexArrays& arrays, const Domain& domain, const SignCodes& codes) {
  const bool has_walls = domain.is_box() || domain.parts() > 1;
  const Word walls = lowest_bits(has_walls ? 2 * domain.dim() : 0);
  for (const Word set : arrays.walls.span()) require((set & ~walls) == 0, "a wall is out of range");
  const std::size_t words = codes.words();
  if (words == 0) return;
  const Word last = lowest_bits(codes.bits() - (words - 1) * kWordBits);
  for (std::size_t w = words - 1; w < arrays.signs.size(); w += words) {
    require((arrays.signs[w] & ~last) == 0, "a sign belongs to no neuron");
  }
}

}  // namespace

class ComplexBuilder {
 public:
  static std::unique_ptr<Complex> make(std::shared_ptr<const Network> network, const Domain& domain,
                                       const SignCodes& codes, ComplexArrays arrays) {
    auto complex = std::make_unique<Complex>(std::move(network), domain, codes);
    complex->finite_ = std::move(arrays.finite_counts);
    complex->vertices_ = std::move(arrays.vertices);
    complex->vertex_error_ = std::move(arrays.vertex_error);
    complex->rays_ = std::move(arrays.rays);
    complex->signs_ = std::move(arrays.signs);
    complex->walls_ = std::move(arrays.walls);
    complex->faces_ = std::move(arrays.faces);
    return complex;
  }
  static void detach(Complex& complex) {
    complex.vertices_.detach();
    complex.vertex_error_.detach();
    complex.rays_.detach();
    complex.signs_.detach();
    complex.walls_.detach();
    for (Complex::Faces& faces : complex.faces_) {
      faces.indptr.detach();
      faces.indices.detach();
    }
  }
};

std::unique_ptr<Complex> build_complex(std::shared_ptr<const Network> network, const Domain& domain,
                                       const SignCodes& codes, const Shape& shape, Skeleton cells, Budget& budget,
                                       Workers& workers, std::vector<Ids>* new_ids) {
  Shape final_shape = shape;
  final_shape.history_words = codes.words();
  ComplexArrays arrays = empty_arrays(shape.dim, &budget);
  for (std::size_t k = 0; k <= shape.dim; ++k) cells.cells[k].masks.free_all();
  cells.vertices.rows.free_all();
  cells.vertices.terms = Terms(&budget);
  Buffer<Word> walls(&budget);
  if (domain.parts() > 1) walls.append_copy(cells.vertices.walls.data(), cells.count(0));
  std::vector<Ids> all_ids;  // of the last dimension only, unless they are asked for
  for (std::size_t k = 0; k <= shape.dim; ++k) {
    budget.check();
    arrays.finite_counts.push_back(cells.count(k));
    if (domain.parts() == 1) {
      if (k == 0) keep_vertices(final_shape, cells.vertices, arrays, workers);
      if (k > 0) keep_cells(k, cells, arrays.faces[k], workers);
    } else {
      if (k > 0) walls = join_walls(cells, k, walls, budget);
      Ids ids = infinite_last(walls, arrays.finite_counts.back(), budget);
      if (k == 0) copy_vertices(final_shape, cells.vertices, ids, arrays, workers);
      if (k > 0) copy_cells(cells, k, ids, all_ids.back(), arrays.faces[k], workers);
      if (new_ids == nullptr) all_ids.clear();
      all_ids.push_back(std::move(ids));
    }
    if (k > 0) cells.cells[k] = Cells(&budget);
  }
  auto complex = ComplexBuilder::make(std::move(network), domain, codes, std::move(arrays));
  ComplexBuilder::detach(*complex);
  if (new_ids != nullptr) *new_ids = std::move(all_ids);
  return complex;
}

std::unique_ptr<Complex> assemble_complex(std::shared_ptr<const Network> network, const Domain& domain,
                                          const SignCodes& codes, ComplexArrays arrays) {
  const std::size_t d = domain.dim();
  const std::size_t n = arrays.walls.size();
  require(network->input_dim() == d, "the network's input dimension is not the domain's");
  require(arrays.finite_counts.size() == d + 1 && arrays.faces.size() == d + 1, "one entry per dimension is needed");
  require(arrays.finite_counts[0] <= n, "more vertices than there are walls");
  require(arrays.vertices.size() == n * d && arrays.vertex_error.size() == n,
          "vertices, errors and walls differ in length");
  require(arrays.rays.size() == (n - arrays.finite_counts[0]) * d, "rays do not fit the vertices at infinity");
  require(arrays.signs.size() == n * 2 * codes.words(), "signs do not fit the vertices");
  std::size_t below = n;
  for (std::size_t k = 1; k <= d; ++k) {
    check_faces(arrays.faces[k], below);
    below = arrays.faces[k].indptr.size() - 1;
    require(arrays.finite_counts[k] <= below, "a finite count exceeds the number of cells");
  }
  check_unused_bits(arrays, domain, codes);
  return ComplexBuilder::make(std::move(network), domain, codes, std::move(arrays));
}

}  // namespace relutope
