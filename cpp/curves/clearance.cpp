#include "curves/clearance.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "curves/triage.hpp"

namespace relutope {
namespace {

double dot(const Difference& a, const Difference& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
double clamped(double value) { return std::min(std::max(value, 0.0), 1.0); }

/// The largest gap between two boxes along an axis, rounded. Where it exceeds a double, so does the distance of the
/// boxes: rounding keeps the order.
double gap(const CurveBox& a, const CurveBox& b) {
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < 3; ++i) {
    largest = std::max({largest, b.lower[i] - a.upper[i], a.lower[i] - b.upper[i]});
  }
  return largest;
}

/// About the vector from the point of segment a that is nearest to segment b to the one of b; not a number where that
/// cannot be computed.
Difference about_shortest(const double* a0, const double* a1, const double* b0, const double* b1) {
  const Difference da = subtract(a1, a0);
  const Difference db = subtract(b1, b0);
  const Difference r = subtract(a0, b0);
  const double aa = dot(da, da);
  const double bb = dot(db, db);
  const double ab = dot(da, db);
  const double ar = dot(da, r);
  const double br = dot(db, r);
  const double determinant = aa * bb - ab * ab;
  double s = determinant > 0 ? clamped((ab * br - ar * bb) / determinant) : 0.0;
  double t = bb > 0 ? (ab * s + br) / bb : 0.0;
  if (bb == 0 || t < 0 || t > 1) {
    t = clamped(t);
    s = aa > 0 ? clamped((ab * t - ar) / aa) : 0.0;
  }
  Difference shortest;
  for (std::size_t i = 0; i < 3; ++i) shortest[i] = t * db[i] - s * da[i] - r[i];
  return shortest;
}

/// Whether the segments lie farther than `radius` apart along a direction n, which any doubles may be: that is
/// (q - p) n > radius |n| for all their ends p and q.
///
/// With d = fl(q - p) and m the computed sum of |d_i n_i|, the computed d n is within 6 u m + 2^-1072 of (q - p) n: per
/// term one rounding of the difference, one of the product and at most two of sums, 4 u (1 + 8 u), and 2^-1075 where
/// it underflows. Subtracting the bound rounds once more, by less than 2 u m, so 8 u m + 2^-1070 is subtracted. The
/// square of |n| is at least 2^-960, so underflow is below its relative error of 3 u (1 + 4 u), and radius times its
/// root, computed, is short by less than a factor 1 - 8 u, or by 2^-1075. On overflow nothing is proven.
bool apart_along(const Difference& n, const std::array<const double*, 2>& a, const std::array<const double*, 2>& b,
                 double radius) {
  const double squared = dot(n, n);
  if (!(squared >= 0x1p-960 && squared <= std::numeric_limits<double>::max())) return false;
  const double threshold = radius * std::sqrt(squared) * (1 + 0x1p-48);
  for (const double* p : a) {
    for (const double* q : b) {
      const Difference d = subtract(q, p);
      const double magnitude = std::abs(d[0] * n[0]) + std::abs(d[1] * n[1]) + std::abs(d[2] * n[2]);
      if (!(dot(d, n) - (8 * 0x1p-53 * magnitude + 0x1p-1070) > threshold)) return false;
    }
  }
  return true;
}

}  // namespace

bool apart(const ClosedPolygon& a, const ClosedPolygon& b, double radius, const Poll& poll) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const CurveTree tree_a(a);
  const CurveTree tree_b(b);
  const double beyond = std::nextafter(radius, kInfinity);
  bool proven = true;
  const auto visit = [&](CurveTree::Node leaf_a, CurveTree::Node leaf_b) {
    for (std::size_t i = tree_a.first_segment(leaf_a); i < tree_a.last_segment(leaf_a); ++i) {
      const CurveBox box = a.box(i);
      if (gap(box, tree_b.box(leaf_b)) > radius) continue;
      const std::array<const double*, 2> ends_a = {a.begin_of(i), a.end_of(i)};
      for (std::size_t j = tree_b.first_segment(leaf_b); j < tree_b.last_segment(leaf_b) && proven; ++j) {
        if (gap(box, b.box(j)) > radius) continue;
        const std::array<const double*, 2> ends_b = {b.begin_of(j), b.end_of(j)};
        proven = apart_along(about_shortest(ends_a[0], ends_a[1], ends_b[0], ends_b[1]), ends_a, ends_b, radius);
      }
    }
  };
  for_each_close_pair(tree_a, tree_b, gap, [&] { return proven ? beyond : -kInfinity; }, visit, poll);
  return proven;
}

}  // namespace relutope
