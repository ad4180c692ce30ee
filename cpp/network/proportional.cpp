#include "network/proportional.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <unordered_map>

#include "network/sign_vector.hpp"

namespace relutope {
namespace {

std::size_t first_nonzero(const IntegerRow& row) {
  const auto begin = row.numerators.begin();
  return static_cast<std::size_t>(std::find_if(begin, row.numerators.end(), [](const Integer& x) { return x != 0; }) -
                                  begin);
}

/// True if `a` is a multiple of `b`: all 2 x 2 minors with the pivot column vanish.
bool is_multiple(const IntegerRow& a, const IntegerRow& b, bool& flipped) {
  const std::size_t pivot = first_nonzero(b);
  if (pivot != first_nonzero(a)) return false;
  const Integer& x = a.numerators[pivot];
  const Integer& y = b.numerators[pivot];
  for (std::size_t k = pivot + 1; k < a.numerators.size(); ++k) {
    if (a.numerators[k] * y != b.numerators[k] * x) return false;
  }
  flipped = (x < 0) != (y < 0);
  return true;
}

/// Equal for proportional rows: both are the same primitive integer row up to sign.
std::uint64_t rational_key(const IntegerRow& row) {
  const Integer& pivot = row.numerators[first_nonzero(row)];
  Integer common = 0;
  for (const Integer& x : row.numerators) common = boost::multiprecision::gcd(common, x);
  if (pivot < 0) common = -common;
  std::vector<Word> words;
  for (const Integer& x : row.numerators) words.push_back(std::hash<Integer>{}(Integer(x / common)));
  return hash_words(words);
}

/// Equal for proportional rows: equal real quotients have equal correctly rounded quotients. REQUIRES: images are the
/// coefficients.
std::uint64_t quotient_key(const Layer& layer, std::size_t i) {
  const auto row = layer.image(i);
  const auto pivot = std::find_if(row.begin(), row.end(), [](double w) { return w != 0; });
  std::vector<Word> words;
  for (auto it = pivot; it != row.end(); ++it) words.push_back(std::bit_cast<Word>(*it / *pivot + 0.0));
  return hash_words(words, row.size() - words.size());
}

bool has_no_weight(const Layer& layer, std::size_t i) {
  const IntegerRow row = layer.relative_error() > 0 ? layer.exact_row(i) : IntegerRow{};
  for (std::size_t k = 0; k < layer.columns(); ++k) {
    if (layer.relative_error() > 0 ? row.numerators[k] != 0 : layer.image(i)[k] != 0) return false;
  }
  return true;
}

}  // namespace

std::vector<RowClass> classify_rows(const Layer& layer) {
  std::vector<RowClass> classes;
  std::unordered_multimap<std::uint64_t, std::size_t> leaders;
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    RowClass result{RowKind::kLeader, i, false};
    if (has_no_weight(layer, i)) {
      result.kind = RowKind::kConstant;
    } else {
      const bool rational = layer.relative_error() > 0;
      const std::uint64_t key = rational ? rational_key(layer.exact_row(i)) : quotient_key(layer, i);
      const auto [begin, end] = leaders.equal_range(key);
      for (auto it = begin; it != end && result.kind == RowKind::kLeader; ++it) {
        if (is_multiple(layer.exact_row(i), layer.exact_row(it->second), result.flipped)) {
          result.kind = RowKind::kFollower;
          result.leader = it->second;
        }
      }
      if (result.kind == RowKind::kLeader) leaders.emplace(key, i);
    }
    classes.push_back(result);
  }
  return classes;
}

}  // namespace relutope
