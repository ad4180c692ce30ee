#include "cells/refiner.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "cells/crossings.hpp"
#include "cells/vertex_solver.hpp"

namespace relutope {
namespace {

constexpr std::int64_t kCellsPerCheck = 1024;

/// Two planes of mask words on the stack, or on the heap for wide layers.
template <std::size_t kWords>
struct Planes {
  std::array<Word, 2 * kWords> words{};
  explicit Planes(std::size_t) {}
};
template <>
struct Planes<0> {
  std::vector<Word> words;
  explicit Planes(std::size_t n) : words(2 * n) {}
};

template <std::size_t kWords>
class WordRefiner final : public Refiner {
 public:
  explicit WordRefiner(const StepContext& context) : context_(context), solver_(context), crossings_(context) {}

  EngineTally tally() const override { return solver_.tally; }

  void run(std::size_t k, CellIndex first, CellIndex last, const ChildRanges& children, Arena& arena) override {
    arena_ = &arena.cells;
    Buffer<CellIndex>& counts = arena.children;
    CellIndex* count = counts.append(last - first);
    for (CellIndex cell = first; cell < last; ++cell) {
      stack_.clear();
      for (const CellIndex f : context_.old_cells.facets(k, cell)) {
        if (k == 1) {
          stack_.push_back(f);
          continue;
        }
        const Buffer<CellIndex>& range = children[k - 1];
        for (CellIndex child = range[f]; child < range[f + 1]; ++child) stack_.push_back(child);
      }
      solver_.set_carrier(k, cell);
      path_.clear();
      const std::size_t before = arena_->count(k);
      refine(k, 0, stack_.size());
      *count++ = static_cast<CellIndex>(arena_->count(k) - before);
      if (pending_ >= kCellsPerCheck) report();
    }
    report();
  }

 private:
  using Mask = Planes<kWords>;
  std::size_t words() const { return kWords > 0 ? kWords : context_.shape.mask_words; }

  const Word* mask_of(std::size_t k, CellIndex id) const {
    return id & kLocal ? arena_->mask(k, id & ~kLocal, words()) : context_.cells.mask(k, id, words());
  }
  FacetSpan facets_of(std::size_t k, CellIndex id) const {
    return id & kLocal ? arena_->facets(k, id & ~kLocal) : context_.cells.facets(k, id);
  }

  void report() {
    context_.budget.add_cells(pending_);
    pending_ = 0;
    context_.budget.check();
  }

  Mask join(std::size_t k, std::size_t begin, std::size_t end) const {
    Mask mask(words());
    for (std::size_t i = begin; i < end; ++i) {
      const Word* from = mask_of(k, stack_[i]);
      for (std::size_t w = 0; w < 2 * words(); ++w) mask.words[w] |= from[w];
    }
    return mask;
  }

  void emit(std::size_t m, const Mask& mask, const CellIndex* facets, std::size_t n) {
    Cells& cells = arena_->cells[m];
    cells.facets.append_copy(facets, n);
    if (m > 1) cells.ends.push_back(static_cast<CellIndex>(cells.facets.size()));
    cells.masks.append_copy(mask.words.data(), 2 * words());
    if (++pending_ >= kCellsPerCheck) report();
  }

  void refine(std::size_t m, std::size_t begin, std::size_t end) {
    const Mask mask = join(m - 1, begin, end);
    std::size_t word = 0;
    while (word < words() && (mask.words[word] & mask.words[words() + word]) == 0) ++word;
    if (word == words()) return emit(m, mask, stack_.data() + begin, end - begin);
    if (m == 1) return cut_edge(mask, stack_[begin], stack_[end - 1]);
    const Word mixed = mask.words[word] & mask.words[words() + word];
    cut(m, begin, end, word * kWordBits + static_cast<std::size_t>(std::countr_zero(mixed)));
  }

