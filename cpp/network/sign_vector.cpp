#include "network/sign_vector.hpp"

#include <stdexcept>

namespace relutope {

std::uint64_t hash_words(std::span<const Word> words, std::uint64_t seed) {
  std::uint64_t h = seed ^ 0x9e3779b97f4a7c15ULL;
  for (const Word w : words) {
    h = (h ^ w) * 0xbf58476d1ce4e5b9ULL;
    h ^= h >> 29;
  }
  h *= 0x94d049bb133111ebULL;
  return h ^ (h >> 32);
}

void SignVector::set(std::size_t i, Sign sign) {
  Word* positive = planes_.data();
  Word* negative = planes_.data() + words_for(size_);
  clear_bit(positive, i);
  clear_bit(negative, i);
  if (sign == Sign::kPositive) set_bit(positive, i);
  if (sign == Sign::kNegative) set_bit(negative, i);
}

SignVector compose(const SignVector& u, const SignVector& v) {
  if (u.size() != v.size()) throw std::invalid_argument("compose: sign vectors of unequal sizes");
  SignVector result = u;
  const std::size_t n = words_for(u.size());
  for (std::size_t w = 0; w < n; ++w) {
    const Word open = ~(u.planes_[w] | u.planes_[n + w]);
    result.planes_[w] |= v.planes_[w] & open;
    result.planes_[n + w] |= v.planes_[n + w] & open;
  }
  return result;
}

bool is_face(const SignVector& u, const SignVector& v) {
  if (u.size() != v.size()) throw std::invalid_argument("is_face: sign vectors of unequal sizes");
  for (std::size_t w = 0; w < words_for(u.size()); ++w) {
    if ((u.positive()[w] & ~v.positive()[w]) | (u.negative()[w] & ~v.negative()[w])) return false;
  }
  return true;
}

}  // namespace relutope
