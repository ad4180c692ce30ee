#include "cells/refiner.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "cells/crossings.hpp"
#include "cells/vertex_solver.hpp"

namespace relutope {
namespace {

constexpr std::int64_t kCellsPerCheck = 1024;

/// Three planes of mask words (+, -, touching), on the stack, or on the heap for wide layers.
template <std::size_t kWords>
struct Planes {
  std::array<Word, 3 * kWords> words{};
  explicit Planes(std::size_t) {}
};
template <>
struct Planes<0> {
  std::vector<Word> words;
  explicit Planes(std::size_t n) : words(3 * n) {}
};

template <std::size_t kWords>
class WordRefiner final : public Refiner {
 public:
  explicit WordRefiner(const StepContext& context)
      : context_(context), solver_(context), crossings_(context), stack_(&context.budget) {}

  EngineTally tally() const override { return solver_.tally; }

  void run(std::size_t k, CellIndex first, CellIndex last, const ChildRanges& children, Skeleton& arena,
           CellIndex* counts) override {
    arena_ = &arena;
    for (CellIndex cell = first; cell < last; ++cell) {
      Masks joined(words());
      const std::size_t end = load(k, cell, children, joined);
      solver_.set_carrier(k, cell);
      path_.clear();
      const std::size_t before = arena_->count(k);
      refine(k, 0, end, joined);
      *counts++ = static_cast<CellIndex>(arena_->count(k) - before);
      if (pending_ >= kCellsPerCheck) report();
    }
    report();
  }

 private:
  using Masks = Planes<kWords>;

  std::size_t words() const { return kWords > 0 ? kWords : context_.shape.mask_words; }

  // An entry of the stack is a facet's id and then its three planes, so that cutting a piece reads one stretch of
  // memory.
  std::size_t stride() const { return 1 + 3 * words(); }
  Word* entry(std::size_t i) { return stack_.data() + i * stride(); }
  void require_room(std::size_t entries) {
    if (entries * stride() > stack_.size()) stack_.resize(std::max(entries * stride(), 2 * stack_.size()));
  }
  void write_entry(std::size_t k, CellIndex id, const Word* mask, Word* to) const {
    to[0] = id;
    std::copy_n(mask, 2 * words(), to + 1);
    if (k > 0) std::copy_n(mask + 2 * words(), words(), to + 1 + 2 * words());
  }
  /// Adds a facet's masks to those of the piece; `select` is all ones, or zero to add nothing.
  void join(const Word* facet, Masks& piece, Word select = ~Word{0}) const {
    for (std::size_t w = 0; w < words(); ++w) {
      piece.words[w] |= facet[1 + w] & select;
      piece.words[words() + w] |= facet[1 + words() + w] & select;
      piece.words[2 * words() + w] |= ~(facet[1 + w] | facet[1 + words() + w]) & select;
    }
  }

  const Word* mask_of(std::size_t k, CellIndex id) const {
    return id & kLocal ? arena_->mask(k, id & ~kLocal, words()) : context_.cells.mask(k, id, words());
  }
  FacetSpan facets_of(std::size_t k, CellIndex id) const {
    return id & kLocal ? arena_->facets(k, id & ~kLocal) : context_.cells.facets(k, id);
  }

  void report() {
    context_.budget.add_cells(pending_);
    pending_ = 0;
    for (const Cells& level : arena_->cells) context_.budget.require_ids(level.facets.size());
    context_.budget.check();
  }

  /// Puts the refined facets of an old cell at the bottom of the stack; returns their number.
  std::size_t load(std::size_t k, CellIndex cell, const ChildRanges& children, Masks& joined) {
    std::size_t end = 0;
    for (const CellIndex f : context_.old_cells.facets(k, cell)) {
      const CellIndex first = k == 1 ? f : children[k - 1][f];
      const CellIndex last = k == 1 ? f + 1 : children[k - 1][f + 1];
      require_room(end + (last - first));
      for (CellIndex child = first; child < last; ++child) {
        write_entry(k - 1, child, context_.cells.mask(k - 1, child, words()), entry(end));
        join(entry(end++), joined);
      }
    }
    return end;
  }

  void append_masks(std::size_t m, const Word* masks) {
    if (m < context_.shape.dim) std::copy_n(masks, 3 * words(), arena_->cells[m].masks.append(3 * words()));
    if (++pending_ >= kCellsPerCheck) report();
  }

