// The last step of a construction: cells at infinity go last, facets ascend, working arrays are dropped.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cells/complex.hpp"
#include "cells/skeleton.hpp"
#include "cells/workers.hpp"

namespace relutope {

/// `new_ids`, where given, receives per dimension the new id of every cell, or nothing where ids stay: on a domain
/// without infinity.
std::unique_ptr<Complex> build_complex(std::shared_ptr<const Network> network, const Domain& domain,
                                       const SignCodes& codes, const Shape& shape, Skeleton cells, Budget& budget,
                                       Workers& workers, std::vector<Buffer<std::int32_t>>* new_ids = nullptr);

/// The arrays of a complex as they are stored and exchanged.
struct ComplexArrays {
  std::vector<std::size_t> finite_counts;
  Buffer<double> vertices;
  Buffer<float> vertex_error;
  Buffer<double> rays;
  Buffer<Word> signs;
  Buffer<Word> walls;
  std::vector<Complex::Faces> faces;  // by dimension; faces[0] is empty
};

/// A complex from stored arrays. Checks all sizes, id ranges and unused bits; throws std::invalid_argument if they do
/// not fit.
std::unique_ptr<Complex> assemble_complex(std::shared_ptr<const Network> network, const Domain& domain,
                                          const SignCodes& codes, ComplexArrays arrays);

}  // namespace relutope
