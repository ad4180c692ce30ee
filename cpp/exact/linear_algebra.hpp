// Fraction-free linear algebra over the integers (Bareiss 1968): every intermediate value is a minor of the input, and
// every division has remainder zero.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "exact/integer.hpp"

namespace relutope {

/// A dense matrix, row-major.
struct IntegerMatrix {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::vector<Integer> entries;

  IntegerMatrix() = default;
  IntegerMatrix(std::size_t n_rows, std::size_t n_cols) : rows(n_rows), cols(n_cols), entries(n_rows * n_cols) {}

  Integer& operator()(std::size_t i, std::size_t j) { return entries[i * cols + j]; }
  const Integer& operator()(std::size_t i, std::size_t j) const { return entries[i * cols + j]; }
  std::span<const Integer> row(std::size_t i) const { return {entries.data() + i * cols, cols}; }

  bool operator==(const IntegerMatrix&) const = default;
};

/// The rational matrix numerators / denominator, one column per right-hand side. The denominator is positive; the
/// fraction need not be in lowest terms.
struct Solution {
  IntegerMatrix numerators;
  Integer denominator;
};

/// Linear equations a . x = b, taken one at a time and eliminated forward as they come.
class EquationSystem {
 public:
  /// n_rhs right-hand sides share the left-hand sides.
  explicit EquationSystem(std::size_t n_unknowns, std::size_t n_rhs = 1);

  /// Adds the equation with n_unknowns coefficients and then n_rhs right-hand sides. Returns true if its coefficients
  /// are linearly independent of those before; otherwise it is dropped, and consistent() tells whether it was implied.
  /// REQUIRES: row_then_rhs.size() == n_unknowns + n_rhs.
  bool add(std::span<const Integer> row_then_rhs);

  std::size_t rank() const { return rank_; }
  bool is_square() const { return rank_ == n_unknowns_; }
  /// False once a dependent equation contradicted those before it.
  bool consistent() const { return consistent_; }

  /// The solution. REQUIRES: is_square() and consistent(); throws std::logic_error otherwise.
  Solution solve() const;

  /// Rows that span all y with a . y = 0 for every coefficient row a: primitive integer vectors, n_unknowns - rank() of
  /// them, each with a positive entry at an unknown that no other row uses.
  IntegerMatrix null_space() const;

  /// Forgets all equations, keeps the memory.
  void clear();

 private:
  Integer* stored_row(std::size_t i) { return rows_.data() + i * stride_; }
  const Integer* stored_row(std::size_t i) const { return rows_.data() + i * stride_; }
  bool reduce(std::span<const Integer> row_then_rhs);
  void choose_pivot(std::size_t position);
  void back_substitute(std::vector<Integer>& rhs, std::vector<Integer>& result) const;

  std::size_t n_unknowns_;
  std::size_t stride_;
  std::size_t rank_ = 0;
  bool consistent_ = true;
  std::vector<std::size_t> order_;  // unknown at each position; pivots are at the positions 0 .. rank_ - 1
  std::vector<Integer> rows_;       // by position; row i has its pivot at i and zeros before
  std::vector<Integer> scratch_;
  Integer product_;
};

/// Law: rank(a) == rank of the transpose of a.
std::size_t rank(const IntegerMatrix& a);

/// Laws: (1) changes sign when two rows are swapped; (2) is zero iff rank(a) < a.rows. Throws std::invalid_argument if
/// a is not square. The determinant of the empty matrix is 1.
Integer determinant(IntegerMatrix a);

/// x with a x = b, or nothing if a is singular. Throws std::invalid_argument if a is not square or b has another number
/// of rows.
std::optional<Solution> solve(const IntegerMatrix& a, const IntegerMatrix& b);

/// A basis of {y : a y = 0} as primitive integer rows. Law: number of rows == a.cols - rank(a).
IntegerMatrix null_space(const IntegerMatrix& a);

}  // namespace relutope
