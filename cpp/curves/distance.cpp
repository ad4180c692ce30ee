#include "curves/distance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace relutope {
namespace {

double dot(const Difference& a, const Difference& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Difference cross(const Difference& a, const Difference& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

/// The vector between two points, and its squared length.
struct Gap {
  Difference vector;
  double squared;
};

/// r + s d - t e.
Gap gap_at(const Difference& r, double s, const Difference& d, double t, const Difference& e) {
  Difference gap;
  for (std::size_t c = 0; c < 3; ++c) gap[c] = r[c] + s * d[c] - t * e[c];
  return {gap, dot(gap, gap)};
}

/// Of the boxes; rounding is monotonic, so it never exceeds that of boxes inside.
double squared_distance(const CurveBox& a, const CurveBox& b) {
  Difference gap;
  for (std::size_t c = 0; c < 3; ++c) gap[c] = std::max({0.0, a.lower[c] - b.upper[c], b.lower[c] - a.upper[c]});
  return dot(gap, gap);
}

/// Two segments as images.
struct SegmentImages {
  const double *a0, *a1, *b0, *b1;
};

/// The least gap of two segments, up to rounding: it is between interior points where it is normal to both, or at an
/// end of one. By the cross product the interior points of segments at an angle w lose 1 / w of the digits, by scalar
/// products 1 / w^2.
Gap least_gap(const SegmentImages& segments) {
  constexpr Difference kNone{};
  const Difference d = subtract(segments.a1, segments.a0);
  const Difference e = subtract(segments.b1, segments.b0);
  const Difference r = subtract(segments.a0, segments.b0);
  const double dd = dot(d, d);
  const double ee = dot(e, e);
  const auto clamped = [](double place, double length) {
    return length > 0 ? std::clamp(place / length, 0.0, 1.0) : 0;
  };
  const Difference from_end = subtract(segments.a1, segments.b0);
  const Difference to_end = subtract(segments.a0, segments.b1);
  const auto shorter = [](const Gap& x, const Gap& y) { return x.squared < y.squared; };
  const Gap at_ends = std::min(
      {gap_at(r, 0, kNone, clamped(dot(e, r), ee), e), gap_at(from_end, 0, kNone, clamped(dot(e, from_end), ee), e),
       gap_at(r, clamped(-dot(d, r), dd), d, 0, kNone), gap_at(to_end, clamped(-dot(d, to_end), dd), d, 0, kNone)},
      shorter);
  const Difference normal = cross(d, e);
  const double whole = dot(normal, normal);
  const double s = -dot(cross(r, e), normal) / whole;
  const double t = -dot(cross(r, d), normal) / whole;
  if (!(whole > 0 && s > 0 && s < 1 && t > 0 && t < 1)) return at_ends;
  return std::min(at_ends, gap_at(r, s, d, t, e), shorter);
}

/// Calls visit(segment of a, segment of b) for pairs whose boxes have a squared distance below limit().
template <class Limit, class Visit>
void for_each_near_pair(const ClosedCurves& curves, std::size_t a, std::size_t b, Limit limit, Visit visit,
                        const Poll& poll) {
  const CurveTree& tree_a = curves.tree(a);
  const CurveTree& tree_b = curves.tree(b);
  const ClosedPolygon polygon_a = curves.polygon(a);
  const ClosedPolygon polygon_b = curves.polygon(b);
  for_each_close_pair(
      tree_a, tree_b, [](const CurveBox& x, const CurveBox& y) { return squared_distance(x, y); }, limit,
      [&](CurveTree::Node leaf_a, CurveTree::Node leaf_b) {
        for (std::size_t i = tree_a.first_segment(leaf_a); i < tree_a.last_segment(leaf_a); ++i) {
          const CurveBox box = polygon_a.box(i);
          if (squared_distance(box, tree_b.box(leaf_b)) >= limit()) continue;
          for (std::size_t j = tree_b.first_segment(leaf_b); j < tree_b.last_segment(leaf_b); ++j) {
            if (squared_distance(box, polygon_b.box(j)) < limit()) visit(i, j);
          }
        }
      },
      poll);
}

/// The nearest pair among those that floats cannot tell from the nearest, by integers.
class ExactNearest {
 public:
  ExactNearest(const ClosedCurves& curves, std::size_t a, std::size_t b, NearestSegments proposal)
      : curves_(curves), a_(a), b_(b), nearest_(proposal), least_(exact(proposal)), limit_(upper_bound()) {}

  const NearestSegments& nearest() const { return nearest_; }

  /// Boxes whose distance, rounded, is squared and not below it are farther apart than the nearest pair so far.
  ///
  /// With e = 2 image_error a gap g of boxes, computed from images, exceeds the exact one by at most u g + e in each
  /// coordinate, hence in length by at most u g + 2 e; squares and sums add less than 4 u in relation.
  double box_limit() const {
    const double reach = std::sqrt(limit_) * (1 + kSlack) + 4 * curves_.image_error();
    return reach * reach * (1 + kSlack) + kUnderflow;
  }

  void add(std::size_t segment_a, std::size_t segment_b) {
    if (is_farther(segment_a, segment_b)) return;
    const NearestSegments pair{segment_a, segment_b};
    SquaredDistance squared = exact(pair);
    if (!(squared < least_)) return;
    nearest_ = pair;
    least_ = std::move(squared);
    limit_ = upper_bound();
  }

 private:
  static constexpr double kRoundoff = 0x1p-53;
  static constexpr double kSlack = 0x1p-48;
  static constexpr double kUnderflow = 0x1p-1000;

  SquaredDistance exact(const NearestSegments& pair) const {
    return squared_distance(curves_.segment_pair(a_, pair.segment_a, b_, pair.segment_b));
  }

  /// Not less than the least squared distance, in units of the images: one rounding, and gradual underflow.
  double upper_bound() const {
    return nearest_double(least_.numerator, least_.denominator, -2 * curves_.exponent()) * (1 + kSlack) + kUnderflow;
  }

  /// True only if the segments are farther apart than the nearest pair so far: they lie on either side of a slab whose
  /// normal is any vector g, so with m the least of g . (a - b) over their ends the distance is at least m / |g|.
  ///
  /// A computed g . (a - b) errs by at most (4 u + O(u^2)) sum |g_c (a - b)_c| + e sum |g_c| and what underflows, where
  /// e = 2 image_error, so by less than the error subtracted below. The last comparison meets six roundings, less than
  /// kSlack, and no underflow.
  bool is_farther(std::size_t segment_a, std::size_t segment_b) const {
    const ClosedPolygon a = curves_.polygon(a_);
    const ClosedPolygon b = curves_.polygon(b_);
    const SegmentImages segments{a.begin_of(segment_a), a.end_of(segment_a), b.begin_of(segment_b),
                                 b.end_of(segment_b)};
    const Difference g = least_gap(segments).vector;
    double width = std::numeric_limits<double>::infinity();
    for (const double* p : {segments.a0, segments.a1}) {
      for (const double* q : {segments.b0, segments.b1}) {
        const Difference d = subtract(p, q);
        const double magnitude = std::abs(g[0] * d[0]) + std::abs(g[1] * d[1]) + std::abs(g[2] * d[2]);
        const double sum = std::abs(g[0]) + std::abs(g[1]) + std::abs(g[2]);
        const double error = 6 * kRoundoff * magnitude + 3 * curves_.image_error() * sum + kUnderflow;
        width = std::min(width, dot(g, d) - error);
      }
    }
    const double squared = dot(g, g);
    const double bound = limit_ * squared;
    return width > 0 && squared > kUnderflow && bound > kUnderflow && width * width > bound * (1 + kSlack);
  }

  const ClosedCurves& curves_;
  std::size_t a_, b_;
  NearestSegments nearest_;
  SquaredDistance least_;
  double limit_;
};

}  // namespace

NearestSegments nearest_segments(const ClosedCurves& curves, std::size_t a, std::size_t b, const Poll& poll) {
  const ClosedPolygon polygon_a = curves.polygon(a);
  const ClosedPolygon polygon_b = curves.polygon(b);
  double least = std::numeric_limits<double>::infinity();
  NearestSegments proposal{0, 0};
  for_each_near_pair(
      curves, a, b, [&] { return least; },
      [&](std::size_t i, std::size_t j) {
        const double squared =
            least_gap({polygon_a.begin_of(i), polygon_a.end_of(i), polygon_b.begin_of(j), polygon_b.end_of(j)}).squared;
        if (squared < least) {
          least = squared;
          proposal = {i, j};
        }
      },
      poll);
  ExactNearest exact(curves, a, b, proposal);
  for_each_near_pair(
      curves, a, b, [&] { return exact.box_limit(); }, [&](std::size_t i, std::size_t j) { exact.add(i, j); }, poll);
  return exact.nearest();
}

}  // namespace relutope
