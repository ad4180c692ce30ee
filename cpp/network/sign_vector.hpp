// Packed sign vectors: one bit plane for +, one for -; a zero has neither bit.
// Guarantee: equal sign vectors have equal words, so equality and hashing are word-wise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exact/sign.hpp"

namespace relutope {

using Word = std::uint64_t;
inline constexpr std::size_t kWordBits = 64;

constexpr std::size_t words_for(std::size_t bits) { return (bits + kWordBits - 1) / kWordBits; }
constexpr bool test_bit(const Word* words, std::size_t bit) {
  return (words[bit / kWordBits] >> (bit % kWordBits)) & 1U;
}
constexpr void set_bit(Word* words, std::size_t bit) { words[bit / kWordBits] |= Word{1} << (bit % kWordBits); }
constexpr void clear_bit(Word* words, std::size_t bit) { words[bit / kWordBits] &= ~(Word{1} << (bit % kWordBits)); }

/// Sign at `bit` of a pair of planes.
constexpr Sign plane_sign(const Word* positive, const Word* negative, std::size_t bit) {
  if (test_bit(positive, bit)) return Sign::kPositive;
  return test_bit(negative, bit) ? Sign::kNegative : Sign::kZero;
}

/// A hash of words that depends on their values only, never on addresses.
std::uint64_t hash_words(std::span<const Word> words, std::uint64_t seed = 0);

/// A vector over {-, 0, +}.
class SignVector {
 public:
  explicit SignVector(std::size_t size = 0) : size_(size), planes_(2 * words_for(size), 0) {}

  std::size_t size() const { return size_; }
  Sign operator[](std::size_t i) const { return plane_sign(positive().data(), negative().data(), i); }
  void set(std::size_t i, Sign sign);

  std::span<const Word> positive() const { return {planes_.data(), words_for(size_)}; }
  std::span<const Word> negative() const { return {planes_.data() + words_for(size_), words_for(size_)}; }
  std::uint64_t hash() const { return hash_words(planes_, size_); }

  bool operator==(const SignVector&) const = default;

 private:
  friend SignVector compose(const SignVector&, const SignVector&);
  std::size_t size_;
  std::vector<Word> planes_;
};

/// Composition u o v of oriented-matroid theory: u where u is not zero, else v.
/// Laws: (1) associative; (2) u o u = u; (3) u <= u o v. REQUIRES: equal sizes.
SignVector compose(const SignVector& u, const SignVector& v);

/// Face order: u <= v iff u arises from v by setting entries to zero. REQUIRES: equal sizes.
/// Law: u <= v iff compose(u, v) == v and no entry of u opposes v.
bool is_face(const SignVector& u, const SignVector& v);

}  // namespace relutope
