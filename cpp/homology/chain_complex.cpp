#include "homology/chain_complex.hpp"

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
}

}  // namespace

void require_consistent(const ChainComplex& complex) {
  if (complex.counts.empty() || complex.boundaries.size() + 1 != complex.counts.size()) {
    throw std::invalid_argument("boundaries: " + std::to_string(complex.boundaries.size()) +
                                " matrices; must be one less than counts, " + std::to_string(complex.counts.size()));
  }
  for (std::size_t k = 1; k < complex.counts.size(); ++k) {
    require_matrix(complex.boundaries[k - 1], complex.counts[k], complex.counts[k - 1], k);
  }
}

}  // namespace relutope
