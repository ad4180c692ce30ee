#include "cells/triangulation.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace relutope {
namespace {

/// Exact vertices, each computed once.
class ExactVertices {
 public:
  explicit ExactVertices(const Complex& complex)
      : complex_(complex), solver_(complex.network(), complex.codes(), complex.domain(), complex.codes().layers()) {}

  const ExactPoint& operator[](std::int32_t v) {
    const auto [place, is_new] = points_.try_emplace(v);
    if (is_new) place->second = complex_.exact_vertex(static_cast<std::size_t>(v), solver_);
    return place->second;
  }

 private:
  const Complex& complex_;
  ExactSolver solver_;
  std::unordered_map<std::int32_t, ExactPoint> points_;
};

Integer factorial(std::size_t n) {
  Integer result = 1;
  for (std::size_t i = 2; i <= n; ++i) result *= i;
  return result;
}

/// |det| / (d! L^d) over all simplices, their vertices as integers over the common denominator L.
Ratio volume(std::span<const std::int32_t> simplices, std::size_t d, ExactVertices& vertices) {
  Integer common = 1;
  for (const std::int32_t v : simplices) common = boost::multiprecision::lcm(common, vertices[v].denominator);
  Ratio result{0, factorial(d) * boost::multiprecision::pow(common, static_cast<unsigned>(d))};
  IntegerMatrix edges(d, d);
  for (std::size_t first = 0; first < simplices.size(); first += d + 1) {
    const ExactPoint& apex = vertices[simplices[first]];
    const Integer apex_factor = common / apex.denominator;
    for (std::size_t i = 0; i < d; ++i) {
      const ExactPoint& vertex = vertices[simplices[first + i + 1]];
      const Integer factor = common / vertex.denominator;
      for (std::size_t j = 0; j < d; ++j) edges(i, j) = vertex.finite[j] * factor - apex.finite[j] * apex_factor;
    }
    result.numerator += boost::multiprecision::abs(determinant(edges));
  }
  return result;
}

}  // namespace

Triangulation::Triangulation(const Complex& complex, std::size_t dimension) : complex_(complex) {
  lowest_.resize(dimension + 1);
  lowest_[0].resize(complex.count(0));
  std::iota(lowest_[0].begin(), lowest_[0].end(), 0);
  for (std::size_t k = 1; k <= dimension; ++k) {
    lowest_[k].resize(complex.count(k));
    for (std::size_t c = 0; c < lowest_[k].size(); ++c) {
      std::int32_t lowest = lowest_[0].back();
      for (const std::int32_t f : complex.facets(k, c)) {
        lowest = std::min(lowest, lowest_[k - 1][static_cast<std::size_t>(f)]);
      }
      lowest_[k][c] = lowest;
    }
  }
}

void Triangulation::append(std::size_t k, std::size_t cell, std::vector<std::int32_t>& simplices) {
  apexes_.clear();
  cone(k, cell, simplices);
}

void Triangulation::cone(std::size_t k, std::size_t cell, std::vector<std::int32_t>& simplices) {
  const std::int32_t apex = lowest_[k][cell];
  apexes_.push_back(apex);
  if (k == 0) simplices.insert(simplices.end(), apexes_.begin(), apexes_.end());
  for (const std::int32_t f : k == 0 ? std::span<const std::int32_t>{} : complex_.facets(k, cell)) {
    // The apex is the lowest vertex of the whole cell, so a facet holds it iff it is the facet's lowest too.
    if (lowest_[k - 1][static_cast<std::size_t>(f)] != apex) cone(k - 1, static_cast<std::size_t>(f), simplices);
  }
  apexes_.pop_back();
}

std::vector<Ratio> exact_volumes(const Complex& complex, std::span<const std::size_t> regions,
                                 const std::function<void()>& poll) {
  const std::size_t d = complex.dim();
  Triangulation triangulation(complex, d);
  ExactVertices vertices(complex);
  std::vector<std::int32_t> simplices;
  std::vector<Ratio> result;
  for (const std::size_t region : regions) {
    poll();
    simplices.clear();
    triangulation.append(d, region, simplices);
    result.push_back(volume(simplices, d, vertices));
  }
  return result;
}

}  // namespace relutope
