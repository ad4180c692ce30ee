#include "curves/linking.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "curves/segment_differences.hpp"

namespace relutope {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Along `axis`, counting the crossings where the first polygon has the larger coordinates, or the smaller ones.
struct Projection {
  std::size_t axis;
  bool above;

  /// Segments in these boxes may cross so or meet.
  bool may_cross(const CurveBox& a, const CurveBox& b) const {
    const bool height = above ? a.upper[axis] >= b.lower[axis] : a.lower[axis] <= b.upper[axis];
    return height && a.meets(b, (axis + 1) % 3) && a.meets(b, (axis + 2) % 3);
  }
};

/// The projection in which the fewest boxes of pieces of the polygons may cross.
Projection choose_projection(const CurveTree& a, const CurveTree& b) {
  constexpr std::size_t kMostPieces = 64;
  const auto level_of = [](const CurveTree& tree) {
    std::uint32_t level = tree.root().level;
    while (level > 0 && tree.count(level - 1) <= kMostPieces) --level;
    return level;
  };
  const std::uint32_t level_a = level_of(a);
  const std::uint32_t level_b = level_of(b);
  Projection best{2, true};
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  for (const std::size_t axis : {2, 0, 1}) {
    for (const bool above : {true, false}) {
      const Projection projection{axis, above};
      std::size_t n = 0;
      for (std::uint32_t i = 0; i < a.count(level_a); ++i) {
        for (std::uint32_t j = 0; j < b.count(level_b); ++j) {
          n += static_cast<std::size_t>(projection.may_cross(a.box({level_a, i}), b.box({level_b, j})));
        }
      }
      if (n < fewest) best = projection;
      fewest = std::min(fewest, n);
    }
  }
  return best;
}

/// Boxes of the segments of one leaf.
struct LeafBoxes {
  LeafBoxes(const CurveTree& tree, const ClosedPolygon& polygon, CurveTree::Node leaf)
      : first(tree.first_segment(leaf)), size(tree.last_segment(leaf) - first) {
    for (std::size_t i = 0; i < size; ++i) boxes[i] = polygon.box(first + i);
  }
  std::size_t first;
  std::size_t size;
  std::array<CurveBox, CurveTree::kLeaf> boxes;
};

SegmentDifferences differences(const ClosedPolygon& a, std::size_t segment_a, const ClosedPolygon& b,
                               std::size_t segment_b) {
  return {a.begin_of(segment_a), a.end_of(segment_a), b.begin_of(segment_b), b.end_of(segment_b)};
}

class CrossingCount {
 public:
  CrossingCount(const ClosedCurves& curves, std::size_t a, std::size_t b, Projection projection)
      : curves_(curves), a_(a), b_(b), projection_(projection), triage_(curves.triage()) {}

  /// Adds the crossing of two segments, or finds that they meet.
  void add(std::size_t segment_a, std::size_t segment_b) {
    const SegmentDifferences segments = differences(curves_.polygon(a_), segment_a, curves_.polygon(b_), segment_b);
    const ProjectedSides sides = segments.sides(triage_, projection_.axis);
    if (sides.apart) return;
    if (const std::optional<ProjectedCrossing> crossing = segments.crossing(sides, triage_)) {
      count(*crossing);
      return;
    }
    const SegmentPair pair = curves_.segment_pair(a_, segment_a, b_, segment_b);
    if (common_point(pair)) {
      meet_ = true;
    } else if (const std::optional<ProjectedCrossing> crossing = projected_crossing(pair, projection_.axis)) {
      count(*crossing);
    }
  }

  bool meet() const { return meet_; }
  std::int64_t number() const { return number_; }

 private:
  void count(const ProjectedCrossing& crossing) {
    const Sign counted = projection_.above ? Sign::kPositive : Sign::kNegative;
    if (crossing.height == counted) number_ += to_int(crossing.turn * counted);
  }

  const ClosedCurves& curves_;
  std::size_t a_, b_;
  Projection projection_;
  SegmentTriage triage_;
  std::int64_t number_ = 0;
  bool meet_ = false;
};

/// Calls visit(segment of a, segment of b) for all pairs of segments for whose boxes keep(box, box) holds, until
/// done().
template <class Keep, class Done, class Visit>
void for_each_kept_pair(const ClosedCurves& curves, std::size_t a, std::size_t b, Keep keep, Done done, Visit visit,
                        const Poll& poll) {
  const CurveTree& tree_a = curves.tree(a);
  const CurveTree& tree_b = curves.tree(b);
  for_each_close_pair(
      tree_a, tree_b, [&](const CurveBox& x, const CurveBox& y) { return keep(x, y) ? 0.0 : kInfinity; },
      [&] { return done() ? 0.0 : kInfinity; },
      [&](CurveTree::Node leaf_a, CurveTree::Node leaf_b) {
        const LeafBoxes boxes_a(tree_a, curves.polygon(a), leaf_a);
        const LeafBoxes boxes_b(tree_b, curves.polygon(b), leaf_b);
        for (std::size_t i = 0; i < boxes_a.size; ++i) {
          if (!keep(boxes_a.boxes[i], tree_b.box(leaf_b))) continue;
          for (std::size_t j = 0; j < boxes_b.size && !done(); ++j) {
            if (keep(boxes_a.boxes[i], boxes_b.boxes[j])) visit(boxes_a.first + i, boxes_b.first + j);
          }
        }
      },
      poll);
}

}  // namespace

std::optional<std::int64_t> linking_number(const ClosedCurves& curves, std::size_t a, std::size_t b, const Poll& poll) {
  if (!curves.tree(a).box(curves.tree(a).root()).meets(curves.tree(b).box(curves.tree(b).root()))) return 0;
  const Projection projection = choose_projection(curves.tree(a), curves.tree(b));
  CrossingCount crossings(curves, a, b, projection);
  for_each_kept_pair(
      curves, a, b, [&](const CurveBox& x, const CurveBox& y) { return projection.may_cross(x, y); },
      [&] { return crossings.meet(); }, [&](std::size_t i, std::size_t j) { crossings.add(i, j); }, poll);
  if (crossings.meet()) return std::nullopt;
  return crossings.number();
}

std::optional<Meeting> meeting(const ClosedCurves& curves, std::size_t a, std::size_t b, const Poll& poll) {
  const ClosedPolygon polygon_a = curves.polygon(a);
  const ClosedPolygon polygon_b = curves.polygon(b);
  const SegmentTriage triage = curves.triage();
  std::optional<Meeting> found;
  for_each_kept_pair(
      curves, a, b, [](const CurveBox& x, const CurveBox& y) { return x.meets(y); }, [&] { return found.has_value(); },
      [&](std::size_t i, std::size_t j) {
        const SegmentDifferences segments = differences(polygon_a, i, polygon_b, j);
        // Segments that meet lie in one plane, and in all projections they meet too.
        if (segments.volume(triage)) return;
        for (std::size_t axis = 0; axis < 3; ++axis) {
          if (segments.sides(triage, axis).apart) return;
        }
        if (const auto place = common_point(curves.segment_pair(a, i, b, j))) found = Meeting{i, j, *place};
      },
      poll);
  return found;
}

}  // namespace relutope
