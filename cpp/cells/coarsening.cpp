#include "cells/coarsening.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace relutope {
namespace {

constexpr auto kNone = static_cast<CellIndex>(-1);

/// A cell's composed history (planes + and -) and then its walls, or those of all cells of a dimension.
class Labels {
 public:
  Labels(std::size_t count, std::size_t words, Budget& budget) : words_(words), data_(&budget) {
    data_.resize(count * words);
  }
  Word* operator[](std::size_t cell) { return data_.data() + cell * words_; }
  bool equal(const Labels& other, std::size_t own, std::size_t others) const {
    const Word* first = data_.data() + own * words_;
    return std::equal(first, first + words_, other.data_.data() + others * words_);
  }

 private:
  std::size_t words_;
  Buffer<Word> data_;
};

Labels vertex_labels(const Shape& shape, const Vertices& vertices, Budget& budget) {
  const std::size_t words = 2 * shape.history_words;
  Labels labels(vertices.count(), words + 1, budget);
  for (std::size_t v = 0; v < vertices.count(); ++v) {
    std::copy_n(vertices.history.data() + v * words, words, labels[v]);
    labels[v][words] = vertices.walls[v];
  }
  return labels;
}

Labels cell_labels(const Shape& shape, const Skeleton& cells, std::size_t k, Labels& below, Budget& budget) {
  const std::size_t words = 2 * shape.history_words;
  Labels labels(cells.count(k), words + 1, budget);
  for (std::size_t c = 0; c < cells.count(k); ++c) {
    Word* label = labels[c];
    std::fill_n(label, words, Word{0});
    label[words] = ~Word{0};
    for (const CellIndex f : cells.facets(k, static_cast<CellIndex>(c))) {
      for (std::size_t w = 0; w < words; ++w) label[w] |= below[f][w];
      label[words] &= below[f][words];
    }
  }
  return labels;
}

/// The joined cell of which a cell is part, if that is of a larger dimension: top is a cell of dimension `dimension`.
struct Owner {
  std::size_t dimension = 0;
  CellIndex top = kNone;
};
using Owners = std::vector<std::vector<Owner>>;  // per dimension and cell

CellIndex find(std::vector<CellIndex>& parent, CellIndex c) {
  while (parent[c] != c) c = parent[c] = parent[parent[c]];
  return c;
}

/// Facets with the label of their cell belong to it, and join the cells on both sides. Labels tell cells of different
/// dimension apart only where they are different, so a facet's own parts follow from above.
struct Groups {
  std::vector<std::vector<CellIndex>> parent;  // per dimension: union-find over cells of one joined cell
  Owners owners;
};

Groups groups_of(const Shape& shape, const Skeleton& cells, Budget& budget, bool& any) {
  Groups groups;
  groups.parent.resize(shape.dim + 1);
  groups.owners.resize(shape.dim + 1);
  Labels below = vertex_labels(shape, cells.vertices, budget);
  std::vector<std::vector<std::pair<CellIndex, CellIndex>>> joined(shape.dim + 1);  // (cell, facet of it)
  for (std::size_t k = 0; k <= shape.dim; ++k) {
    budget.check();
    for (std::size_t c = 0; c < cells.count(k); ++c) groups.parent[k].push_back(static_cast<CellIndex>(c));
    groups.owners[k].resize(cells.count(k));
    if (k == 0) continue;
    Labels labels = cell_labels(shape, cells, k, below, budget);
    for (std::size_t c = 0; c < cells.count(k); ++c) {
      for (const CellIndex f : cells.facets(k, static_cast<CellIndex>(c))) {
        if (labels.equal(below, c, f)) joined[k].emplace_back(static_cast<CellIndex>(c), f);
      }
    }
    below = std::move(labels);
  }
  any = false;
  for (std::size_t k = shape.dim; k >= 1; --k) {
    any |= !joined[k].empty();
    for (const auto& [c, f] : joined[k]) {
      Owner& owner = groups.owners[k - 1][f];
      const Owner above = groups.owners[k][c];
      const Owner own = above.top == kNone ? Owner{k, c} : above;
      if (owner.top == kNone) {
        owner = own;
      } else {
        std::vector<CellIndex>& parent = groups.parent[own.dimension];
        const CellIndex a = find(parent, owner.top);
        const CellIndex b = find(parent, own.top);
        parent[std::max(a, b)] = std::min(a, b);
      }
    }
  }
  return groups;
}

/// New ids: a joined cell stands where its first top cell stood.
std::vector<std::vector<CellIndex>> new_ids(Groups& groups) {
  std::vector<std::vector<CellIndex>> ids(groups.parent.size());
  for (std::size_t k = 0; k < ids.size(); ++k) {
    CellIndex next = 0;
    for (std::size_t c = 0; c < groups.parent[k].size(); ++c) {
      const auto cell = static_cast<CellIndex>(c);
      const bool stays = groups.owners[k][c].top == kNone;
      const CellIndex first = find(groups.parent[k], cell);
      ids[k].push_back(!stays ? kNone : first == cell ? next++ : ids[k][first]);
    }
  }
  return ids;
}

template <class T>
void keep(const std::vector<CellIndex>& ids, std::size_t length, Buffer<T>& values) {
  std::size_t to = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == kNone) continue;
    std::copy_n(values.data() + i * length, length, values.data() + to++ * length);
  }
  values.resize(to * length);
}

void keep_vertices(const Shape& shape, const std::vector<CellIndex>& ids, Vertices& vertices) {
  keep(ids, shape.point_length(), vertices.points);
  keep(ids, shape.parts, vertices.bounds);
  keep(ids, shape.row_length(), vertices.rows);
  keep(ids, 2 * shape.history_words, vertices.history);
  keep(ids, 1, vertices.walls);
  vertices.masks.clear();
}

/// Facets of the joined k-cells: those of their parts that do not lie inside.
Cells joined_cells(const Skeleton& cells, std::size_t k, const std::vector<CellIndex>& ids,
                   const std::vector<CellIndex>& facet_ids, Budget& budget) {
  std::vector<std::vector<CellIndex>> parts;
  for (std::size_t c = 0; c < ids.size(); ++c) {
    if (ids[c] == kNone) continue;
    if (ids[c] >= parts.size()) parts.resize(ids[c] + std::size_t{1});
    parts[ids[c]].push_back(static_cast<CellIndex>(c));
  }
  Cells result(&budget);
  std::vector<CellIndex> facets;
  for (const std::vector<CellIndex>& own : parts) {
    facets.clear();
    for (const CellIndex c : own) {
      for (const CellIndex f : cells.facets(k, c)) {
        if (facet_ids[f] != kNone) facets.push_back(facet_ids[f]);
      }
    }
    std::sort(facets.begin(), facets.end());
    facets.erase(std::unique(facets.begin(), facets.end()), facets.end());
    result.facets.append_copy(facets.data(), facets.size());
    if (k > 1) result.ends.push_back(static_cast<CellIndex>(result.facets.size()));
  }
  return result;
}

}  // namespace

bool coarsen(const Shape& shape, Skeleton& cells, Budget& budget) {
  bool any = false;
  Groups groups = groups_of(shape, cells, budget, any);
  if (!any) return false;
  const std::vector<std::vector<CellIndex>> ids = new_ids(groups);
  for (std::size_t k = shape.dim; k >= 1; --k) {
    budget.check();
    cells.cells[k] = joined_cells(cells, k, ids[k], ids[k - 1], budget);
  }
  keep_vertices(shape, ids[0], cells.vertices);
  return true;
}

}  // namespace relutope
