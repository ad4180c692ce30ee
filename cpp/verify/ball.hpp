// A ball around a float point that provably holds the solution of d linear equations.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace relutope::verify {

/// Float images of equations a . p + c = 0, row by row.
struct FloatEquations {
  std::size_t dim = 0;
  std::vector<double> rows;      // coefficients
  std::vector<double> error;     // per row: bound on the error of each coefficient
  std::vector<double> residual;  // per row: bound on |a . x + c| at the float point x
  std::size_t size() const { return error.size(); }
};

/// Positions of dim rows that look most independent, by elimination with complete pivoting: a proposal.
std::optional<std::vector<std::size_t>> propose_basis(const FloatEquations& equations);

/// r such that the dim equations at these positions have exactly one solution and it lies within r of x in the max
/// norm; nothing if float64 proves no such r.
std::optional<double> radius_of(const FloatEquations& equations, std::span<const std::size_t> basis);

}  // namespace relutope::verify
