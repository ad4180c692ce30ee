#include "verify/cell_proof.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace relutope::verify {
namespace {

std::string cell_name(std::size_t k, std::size_t cell) { return std::to_string(k) + "-cell " + std::to_string(cell); }

std::uint64_t hash_of(const Word* words, std::size_t n) {
  std::uint64_t hash = n;
  for (std::size_t i = 0; i < n; ++i) {
    hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15U;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

CellNames::CellNames(const StoredComplex& stored, const Heartbeat& heartbeat) : stride_(2 * stored.words() + 1) {
  levels_.emplace_back(stored.count(0) * stride_);
  for (std::size_t v = 0; v < stored.count(0); ++v) {
    Word* out = &levels_[0][v * stride_];
    const std::span<const Word> planes = stored.signs.subspan(v * (stride_ - 1), stride_ - 1);
    std::copy(planes.begin(), planes.end(), out);
    out[stride_ - 1] = stored.walls[v];
  }
  for (std::size_t k = 1; k <= stored.dim; ++k) {
    heartbeat();
    std::vector<Word> level(stored.count(k) * stride_, 0);
    for (std::size_t c = 0; c < stored.count(k); ++c) {
      Word* out = &level[c * stride_];
      out[stride_ - 1] = ~Word{0};
      for (const std::int32_t f : stored.facets_of(k, c)) {
        const Word* in = name(k - 1, static_cast<std::size_t>(f));
        for (std::size_t w = 0; w + 1 < stride_; ++w) out[w] |= in[w];
        out[stride_ - 1] &= in[stride_ - 1];
      }
    }
    levels_.push_back(std::move(level));
  }
}

bool CellNames::has_zero(std::size_t k, std::size_t cell, std::size_t bits) const {
  const Word* positive = name(k, cell);
  const Word* negative = positive + (stride_ - 1) / 2;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    if (!(((positive[bit / 64] | negative[bit / 64]) >> (bit % 64)) & 1U)) return true;
  }
  return false;
}

void CellNames::check_maxima(const StoredComplex& stored, const Model& model, const Heartbeat& heartbeat) const {
  for (std::size_t l = 0; l < model.hidden_layers(); ++l) {
    const Model::Layer& layer = model.layer(l);
    if (layer.kind != Kind::kMax) continue;
    const auto is_largest = [&](const Word* planes, std::size_t neuron) {
      const std::int32_t bit = stored.code_bit[neuron];
      if (bit < 0) return stored.code_constant[neuron] == 0;
      const auto at = static_cast<std::size_t>(bit);
      const Word either = planes[at / 64] | planes[(stride_ - 1) / 2 + at / 64];
      return ((either >> (at % 64)) & 1U) == 0;
    };
    for (std::size_t k = 0; k < levels_.size(); ++k) {
      heartbeat();
      for (std::size_t c = 0; c * stride_ < levels_[k].size(); ++c) {
        for (std::size_t row = 0; row < layer.rows; ++row) {
          bool found = false;
          for (std::size_t e = layer.first_entry[row]; e < layer.first_entry[row + 1] && !found; ++e) {
            found = is_largest(name(k, c), model.first_neuron(l) + e);
          }
          if (!found) throw Refuted("a max row has no largest entry on " + cell_name(k, c));
        }
      }
    }
  }
}

void CellNames::check(const Heartbeat& heartbeat) const {
  struct Entry {
    std::uint64_t hash;
    std::uint32_t k;
    std::uint32_t cell;
  };
  const std::size_t plane = (stride_ - 1) / 2;
  std::vector<Entry> entries;
  for (std::size_t k = 0; k < levels_.size(); ++k) {
    heartbeat();
    for (std::size_t c = 0; c * stride_ < levels_[k].size(); ++c) {
      const Word* words = name(k, c);
      for (std::size_t w = 0; w < plane; ++w) {
        if (words[w] & words[plane + w]) throw Refuted("a neuron has both signs on " + cell_name(k, c));
      }
      entries.push_back({hash_of(words, stride_), static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(c)});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.hash < b.hash; });
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Word* first = name(entries[i].k, entries[i].cell);
    for (std::size_t j = i + 1; j < entries.size() && entries[j].hash == entries[i].hash; ++j) {
      if (!std::equal(first, first + stride_, name(entries[j].k, entries[j].cell))) continue;
      throw Refuted(cell_name(entries[i].k, entries[i].cell) + " and " + cell_name(entries[j].k, entries[j].cell) +
                    " have one sign vector and one wall set");
    }
  }
}

void check_ridges(const StoredComplex& stored, const Heartbeat& heartbeat) {
  std::vector<std::int32_t> ridges;
  for (std::size_t k = 1; k <= stored.dim; ++k) {
    for (std::size_t c = 0; c < stored.count(k); ++c) {
      if (c % 4096 == 0) heartbeat();
      const std::size_t n = stored.facets_of(k, c).size();
      if (k == 1 ? n != 2 : n < k + 1) throw Refuted(cell_name(k, c) + " has " + std::to_string(n) + " facets");
      if (k == 1) continue;
      ridges.clear();
      for (const std::int32_t f : stored.facets_of(k, c)) {
        const auto below = stored.facets_of(k - 1, static_cast<std::size_t>(f));
        ridges.insert(ridges.end(), below.begin(), below.end());
      }
      std::sort(ridges.begin(), ridges.end());
      for (std::size_t i = 0; i < ridges.size(); i += 2) {
        const bool pair = i + 1 < ridges.size() && ridges[i] == ridges[i + 1] &&
                          (i + 2 == ridges.size() || ridges[i + 2] != ridges[i]);
        if (pair) continue;
        throw Refuted("a ridge of " + cell_name(k, c) + " does not lie in exactly two of its facets");
      }
    }
  }
}

void check_cofacets(const StoredComplex& stored, const CellNames& names) {
  const std::size_t row_bits = stored.row_bits();
  for (std::size_t k = 0; k < stored.dim; ++k) {
    std::vector<std::uint32_t> cofacets(stored.count(k), 0);
    for (const std::int32_t f : stored.facets[k + 1].indices) ++cofacets[static_cast<std::size_t>(f)];
    const bool top = k + 1 == stored.dim;
    for (std::size_t c = 0; c < cofacets.size(); ++c) {
      const std::uint32_t expected = names.walls(k, c) == 0 && !names.has_zero(k, c, row_bits) ? 2 : 1;
      if (top ? cofacets[c] == expected : cofacets[c] > 0) continue;
      throw Refuted(cell_name(k, c) + " has " + std::to_string(cofacets[c]) + " cofacets");
    }
  }
}

void check_counts(const StoredComplex& stored, const CellNames& names) {
  std::int64_t all = 0;
  std::int64_t finite = 0;
  for (std::size_t k = 0; k <= stored.dim; ++k) {
    for (std::size_t c = 0; c < stored.count(k); ++c) {
      const bool counted = stored.is_box() || names.walls(k, c) == 0;
      if (counted != (c < stored.finite_count(k))) {
        throw Refuted("f_vector: " + cell_name(k, c) + (counted ? " is not counted" : " is at infinity and counted"));
      }
    }
    const std::int64_t sign = k % 2 == 0 ? 1 : -1;
    all += sign * static_cast<std::int64_t>(stored.count(k));
    finite += sign * stored.finite_counts[k];
  }
  // That of an unbounded polytope depends on the lines in it: only that of the ball is known here.
  const bool is_bounded = stored.count(0) == stored.finite_count(0);
  const bool is_known = is_bounded || stored.row_bits() == 0;
  const std::int64_t expected = is_bounded || stored.dim % 2 == 0 ? 1 : -1;
  if (all != 1 || (is_known && finite != expected)) {
    throw Refuted("the Euler characteristic is " + std::to_string(all) + ", that of the f-vector " +
                  std::to_string(finite) + "; must be 1 and " + std::to_string(expected));
  }
}

}  // namespace relutope::verify
