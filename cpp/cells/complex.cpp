#include "cells/complex.hpp"

#include <algorithm>

namespace relutope {

Complex::Complex(std::shared_ptr<const Network> network, Domain domain, SignCodes codes)
    : network_(std::move(network)), domain_(std::move(domain)), codes_(std::move(codes)) {
  finite_.assign(dim() + 1, 0);
  faces_.resize(dim() + 1);
}

std::span<const std::int32_t> Complex::facets(std::size_t k, std::size_t cell) const {
  const Faces& faces = faces_[k];
  const auto begin = static_cast<std::size_t>(faces.indptr[cell]);
  const auto end = static_cast<std::size_t>(faces.indptr[cell + 1]);
  return {faces.indices.data() + begin, end - begin};
}

std::vector<Word> Complex::cell_walls(std::size_t k) const {
  std::vector<Word> below(walls_.data(), walls_.data() + walls_.size());
  for (std::size_t m = 1; m <= k; ++m) {
    std::vector<Word> walls(count(m), ~Word{0});
    for (std::size_t c = 0; c < walls.size(); ++c) {
      for (const std::int32_t f : facets(m, c)) walls[c] &= below[static_cast<std::size_t>(f)];
    }
    below.swap(walls);
  }
  return below;
}

std::vector<Word> Complex::cell_signs(std::size_t k) const {
  const std::size_t words = 2 * codes_.words();
  std::vector<Word> below(signs_.data(), signs_.data() + signs_.size());
  for (std::size_t m = 1; m <= k; ++m) {
    std::vector<Word> signs(count(m) * words, 0);
    for (std::size_t c = 0; c < count(m); ++c) {
      for (const std::int32_t f : facets(m, c)) {
        const Word* from = below.data() + static_cast<std::size_t>(f) * words;
        for (std::size_t w = 0; w < words; ++w) signs[c * words + w] |= from[w];
      }
    }
    below.swap(signs);
  }
  return below;
}

void Complex::compose_signs(std::size_t k, std::size_t cell, std::span<Word> planes) const {
  std::fill(planes.begin(), planes.end(), Word{0});
  for (const std::int32_t v : cell_vertices(k, cell)) {
    const Word* from = vertex_signs(static_cast<std::size_t>(v));
    for (std::size_t w = 0; w < planes.size(); ++w) planes[w] |= from[w];
  }
}

std::vector<std::int32_t> Complex::cell_vertices(std::size_t k, std::size_t cell) const {
  std::vector<std::int32_t> level{static_cast<std::int32_t>(cell)};
  std::vector<std::int32_t> below;
  for (std::size_t m = k; m >= 1; --m) {
    below.clear();
    for (const std::int32_t c : level) {
      for (const std::int32_t f : facets(m, static_cast<std::size_t>(c))) below.push_back(f);
    }
    std::sort(below.begin(), below.end());
    below.erase(std::unique(below.begin(), below.end()), below.end());
    level.swap(below);
  }
  return level;
}

std::vector<std::uint8_t> Complex::bounded(std::size_t k) const {
  std::vector<std::uint8_t> below(count(0));
  for (std::size_t v = 0; v < below.size(); ++v) below[v] = domain_.parts() == 1 || walls_[v] == 0;
  for (std::size_t m = 1; m <= k; ++m) {
    std::vector<std::uint8_t> level(count(m), 1);
    for (std::size_t c = 0; c < level.size(); ++c) {
      for (const std::int32_t f : facets(m, c)) level[c] &= below[static_cast<std::size_t>(f)];
    }
    below.swap(level);
  }
  return below;
}

void Complex::expand_signs(const Word* planes, std::int8_t* out) const {
  for (std::size_t l = 0; l < codes_.layers(); ++l) {
    for (std::size_t i = 0; i < codes_.layer(l).size(); ++i) {
      *out++ = static_cast<std::int8_t>(to_int(codes_.sign(l, i, planes, planes + codes_.words())));
    }
  }
}

ExactPoint Complex::exact_vertex(std::size_t v, ExactSolver& solver) const {
  const Word* planes = vertex_signs(v);
  solver.set_carrier(planes, planes + codes_.words(), walls_[v], 0);
  return solver.point({});
}

std::size_t Complex::bytes() const {
  std::size_t total = vertices_.bytes() + vertex_error_.bytes() + rays_.bytes() + signs_.bytes() + walls_.bytes();
  for (const Faces& faces : faces_) total += faces.indptr.bytes() + faces.indices.bytes();
  return total;
}

}  // namespace relutope
