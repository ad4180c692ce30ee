// A polytope is cut out of the infimaximal box by its rows, one after the other: each is a layer with one neuron, and
// what is on its positive side is dropped. So redundant and repeated rows and crowded vertices need no special case,
// and signs are decided by the engine's own stages.
#include "cells/starting_cells.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "cells/forward.hpp"
#include "cells/history.hpp"
#include "cells/layer_step.hpp"

namespace relutope {
namespace {

constexpr CellIndex kDropped = ~CellIndex{0};

/// Moves the elements of `length` values each that have a new id to their places; ids ascend.
template <class T>
void compact(const std::vector<CellIndex>& ids, std::size_t length, Buffer<T>& values) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == kDropped) continue;
    std::copy_n(values.data() + i * length, length, values.data() + kept * length);
    ++kept;
  }
  values.resize(kept * length);
}

void compact_facets(const std::vector<CellIndex>& ids, const std::vector<CellIndex>& facet_ids, std::size_t k,
                    Cells& cells, const Skeleton& skeleton) {
  std::vector<CellIndex> facets, ends;
  for (std::size_t c = 0; c < ids.size(); ++c) {
    if (ids[c] == kDropped) continue;
    for (const CellIndex f : skeleton.facets(k, static_cast<CellIndex>(c))) facets.push_back(facet_ids[f]);
    ends.push_back(static_cast<CellIndex>(facets.size()));
  }
  cells.facets.clear();
  cells.facets.append_copy(facets.data(), facets.size());
  cells.ends.clear();
  if (k > 1) cells.ends.append_copy(ends.data(), ends.size());
}

class PolytopeCutter {
 public:
  PolytopeCutter(const Domain& domain, Budget& budget, Workers& workers)
      : domain_(domain),
        budget_(budget),
        workers_(workers),
        cells_(box_skeleton(Domain::all_space(domain.dim()), budget)) {
    shape_.dim = domain.dim();
    shape_.parts = domain.parts();
    for (std::size_t w = 0; w < workers.size(); ++w) arenas_.emplace_back(domain.dim(), &budget);
  }

  StartingCells run() {
    for (std::size_t row = 0; row < domain_.constraint_count(); ++row) {
      budget_.start_layer(0, 0);
      budget_.check();
      cut(row);
    }
    SignCodes codes = final_signs();
    const bool bounded = std::all_of(cells_.vertices.walls.data(), cells_.vertices.walls.data() + cells_.count(0),
                                     [](Word walls) { return walls == 0; });
    if (bounded) drop_infinite_parts();
    budget_.start_layer(0, 0);
    for (std::size_t k = 0; k <= shape_.dim; ++k) budget_.add_cells(static_cast<std::int64_t>(cells_.count(k)));
    return {bounded ? domain_.as_bounded() : domain_, std::move(codes), std::move(cells_)};
  }

 private:
  /// Signs of a layer, of which the domain's constraints are all neurons or one, at all vertices.
  ForwardResult signs_of(const Network& network, RowLayout& layout) {
    layout = input_layout(shape_.dim);
    const WorkingRows rows = all_rows(network, 0, last_readers(network, network.layers().size()), layout);
    return forward({network, 0, rows, codes_, domain_, {nullptr, shape_}}, cells_.vertices, budget_, workers_);
  }

  static Network one_layer_network(std::size_t dim, Layer layer) {
    const std::size_t width = layer.rows();
    std::vector<Layer> layers;
    layers.push_back(std::move(layer));
    layers.emplace_back(LayerKind::kLinear, value_range(dim, width), 1, std::vector<double>(width + 1, 0.0));
    return Network(dim, std::move(layers));
  }

  void cut(std::size_t row) {
    const std::size_t d = shape_.dim;
    const std::vector<IntegerRow> rows{domain_.constraints().exact_row(row)};
    const Network network = one_layer_network(d, Layer(LayerKind::kRelu, value_range(0, d), rows));
    RowLayout layout;
    const ForwardResult signs = signs_of(network, layout);
    shape_ = signs.shape;
    const LayerTables& tables = signs.tables;
    if (tables.bits() == 0) {
      if (tables.codes[0].constant != Sign::kNegative && !is_trivial(row)) refuse(row, tables.codes[0].constant);
    } else {
      refuse_unless_negative_somewhere(row);
      subdivide_layer({network, 0, layout, codes_, domain_, tables, shape_, {}}, cells_, arenas_, budget_, workers_);
      extend_history(shape_, codes_.bits(), 1, cells_.vertices, budget_, workers_);
      shape_.history_words = words_for(codes_.bits() + 1);
      drop_positive_side();
    }
    codes_.add_constraints(tables.codes, tables.bits());
  }

