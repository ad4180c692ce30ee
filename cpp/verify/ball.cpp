#include "verify/ball.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <utility>

#include "verify/float_forms.hpp"

namespace relutope::verify {
namespace {

/// Gauss-Jordan elimination with partial pivoting; false if a pivot is zero.
bool invert(std::size_t d, std::vector<double> work, std::vector<double>& inverse) {
  inverse.assign(d * d, 0.0);
  for (std::size_t i = 0; i < d; ++i) inverse[i * d + i] = 1;
  for (std::size_t c = 0; c < d; ++c) {
    std::size_t pivot = c;
    for (std::size_t r = c + 1; r < d; ++r) {
      if (std::abs(work[r * d + c]) > std::abs(work[pivot * d + c])) pivot = r;
    }
    if (work[pivot * d + c] == 0) return false;
    const double scale = 1 / work[pivot * d + c];
    for (std::size_t j = 0; j < d; ++j) {
      std::swap(work[c * d + j], work[pivot * d + j]);
      std::swap(inverse[c * d + j], inverse[pivot * d + j]);
      work[c * d + j] *= scale;
      inverse[c * d + j] *= scale;
    }
    for (std::size_t r = 0; r < d; ++r) {
      const double factor = r == c ? 0.0 : work[r * d + c];
      if (factor == 0) continue;
      for (std::size_t j = 0; j < d; ++j) {
        work[r * d + j] -= factor * work[c * d + j];
        inverse[r * d + j] -= factor * inverse[c * d + j];
      }
    }
  }
  return true;
}

}  // namespace

std::optional<std::vector<std::size_t>> propose_basis(const FloatEquations& equations) {
  const std::size_t d = equations.dim;
  const std::size_t n = equations.size();
  std::vector<double> work = equations.rows;
  for (std::size_t r = 0; r < n; ++r) {
    double largest = 0;
    for (std::size_t c = 0; c < d; ++c) largest = std::max(largest, std::abs(work[r * d + c]));
    for (std::size_t c = 0; c < d; ++c) work[r * d + c] = largest > 0 ? work[r * d + c] / largest : 0.0;
  }
  std::vector<std::size_t> basis;
  while (basis.size() < d) {
    const auto largest =
        std::max_element(work.begin(), work.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    if (largest == work.end() || !(std::abs(*largest) > 0)) return std::nullopt;
    const auto place = static_cast<std::size_t>(largest - work.begin());
    const std::size_t pivot = place / d;
    basis.push_back(pivot);
    const std::vector<double> row(work.begin() + static_cast<std::ptrdiff_t>(pivot * d),
                                  work.begin() + static_cast<std::ptrdiff_t>((pivot + 1) * d));
    for (std::size_t r = 0; r < n; ++r) {
      const double factor = work[r * d + place % d] / row[place % d];
      for (std::size_t c = 0; c < d; ++c) work[r * d + c] -= factor * row[c];
      work[r * d + place % d] = 0;
    }
    std::fill_n(work.begin() + static_cast<std::ptrdiff_t>(pivot * d), d, 0.0);
  }
  std::sort(basis.begin(), basis.end());
  return basis;
}

// Let a be the exact matrix, A its image with |A - a| <= e row by row, R any matrix, res = a x + c the residual. If
// beta >= ||I - R a||_inf is below 1, then R a and hence a are regular, and from R a (x - p) = R res,
//   ||x - p||_inf <= max_i sum_j |R_ij| |res_j| / (1 - beta).
// |I - R a| <= |I - fl(R A)| + gamma_{d+2} (I + |R| |A|) + |R| e. A radius of 0 is exact: then every residual is 0, as
// on the corners of a box. DBL_MIN stands for products that underflow.
std::optional<double> radius_of(const FloatEquations& equations, std::span<const std::size_t> basis) {
  const std::size_t d = equations.dim;
  std::vector<double> matrix;
  double residuals = 0;
  for (const std::size_t j : basis) {
    matrix.insert(matrix.end(), equations.rows.begin() + static_cast<std::ptrdiff_t>(j * d),
                  equations.rows.begin() + static_cast<std::ptrdiff_t>((j + 1) * d));
    residuals += equations.residual[j];
  }
  std::vector<double> inverse;
  if (!invert(d, matrix, inverse)) return std::nullopt;
  double beta = 0;
  double reach = 0;
  for (std::size_t i = 0; i < d; ++i) {
    double row = DBL_MIN * static_cast<double>(4 * d * d);
    double moved = 0;
    for (std::size_t j = 0; j < d; ++j) {
      const double weight = std::abs(inverse[i * d + j]);
      row += weight * equations.error[basis[j]] * static_cast<double>(d);
      moved += weight * equations.residual[basis[j]];
    }
    for (std::size_t c = 0; c < d; ++c) {
      double dot = i == c ? -1.0 : 0.0;
      double absolute = std::abs(dot);
      for (std::size_t j = 0; j < d; ++j) {
        const double product = inverse[i * d + j] * matrix[j * d + c];
        dot += product;
        absolute += std::abs(product);
      }
      row += std::abs(dot) + gamma(2 * d + 8) * absolute;
    }
    if (!(row < 0.5) || !std::isfinite(moved)) return std::nullopt;
    beta = std::max(beta, row);
    reach = std::max(reach, moved);
  }
  if (residuals == 0) return 0.0;
  return reach / (1 - beta * (1 + gamma(8 * d + 32))) * (1 + gamma(8 * d + 32)) + DBL_MIN * static_cast<double>(2 * d);
}

}  // namespace relutope::verify
