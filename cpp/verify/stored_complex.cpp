#include "verify/stored_complex.hpp"

#include <algorithm>
#include <string>

namespace relutope::verify {
namespace {

void require(bool condition, const std::string& what) {
  if (!condition) throw Refuted(what);
}

void check_facets(const StoredComplex& stored, std::size_t k) {
  const auto& [indptr, indices] = stored.facets[k];
  const std::string name = "facets of dimension " + std::to_string(k) + ": ";
  require(!indptr.empty() && indptr[0] == 0, name + "indptr does not begin with 0");
  for (std::size_t c = 1; c < indptr.size(); ++c) {
    require(indptr[c] > indptr[c - 1], name + "indptr does not increase at cell " + std::to_string(c - 1));
  }
  require(static_cast<std::size_t>(indptr.back()) == indices.size(), name + "indptr does not end with their number");
  const std::size_t below = stored.count(k - 1);
  for (std::size_t c = 0; c + 1 < indptr.size(); ++c) {
    std::int32_t last = -1;
    for (const std::int32_t f : stored.facets_of(k, c)) {
      require(f > last, name + "ids of cell " + std::to_string(c) + " do not ascend from 0");
      require(static_cast<std::size_t>(f) < below, name + "an id of cell " + std::to_string(c) + " is out of range");
      last = f;
    }
  }
}

void check_bits(const StoredComplex& stored) {
  const std::size_t plane = stored.words();
  const std::size_t used = stored.bits() % 64;
  const Word unused = used == 0 ? 0 : ~Word{0} << used;
  for (std::size_t v = 0; v < stored.count(0); ++v) {
    const Word* positive = stored.signs.data() + 2 * plane * v;
    const std::string name = "vertex " + std::to_string(v);
    for (std::size_t w = 0; w < plane; ++w) {
      const Word both = positive[w] & positive[plane + w];
      const Word stray = w + 1 == plane ? (positive[w] | positive[plane + w]) & unused : Word{0};
      require(both == 0, name + " has a neuron that is both positive and negative");
      require(stray == 0, name + " has sign bits that belong to no neuron");
    }
    require((stored.walls[v] >> (2 * stored.dim)) == 0, name + " has bits of walls that do not exist");
  }
}

}  // namespace

std::span<const std::int32_t> StoredComplex::facets_of(std::size_t k, std::size_t cell) const {
  const auto begin = static_cast<std::size_t>(facets[k].indptr[cell]);
  const auto end = static_cast<std::size_t>(facets[k].indptr[cell + 1]);
  return facets[k].indices.subspan(begin, end - begin);
}

std::size_t StoredComplex::bits() const {
  std::int32_t largest = -1;
  for (const std::int32_t bit : code_bit) largest = std::max(largest, bit);
  return static_cast<std::size_t>(largest + 1);
}

std::size_t StoredComplex::row_bits() const {
  std::int32_t largest = -1;
  for (std::size_t row = 0; row < domain_rows; ++row) largest = std::max(largest, code_bit[row]);
  return static_cast<std::size_t>(largest + 1);
}

void StoredComplex::expand(std::size_t v, std::span<Sign> signs_of_neurons) const {
  const std::size_t plane = signs.size() / (2 * walls.size());
  const Word* positive = signs.data() + 2 * plane * v;
  for (std::size_t i = 0; i < signs_of_neurons.size(); ++i) {
    if (code_bit[i] < 0) {
      signs_of_neurons[i] = sign_from_int(code_constant[i]);
      continue;
    }
    const auto word = static_cast<std::size_t>(code_bit[i]) / 64;
    const auto place = static_cast<std::size_t>(code_bit[i]) % 64;
    const int sign =
        static_cast<int>((positive[word] >> place) & 1U) - static_cast<int>((positive[plane + word] >> place) & 1U);
    signs_of_neurons[i] = sign_from_int(code_flipped[i] != 0 ? -sign : sign);
  }
}

void check_arrays(const StoredComplex& stored, std::size_t neurons) {
  const std::size_t d = stored.dim;
  require(d >= 1 && 2 * d < 64, "dimension " + std::to_string(d) + " is out of range");
  require(stored.is_box() ? stored.lo.size() == d && stored.hi.size() == d : stored.hi.empty(),
          "the box has another dimension");
  require(stored.finite_counts.size() == d + 1 && stored.facets.size() == d + 1, "not one entry per dimension");
  require(stored.code_bit.size() == neurons && stored.code_flipped.size() == neurons &&
              stored.code_constant.size() == neurons,
          "sign codes: not one per neuron");
  for (const std::int32_t bit : stored.code_bit) {
    require(bit >= -1 && bit < static_cast<std::int32_t>(neurons), "sign codes: a bit is out of range");
  }
  const std::size_t n = stored.count(0);
  for (std::size_t k = 1; k <= d; ++k) require(!stored.facets[k].indptr.empty(), "an indptr is empty");
  for (std::size_t k = 0; k <= d; ++k) {
    require(stored.count(k) > 0, "there is no cell of dimension " + std::to_string(k));
    require(stored.finite_counts[k] >= 0 && stored.finite_count(k) <= stored.count(k),
            "f_vector: entry " + std::to_string(k) + " exceeds the number of cells");
  }
  require(stored.vertices.size() == n * d && stored.vertex_error.size() == n &&
              stored.signs.size() == n * 2 * stored.words() && stored.rays.size() == (n - stored.finite_count(0)) * d,
          "vertices, vertex_error, rays, signs and walls do not fit together");
  for (std::size_t k = 1; k <= d; ++k) check_facets(stored, k);
  check_bits(stored);
}

}  // namespace relutope::verify
