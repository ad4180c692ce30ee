#include "exact/linear_algebra.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

namespace relutope {
namespace {

std::string shape(const IntegerMatrix& a) { return std::to_string(a.rows) + " x " + std::to_string(a.cols); }

/// Divides by the largest power of two that divides every entry; rows from floats share long runs of zero bits.
void remove_common_power_of_two(std::vector<Integer>& row) {
  bool any = false;
  std::size_t power = 0;
  for (const Integer& entry : row) {
    if (entry.is_zero()) continue;
    // lsb of the magnitude: Boost has none for negative numbers.
    const std::size_t zeros = entry.sign() < 0 ? lsb(Integer(-entry)) : lsb(entry);
    power = any ? std::min(power, zeros) : zeros;
    any = true;
    if (power == 0) return;
  }
  if (!any) return;
  for (Integer& entry : row) {
    // Boost rounds a right shift of a negative number down; here nothing is lost.
    entry >>= power;
  }
}

void make_primitive(std::span<Integer> row) {
  Integer divisor = 0;
  for (const Integer& entry : row) {
    divisor = gcd(divisor, entry);
    if (divisor == 1) return;
  }
  if (divisor == 0) return;
  for (Integer& entry : row) entry /= divisor;
}

}  // namespace

EquationSystem::EquationSystem(std::size_t n_unknowns, std::size_t n_rhs)
    : n_unknowns_(n_unknowns),
      stride_(n_unknowns + n_rhs),
      order_(n_unknowns),
      rows_(n_unknowns * (n_unknowns + n_rhs)),
      scratch_(n_unknowns + n_rhs) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
}

void EquationSystem::clear() {
  rank_ = 0;
  consistent_ = true;
  std::iota(order_.begin(), order_.end(), std::size_t{0});
}

// After step i, scratch[j] is the determinant of the equations 0..i and this one in the columns 0..i and j (up to the
// powers of two taken out of whole rows), so the pivot of step i - 1 divides it (Bareiss 1968, Sylvester's identity).
bool EquationSystem::reduce(std::span<const Integer> row_then_rhs) {
  for (std::size_t j = 0; j < stride_; ++j) scratch_[j] = row_then_rhs[j < n_unknowns_ ? order_[j] : j];
  remove_common_power_of_two(scratch_);
  for (std::size_t i = 0; i < rank_; ++i) {
    const Integer* pivot_row = stored_row(i);
    const Integer factor = scratch_[i];
    scratch_[i] = 0;
    for (std::size_t j = i + 1; j < stride_; ++j) {
      scratch_[j] *= pivot_row[i];
      if (!factor.is_zero() && !pivot_row[j].is_zero()) {
        product_ = factor * pivot_row[j];
        scratch_[j] -= product_;
      }
      if (i > 0 && !scratch_[j].is_zero()) scratch_[j] /= stored_row(i - 1)[i - 1];
    }
  }
  return std::any_of(scratch_.begin() + static_cast<std::ptrdiff_t>(rank_),
                     scratch_.begin() + static_cast<std::ptrdiff_t>(n_unknowns_),
                     [](const Integer& entry) { return !entry.is_zero(); });
}

void EquationSystem::choose_pivot(std::size_t position) {
  if (position == rank_) return;
  std::swap(order_[rank_], order_[position]);
  std::swap(scratch_[rank_], scratch_[position]);
  for (std::size_t i = 0; i < rank_; ++i) std::swap(stored_row(i)[rank_], stored_row(i)[position]);
}

bool EquationSystem::add(std::span<const Integer> row_then_rhs) {
  if (row_then_rhs.size() != stride_) {
    throw std::invalid_argument("row_then_rhs: " + std::to_string(row_then_rhs.size()) + " entries; must be " +
                                std::to_string(stride_));
  }
  if (!reduce(row_then_rhs)) {
    for (std::size_t j = n_unknowns_; j < stride_; ++j) consistent_ = consistent_ && scratch_[j].is_zero();
    return false;
  }
  std::size_t position = rank_;
  while (scratch_[position].is_zero()) ++position;
  choose_pivot(position);
  std::swap_ranges(scratch_.begin(), scratch_.end(), rows_.begin() + static_cast<std::ptrdiff_t>(rank_ * stride_));
  ++rank_;
  return true;
}

