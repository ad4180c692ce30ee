// Which cell each point lies in: proven by float64 bounds for nearly all points in bounded regions, else by the name of
// the cell, from exact signs. What it searches in is built when it is first needed and kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "cells/cell_index.hpp"
#include "cells/complex.hpp"
#include "cells/region_search.hpp"
#include "cells/workers.hpp"

namespace relutope {

/// Adds to a name (planes, then walls; zero before) the walls of the domain that a point lies on: its wall set on a
/// box, the signs of its rows on a polytope. False if the point is not in the domain. Exact. REQUIRES: finite
/// coordinates, domain.dim() of them.
bool name_walls(const Domain& domain, const SignCodes& codes, std::span<const double> point, Word* name);

class Locator {
 public:
  static constexpr std::int8_t kOutside = -1;

  explicit Locator(std::shared_ptr<const Complex> complex);

  const Complex& complex() const { return *complex_; }

  /// Writes id and dimension of the cell whose relative interior holds each point, kOutside for both outside the
  /// domain. Returns how many points float64 bounds have decided. Safe from several threads.
  /// REQUIRES: finite points, their float64 coordinates taken as exact; ids.size() * dim of them, as many dimensions.
  std::size_t locate(std::span<const double> points, std::size_t n_threads, Budget& budget, std::span<std::int64_t> ids,
                     std::span<std::int8_t> dimensions);

 private:
  const RegionSearch& search(Budget& budget);
  const CellIndex& index(std::size_t k);
  void name_points(std::span<const double> points, std::span<const std::size_t> chosen, Workers& workers,
                   std::vector<Word>& names, std::vector<std::uint8_t>& inside) const;
  void find_by_name(std::span<const double> points, std::span<const std::size_t> chosen, Budget& budget,
                    Workers& workers, std::span<std::int64_t> ids, std::span<std::int8_t> dimensions);

  std::shared_ptr<const Complex> complex_;
  std::mutex mutex_;
  std::unique_ptr<RegionSearch> search_;
  std::vector<std::unique_ptr<CellIndex>> indices_;
};

}  // namespace relutope