  /// Step 2 and 3; the stack holds F, then F-, F+ or F-, Z, S as they are needed.
  void cut(std::size_t m, std::size_t begin, std::size_t end, std::size_t bit) {
    const std::size_t plus_begin = stack_.size();
    for (std::size_t i = begin; i < end; ++i) {
      if (test_bit(mask_of(m - 1, stack_[i]), bit)) stack_.push_back(stack_[i]);
    }
    const std::size_t minus_begin = stack_.size();
    for (std::size_t i = begin; i < end; ++i) {
      if (test_bit(mask_of(m - 1, stack_[i]) + words(), bit)) stack_.push_back(stack_[i]);
    }
    const std::size_t minus_end = stack_.size();
    const bool scan_plus = minus_begin - plus_begin <= minus_end - minus_begin;
    push_zero_ridges(m, scan_plus ? plus_begin : minus_begin, scan_plus ? minus_begin : minus_end, bit);

    const std::size_t section_begin = arena_->count(m - 1);
    path_.push_back(context_.tables.leader[bit]);
    refine(m - 1, minus_end, stack_.size());
    path_.pop_back();
    const std::size_t section_end = arena_->count(m - 1);

    stack_.resize(minus_end);
    push_section(section_begin, section_end);
    refine(m, minus_begin, stack_.size());
    stack_.resize(minus_begin);
    push_section(section_begin, section_end);
    refine(m, plus_begin, stack_.size());
    stack_.resize(plus_begin);
  }

  void push_section(std::size_t begin, std::size_t end) {
    for (std::size_t c = begin; c < end; ++c) stack_.push_back(static_cast<CellIndex>(c) | kLocal);
  }

  void push_zero_ridges(std::size_t m, std::size_t begin, std::size_t end, std::size_t bit) {
    for (std::size_t i = begin; i < end; ++i) {
      const FacetSpan ridges = facets_of(m - 1, stack_[i]);
      for (const CellIndex ridge : ridges) {
        const Word* mask = mask_of(m - 2, ridge);
        if (!test_bit(mask, bit) && !test_bit(mask + words(), bit)) stack_.push_back(ridge);
      }
    }
  }

  EdgeEnd end_of(CellIndex v) const {
    const Vertices& vertices = v & kLocal ? arena_->vertices : context_.cells.vertices;
    const std::size_t i = v & ~kLocal;
    const Shape& shape = context_.shape;
    return {&vertices.rows[i * shape.row_length()], &vertices.bounds[i * shape.parts], &vertices.masks[2 * words() * i],
            vertices.walls[i], vertices.history.data() + 2 * shape.history_words * i};
  }

  /// Cuts the edge from a to b at all its crossings; `mask` joins the masks of its ends.
  void cut_edge(const Mask& mask, CellIndex a, CellIndex b) {
    Mask mixed(words());
    Mask current = mask;  // of the open edge next to a
    Mask beyond = mask;   // of the open edge next to b
    const EdgeEnd end_a = end_of(a);
    const EdgeEnd end_b = end_of(b);
    for (std::size_t w = 0; w < words(); ++w) {
      mixed.words[w] = mask.words[w] & mask.words[words() + w];
      for (const std::size_t plane : {std::size_t{0}, words()}) {
        current.words[plane + w] &= ~mixed.words[w] | end_a.mask[plane + w];
        beyond.words[plane + w] &= ~mixed.words[w] | end_b.mask[plane + w];
      }
    }
    crossings_.order(end_a, end_b, {mixed.words.data(), words()}, path_, solver_);
    CellIndex ends[2] = {a, b};
    for (std::size_t g = 0; g < crossings_.groups(); ++g) {
      const auto group = crossings_.group(g);
      Mask at = current;
      for (const std::size_t bit : group) {
        clear_bit(at.words.data(), bit);
        clear_bit(at.words.data() + words(), bit);
      }
      neurons_.assign(path_.begin(), path_.end());
      neurons_.push_back(context_.tables.leader[group[0]]);
      ends[1] = static_cast<CellIndex>(arena_->vertices.count()) | kLocal;
      solver_.append(neurons_, at.words.data(), arena_->vertices);
      ++pending_;
      emit(1, current, ends, 2);
      ends[0] = ends[1];
      current = at;
      for (const std::size_t bit : group) {
        set_bit(current.words.data() + (test_bit(beyond.words.data(), bit) ? 0 : words()), bit);
      }
    }
    ends[1] = b;
    emit(1, current, ends, 2);
  }

  const StepContext& context_;
  VertexSolver solver_;
  Crossings crossings_;
  Skeleton* arena_ = nullptr;
  std::vector<CellIndex> stack_;
  std::vector<std::size_t> path_, neurons_;
  std::int64_t pending_ = 0;
};

}  // namespace

std::unique_ptr<Refiner> make_refiner(const StepContext& context) {
  switch (context.shape.mask_words) {
    case 1:
      return std::make_unique<WordRefiner<1>>(context);
    case 2:
      return std::make_unique<WordRefiner<2>>(context);
    case 4:
      return std::make_unique<WordRefiner<4>>(context);
    default:
      return std::make_unique<WordRefiner<0>>(context);
  }
}

}  // namespace relutope