  /// True for a row 0 x <= 0, which holds everywhere.
  bool is_trivial(std::size_t row) const {
    const std::vector<Integer> numerators = domain_.constraints().exact_row(row).numerators;
    return std::all_of(numerators.begin(), numerators.end(), [](const Integer& value) { return value == 0; });
  }

  void refuse_unless_negative_somewhere(std::size_t row) const {
    bool zero = false;
    for (std::size_t v = 0; v < cells_.count(0); ++v) {
      const Word* mask = cells_.mask(0, static_cast<CellIndex>(v), shape_.mask_words);
      if (mask[shape_.mask_words] & 1U) return;
      zero = zero || !(mask[0] & 1U);
    }
    refuse(row, zero ? Sign::kZero : Sign::kPositive);
  }

  [[noreturn]] static void refuse(std::size_t row, Sign least) {
    const std::string name = "G[" + std::to_string(row) + "] x <= h[" + std::to_string(row) + "]";
    if (least == Sign::kPositive) {
      throw std::invalid_argument("domain: the polytope is empty: no point of the rows before satisfies " + name);
    }
    throw std::invalid_argument("domain: the polytope is not full-dimensional: G[" + std::to_string(row) + "] x = h[" +
                                std::to_string(row) + "] holds on all of it");
  }

  void drop_positive_side() {
    std::vector<CellIndex> below, ids;
    for (std::size_t k = 0; k <= shape_.dim; ++k) {
      ids.assign(cells_.count(k), kDropped);
      CellIndex next = 0;
      for (std::size_t c = 0; c < ids.size(); ++c) {
        if (is_kept(k, static_cast<CellIndex>(c), below)) ids[c] = next++;
      }
      if (k == 0) {
        compact_vertices(ids);
      } else {
        compact_facets(ids, below, k, cells_.cells[k], cells_);
        cells_.cells[k].masks.clear();
      }
      below.swap(ids);
    }
  }

  /// No cell meets both sides any more, so one is kept if all its facets are.
  bool is_kept(std::size_t k, CellIndex c, const std::vector<CellIndex>& below) const {
    if (k == 0) return !(cells_.mask(0, c, shape_.mask_words)[0] & 1U);
    const FacetSpan facets = cells_.facets(k, c);
    return std::all_of(facets.begin(), facets.end(), [&](CellIndex f) { return below[f] != kDropped; });
  }

  void compact_vertices(const std::vector<CellIndex>& ids) {
    Vertices& vertices = cells_.vertices;
    compact(ids, shape_.point_length(), vertices.points);
    compact(ids, shape_.parts, vertices.bounds);
    compact(ids, 2 * shape_.history_words, vertices.history);
    compact(ids, 1, vertices.walls);
    vertices.masks.clear();
    vertices.rows.clear();
    vertices.terms = Terms(&budget_);
  }

  /// All rows once more at the vertices that are left: rows that have become redundant need no bits.
  SignCodes final_signs() {
    const Network network = one_layer_network(shape_.dim, domain_.constraints());
    RowLayout layout;
    const ForwardResult signs = signs_of(network, layout);
    SignCodes codes;
    codes.add_constraints(signs.tables.codes, signs.tables.bits());
    cells_.vertices.history = std::move(cells_.vertices.masks);
    cells_.vertices.masks = Buffer<Word>(&budget_);
    cells_.vertices.rows.clear();
    return codes;
  }

  void drop_infinite_parts() {
    Vertices& vertices = cells_.vertices;
    const std::size_t d = shape_.dim;
    for (std::size_t v = 0; v < vertices.count(); ++v) {
      std::copy_n(vertices.points.data() + 2 * v * d, d, vertices.points.data() + v * d);
      vertices.bounds[v] = vertices.bounds[2 * v];
    }
    vertices.points.resize(vertices.count() * d);
    vertices.bounds.resize(vertices.count());
  }

  const Domain& domain_;
  Budget& budget_;
  Workers& workers_;
  Skeleton cells_;
  std::vector<Skeleton> arenas_;
  Shape shape_;
  SignCodes codes_;
};

}  // namespace

StartingCells starting_cells(const Domain& domain, Budget& budget, Workers& workers) {
  if (domain.is_polytope()) return PolytopeCutter(domain, budget, workers).run();
  return {domain, SignCodes(), box_skeleton(domain, budget)};
}

}  // namespace relutope