  void emit(std::size_t m, std::size_t begin, std::size_t end, const Masks& masks) {
    Cells& cells = arena_->cells[m];
    CellIndex* facet = cells.facets.append(end - begin);
    const Word* from = entry(begin);
    for (std::size_t i = begin; i < end; ++i, from += stride()) *facet++ = static_cast<CellIndex>(*from);
    if (m > 1) cells.ends.push_back(static_cast<CellIndex>(cells.facets.size()));
    append_masks(m, masks.words.data());
  }

  /// `masks` are those of the facets begin..end-1 of the stack, joined; what lies above may be overwritten.
  void refine(std::size_t m, std::size_t begin, std::size_t end, const Masks& masks) {
    Word mixed = 0;
    for (std::size_t w = 0; w < words(); ++w) mixed |= mixed_word(masks, w);
    if (mixed == 0) return emit(m, begin, end, masks);
    if (m == 1) {
      return cut_edge(masks, static_cast<CellIndex>(*entry(begin)), static_cast<CellIndex>(*entry(end - 1)));
    }
    cut(m, begin, end, choose(masks));
  }

  Word mixed_word(const Masks& masks, std::size_t w) const { return masks.words[w] & masks.words[words() + w]; }

  /// One of the mixed bits. Of many a scattered one: taken in the order of the neurons, n sorted parallel hyperplanes
  /// would make a recursion n deep that holds n facets at each level.
  std::size_t choose(const Masks& masks) const {
    constexpr std::size_t kFew = 16;
    constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio
    std::size_t mixed = 0;
    for (std::size_t w = 0; w < words(); ++w) mixed += static_cast<std::size_t>(std::popcount(mixed_word(masks, w)));
    std::size_t rank = mixed <= kFew ? 0 : static_cast<std::size_t>((mixed * kGolden) >> 32) % mixed;
    std::size_t w = 0;
    for (;; ++w) {
      const auto here = static_cast<std::size_t>(std::popcount(mixed_word(masks, w)));
      if (rank < here) break;
      rank -= here;
    }
    Word word = mixed_word(masks, w);
    for (; rank > 0; --rank) word &= word - 1;
    return w * kWordBits + static_cast<std::size_t>(std::countr_zero(word));
  }

  /// Steps 2 and 3. Above F the stack holds F- in a place for all of F, then F+, then Z and S as they are needed.
  void cut(std::size_t m, std::size_t begin, std::size_t end, std::size_t bit) {
    const std::size_t minus_begin = end;
    const std::size_t plus_begin = end + (end - begin);
    std::size_t minus_end = minus_begin;
    std::size_t plus_end = plus_begin;
    require_room(plus_begin + (end - begin));
    Masks plus(words());
    Masks minus(words());
    // Written to both ends and kept at one: a branch here is a coin toss.
    for (std::size_t i = begin; i < end; ++i) {
      const Word* facet = entry(i);
      const auto positive = static_cast<Word>(test_bit(facet + 1, bit));
      std::copy_n(facet, stride(), entry(plus_end));
      std::copy_n(facet, stride(), entry(minus_end));
      plus_end += positive;
      minus_end += 1 - positive;
      join(facet, plus, 0 - positive);
      join(facet, minus, positive - 1);
    }
    const std::size_t section_begin = arena_->count(m - 1);
    const bool scan_plus = plus_end - plus_begin <= minus_end - minus_begin;
    path_.push_back(context_.tables.leader[bit]);
    refine_section(m, scan_plus ? plus_begin : minus_begin, scan_plus ? plus_end : minus_end, plus_end, bit);
    path_.pop_back();
    const std::size_t section_end = arena_->count(m - 1);

    plus_end = push_section(m - 1, section_begin, section_end, plus_end, plus);
    refine(m, plus_begin, plus_end, plus);
    minus_end = push_section(m - 1, section_begin, section_end, minus_end, minus);
    refine(m, minus_begin, minus_end, minus);
  }

  /// Finds Z among the facets of the entries first..last-1, puts it at `top` and refines it.
  void refine_section(std::size_t m, std::size_t first, std::size_t last, std::size_t top, std::size_t bit) {
    require_room(top + (last - first));
    Masks joined(words());
    std::size_t end = top;
    for (std::size_t i = first; i < last; ++i) {
      const Word* facet = entry(i);
      if (!test_bit(facet + 1 + 2 * words(), bit)) continue;
      // Backwards, because facets that this layer has made come after the older ones.
      const FacetSpan ridges = facets_of(m - 1, static_cast<CellIndex>(facet[0]));
      for (const CellIndex* ridge = ridges.end(); ridge-- != ridges.begin();) {
        const Word* mask = mask_of(m - 2, *ridge);
        if (test_bit(mask, bit) || test_bit(mask + words(), bit)) continue;
        write_entry(m - 2, *ridge, mask, entry(end));
        join(entry(end++), joined);
        break;
      }
    }
    refine(m - 1, top, end, joined);
  }

