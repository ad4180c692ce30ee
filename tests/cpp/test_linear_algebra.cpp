#include <algorithm>
#include <stdexcept>
#include <vector>

#include "check.hpp"
#include "exact/linear_algebra.hpp"

namespace relutope::testing {
namespace {

const Integer kSmall = 3;
const Integer kFloat = Integer(1) << 53;
const Integer kLong = Integer(1) << 200;

/// Laplace's expansion along the first row.
Integer cofactor_determinant(const IntegerMatrix& a) {
  if (a.rows == 0) return 1;
  Integer sum = 0;
  for (std::size_t column = 0; column < a.cols; ++column) {
    IntegerMatrix minor(a.rows - 1, a.cols - 1);
    for (std::size_t i = 1; i < a.rows; ++i) {
      for (std::size_t j = 0; j + 1 < a.cols; ++j) minor(i - 1, j) = a(i, j < column ? j : j + 1);
    }
    const Integer term = a(0, column) * cofactor_determinant(minor);
    sum += column % 2 == 0 ? term : Integer(-term);
  }
  return sum;
}

void check_solution(const IntegerMatrix& a, const IntegerMatrix& b, const Solution& solution) {
  CHECK(solution.denominator > 0);
  IntegerMatrix scaled = b;
  for (Integer& entry : scaled.entries) entry *= solution.denominator;
  CHECK(multiply(a, solution.numerators) == scaled);
}

void check_null_space(const IntegerMatrix& a) {
  const IntegerMatrix basis = null_space(a);
  CHECK(basis.rows == a.cols - rank(a) && basis.cols == a.cols);
  CHECK(rank(basis) == basis.rows);
  const IntegerMatrix product = multiply(a, transpose(basis));
  CHECK(std::all_of(product.entries.begin(), product.entries.end(), [](const Integer& x) { return x == 0; }));
  for (std::size_t i = 0; i < basis.rows; ++i) {
    Integer divisor = 0;
    for (const Integer& entry : basis.row(i)) divisor = gcd(divisor, entry);
    CHECK(divisor == 1);
  }
}

void determinants_match_cofactors() {
  Random random(5);
  CHECK(determinant(IntegerMatrix(0, 0)) == 1);
  CHECK_THROWS(determinant(IntegerMatrix(2, 3)), std::invalid_argument);
  for (const Integer& bound : {kSmall, kFloat, kLong}) {
    for (std::size_t n = 1; n <= 6; ++n) {
      for (int round = 0; round < 10; ++round) {
        const IntegerMatrix a = random_matrix(random, n, n, bound);
        const Integer expected = cofactor_determinant(a);
        CHECK(determinant(a) == expected);
        CHECK(determinant(transpose(a)) == expected);
        CHECK((rank(a) < n) == (expected == 0));
      }
    }
  }
}

void solutions_satisfy_their_equations() {
  Random random(6);
  for (const Integer& bound : {kSmall, kFloat, kLong}) {
    for (std::size_t n = 0; n <= 8; ++n) {
      for (int round = 0; round < 20; ++round) {
        const IntegerMatrix a = random_matrix(random, n, n, bound);
        const IntegerMatrix b = random_matrix(random, n, random_size(random, 0, 3), bound);
        const auto solution = solve(a, b);
        CHECK(solution.has_value() == (determinant(a) != 0));
        if (!solution) continue;
        check_solution(a, b, *solution);
        // No intermediate value outgrows Cramer's rule.
        CHECK(determinant(a) % solution->denominator == 0);
      }
    }
  }
  CHECK_THROWS(solve(IntegerMatrix(2, 2), IntegerMatrix(3, 1)), std::invalid_argument);
  CHECK_THROWS(solve(IntegerMatrix(2, 3), IntegerMatrix(2, 1)), std::invalid_argument);
}

/// A product of an m x r and an r x n matrix; its rank is min(rank, rank) at most.
void ranks_of_products() {
  Random random(7);
  for (const Integer& bound : {kSmall, kFloat}) {
    for (int round = 0; round < 60; ++round) {
      const std::size_t m = random_size(random, 1, 6), n = random_size(random, 1, 6), r = random_size(random, 0, 4);
      const IntegerMatrix left = random_matrix(random, m, r, bound), right = random_matrix(random, r, n, bound);
      const IntegerMatrix product = multiply(left, right);
      const std::size_t found = rank(product);
      CHECK(found == rank(transpose(product)));
      CHECK(found <= std::min(rank(left), rank(right)));
      // Sylvester's inequality.
      CHECK(found + r >= rank(left) + rank(right));
      check_null_space(product);
    }
  }
}

void degenerate_matrices() {
  check_null_space(IntegerMatrix(0, 4));
  check_null_space(IntegerMatrix(3, 4));
  check_null_space(IntegerMatrix(3, 0));
  CHECK(rank(IntegerMatrix(3, 4)) == 0);
  IntegerMatrix identity(3, 3);
  for (std::size_t i = 0; i < 3; ++i) identity(i, i) = Integer(1) << (100 * i);
  CHECK(rank(identity) == 3 && null_space(identity).rows == 0);
  IntegerMatrix one_off(2, 2);
  one_off.entries = {kLong, kLong + 1, kLong - 1, kLong};
  CHECK(determinant(one_off) == 1);
  one_off(1, 1) -= 1;
  CHECK(determinant(one_off) == 1 - kLong);
  IntegerMatrix proportional(2, 3);
  proportional.entries = {6, -9, 12, -4, 6, -8};
  CHECK(rank(proportional) == 1);
  check_null_space(proportional);
}

/// Adds redundant equations between the others; the accepted ones have the same solution as those alone.
void systems_take_one_equation_at_a_time() {
  Random random(8);
  for (int round = 0; round < 200; ++round) {
    const std::size_t n = random_size(random, 1, 8);
    const IntegerMatrix point = random_matrix(random, n, 2, kFloat);
    EquationSystem system(n, 2);
    IntegerMatrix rows(0, n);
    for (int attempt = 0; attempt < 100 && !system.is_square(); ++attempt) {
      IntegerMatrix row = random_matrix(random, 1, n, attempt % 3 == 0 ? Integer(1) : kFloat);
      if (attempt % 4 == 3 && rows.rows > 0) row = multiply(random_matrix(random, 1, rows.rows, kSmall), rows);
      if (attempt % 5 == 4) row.entries[0] <<= 90;
      rows.entries.insert(rows.entries.end(), row.entries.begin(), row.entries.end());
      ++rows.rows;
      const IntegerMatrix rhs = multiply(row, point);
      row.entries.insert(row.entries.end(), rhs.entries.begin(), rhs.entries.end());
      const std::size_t before = system.rank();
      const bool independent = system.add(row.entries);
      CHECK(system.rank() == before + (independent ? 1 : 0) && system.rank() == rank(rows));
      CHECK(system.consistent() && system.null_space() == null_space(rows));
    }
    CHECK(system.is_square());
    check_solution(rows, multiply(rows, point), system.solve());
    const Solution solution = system.solve();
    for (std::size_t i = 0; i < 2 * n; ++i) {
      CHECK(solution.numerators.entries[i] == point.entries[i] * solution.denominator);
    }
    system.clear();
    CHECK(system.rank() == 0 && system.null_space().rows == n);
  }
}

void misuse_of_a_system_is_refused() {
  EquationSystem system(2, 1);
  CHECK_THROWS(system.solve(), std::logic_error);
  CHECK_THROWS(system.add(std::vector<Integer>{1, 2}), std::invalid_argument);
  CHECK(system.add(std::vector<Integer>{0, 2, 6}));
  CHECK(!system.add(std::vector<Integer>{0, 1, 3}) && system.consistent());
  CHECK(!system.add(std::vector<Integer>{0, 1, 4}) && !system.consistent());
  CHECK(system.add(std::vector<Integer>{-1, 1, 0}));
  CHECK_THROWS(system.solve(), std::logic_error);
}

}  // namespace

void test_linear_algebra() {
  determinants_match_cofactors();
  solutions_satisfy_their_equations();
  ranks_of_products();
  degenerate_matrices();
  systems_take_one_equation_at_a_time();
  misuse_of_a_system_is_refused();
}

}  // namespace relutope::testing
