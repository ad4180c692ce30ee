// Column reduction (Edelsbrunner, Letscher and Zomorodian, Topological persistence and simplification, 2002): from each
// column in turn, multiples of earlier reduced columns are taken until its last row is the last row of none of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "homology/bit_tree.hpp"
#include "homology/column_store.hpp"
#include "homology/fields.hpp"

namespace relutope {

struct Chain {
  std::vector<std::int32_t> cells;
  std::vector<Residue> coefficients;  // empty over Z/2
};

/// With `kHistory` it also keeps, for each reduced column, the combination of given columns that it is.
template <class Field, bool kHistory = false>
class Reduction {
 public:
  using Heartbeat = std::function<void()>;

  /// Of n_columns columns, which only the history asks for. `heartbeat` belongs to the caller, is called now and then
  /// and may throw.
  Reduction(const Field& field, std::size_t n_rows, std::size_t n_columns, const Heartbeat& heartbeat)
      : field_(field),
        heartbeat_(heartbeat),
        reduced_(n_rows, Field::kHasCoefficients),
        sum_(field, n_rows),
        history_(kHistory ? n_rows : 0, Field::kHasCoefficients),
        history_sum_(field, kHistory ? n_columns : 0) {}

  /// The last row of the column once it is reduced, or BitTree::kEmpty. REQUIRES: rows differ.
  std::int32_t reduce(std::int32_t column, std::span<const std::int32_t> rows, std::span<const Residue> coefficients) {
    const std::int32_t first = rows.empty() ? BitTree::kEmpty : *std::max_element(rows.begin(), rows.end());
    if constexpr (!kHistory) {
      if (rows.empty()) return BitTree::kEmpty;
      if (!reduced_.has(first)) {
        reduced_.put(first, rows, coefficients);
        return first;
      }
    } else {
      const Residue one = 1;
      clear_history();
      history_sum_.add({&column, 1}, {&one, 1}, 1);
    }
    sum_.add(rows, coefficients, 1);
    std::int32_t last = first;
    for (; last != BitTree::kEmpty && reduced_.has(last); last = sum_.largest()) subtract(last);
    if (last != BitTree::kEmpty) keep(last);
    return last;
  }

  /// The reduced column whose last row is `last`.
  Chain reduced(std::int32_t last) const { return chain(reduced_, last); }
  /// The combination of columns that it is, and that of the column that was reduced last.
  Chain history(std::int32_t last) const { return chain(history_, last); }
  Chain last_history() {
    Chain result;
    drain(history_sum_, history_sum_.largest(), result);
    return result;
  }

 private:
  static constexpr std::size_t kRowsPerHeartbeat = std::size_t{1} << 22;

  static Chain chain(const ColumnStore& store, std::int32_t last) {
    const auto rows = store.rows(last);
    const auto coefficients = store.coefficients(last);
    return {{rows.begin(), rows.end()}, {coefficients.begin(), coefficients.end()}};
  }

  /// Moves a sum out, which leaves it 0.
  static void drain(typename Field::Sum& sum, std::int32_t row, Chain& chain) {
    chain.cells.clear();
    chain.coefficients.clear();
    for (; row != BitTree::kEmpty; row = sum.largest()) {
      chain.cells.push_back(row);
      if constexpr (Field::kHasCoefficients) chain.coefficients.push_back(sum.at(row));
      sum.remove_largest(row);
    }
  }

  void clear_history() { drain(history_sum_, history_sum_.largest(), scratch_); }

  void subtract(std::int32_t last) {
    const auto rows = reduced_.rows(last);
    const auto coefficients = reduced_.coefficients(last);
    Residue factor = 1;
    if constexpr (Field::kHasCoefficients) {
      const auto at = static_cast<std::size_t>(std::find(rows.begin(), rows.end(), last) - rows.begin());
      factor = field_.factor(sum_.at(last), coefficients[at]);
    }
    sum_.add(rows, coefficients, factor);
    count_ += rows.size();
    if constexpr (kHistory) {
      history_sum_.add(history_.rows(last), history_.coefficients(last), factor);
      count_ += history_.rows(last).size();
    }
    if (count_ < kRowsPerHeartbeat) return;
    count_ = 0;
    heartbeat_();
  }

  void keep(std::int32_t last) {
    drain(sum_, last, scratch_);
    reduced_.put(last, scratch_.cells, scratch_.coefficients);
    if constexpr (kHistory) {
      drain(history_sum_, history_sum_.largest(), scratch_);
      history_.put(last, scratch_.cells, scratch_.coefficients);
    }
  }

  Field field_;
  const Heartbeat& heartbeat_;
  ColumnStore reduced_;
  typename Field::Sum sum_;
  ColumnStore history_;
  typename Field::Sum history_sum_;
  Chain scratch_;
  std::size_t count_ = 0;
};

}  // namespace relutope
