// The faces of a box. A face is a word over {lower, upper, free} with one letter per axis; its dimension is the number
// of free letters and its facets replace one free letter. Ids follow the words' lexicographic order within a dimension.
#include "cells/domain.hpp"
#include "cells/skeleton.hpp"

namespace relutope {
namespace {

constexpr std::size_t kFree = 2;

struct Faces {
  std::vector<std::vector<std::size_t>> by_dimension;  // words in base 3
  std::vector<CellIndex> id;                           // id within the dimension, per word
  std::vector<std::size_t> power;                      // 3^axis
};

Faces list_faces(std::size_t dim) {
  Faces faces;
  faces.by_dimension.resize(dim + 1);
  std::size_t total = 1;
  for (std::size_t i = 0; i < dim; ++i) {
    faces.power.push_back(total);
    total *= 3;
  }
  faces.id.resize(total);
  for (std::size_t word = 0; word < total; ++word) {
    std::size_t free = 0;
    for (std::size_t i = 0; i < dim; ++i) free += (word / faces.power[i]) % 3 == kFree ? 1 : 0;
    faces.id[word] = static_cast<CellIndex>(faces.by_dimension[free].size());
    faces.by_dimension[free].push_back(word);
  }
  return faces;
}

void add_corner(const Domain& domain, const Faces& faces, std::size_t word, Vertices& vertices) {
  const std::size_t dim = domain.dim();
  double* point = vertices.points.append(dim * domain.parts());
  Word walls = 0;
  for (std::size_t i = 0; i < dim; ++i) {
    const bool upper = (word / faces.power[i]) % 3 == 1;
    walls |= Word{1} << Domain::wall_bit(i, upper);
    if (domain.is_box()) {
      point[i] = upper ? domain.hi()[i] : domain.lo()[i];
    } else {
      point[i] = 0;
      point[dim + i] = upper ? 1 : -1;
    }
  }
  vertices.walls.push_back(walls);
  for (std::size_t p = 0; p < domain.parts(); ++p) vertices.bounds.push_back({});
}

}  // namespace

Skeleton box_skeleton(const Domain& domain, Budget& budget) {
  const std::size_t dim = domain.dim();
  // 3^d faces, each with its word, its id, about d facets of 4 bytes, and an eighth of its coordinates.
  std::int64_t bytes = static_cast<std::int64_t>(24 + 4 * dim);
  for (std::size_t i = 0; i < dim; ++i) bytes *= 3;
  budget.add_bytes(bytes);
  const Faces faces = list_faces(dim);
  Skeleton skeleton(dim, &budget);
  for (const std::size_t word : faces.by_dimension[0]) add_corner(domain, faces, word, skeleton.vertices);
  budget.add_cells(static_cast<std::int64_t>(faces.id.size()));
  for (std::size_t k = 1; k <= dim; ++k) {
    Cells& cells = skeleton.cells[k];
    for (const std::size_t word : faces.by_dimension[k]) {
      for (std::size_t i = 0; i < dim; ++i) {
        if ((word / faces.power[i]) % 3 != kFree) continue;
        cells.facets.push_back(faces.id[word - 2 * faces.power[i]]);
        cells.facets.push_back(faces.id[word - faces.power[i]]);
      }
      if (k > 1) cells.ends.push_back(static_cast<CellIndex>(cells.facets.size()));
    }
    budget.check();
  }
  budget.add_bytes(-bytes);
  return skeleton;
}

}  // namespace relutope
