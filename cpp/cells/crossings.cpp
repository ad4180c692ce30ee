#include "cells/crossings.hpp"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>

#include "exact/predicates.hpp"

namespace relutope {
ExactPoint Crossings::exact_vertex(const EdgeEnd& end) {
  const Shape& shape = context_.shape;
  if (!ends_) {
    ends_ = std::make_unique<ExactSolver>(context_.network, context_.codes, context_.domain, context_.layer,
                                          context_.cutting);
  }
  ends_->set_carrier(end.history, end.history + shape.history_words, end.walls, 0);
  zeros_.clear();
  for (std::size_t bit = 0; bit < context_.tables.bits(); ++bit) {
    if (plane_sign(end.mask, end.mask + shape.mask_words, bit) == Sign::kZero) {
      zeros_.push_back(context_.tables.leader[bit]);
    }
  }
  return ends_->point(zeros_);
}

/// True if both vertices at infinity have the same M part, so that the edge runs in finite distance between them.
bool Crossings::same_direction(const EdgeEnd& a, const EdgeEnd& b) {
  const Shape& shape = context_.shape;
  const double error = a.bounds[1].point + b.bounds[1].point;
  for (std::size_t c = 0; c < shape.dim; ++c) {
    const double x = a.point[shape.dim + c];
    const double y = b.point[shape.dim + c];
    if (triage_sign(x - y, (error + (std::abs(x) + std::abs(y)) * 0x1p-52 + DBL_MIN) * (1 + 0x1p-50))) return false;
  }
  const ExactPoint p = exact_vertex(a);
  const ExactPoint q = exact_vertex(b);
  for (std::size_t c = 0; c < shape.dim; ++c) {
    if (p.infinite[c] * q.denominator != q.infinite[c] * p.denominator) return false;
  }
  return true;
}

Crossings::Scale Crossings::scale_of_edge(const EdgeEnd& a, const EdgeEnd& b) {
  if (context_.shape.parts == 1 || (a.walls == 0 && b.walls == 0)) return Scale::kFinite;
  if (a.walls == 0) return Scale::kToInfinity;
  if (b.walls == 0) return Scale::kFromInfinity;
  return same_direction(a, b) ? Scale::kFinite : Scale::kInfinite;
}

// A neuron with values x at a and -y at b, x and y of one sign, vanishes where the ratio of the distances to a and b is
// x / y; the order along the edge is that of x / y. On R^d, with values x1 M + x0:
//   both ends finite, or with the same M part: the M parts agree along the edge, so those of a mixed neuron are 0; x0 /
//   y0. a finite, b not: x1 = 0 and the crossing is at finite distance; it moves with x0 / y1 (b to a: the reverse).
//   both at infinity with different M parts: the leading order is x1 / y1; ties there are left to the exact stage.
Crossings::Place Crossings::place(const EdgeEnd& a, const EdgeEnd& b, Scale scale, std::size_t bit) const {
  const std::size_t part_a = scale == Scale::kInfinite || scale == Scale::kFromInfinity ? 1 : 0;
  const std::size_t part_b = scale == Scale::kInfinite || scale == Scale::kToInfinity ? 1 : 0;
  const std::size_t column = context_.tables.leader[bit];
  const bool from_positive = test_bit(a.mask, bit);
  const double x = (from_positive ? 1 : -1) * a.row.value(part_a, column);
  const double y = (from_positive ? -1 : 1) * b.row.value(part_b, column);
  const double error_x = a.bounds[part_a].value;
  const double error_y = b.bounds[part_b].value;
  // Two roundings in numerator and denominator and one in the quotient: 1 -+ 2^-50 and DBL_MIN cover them.
  const double low = std::max(0.0, x - error_x) / std::max(0.0, y + error_y);
  const double below = std::max(0.0, y - error_y);
  Place result;
  result.bit = bit;
  result.low = low > 0 ? std::max(0.0, low * (1 - 0x1p-50) - DBL_MIN) : 0.0;
  result.high = below > 0 ? std::max(0.0, x + error_x) / below * (1 + 0x1p-50) + DBL_MIN
                          : std::numeric_limits<double>::infinity();
  if (!std::isfinite(x + error_x) || !std::isfinite(y + error_y)) {
    result.low = 0;
    result.high = std::numeric_limits<double>::infinity();
  }
  return result;
}

// Quicksort by an exact three-way test: the pivot's crossing P splits the others by their sign there. A neuron that
// still has its sign of end a at P crosses later.
void Crossings::order_exactly(std::span<Place> places, const Word* mask_a, std::span<const std::size_t> path,
                              VertexSolver& solver) {
  if (places.size() == 1) {
    bits_.push_back(places[0].bit);
    group_ends_.push_back(bits_.size());
    return;
  }
  neurons_.assign(path.begin(), path.end());
  neurons_.push_back(context_.tables.leader[places[0].bit]);
  const ExactPoint point = solver.exact().point(neurons_);
  std::vector<Place> before, after;
  std::vector<std::size_t> ties{places[0].bit};
  for (const Place& other : places.subspan(1)) {
    context_.budget.check();
    ++solver.tally.orders_exact;
    const Sign sign = solver.exact().sign(context_.tables.leader[other.bit], point);
    if (sign == Sign::kZero) {
      ties.push_back(other.bit);
    } else {
      ((sign == Sign::kPositive) == test_bit(mask_a, other.bit) ? after : before).push_back(other);
    }
  }
  if (!before.empty()) order_exactly(before, mask_a, path, solver);
  bits_.insert(bits_.end(), ties.begin(), ties.end());
  group_ends_.push_back(bits_.size());
  if (!after.empty()) order_exactly(after, mask_a, path, solver);
}

void Crossings::order(const EdgeEnd& a, const EdgeEnd& b, std::span<const Word> mixed,
                      std::span<const std::size_t> path, VertexSolver& solver) {
  bits_.clear();
  group_ends_.clear();
  for (std::size_t w = 0; w < mixed.size(); ++w) {
    for (Word word = mixed[w]; word != 0; word &= word - 1) {
      bits_.push_back(w * kWordBits + static_cast<std::size_t>(std::countr_zero(word)));
    }
  }
  if (bits_.size() == 1) {
    group_ends_.push_back(1);
    return;
  }
  const Scale scale = scale_of_edge(a, b);
  places_.clear();
  for (const std::size_t bit : bits_) places_.push_back(place(a, b, scale, bit));
  std::sort(places_.begin(), places_.end(),
            [](const Place& p, const Place& q) { return p.low != q.low ? p.low < q.low : p.bit < q.bit; });
  bits_.clear();
  for (std::size_t first = 0; first < places_.size();) {
    double high = places_[first].high;
    std::size_t last = first + 1;
    for (; last < places_.size() && places_[last].low <= high; ++last) high = std::max(high, places_[last].high);
    if (last - first == 1) ++solver.tally.orders_float;
    order_exactly({places_.data() + first, last - first}, a.mask, path, solver);
    first = last;
  }
}

}  // namespace relutope
