#include "network/proportional.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>

#include "network/sign_vector.hpp"

namespace relutope {
namespace {

/// The non-zero coefficients of a row by column; the bias has the column after the last.
template <class T>
struct Nonzeros {
  std::vector<std::uint32_t> columns;
  std::vector<T> values;
  bool has_weight(std::size_t n_columns) const { return !columns.empty() && columns.front() < n_columns; }
};

template <class T>
Nonzeros<T> nonzeros(const Layer& layer, std::size_t i, std::span<const T> row) {
  Nonzeros<T> result;
  const auto entries = layer.entries(i);
  for (std::size_t t = 0; t < row.size(); ++t) {
    if (row[t] == 0) continue;
    result.columns.push_back(t < entries.size() ? entries[t] : static_cast<std::uint32_t>(layer.columns()));
    result.values.push_back(row[t]);
  }
  return result;
}

Nonzeros<Integer> exact_nonzeros(const Layer& layer, std::size_t i) {
  return nonzeros<Integer>(layer, i, layer.exact_row(i).numerators);
}

/// True if `a` is a multiple of `b`: all 2 x 2 minors with the pivot column vanish.
bool is_multiple(const Nonzeros<Integer>& a, const Nonzeros<Integer>& b, bool& flipped) {
  if (a.columns != b.columns) return false;
  const Integer& x = a.values.front();
  const Integer& y = b.values.front();
  for (std::size_t t = 1; t < a.values.size(); ++t) {
    if (a.values[t] * y != b.values[t] * x) return false;
  }
  flipped = (x < 0) != (y < 0);
  return true;
}

std::uint64_t key_of(const std::vector<std::uint32_t>& columns, std::vector<Word> words) {
  words.insert(words.end(), columns.begin(), columns.end());
  return hash_words(words);
}

/// Equal for proportional rows: both are the same primitive integer row up to sign.
std::uint64_t rational_key(const Nonzeros<Integer>& row) {
  Integer common = 0;
  for (const Integer& x : row.values) common = boost::multiprecision::gcd(common, x);
  if (row.values.front() < 0) common = -common;
  std::vector<Word> words;
  for (const Integer& x : row.values) words.push_back(std::hash<Integer>{}(Integer(x / common)));
  return key_of(row.columns, std::move(words));
}

/// Equal for proportional rows: equal real quotients have equal correctly rounded quotients. REQUIRES: images are the
/// coefficients.
std::uint64_t quotient_key(const Nonzeros<double>& row) {
  std::vector<Word> words;
  for (const double w : row.values) words.push_back(std::bit_cast<Word>(w / row.values.front() + 0.0));
  return key_of(row.columns, std::move(words));
}

/// A key that proportional rows share, or none for a row without weights.
std::optional<std::uint64_t> row_key(const Layer& layer, std::size_t i) {
  if (layer.relative_error() > 0) {
    const Nonzeros<Integer> row = exact_nonzeros(layer, i);
    return row.has_weight(layer.columns()) ? std::optional(rational_key(row)) : std::nullopt;
  }
  const Nonzeros<double> row = nonzeros<double>(layer, i, layer.image(i));
  return row.has_weight(layer.columns()) ? std::optional(quotient_key(row)) : std::nullopt;
}

}  // namespace

std::vector<RowClass> classify_rows(const Layer& layer) {
  std::vector<RowClass> classes;
  std::unordered_multimap<std::uint64_t, std::size_t> leaders;
  for (std::size_t i = 0; i < layer.rows(); ++i) {
    RowClass result{RowKind::kLeader, i, false};
    const std::optional<std::uint64_t> key = row_key(layer, i);
    if (!key) {
      result.kind = RowKind::kConstant;
    } else {
      const auto [begin, end] = leaders.equal_range(*key);
      for (auto it = begin; it != end && result.kind == RowKind::kLeader; ++it) {
        if (is_multiple(exact_nonzeros(layer, i), exact_nonzeros(layer, it->second), result.flipped)) {
          result.kind = RowKind::kFollower;
          result.leader = it->second;
        }
      }
      if (result.kind == RowKind::kLeader) leaders.emplace(*key, i);
    }
    classes.push_back(result);
  }
  return classes;
}

}  // namespace relutope
