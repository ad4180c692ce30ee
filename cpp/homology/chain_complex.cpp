#include "homology/chain_complex.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

namespace relutope {
namespace {

void require_matrix(const BoundaryMatrix& matrix, std::size_t columns, std::size_t rows, std::size_t k) {
  const std::string name = "boundaries[" + std::to_string(k - 1) + "]: ";
  if (matrix.indptr.size() != columns + 1) {
    throw std::invalid_argument(name + "indptr has length " + std::to_string(matrix.indptr.size()) + "; must be " +
                                std::to_string(columns + 1));
  }
  if (matrix.indptr.front() != 0 || static_cast<std::size_t>(matrix.indptr.back()) != matrix.indices.size()) {
    throw std::invalid_argument(name + "indptr must run from 0 to the length of indices");
  }
  for (std::size_t c = 0; c < columns; ++c) {
    if (matrix.indptr[c] > matrix.indptr[c + 1]) throw std::invalid_argument(name + "indptr must not decrease");
  }
  for (const std::int32_t row : matrix.indices) {
    if (row < 0 || static_cast<std::size_t>(row) >= rows) {
      throw std::invalid_argument(name + "row " + std::to_string(row) + "; must be 0 to " + std::to_string(rows) +
                                  " - 1");
    }
  }
  if (!matrix.signs.empty() && matrix.signs.size() != matrix.indices.size()) {
    throw std::invalid_argument(name + "signs has length " + std::to_string(matrix.signs.size()) + "; must be " +
                                std::to_string(matrix.indices.size()));
  }
  for (const std::int8_t sign : matrix.signs) {
    if (sign != 1 && sign != -1) {
      throw std::invalid_argument(name + "sign " + std::to_string(sign) + "; must be -1 or 1");
    }
  }
}

/// Sums the boundary of one cell's boundary into `sum`, which is 0 before and after, and says whether it was 0.
class BoundaryOfBoundary {
 public:
  BoundaryOfBoundary(const BoundaryMatrix& upper, const BoundaryMatrix& lower, std::size_t rows, bool with_signs)
      : upper_(upper), lower_(lower), with_signs_(with_signs), sum_(rows, 0) {}

  bool vanishes(std::size_t c) {
    add(c, 1);
    bool result = true;
    for (const std::int32_t facet : upper_.column(c)) {
      for (const std::int32_t ridge : lower_.column(static_cast<std::size_t>(facet))) {
        std::int32_t& entry = sum_[static_cast<std::size_t>(ridge)];
        result = result && (with_signs_ ? entry == 0 : entry % 2 == 0);
      }
    }
    add(c, -1);
    return result;
  }

 private:
  void add(std::size_t c, std::int32_t times) {
    for (auto i = static_cast<std::size_t>(upper_.indptr[c]); i < static_cast<std::size_t>(upper_.indptr[c + 1]); ++i) {
      const auto facet = static_cast<std::size_t>(upper_.indices[i]);
      for (auto j = static_cast<std::size_t>(lower_.indptr[facet]);
           j < static_cast<std::size_t>(lower_.indptr[facet + 1]); ++j) {
        const std::int32_t sign = with_signs_ ? upper_.signs[i] * lower_.signs[j] : 1;
        sum_[static_cast<std::size_t>(lower_.indices[j])] += times * sign;
      }
    }
  }

  const BoundaryMatrix& upper_;
  const BoundaryMatrix& lower_;
  bool with_signs_;
  std::vector<std::int32_t> sum_;
};

}  // namespace

std::size_t ChainComplex::cells() const { return std::accumulate(counts.begin(), counts.end(), std::size_t{0}); }

bool ChainComplex::has_signs() const {
  return std::all_of(boundaries.begin(), boundaries.end(),
                     [](const BoundaryMatrix& m) { return m.signs.size() == m.indices.size(); });
}

void require_consistent(const ChainComplex& complex) {
  if (complex.counts.empty() || complex.boundaries.size() + 1 != complex.counts.size()) {
    throw std::invalid_argument("boundaries: " + std::to_string(complex.boundaries.size()) +
                                " matrices; must be one less than counts, " + std::to_string(complex.counts.size()));
  }
  for (std::size_t k = 1; k < complex.counts.size(); ++k) {
    require_matrix(complex.boundaries[k - 1], complex.counts[k], complex.counts[k - 1], k);
  }
}

std::optional<Cell> without_closed_boundary(const ChainComplex& complex) {
  for (std::size_t k = 2; k <= complex.dim(); ++k) {
    BoundaryOfBoundary product(complex.boundaries[k - 1], complex.boundaries[k - 2], complex.counts[k - 2],
                               complex.has_signs());
    for (std::size_t c = 0; c < complex.counts[k]; ++c) {
      if (!product.vanishes(c)) return Cell{k, c};
    }
  }
  return std::nullopt;
}

}  // namespace relutope
