#include "cells/flips.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <stdexcept>

namespace relutope {
namespace {

/// The neurons that each stored bit speaks for. The others have one sign on the whole domain.
std::vector<std::vector<std::int32_t>> neurons_by_bit(const SignCodes& codes) {
  std::vector<std::vector<std::int32_t>> result(codes.bits());
  std::int32_t neuron = 0;
  for (std::size_t l = 0; l < codes.layers(); ++l) {
    for (const NeuronCode& code : codes.layer(l)) {
      if (code.bit >= 0) result[static_cast<std::size_t>(code.bit)].push_back(neuron);
      ++neuron;
    }
  }
  return result;
}

}  // namespace

Incidence flips(const Complex& complex, std::span<const std::int32_t> first, std::span<const std::int32_t> second,
                const std::function<void()>& heartbeat) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  const std::vector<std::vector<std::int32_t>> neurons = neurons_by_bit(complex.codes());
  const std::vector<Word> planes = complex.cell_signs(complex.dim());
  const std::size_t words = complex.codes().words();
  Incidence result;
  result.indptr.reserve(first.size() + 1);
  result.indptr.push_back(0);
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (i % 4096 == 0) heartbeat();
    const Word* a = planes.data() + 2 * words * static_cast<std::size_t>(first[i]);
    const Word* b = planes.data() + 2 * words * static_cast<std::size_t>(second[i]);
    const std::size_t begin = result.indices.size();
    for (std::size_t w = 0; w < words; ++w) {
      for (Word bits = (a[w] ^ b[w]) | (a[words + w] ^ b[words + w]); bits != 0; bits &= bits - 1) {
        const std::size_t bit = w * kWordBits + static_cast<std::size_t>(std::countr_zero(bits));
        result.indices.insert(result.indices.end(), neurons[bit].begin(), neurons[bit].end());
      }
    }
    if (result.indices.size() > kMost) throw std::length_error("flips: more than 2^31 - 1 neurons in all");
    std::sort(result.indices.begin() + static_cast<std::ptrdiff_t>(begin), result.indices.end());
    result.indptr.push_back(static_cast<std::int32_t>(result.indices.size()));
  }
  return result;
}

}  // namespace relutope
