#include "curves/segment_pair.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace relutope {
namespace {

IntegerVector minus(const IntegerVector& a, const IntegerVector& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }

Integer cross(const IntegerVector& a, const IntegerVector& b, std::size_t i, std::size_t j) {
  return a[i] * b[j] - a[j] * b[i];
}

IntegerVector cross(const IntegerVector& a, const IntegerVector& b) {
  return {cross(a, b, 1, 2), cross(a, b, 2, 0), cross(a, b, 0, 1)};
}

Integer dot(const IntegerVector& a, const IntegerVector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

bool is_zero(const IntegerVector& a) { return a[0] == 0 && a[1] == 0 && a[2] == 0; }

/// As common_point() for da x db == 0, with r = b0 - a0.
std::optional<SegmentParameter> common_point_of_parallel(const IntegerVector& da, const IntegerVector& db,
                                                         const IntegerVector& r) {
  if (is_zero(da)) {
    if (!is_zero(cross(r, db))) return std::nullopt;
    const Integer place = -dot(r, db);
    if (is_zero(db) ? !is_zero(r) : place < 0 || place > dot(db, db)) return std::nullopt;
    return SegmentParameter{0, 1};
  }
  if (!is_zero(cross(r, da))) return std::nullopt;
  const Integer length = dot(da, da);
  const Integer begin = dot(r, da);
  const Integer end = begin + dot(db, da);
  const Integer& first = std::min(begin, end);
  if (std::max(begin, end) < 0 || first > length) return std::nullopt;
  return SegmentParameter{first < 0 ? Integer(0) : first, length};
}

/// Sign of `value`, or if that is zero of the expression first * e + second * e^2.
Sign perturbed(const Integer& value, const Integer& first, const Integer& second) {
  if (value != 0) return sign_of(value);
  return first != 0 ? sign_of(first) : sign_of(second);
}

/// Of the point w and the segment from 0 to d.
SquaredDistance squared_distance(const IntegerVector& w, const IntegerVector& d) {
  const Integer along = dot(w, d);
  const Integer length = dot(d, d);
  if (along <= 0) return {dot(w, w), 1};
  if (along >= length) {
    const IntegerVector beyond = minus(w, d);
    return {dot(beyond, beyond), 1};
  }
  return {dot(w, w) * length - along * along, length};
}

}  // namespace

SquaredDistance squared_distance(const SegmentPair& pair) {
  const IntegerVector da = minus(pair.a1, pair.a0);
  const IntegerVector db = minus(pair.b1, pair.b0);
  const IntegerVector r = minus(pair.b0, pair.a0);
  const IntegerVector normal = cross(da, db);
  const Integer squared = dot(normal, normal);
  SquaredDistance least =
      std::min({squared_distance(r, da), squared_distance(minus(pair.b1, pair.a0), da),
                squared_distance(minus(pair.a0, pair.b0), db), squared_distance(minus(pair.a1, pair.b0), db)});
  // As in common_point(): where the gap is normal to both, it is the projection of r on the normal.
  const Integer s = dot(cross(r, db), normal);
  const Integer t = dot(cross(r, da), normal);
  if (squared > 0 && s >= 0 && s <= squared && t >= 0 && t <= squared) {
    const Integer height = dot(r, normal);
    least = {height * height, squared};
  }
  least.denominator *= pair.denominator * pair.denominator;
  return least;
}

std::optional<SegmentParameter> common_point(const SegmentPair& pair) {
  const IntegerVector da = minus(pair.a1, pair.a0);
  const IntegerVector db = minus(pair.b1, pair.b0);
  const IntegerVector r = minus(pair.b0, pair.a0);
  const IntegerVector normal = cross(da, db);
  if (is_zero(normal)) return common_point_of_parallel(da, db, r);
  if (dot(r, normal) != 0) return std::nullopt;
  // a0 + s da == b0 + t db, and the cross product of s da - t db == r with db (da) gives s (t).
  const Integer squared = dot(normal, normal);
  Integer s = dot(cross(r, db), normal);
  if (s < 0 || s > squared) return std::nullopt;
  const Integer t = dot(cross(r, da), normal);
  if (t < 0 || t > squared) return std::nullopt;
  return SegmentParameter{std::move(s), squared};
}

std::optional<ProjectedCrossing> projected_crossing(const SegmentPair& pair, std::size_t axis) {
  const std::size_t u = (axis + 1) % 3;
  const std::size_t v = (axis + 2) % 3;
  const IntegerVector da = minus(pair.a1, pair.a0);
  const IntegerVector db = minus(pair.b1, pair.b0);
  // cross(db, p - b0 - (e, e^2)) for the ends p of a.
  const auto side_of_b = [&](const IntegerVector& p) {
    return perturbed(cross(db, minus(p, pair.b0), u, v), db[v], -db[u]);
  };
  const Sign turn = side_of_b(pair.a0);
  if (turn == side_of_b(pair.a1)) return std::nullopt;
  // cross(da, q + (e, e^2) - a0) for the ends q of b.
  const auto side_of_a = [&](const IntegerVector& q) {
    return perturbed(cross(da, minus(q, pair.a0), u, v), -da[v], da[u]);
  };
  if (side_of_a(pair.b0) == side_of_a(pair.b1)) return std::nullopt;
  // The directions are not parallel here, so a volume of zero would be a common point.
  const Sign height = sign_of(dot(cross(da, db), minus(pair.a0, pair.b0))) * turn;
  if (height == Sign::kZero) throw std::runtime_error("internal: the segments of a crossing meet");
  return ProjectedCrossing{turn, height};
}

}  // namespace relutope
