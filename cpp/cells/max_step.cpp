#include "cells/max_step.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <numeric>

#include "cells/kernels.hpp"
#include "cells/step_context.hpp"

namespace relutope {
namespace {

constexpr std::size_t kVerticesPerTask = 256;

/// Contenders that are less than another one of their row, a bit each.
void mark_smaller(const Maxima& maxima, const LayerTables& tables, const Word* mask, std::size_t mask_words,
                  Word* smaller) {
  for (std::size_t p = 0; p < maxima.pairs.size(); ++p) {
    const Sign sign = sign_of_code(tables.codes[p], mask, mask + mask_words);
    if (sign == Sign::kNegative) set_bit(smaller, maxima.pairs[p].first);
    if (sign == Sign::kPositive) set_bit(smaller, maxima.pairs[p].second);
  }
  for (std::size_t e = 0; e < maxima.alike.size(); ++e) {
    if (test_bit(smaller, maxima.alike[e])) set_bit(smaller, e);
  }
}

/// Which contenders are smaller, and which are largest, at some vertex.
struct Occurrence {
  std::vector<Word> smaller, largest;
};

MaxSigns signs_of(std::size_t n_contenders, const Occurrence& ever) {
  MaxSigns signs;
  for (std::size_t e = 0; e < n_contenders; ++e) {
    NeuronCode code;
    const bool smaller = test_bit(ever.smaller.data(), e);
    if (smaller && test_bit(ever.largest.data(), e)) code.bit = static_cast<std::int32_t>(signs.bits++);
    if (smaller && code.bit < 0) code.constant = Sign::kNegative;
    signs.codes.push_back(code);
  }
  return signs;
}

/// The layout of the rows of largest values, and per contender the power of two that takes its value to the exponent
/// of its row: the smallest of its contenders, so that values only shrink.
std::vector<int> plan(const Maxima& maxima, RowLayout& layout) {
  RowLayout next{maxima.values, {}, maxima.values.size(), 0};
  std::vector<int> shifts;
  for (std::size_t i = 0; i < maxima.values.size(); ++i) {
    std::vector<int> exponents;
    for (std::size_t e = maxima.first[i]; e < maxima.first[i + 1]; ++e) {
      if (maxima.place[e] >= 0) exponents.push_back(layout.exponents[static_cast<std::size_t>(maxima.place[e])]);
    }
    const int smallest = exponents.empty() ? 0 : *std::min_element(exponents.begin(), exponents.end());
    for (std::size_t e = maxima.first[i]; e < maxima.first[i + 1]; ++e) {
      const std::int32_t at = maxima.place[e];
      shifts.push_back(at < 0 ? 0 : smallest - layout.exponents[static_cast<std::size_t>(at)]);
    }
    next.exponents.push_back(smallest);
  }
  for (const std::size_t at : maxima.carried) {
    next.values.push_back(layout.values[at]);
    next.exponents.push_back(layout.exponents[at]);
  }
  layout = std::move(next);
  return shifts;
}

/// The row of one vertex: of each row its first largest contender, then what is carried.
void fill_row(const Maxima& maxima, const std::vector<int>& shifts, const Word* smaller, const RowView& old,
              std::size_t parts, std::size_t columns, double* row) {
  const std::size_t n_rows = maxima.values.size();
  for (std::size_t i = 0; i < n_rows; ++i) {
    std::size_t e = maxima.first[i];
    while (test_bit(smaller, e)) ++e;
    for (std::size_t p = 0; p < parts; ++p) {
      const std::int32_t at = maxima.place[e];
      row[p * columns + i] = at < 0 ? 0.0 : std::ldexp(old.value(p, static_cast<std::size_t>(at)), shifts[e]);
    }
  }
  for (std::size_t c = 0; c < maxima.carried.size(); ++c) {
    for (std::size_t p = 0; p < parts; ++p) row[p * columns + n_rows + c] = old.value(p, maxima.carried[c]);
  }
}

}  // namespace

Maxima all_maxima(const Network& network, std::size_t l, const std::vector<std::size_t>& last_reader,
                  const RowLayout& layout) {
  const Layer& max = network.layers()[l];
  std::vector<std::int32_t> place(network.first_value(l), Maxima::kNothing);
  Maxima maxima{value_range(network.first_value(l), max.rows()), {0}, {}, {}, {}, {}};
  for (std::size_t e = layout.own; e < layout.values.size(); ++e) {
    place[layout.values[e]] = static_cast<std::int32_t>(e);
    if (last_reader[layout.values[e]] > l) maxima.carried.push_back(e);
  }
  for (std::size_t i = 0; i < max.rows(); ++i) {
    for (const std::uint32_t k : max.entries(i)) maxima.place.push_back(place[max.column_values()[k]]);
    maxima.first.push_back(maxima.place.size());
  }
  maxima.alike.resize(maxima.place.size());
  std::iota(maxima.alike.begin(), maxima.alike.end(), 0U);
  for (const EntryPair& pair : network.pairs(l)) maxima.pairs.emplace_back(pair.first, pair.second);
  return maxima;
}

MaxSigns take_maxima(const Maxima& maxima, const LayerTables& tables, Shape& shape, RowLayout& layout,
                     Vertices& vertices, Budget& budget, Workers& workers) {
  const std::size_t n_contenders = maxima.place.size();
  const std::size_t count = vertices.count();
  const std::size_t words = words_for(n_contenders);
  Buffer<Word> smaller(&budget);
  smaller.resize(count * words);
  std::vector<Occurrence> occurrences(workers.size(), {std::vector<Word>(words), std::vector<Word>(words)});
  workers.run_blocks(count, kVerticesPerTask, [&](std::size_t first, std::size_t last, std::size_t worker) {
    Occurrence& ever = occurrences[worker];
    for (std::size_t v = first; v < last; ++v) {
      Word* own = smaller.data() + v * words;
      std::fill_n(own, words, Word{0});
      mark_smaller(maxima, tables, vertices.masks.data() + 2 * shape.mask_words * v, shape.mask_words, own);
      for (std::size_t w = 0; w < words; ++w) {
        ever.smaller[w] |= own[w];
        ever.largest[w] |= ~own[w];
      }
    }
  });
  for (const Occurrence& other : occurrences) {
    for (std::size_t w = 0; w < words; ++w) {
      occurrences[0].smaller[w] |= other.smaller[w];
      occurrences[0].largest[w] |= other.largest[w];
    }
  }
  MaxSigns signs = signs_of(n_contenders, occurrences[0]);

  const std::vector<int> shifts = plan(maxima, layout);
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
      fill_row(maxima, shifts, own, RowView(vertices, vertices, v, shape), shape.parts, next.columns, row);
      Word* mask = vertices.masks.data() + 2 * next.mask_words * v;
      std::fill_n(mask, 2 * next.mask_words, Word{0});
      for (std::size_t e = 0; e < n_contenders; ++e) {
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
