// A set of small integers in which membership is flipped and the largest member found in a few steps: the column that
// is being reduced (Bauer, Kerber, Reininghaus and Wagner, PHAT, 2017, call it a bit tree).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace relutope {

class BitTree {
 public:
  static constexpr std::int32_t kEmpty = -1;

  /// Holds members below `size`.
  explicit BitTree(std::size_t size) {
    do {
      size = (size + 63) / 64;
      levels_.emplace_back(size, std::uint64_t{0});
    } while (size > 1);
  }

  void flip(std::int32_t member) {
    auto at = static_cast<std::size_t>(member);
    for (auto& level : levels_) {
      std::uint64_t& word = level[at / 64];
      const bool was_empty = word == 0;
      word ^= std::uint64_t{1} << (at % 64);
      // The level above says which words are not empty.
      if (!was_empty && word != 0) return;
      at /= 64;
    }
  }

  /// The largest member, or kEmpty.
  std::int32_t largest() const {
    std::size_t at = 0;
    for (std::size_t l = levels_.size(); l-- > 0;) {
      const std::uint64_t word = at < levels_[l].size() ? levels_[l][at] : 0;
      if (word == 0) return kEmpty;
      at = 64 * at + static_cast<std::size_t>(std::bit_width(word)) - 1;
    }
    return static_cast<std::int32_t>(at);
  }

 private:
  std::vector<std::vector<std::uint64_t>> levels_;  // from the members themselves up to one word
};

}  // namespace relutope
