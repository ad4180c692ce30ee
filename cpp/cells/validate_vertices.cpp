#include <cmath>
#include <stdexcept>
#include <string>

#include "cells/validate.hpp"
#include "exact/dyadic.hpp"

namespace relutope {
namespace {

[[noreturn]] void fail(std::size_t v, const std::string& what) {
  throw std::runtime_error("internal: vertex " + std::to_string(v) + " " + what);
}

/// Values of all layers done so far, inputs first, each layer up to the positive factor of its integers. On R^d the
/// coefficients of M stand beside them.
struct Values {
  std::vector<std::vector<Integer>> finite, infinite;
  bool has_infinite = false;
};

/// One number, with its coefficient of M.
struct Number {
  Integer finite, infinite;
  Sign sign() const { return infinite != 0 ? sign_of(infinite) : sign_of(finite); }
};

Number entry(const Network& network, std::size_t l, std::size_t i, std::size_t t, const Values& before) {
  const ValueSource& source = network.sources(l)[network.layers()[l].entries(i)[t]];
  const auto place = static_cast<std::size_t>(source.layer + 1);
  const Integer& weight = network.integer_layers().row(l, i)[t];
  Number result{weight * before.finite[place][source.row], 0};
  if (before.has_infinite) result.infinite = weight * before.infinite[place][source.row];
  return result;
}

/// Pre-activation of a row, or its largest entry.
Number row_value(const Network& network, std::size_t l, std::size_t i, const Values& before,
                 const Integer& denominator) {
  const std::size_t n = network.layers()[l].entries(i).size();
  if (network.kind(l) == LayerKind::kMax) {
    Number largest = entry(network, l, i, 0, before);
    for (std::size_t t = 1; t < n; ++t) {
      const Number other = entry(network, l, i, t, before);
      const Number gap{other.finite - largest.finite, other.infinite - largest.infinite};
      if (gap.sign() == Sign::kPositive) largest = other;
    }
    return largest;
  }
  Number sum{network.integer_layers().bias(l, i) * denominator, 0};
  for (std::size_t t = 0; t < n; ++t) {
    const Number term = entry(network, l, i, t, before);
    sum.finite += term.finite;
    sum.infinite += term.infinite;
  }
  return sum;
}

/// The signs of a row as Network defines them.
void append_signs(const Network& network, std::size_t l, std::size_t i, const Number& value, const Values& before,
                  std::vector<Sign>& signs) {
  if (network.kind(l) == LayerKind::kRelu) signs.push_back(value.sign());
  if (network.kind(l) != LayerKind::kMax) return;
  for (std::size_t t = 0; t < network.layers()[l].entries(i).size(); ++t) {
    const Number own = entry(network, l, i, t, before);
    signs.push_back(Number{own.finite - value.finite, own.infinite - value.infinite}.sign());
  }
}

void check_signs(const Complex& complex, std::size_t v, const ExactPoint& point) {
  const Network& network = complex.network();
  std::vector<std::int8_t> stored(network.signs());
  complex.expand_signs(complex.vertex_signs(v), stored.data());
  Values values{{point.finite}, {point.infinite}, !point.infinite.empty()};
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    std::vector<Integer> finite, infinite;
    std::vector<Sign> signs;
    for (std::size_t i = 0; i < network.layers()[l].rows(); ++i) {
      Number value = row_value(network, l, i, values, point.denominator);
      append_signs(network, l, i, value, values, signs);
      if (network.kind(l) == LayerKind::kRelu && value.sign() != Sign::kPositive) value = {0, 0};
      finite.push_back(std::move(value.finite));
      infinite.push_back(std::move(value.infinite));
    }
    for (std::size_t i = 0; i < signs.size(); ++i) {
      if (to_int(signs[i]) != stored[network.first_sign(l) + i]) {
        fail(v, "has a wrong sign at number " + std::to_string(i) + " of hidden layer " + std::to_string(l));
      }
    }
    values.finite.push_back(std::move(finite));
    values.infinite.push_back(std::move(infinite));
  }
}

/// Sign of (coordinate - wall) on that axis.
Sign side_of_wall(const Domain& domain, const ExactPoint& point, std::size_t axis, bool upper) {
  const std::vector<Integer> row = domain.wall_equation(Domain::wall_bit(axis, upper));
  const Integer finite = row[axis] * point.finite[axis] - row[domain.dim()] * point.denominator;
  if (domain.parts() == 1) return sign_of(finite);
  const Integer infinite = row[axis] * point.infinite[axis] - row[domain.dim() + 1] * point.denominator;
  return infinite != 0 ? sign_of(infinite) : sign_of(finite);
}

/// Sign of a row of a polytope.
Sign constraint_sign(const Domain& domain, const ExactPoint& point, std::size_t row) {
  const std::vector<Integer> numerators = domain.constraints().exact_row(row).numerators;
  Integer finite = numerators[domain.dim()] * point.denominator;
  Integer infinite = 0;
  for (std::size_t c = 0; c < domain.dim(); ++c) {
    finite += numerators[c] * point.finite[c];
    if (!point.infinite.empty()) infinite += numerators[c] * point.infinite[c];
  }
  return infinite != 0 ? sign_of(infinite) : sign_of(finite);
}

void check_constraints(const Complex& complex, std::size_t v, const ExactPoint& point) {
  const Word* planes = complex.vertex_signs(v);
  for (std::size_t row = 0; row < complex.domain().constraint_count(); ++row) {
    const Sign sign = constraint_sign(complex.domain(), point, row);
    const Sign stored = complex.codes().constraint_sign(row, planes, planes + complex.codes().words());
    if (sign != stored || sign == Sign::kPositive) fail(v, "has a wrong sign at row " + std::to_string(row));
  }
}

void check_walls(const Complex& complex, std::size_t v, const ExactPoint& point) {
  check_constraints(complex, v, point);
  if (complex.domain().is_polytope() && complex.domain().parts() == 1) return;
  for (std::size_t axis = 0; axis < complex.dim(); ++axis) {
    for (const bool upper : {false, true}) {
      const bool on_wall = (complex.vertex_walls(v) >> Domain::wall_bit(axis, upper)) & 1U;
      const Sign expected = on_wall ? Sign::kZero : (upper ? Sign::kNegative : Sign::kPositive);
      if (side_of_wall(complex.domain(), point, axis, upper) != expected) {
        fail(v, "is not where its walls say on axis " + std::to_string(axis));
      }
    }
  }
}

void check_coordinates(const Complex& complex, std::size_t v, const ExactPoint& point) {
  const std::size_t d = complex.dim();
  if (v >= complex.finite_count(0)) return;
  const double error = static_cast<double>(complex.vertex_error()[v]);
  if (std::isinf(error)) return;
  const IntegerRow bound = integer_row({&error, 1});
  for (std::size_t c = 0; c < d; ++c) {
    const double x = complex.vertices()[v * d + c];
    if (!std::isfinite(x)) fail(v, "has a coordinate that is not finite");
    const IntegerRow value = integer_row({&x, 1});
    // |x - p / q| <= e, all over common denominators.
    const Integer difference = value.numerators[0] * point.denominator - point.finite[c] * value.denominator;
    if (abs(difference) * bound.denominator > bound.numerators[0] * value.denominator * point.denominator) {
      fail(v, "is further from its exact place than vertex_error");
    }
  }
}

}  // namespace

void validate_vertices(const Complex& complex, const Heartbeat& heartbeat) {
  ExactSolver solver(complex.network(), complex.codes(), complex.domain(), complex.codes().layers());
  for (std::size_t v = 0; v < complex.count(0); ++v) {
    if (v % 64 == 0) heartbeat();
    const ExactPoint point = complex.exact_vertex(v, solver);
    if (!point.infinite.empty() && (v < complex.finite_count(0))) {
      for (const Integer& x : point.infinite) {
        if (x != 0) fail(v, "is at infinity without an M-wall");
      }
    }
    check_walls(complex, v, point);
    check_signs(complex, v, point);
    check_coordinates(complex, v, point);
  }
}

}  // namespace relutope
