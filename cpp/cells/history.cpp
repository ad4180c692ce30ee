#include "cells/history.hpp"

#include <algorithm>
#include <utility>

namespace relutope {
namespace {

constexpr std::size_t kVerticesPerTask = 4096;

}  // namespace

void extend_history(const Shape& shape, std::size_t old_bits, std::size_t new_bits, Vertices& vertices, Budget& budget,
                    Workers& workers) {
  const std::size_t count = vertices.count();
  const std::size_t words = words_for(old_bits + new_bits);
  Buffer<Word> history(&budget);
  history.resize(count * 2 * words);
  const std::size_t shift = old_bits % kWordBits;
  const auto one_plane = [&](const Word* before, const Word* mask, Word* out) {
    std::fill(out, out + words, Word{0});
    std::copy_n(before, words_for(old_bits), out);
    for (std::size_t w = 0; w < shape.mask_words; ++w) {
      const std::size_t at = old_bits / kWordBits + w;
      out[at] |= mask[w] << shift;
      if (shift > 0 && at + 1 < words) out[at + 1] |= mask[w] >> (kWordBits - shift);
    }
  };
  workers.run_blocks(count, kVerticesPerTask, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t v = first; v < last; ++v) {
      for (std::size_t plane = 0; plane < 2; ++plane) {
        one_plane(vertices.history.data() + (2 * v + plane) * shape.history_words,
                  vertices.masks.data() + (2 * v + plane) * shape.mask_words, history.data() + (2 * v + plane) * words);
      }
    }
  });
  vertices.history = std::move(history);
}

}  // namespace relutope
