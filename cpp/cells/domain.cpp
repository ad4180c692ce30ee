#include "cells/domain.hpp"

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "exact/dyadic.hpp"

namespace relutope {
namespace {

void require_dimension(std::size_t dim) {
  if (dim < 1 || dim > kMaxDimension) {
    throw std::invalid_argument("domain: dimension " + std::to_string(dim) + "; must be 1 to " +
                                std::to_string(kMaxDimension));
  }
}

}  // namespace

Domain Domain::box(std::vector<double> lo, std::vector<double> hi) {
  require_dimension(lo.size());
  if (lo.size() != hi.size()) {
    throw std::invalid_argument("domain: lo has " + std::to_string(lo.size()) + " entries, hi " +
                                std::to_string(hi.size()));
  }
  for (std::size_t i = 0; i < lo.size(); ++i) {
    if (!(std::isfinite(lo[i]) && std::isfinite(hi[i]) && lo[i] < hi[i])) {
      throw std::invalid_argument("domain: axis " + std::to_string(i) + " has lo " + std::to_string(lo[i]) +
                                  " and hi " + std::to_string(hi[i]) + "; both must be finite and lo < hi");
    }
  }
  Domain domain;
  domain.dim_ = lo.size();
  domain.lo_ = std::move(lo);
  domain.hi_ = std::move(hi);
  domain.finite_ = true;
  return domain;
}

Domain Domain::all_space(std::size_t dim) {
  require_dimension(dim);
  Domain domain;
  domain.dim_ = dim;
  return domain;
}

Domain Domain::polytope(Layer constraints) {
  Domain domain = all_space(constraints.columns());
  domain.constraints_ = std::make_shared<const Layer>(std::move(constraints));
  return domain;
}

Domain Domain::as_bounded() const {
  Domain domain = *this;
  domain.finite_ = true;
  return domain;
}

std::vector<Integer> Domain::constraint_equation(std::size_t row) const {
  std::vector<Integer> equation = constraints_->exact_row(row).numerators;
  equation[dim_] = -equation[dim_];
  equation.resize(dim_ + parts(), Integer(0));
  return equation;
}

std::vector<Integer> Domain::wall_equation(std::size_t bit) const {
  const std::size_t axis = bit / 2;
  const bool upper = bit % 2 == 1;
  std::vector<Integer> row(dim_ + parts(), Integer(0));
  if (!is_box()) {
    row[axis] = 1;
    row[dim_ + 1] = upper ? 1 : -1;
    return row;
  }
  const double bound = upper ? hi_[axis] : lo_[axis];
  const IntegerRow exact = integer_row({&bound, 1});
  row[axis] = exact.denominator;
  row[dim_] = exact.numerators[0];
  return row;
}

}  // namespace relutope
