#include <set>
#include <stdexcept>
#include <vector>

#include "check.hpp"
#include "network/sign_vector.hpp"

namespace relutope::testing {
namespace {

using Signs = std::vector<int>;

Signs random_signs(Random& random, std::size_t size) {
  Signs signs(size);
  for (int& sign : signs) sign = static_cast<int>(random_size(random, 0, 2)) - 1;
  return signs;
}

SignVector packed(const Signs& signs) {
  SignVector result(signs.size());
  for (std::size_t i = 0; i < signs.size(); ++i) result.set(i, sign_from_int(signs[i]));
  return result;
}

Signs unpacked(const SignVector& vector) {
  Signs signs;
  for (std::size_t i = 0; i < vector.size(); ++i) signs.push_back(to_int(vector[i]));
  return signs;
}

void words_and_bits() {
  CHECK(words_for(0) == 0 && words_for(1) == 1 && words_for(64) == 1 && words_for(65) == 2);
  std::vector<Word> words(2, 0);
  for (const std::size_t bit : {0U, 63U, 64U, 127U}) {
    CHECK(!test_bit(words.data(), bit));
    set_bit(words.data(), bit);
    CHECK(test_bit(words.data(), bit));
  }
  clear_bit(words.data(), 64);
  CHECK(words[0] == ((Word{1} << 63) | 1U) && words[1] == Word{1} << 63);
}

void packing_is_lossless() {
  Random random(21);
  for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 130U}) {
    for (int round = 0; round < 20; ++round) {
      const Signs signs = random_signs(random, size);
      SignVector vector = packed(signs);
      CHECK(vector.size() == size && unpacked(vector) == signs);
      const Signs others = random_signs(random, size);
      for (std::size_t i = 0; i < size; ++i) vector.set(i, sign_from_int(others[i]));
      CHECK(unpacked(vector) == others);
      CHECK(vector == packed(others) && vector.hash() == packed(others).hash());
      CHECK((vector == packed(signs)) == (signs == others));
    }
  }
  CHECK(SignVector(3) != SignVector(4));
  CHECK(SignVector(3).hash() != SignVector(4).hash());
}

std::vector<SignVector> all_of_size(std::size_t size) {
  std::vector<SignVector> result{SignVector(size)};
  for (std::size_t i = 0; i < size; ++i) {
    const std::vector<SignVector> before = result;
    for (const Sign sign : {Sign::kNegative, Sign::kPositive}) {
      for (SignVector vector : before) {
        vector.set(i, sign);
        result.push_back(vector);
      }
    }
  }
  return result;
}

void hashes_of_short_vectors_differ() {
  std::set<std::uint64_t> hashes;
  for (const SignVector& vector : all_of_size(7)) hashes.insert(vector.hash());
  CHECK(hashes.size() == 2187);
  const std::vector<Word> words{1, 2}, reversed{2, 1};
  CHECK(hash_words(words) != hash_words(reversed) && hash_words(words) != hash_words(words, 1));
}

void laws_of_composition_and_face_order() {
  const std::vector<SignVector> vectors = all_of_size(3);
  const SignVector zero(3);
  for (const SignVector& u : vectors) {
    CHECK(compose(u, u) == u && compose(zero, u) == u && compose(u, zero) == u);
    CHECK(is_face(u, u) && is_face(zero, u) && is_face(u, zero) == (u == zero));
    for (const SignVector& v : vectors) {
      const SignVector uv = compose(u, v);
      bool opposed = false;
      bool below = true;
      for (std::size_t i = 0; i < 3; ++i) {
        CHECK(uv[i] == (u[i] != Sign::kZero ? u[i] : v[i]));
        opposed = opposed || u[i] * v[i] == Sign::kNegative;
        below = below && (u[i] == Sign::kZero || u[i] == v[i]);
      }
      CHECK(is_face(u, uv));
      CHECK(is_face(u, v) == below);
      CHECK(is_face(u, v) == (uv == v && !opposed));
      CHECK(!(is_face(u, v) && is_face(v, u)) || u == v);
      for (const SignVector& w : vectors) {
        CHECK(compose(uv, w) == compose(u, compose(v, w)));
        CHECK(!(is_face(u, v) && is_face(v, w)) || is_face(u, w));
      }
    }
  }
}

/// The same entry by entry, across the border of two words.
void long_vectors_are_composed_entry_by_entry() {
  Random random(22);
  for (const std::size_t size : {64U, 65U, 200U}) {
    for (int round = 0; round < 50; ++round) {
      const Signs u = random_signs(random, size), v = random_signs(random, size);
      Signs expected = u;
      Signs face = v;
      for (std::size_t i = 0; i < size; ++i) {
        if (u[i] == 0) expected[i] = v[i];
        if (random() % 2 == 0) face[i] = 0;
      }
      CHECK(unpacked(compose(packed(u), packed(v))) == expected);
      CHECK(is_face(packed(face), packed(v)));
      const std::size_t place = random_size(random, 0, size - 1);
      face[place] = v[place] == 0 ? 1 : -v[place];
      CHECK(!is_face(packed(face), packed(v)));
    }
  }
}

void unequal_sizes_are_refused() {
  CHECK_THROWS(compose(SignVector(64), SignVector(65)), std::invalid_argument);
  CHECK_THROWS(is_face(SignVector(1), SignVector(2)), std::invalid_argument);
}

}  // namespace

void test_sign_vector() {
  words_and_bits();
  packing_is_lossless();
  hashes_of_short_vectors_differ();
  laws_of_composition_and_face_order();
  long_vectors_are_composed_entry_by_entry();
  unequal_sizes_are_refused();
}

}  // namespace relutope::testing
