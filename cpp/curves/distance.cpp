#include "curves/distance.hpp"

#include <algorithm>
#include <limits>

namespace relutope {
namespace {

double dot(const Difference& a, const Difference& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Difference cross(const Difference& a, const Difference& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

/// Squared length of r + s d - t e.
double squared_gap(const Difference& r, double s, const Difference& d, double t, const Difference& e) {
  Difference gap;
  for (std::size_t c = 0; c < 3; ++c) gap[c] = r[c] + s * d[c] - t * e[c];
  return dot(gap, gap);
}

/// Of the boxes; rounding is monotonic, so it never exceeds that of boxes inside.
double squared_distance(const CurveBox& a, const CurveBox& b) {
  Difference gap;
  for (std::size_t c = 0; c < 3; ++c) gap[c] = std::max({0.0, a.lower[c] - b.upper[c], b.lower[c] - a.upper[c]});
  return dot(gap, gap);
}

/// Of segments: the least distance is between interior points where the gap is normal to both, or at an end of one. By
/// the cross product the interior points of segments at an angle w lose 1 / w of the digits, by scalar products 1 /
/// w^2.
double squared_distance(const double* a0, const double* a1, const double* b0, const double* b1) {
  constexpr Difference kNone{};
  const Difference d = subtract(a1, a0);
  const Difference e = subtract(b1, b0);
  const Difference r = subtract(a0, b0);
  const double dd = dot(d, d);
  const double ee = dot(e, e);
  const auto clamped = [](double place, double length) {
    return length > 0 ? std::clamp(place / length, 0.0, 1.0) : 0;
  };
  const Difference from_end = subtract(a1, b0);
  const Difference to_end = subtract(a0, b1);
  const double at_ends = std::min({squared_gap(r, 0, kNone, clamped(dot(e, r), ee), e),
                                   squared_gap(from_end, 0, kNone, clamped(dot(e, from_end), ee), e),
                                   squared_gap(r, clamped(-dot(d, r), dd), d, 0, kNone),
                                   squared_gap(to_end, clamped(-dot(d, to_end), dd), d, 0, kNone)});
  const Difference normal = cross(d, e);
  const double whole = dot(normal, normal);
  const double s = -dot(cross(r, e), normal) / whole;
  const double t = -dot(cross(r, d), normal) / whole;
  if (!(whole > 0 && s > 0 && s < 1 && t > 0 && t < 1)) return at_ends;
  return std::min(at_ends, squared_gap(r, s, d, t, e));
}

}  // namespace

NearestSegments nearest_segments(const ClosedCurves& curves, std::size_t a, std::size_t b, const Poll& poll) {
  const CurveTree& tree_a = curves.tree(a);
  const CurveTree& tree_b = curves.tree(b);
  const ClosedPolygon polygon_a = curves.polygon(a);
  const ClosedPolygon polygon_b = curves.polygon(b);
  double least = std::numeric_limits<double>::infinity();
  NearestSegments nearest{0, 0};
  for_each_close_pair(
      tree_a, tree_b, [](const CurveBox& x, const CurveBox& y) { return squared_distance(x, y); },
      [&] { return least; },
      [&](CurveTree::Node leaf_a, CurveTree::Node leaf_b) {
        for (std::size_t i = tree_a.first_segment(leaf_a); i < tree_a.last_segment(leaf_a); ++i) {
          const CurveBox box = polygon_a.box(i);
          if (squared_distance(box, tree_b.box(leaf_b)) >= least) continue;
          for (std::size_t j = tree_b.first_segment(leaf_b); j < tree_b.last_segment(leaf_b); ++j) {
            if (squared_distance(box, polygon_b.box(j)) >= least) continue;
            const double squared = squared_distance(polygon_a.begin_of(i), polygon_a.end_of(i), polygon_b.begin_of(j),
                                                    polygon_b.end_of(j));
            if (squared < least) {
              least = squared;
              nearest = {i, j};
            }
          }
        }
      },
      poll);
  return nearest;
}

}  // namespace relutope
