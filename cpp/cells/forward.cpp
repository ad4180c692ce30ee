#include "cells/forward.hpp"

#include <algorithm>
#include <bit>
#include <memory>

#include "cells/forward_task.hpp"

namespace relutope {
namespace {

/// A task has at most so many vertices and, beyond one block of them, about so many products: limits are checked
/// between.
constexpr std::size_t kVerticesPerTask = 512;
constexpr std::size_t kProductsPerTask = std::size_t{1} << 24;

/// Neurons from, from + 1, ... that are leaders of the bits to, to + 1, ...
struct Run {
  std::size_t from, to, length;
};

std::vector<Run> runs_of(const std::vector<std::size_t>& leaders) {
  std::vector<Run> runs;
  for (std::size_t bit = 0; bit < leaders.size(); ++bit) {
    if (runs.empty() || leaders[bit] != runs.back().from + runs.back().length) runs.push_back({leaders[bit], bit, 0});
    ++runs.back().length;
  }
  return runs;
}

/// Copies the bits of a run; those of `out` are zero before. A step ends where a word of either side ends.
void copy_bits(Run run, const Word* raw, Word* out) {
  while (run.length > 0) {
    const std::size_t n = std::min({run.length, kWordBits - run.from % kWordBits, kWordBits - run.to % kWordBits});
    const Word bits = (raw[run.from / kWordBits] >> (run.from % kWordBits)) & (~Word{0} >> (kWordBits - n));
    out[run.to / kWordBits] |= bits << (run.to % kWordBits);
    run = {run.from + n, run.to + n, run.length - n};
  }
}

/// Packs the leaders' bits and sets the rows' entries to zero where a sign is zero.
void compress(const LayerTables& tables, const Shape& shape, const Buffer<Word>& raw, std::size_t raw_words,
              Vertices& vertices, std::size_t first, std::size_t last) {
  const std::vector<Run> runs = runs_of(tables.leader);
  for (std::size_t v = first; v < last; ++v) {
    Word* mask = vertices.masks.data() + 2 * shape.mask_words * v;
    std::fill_n(mask, 2 * shape.mask_words, Word{0});
    for (std::size_t plane = 0; plane < 2; ++plane) {
      for (const Run& run : runs)
        copy_bits(run, raw.data() + (2 * v + plane) * raw_words, mask + plane * shape.mask_words);
    }
    double* row = &vertices.rows[v * shape.row_length()];
    for (std::size_t w = 0; w < shape.mask_words; ++w) {
      Word zeros = ~(mask[w] | mask[shape.mask_words + w]);
      for (; zeros != 0; zeros &= zeros - 1) {
        const std::size_t bit = w * kWordBits + static_cast<std::size_t>(std::countr_zero(zeros));
        if (bit >= tables.bits()) break;
        for (const std::size_t c : tables.all[bit]) {
          for (std::size_t p = 0; p < shape.parts; ++p) row[p * shape.columns + c] = 0;
        }
      }
    }
  }
}

std::size_t vertices_per_task(const ScaledLayer& layer) {
  const std::size_t n = kProductsPerTask / std::max<std::size_t>(1, layer.entries() + layer.rows());
  return std::clamp(n / kBlock * kBlock, kBlock, kVerticesPerTask);
}

}  // namespace

ForwardResult forward(const ForwardInput& input, Vertices& vertices, Budget& budget, Workers& workers) {
  const std::size_t count = vertices.count();
  const ScaledLayer& layer = input.rows.scaled;
  const std::vector<RowClass>& classes = input.rows.classes;
  ForwardResult result;
  result.shape = input.previous.shape;
  result.shape.columns = layer.rows() + input.rows.plan.n_carried;
  result.shape.history_words = input.codes.words();

  Buffer<double> rows(&budget);
  Buffer<RowBound> bounds(&budget);
  Buffer<Word> raw(&budget);
  const std::size_t raw_words = words_for(layer.rows());
  rows.resize(count * result.shape.row_length());
  bounds.resize(count * result.shape.parts);
  raw.resize(count * 2 * raw_words);
  const ForwardOutput output{result.shape, rows.data(), bounds.data(), raw.data(), raw_words};
  std::vector<std::unique_ptr<ForwardTask>> tasks(workers.size());
  workers.run_blocks(count, vertices_per_task(layer), [&](std::size_t first, std::size_t last, std::size_t worker) {
    if (!tasks[worker]) tasks[worker] = std::make_unique<ForwardTask>(input, vertices, output);
    tasks[worker]->run(first, last);
  });

  SignRange range{std::vector<Word>(raw_words), std::vector<Word>(raw_words), std::vector<Word>(raw_words)};
  for (const auto& task : tasks) {
    if (!task) continue;
    result.tally += task->tally;
    for (std::size_t w = 0; w < raw_words; ++w) {
      range.positive[w] |= task->range.positive[w];
      range.negative[w] |= task->range.negative[w];
      range.zero[w] |= task->range.zero[w];
    }
  }
  result.tables = classes.empty() ? linear_layer_tables(layer.rows()) : make_layer_tables(layer, classes, range);
  result.shape.mask_words = words_for(result.tables.bits());
  vertices.rows = std::move(rows);
  vertices.terms = Terms(&budget);
  vertices.bounds = std::move(bounds);
  vertices.masks.resize(count * 2 * result.shape.mask_words);
  workers.run_blocks(count, kVerticesPerTask, [&](std::size_t first, std::size_t last, std::size_t) {
    compress(result.tables, result.shape, raw, raw_words, vertices, first, last);
  });
  return result;
}

}  // namespace relutope