// Solves the triangle for result / pivot(rank - 1). The last pivot is the determinant of the triangle's system, so by
// Cramer's rule the result is integral and each division is exact. rhs is used up.
void EquationSystem::back_substitute(std::vector<Integer>& rhs, std::vector<Integer>& result) const {
  result.resize(rank_);
  if (rank_ == 0) return;
  const Integer& last = stored_row(rank_ - 1)[rank_ - 1];
  Integer product;
  for (std::size_t i = rank_; i-- > 0;) {
    const Integer* row = stored_row(i);
    rhs[i] *= last;
    for (std::size_t j = i + 1; j < rank_; ++j) {
      product = row[j] * result[j];
      rhs[i] -= product;
    }
    result[i] = rhs[i] / row[i];
  }
}

Solution EquationSystem::solve() const {
  if (!is_square() || !consistent_) {
    throw std::logic_error("equations: rank " + std::to_string(rank_) + " of " + std::to_string(n_unknowns_) +
                           (consistent_ ? "" : ", contradictory") + "; must have one solution");
  }
  Solution solution{IntegerMatrix(n_unknowns_, stride_ - n_unknowns_), Integer(1)};
  if (rank_ > 0) solution.denominator = stored_row(rank_ - 1)[rank_ - 1];
  const bool negative = solution.denominator < 0;
  if (negative) solution.denominator = -solution.denominator;
  std::vector<Integer> rhs(rank_);
  std::vector<Integer> result;
  for (std::size_t column = 0; column < solution.numerators.cols; ++column) {
    for (std::size_t i = 0; i < rank_; ++i) rhs[i] = stored_row(i)[n_unknowns_ + column];
    back_substitute(rhs, result);
    for (std::size_t i = 0; i < rank_; ++i) {
      Integer& entry = solution.numerators(order_[i], column);
      entry = std::move(result[i]);
      if (negative) entry = -entry;
    }
  }
  return solution;
}

IntegerMatrix EquationSystem::null_space() const {
  IntegerMatrix basis(n_unknowns_ - rank_, n_unknowns_);
  const Integer last = rank_ > 0 ? stored_row(rank_ - 1)[rank_ - 1] : Integer(1);
  std::vector<Integer> rhs(rank_);
  std::vector<Integer> result;
  for (std::size_t k = 0; k < basis.rows; ++k) {
    const std::size_t free_position = rank_ + k;
    for (std::size_t i = 0; i < rank_; ++i) rhs[i] = -stored_row(i)[free_position];
    back_substitute(rhs, result);
    const bool negative = last < 0;
    basis(k, order_[free_position]) = abs(last);
    for (std::size_t i = 0; i < rank_; ++i) basis(k, order_[i]) = negative ? Integer(-result[i]) : result[i];
    make_primitive({&basis(k, 0), n_unknowns_});
  }
  return basis;
}

std::size_t rank(const IntegerMatrix& a) {
  EquationSystem system(a.cols, 0);
  for (std::size_t i = 0; i < a.rows && !system.is_square(); ++i) system.add(a.row(i));
  return system.rank();
}

Integer determinant(IntegerMatrix a) {
  if (a.rows != a.cols) throw std::invalid_argument("determinant: a is " + shape(a) + "; must be square");
  const std::size_t n = a.rows;
  Integer previous = 1;
  bool negative = false;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    while (pivot < n && a(pivot, k).is_zero()) ++pivot;
    if (pivot == n) return 0;
    if (pivot != k) {
      for (std::size_t j = k; j < n; ++j) std::swap(a(k, j), a(pivot, j));
      negative = !negative;
    }
    for (std::size_t i = k + 1; i < n; ++i) {
      for (std::size_t j = k + 1; j < n; ++j) a(i, j) = (a(k, k) * a(i, j) - a(i, k) * a(k, j)) / previous;
    }
    previous = a(k, k);
  }
  return negative ? Integer(-previous) : previous;
}

std::optional<Solution> solve(const IntegerMatrix& a, const IntegerMatrix& b) {
  if (a.rows != a.cols || b.rows != a.rows) {
    throw std::invalid_argument("solve: a is " + shape(a) + " and b is " + shape(b) +
                                "; a must be square and b have as many rows");
  }
  EquationSystem system(a.cols, b.cols);
  std::vector<Integer> row(a.cols + b.cols);
  for (std::size_t i = 0; i < a.rows; ++i) {
    std::copy_n(a.row(i).begin(), a.cols, row.begin());
    std::copy_n(b.row(i).begin(), b.cols, row.begin() + static_cast<std::ptrdiff_t>(a.cols));
    if (!system.add(row)) return std::nullopt;
  }
  return system.solve();
}

IntegerMatrix null_space(const IntegerMatrix& a) {
  EquationSystem system(a.cols, 0);
  for (std::size_t i = 0; i < a.rows && !system.is_square(); ++i) system.add(a.row(i));
  return system.null_space();
}

}  // namespace relutope
