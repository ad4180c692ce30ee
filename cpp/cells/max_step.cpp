#include "cells/max_step.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <utility>

#include "cells/kernels.hpp"
#include "cells/step_context.hpp"

namespace relutope {
namespace {

constexpr std::size_t kVerticesPerTask = 1024;

/// Entries that are less than another one of their row, a bit each.
void mark_smaller(const MaxInput& input, const Word* mask, std::size_t mask_words, Word* smaller) {
  const std::vector<EntryPair>& pairs = input.network.pairs(input.layer);
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const NeuronCode& code = input.tables.codes[p];
    Sign sign = code.constant;
    if (code.bit >= 0) {
      sign = plane_sign(mask, mask + mask_words, static_cast<std::size_t>(code.bit));
      if (code.flipped) sign = -sign;
    }
    if (sign == Sign::kNegative) set_bit(smaller, pairs[p].first);
    if (sign == Sign::kPositive) set_bit(smaller, pairs[p].second);
  }
}

MaxSigns signs_of(std::size_t n_entries, const std::vector<Word>& ever_smaller, const std::vector<Word>& ever_largest) {
  MaxSigns signs;
  for (std::size_t e = 0; e < n_entries; ++e) {
    NeuronCode code;
    const bool smaller = test_bit(ever_smaller.data(), e);
    if (smaller && test_bit(ever_largest.data(), e)) code.bit = static_cast<std::int32_t>(signs.bits++);
    if (smaller && code.bit < 0) code.constant = Sign::kNegative;
    signs.codes.push_back(code);
  }
  return signs;
}

/// Where the new rows' entries come from.
struct Sources {
  std::vector<std::size_t> entry;    // per entry of the max layer: its place in the old rows
  std::vector<int> shift;            // and the power of two that takes it to the exponent of its row
  std::vector<std::size_t> carried;  // old places of what is carried on
};

/// A row of largest values takes the smallest exponent of its entries, so that values only shrink.
Sources plan(const MaxInput& input, RowLayout& layout) {
  const Network& network = input.network;
  const Layer& max = network.layers()[input.layer];
  std::vector<std::size_t> place(network.first_value(input.layer), 0);
  for (std::size_t e = layout.own; e < layout.values.size(); ++e) place[layout.values[e]] = e;
  RowLayout next{value_range(network.first_value(input.layer), max.rows()), {}, max.rows()};
  Sources sources;
  for (std::size_t i = 0; i < max.rows(); ++i) {
    int smallest = 0;
    const auto entries = max.entries(i);
    for (std::size_t t = 0; t < entries.size(); ++t) {
      const std::size_t at = place[max.column_values()[entries[t]]];
      sources.entry.push_back(at);
      smallest = t == 0 ? layout.exponents[at] : std::min(smallest, layout.exponents[at]);
    }
    for (std::size_t t = 0; t < entries.size(); ++t) {
      sources.shift.push_back(smallest - layout.exponents[sources.entry[max.first_entry(i) + t]]);
    }
    next.exponents.push_back(smallest);
  }
  for (std::size_t e = layout.own; e < layout.values.size(); ++e) {
    if (input.last_reader[layout.values[e]] <= input.layer) continue;
    sources.carried.push_back(e);
    next.values.push_back(layout.values[e]);
    next.exponents.push_back(layout.exponents[e]);
  }
  layout = std::move(next);
  return sources;
}

/// The row of one vertex: of each max row its first largest entry, then what is carried.
void fill_row(const Layer& max, const Sources& sources, const Word* smaller, const RowView& old, std::size_t parts,
              std::size_t columns, double* row) {
  for (std::size_t i = 0; i < max.rows(); ++i) {
    std::size_t e = max.first_entry(i);
    while (test_bit(smaller, e)) ++e;
    for (std::size_t p = 0; p < parts; ++p) {
      row[p * columns + i] = std::ldexp(old.value(p, sources.entry[e]), sources.shift[e]);
    }
  }
  for (std::size_t c = 0; c < sources.carried.size(); ++c) {
    for (std::size_t p = 0; p < parts; ++p) row[p * columns + max.rows() + c] = old.value(p, sources.carried[c]);
  }
}

}  // namespace

MaxSigns take_maxima(const MaxInput& input, Shape& shape, RowLayout& layout, Vertices& vertices, Budget& budget,
                     Workers& workers) {
  const Layer& max = input.network.layers()[input.layer];
  const std::size_t n_entries = input.network.signs_in(input.layer);
  const std::size_t count = vertices.count();
  const std::size_t words = words_for(n_entries);
  Buffer<Word> smaller(&budget);
  smaller.resize(count * words);
  std::vector<Word> ever_smaller(words, 0), ever_largest(words, 0);
  for (std::size_t v = 0; v < count; ++v) {
    if (v % kVerticesPerTask == 0) budget.check();
    Word* own = smaller.data() + v * words;
    std::fill_n(own, words, Word{0});
    mark_smaller(input, vertices.masks.data() + 2 * shape.mask_words * v, shape.mask_words, own);
    for (std::size_t w = 0; w < words; ++w) {
      ever_smaller[w] |= own[w];
      ever_largest[w] |= ~own[w];
    }
  }
  MaxSigns signs = signs_of(n_entries, ever_smaller, ever_largest);

  const Sources sources = plan(input, layout);
  Shape next = shape;
  next.columns = layout.values.size();
  next.mask_words = words_for(signs.bits);
  Buffer<double> rows(&budget);
  rows.resize(count * next.row_length());
  vertices.masks.resize(count * 2 * next.mask_words);
  workers.run_blocks(count, kVerticesPerTask, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t v = first; v < last; ++v) {
      const Word* own = smaller.data() + v * words;
      double* row = &rows[v * next.row_length()];
      fill_row(max, sources, own, RowView(vertices, vertices, v, shape), shape.parts, next.columns, row);
      Word* mask = vertices.masks.data() + 2 * next.mask_words * v;
      std::fill_n(mask, 2 * next.mask_words, Word{0});
      for (std::size_t e = 0; e < n_entries; ++e) {
        const std::int32_t bit = signs.codes[e].bit;
        if (bit >= 0 && test_bit(own, e)) set_bit(mask + next.mask_words, static_cast<std::size_t>(bit));
      }
      for (std::size_t p = 0; p < shape.parts; ++p) {
        RowBound& bound = vertices.bounds[v * shape.parts + p];
        bound.largest = largest_absolute(row + p * next.columns, next.columns);
        bound.value += bound.value == 0 ? 0 : DBL_MIN;  // what shrinking may round
      }
    }
  });
  vertices.rows = std::move(rows);
  vertices.terms = Terms(&budget);
  shape = next;
  return signs;
}

}  // namespace relutope
