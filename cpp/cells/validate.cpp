#include "cells/validate.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "network/sign_vector.hpp"

namespace relutope {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("internal: " + what); }

std::string name(std::size_t k, std::size_t cell) { return std::to_string(k) + "-cell " + std::to_string(cell); }

void check_total_euler(const Complex& complex) {
  std::int64_t all = 0;
  std::int64_t finite = 0;
  for (std::size_t k = 0; k <= complex.dim(); ++k) {
    const std::int64_t sign = k % 2 == 0 ? 1 : -1;
    all += sign * static_cast<std::int64_t>(complex.count(k));
    finite += sign * static_cast<std::int64_t>(complex.finite_count(k));
  }
  if (all != 1) fail("Euler characteristic of the complex is " + std::to_string(all) + ", must be 1");
  // With compact supports. Of an unbounded polytope it depends on the lines in it: not known here.
  const bool bounded = complex.count(0) == complex.finite_count(0);
  if (!bounded && complex.codes().constraint_bits() > 0) return;
  const std::int64_t expected = bounded || complex.dim() % 2 == 0 ? 1 : -1;
  if (finite != expected) fail("Euler characteristic of the f-vector is " + std::to_string(finite));
}

/// Faces of one closed cell, level by level: checks its Euler characteristic and that ridges lie in two facets.
void check_cell(const Complex& complex, std::size_t k, std::size_t cell, std::vector<std::int32_t>& level,
                std::vector<std::int32_t>& below) {
  level.assign(1, static_cast<std::int32_t>(cell));
  std::int64_t euler = k % 2 == 0 ? 1 : -1;
  for (std::size_t m = k; m >= 1; --m) {
    below.clear();
    for (const std::int32_t c : level) {
      for (const std::int32_t f : complex.facets(m, static_cast<std::size_t>(c))) below.push_back(f);
    }
    std::sort(below.begin(), below.end());
    for (std::size_t i = 0; m + 1 == k && i < below.size(); i += 2) {
      const bool pair =
          i + 1 < below.size() && below[i] == below[i + 1] && (i + 2 == below.size() || below[i + 2] != below[i]);
      if (!pair) fail("a ridge of " + name(k, cell) + " does not lie in exactly two of its facets");
    }
    below.erase(std::unique(below.begin(), below.end()), below.end());
    euler += (m - 1) % 2 == 0 ? static_cast<std::int64_t>(below.size()) : -static_cast<std::int64_t>(below.size());
    level.swap(below);
  }
  if (euler != 1) {
    fail("Euler characteristic of closed " + name(k, cell) + " is " + std::to_string(euler) + ", must be 1");
  }
}

void check_cofacets(const Complex& complex, const std::vector<Word>& signs, const std::vector<Word>& walls) {
  const std::size_t d = complex.dim();
  const std::size_t plane = complex.codes().words();
  std::vector<int> cofacets(complex.count(d - 1), 0);
  for (const std::int32_t f : complex.faces(d).indices.span()) ++cofacets[static_cast<std::size_t>(f)];
  for (std::size_t c = 0; c < cofacets.size(); ++c) {
    const Word* planes = signs.data() + c * 2 * plane;
    const int expected = walls[c] == 0 && !complex.codes().on_constraint(planes, planes + plane) ? 2 : 1;
    if (cofacets[c] != expected) fail(name(d - 1, c) + " has " + std::to_string(cofacets[c]) + " cofacets");
  }
}

void check_names(const Complex& complex, const Heartbeat& heartbeat) {
  const std::size_t plane = complex.codes().words();
  const std::size_t stride = 2 * plane + 1;
  std::vector<std::vector<Word>> names;  // per dimension: planes, walls
  std::vector<std::pair<std::uint64_t, std::pair<std::size_t, std::size_t>>> hashes;
  for (std::size_t k = 0; k <= complex.dim(); ++k) {
    heartbeat();
    const std::vector<Word> signs = complex.cell_signs(k);
    const std::vector<Word> walls = complex.cell_walls(k);
    if (k + 1 == complex.dim()) check_cofacets(complex, signs, walls);
    std::vector<Word> table(walls.size() * stride);
    for (std::size_t c = 0; c < walls.size(); ++c) {
      Word* row = &table[c * stride];
      std::copy_n(signs.data() + c * 2 * plane, 2 * plane, row);
      row[2 * plane] = walls[c];
      for (std::size_t w = 0; w < plane; ++w) {
        if (row[w] & row[plane + w]) fail("a neuron has both signs on " + name(k, c));
      }
      hashes.push_back({hash_words({row, stride}), {k, c}});
    }
    names.push_back(std::move(table));
  }
  std::sort(hashes.begin(), hashes.end());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const Word* a = &names[hashes[i].second.first][hashes[i].second.second * stride];
    for (std::size_t j = i + 1; j < hashes.size() && hashes[j].first == hashes[i].first; ++j) {
      const Word* b = &names[hashes[j].second.first][hashes[j].second.second * stride];
      if (std::equal(a, a + stride, b)) {
        fail(name(hashes[i].second.first, hashes[i].second.second) + " and " +
             name(hashes[j].second.first, hashes[j].second.second) + " have one sign vector and one wall set");
      }
    }
  }
}

}  // namespace

void validate_structure(const Complex& complex, const Heartbeat& heartbeat) {
  check_total_euler(complex);
  std::vector<std::int32_t> level, below;
  for (std::size_t k = 1; k <= complex.dim(); ++k) {
    for (std::size_t cell = 0; cell < complex.count(k); ++cell) {
      if (cell % 4096 == 0) heartbeat();
      check_cell(complex, k, cell, level, below);
    }
  }
  check_names(complex, heartbeat);
}

}  // namespace relutope