  /// Puts new cells of the arena at `end` of the stack, joins their masks, and returns the new end.
  std::size_t push_section(std::size_t k, std::size_t first, std::size_t last, std::size_t end, Masks& joined) {
    require_room(end + (last - first));
    for (std::size_t c = first; c < last; ++c) {
      const auto id = static_cast<CellIndex>(c);
      write_entry(k, id | kLocal, arena_->mask(k, id, words()), entry(end));
      join(entry(end++), joined);
    }
    return end;
  }

  EdgeEnd end_of(CellIndex v) const {
    const Vertices& vertices = v & kLocal ? arena_->vertices : context_.cells.vertices;
    const std::size_t i = v & ~kLocal;
    const Shape& shape = context_.shape;
    return {RowView(context_.cells.vertices, vertices, i, shape),
            &vertices.points[i * shape.point_length()],
            &vertices.bounds[i * shape.parts],
            &vertices.masks[2 * words() * i],
            vertices.walls[i],
            vertices.history.data() + 2 * shape.history_words * i};
  }

  /// Cuts the edge from a to b at all its crossings; `masks` joins those of its ends.
  void cut_edge(const Masks& masks, CellIndex a, CellIndex b) {
    Masks mixed(words());
    Masks current = masks;  // of the open edge next to a
    Masks beyond = masks;   // of the open edge next to b
    const EdgeEnd end_a = end_of(a);
    const EdgeEnd end_b = end_of(b);
    for (std::size_t w = 0; w < words(); ++w) {
      mixed.words[w] = masks.words[w] & masks.words[words() + w];
      for (const std::size_t plane : {std::size_t{0}, words()}) {
        current.words[plane + w] &= ~mixed.words[w] | end_a.mask[plane + w];
        beyond.words[plane + w] &= ~mixed.words[w] | end_b.mask[plane + w];
      }
      current.words[2 * words() + w] = ~(end_a.mask[w] | end_a.mask[words() + w]);
      beyond.words[2 * words() + w] = ~(end_b.mask[w] | end_b.mask[words() + w]);
    }
    crossings_.order(end_a, end_b, {mixed.words.data(), words()}, path_, solver_);
    CellIndex ends[2] = {a, b};
    for (std::size_t g = 0; g < crossings_.groups(); ++g) {
      const auto group = crossings_.group(g);
      Masks at = current;
      for (const std::size_t bit : group) {
        clear_bit(at.words.data(), bit);
        clear_bit(at.words.data() + words(), bit);
      }
      for (std::size_t w = 0; w < words(); ++w) {
        at.words[2 * words() + w] = ~(at.words[w] | at.words[words() + w]);
        current.words[2 * words() + w] |= at.words[2 * words() + w];
      }
      neurons_.assign(path_.begin(), path_.end());
      neurons_.push_back(context_.tables.leader[group[0]]);
      ends[1] = static_cast<CellIndex>(arena_->vertices.count()) | kLocal;
      solver_.append(neurons_, at.words.data(), arena_->vertices);
      ++pending_;
      emit_edge(ends, current);
      ends[0] = ends[1];
      current = at;
      for (const std::size_t bit : group) {
        set_bit(current.words.data() + (test_bit(beyond.words.data(), bit) ? 0 : words()), bit);
      }
    }
    ends[1] = b;
    for (std::size_t w = 2 * words(); w < 3 * words(); ++w) current.words[w] |= beyond.words[w];
    emit_edge(ends, current);
  }

  void emit_edge(const CellIndex* ends, const Masks& masks) {
    std::copy_n(ends, 2, arena_->cells[1].facets.append(2));
    append_masks(1, masks.words.data());
  }

  const StepContext& context_;
  VertexSolver solver_;
  Crossings crossings_;
  Skeleton* arena_ = nullptr;
  Buffer<Word> stack_;
  std::vector<std::size_t> path_, neurons_;
  std::int64_t pending_ = 0;
};

}  // namespace

std::unique_ptr<Refiner> make_refiner(const StepContext& context) {
  const std::size_t words = context.shape.mask_words;
  if (words == 1) return std::make_unique<WordRefiner<1>>(context);
  if (words == 2) return std::make_unique<WordRefiner<2>>(context);
  if (words == 4) return std::make_unique<WordRefiner<4>>(context);
  return std::make_unique<WordRefiner<0>>(context);
}

}  // namespace relutope
