// Two segments in space, decided by floats where their bounds allow it.
#pragma once

#include <optional>

#include "curves/segment_pair.hpp"
#include "curves/triage.hpp"

namespace relutope {

/// What floats say about two segments projected along an axis.
struct ProjectedSides {
  std::optional<Sign> begin_a, end_a;  // sides of the line of b
  std::optional<Sign> begin_b, end_b;  // sides of the line of a, both with the other sign
  bool apart = false;                  // both ends of one are on one side of the other

  bool cross() const { return !apart && begin_a && end_a && begin_b && end_b; }
};

/// Two segments, from a0 to a1 and from b0 to b1, as differences of images.
struct SegmentDifferences {
  SegmentDifferences(const double* a0, const double* a1, const double* b0, const double* b1)
      : da(subtract(a1, a0)),
        db(subtract(b1, b0)),
        from_b_to_a(subtract(a0, b0)),
        from_b_to_end_a(subtract(a1, b0)),
        from_end_b_to_a(subtract(a0, b1)) {}

  ProjectedSides sides(const SegmentTriage& triage, std::size_t axis) const {
    const std::size_t u = (axis + 1) % 3;
    const std::size_t v = (axis + 2) % 3;
    const auto area = [&](const Difference& x, const Difference& y) { return triage.area(x[u], x[v], y[u], y[v]); };
    ProjectedSides result{area(db, from_b_to_a), area(db, from_b_to_end_a), {}, {}};
    result.apart = result.begin_a && result.begin_a == result.end_a;
    if (result.apart) return result;
    result.begin_b = area(da, from_b_to_a);
    result.end_b = area(da, from_end_b_to_a);
    result.apart = result.begin_b && result.begin_b == result.end_b;
    return result;
  }
  std::optional<Sign> volume(const SegmentTriage& triage) const { return triage.volume(da, db, from_b_to_a); }

  /// The crossing of the projections, where floats decide all about it.
  std::optional<ProjectedCrossing> crossing(const ProjectedSides& sides, const SegmentTriage& triage) const {
    if (!sides.cross()) return std::nullopt;
    const std::optional<Sign> decided = volume(triage);
    if (!decided) return std::nullopt;
    return ProjectedCrossing{*sides.begin_a, *decided * *sides.begin_a};
  }

  Difference da, db, from_b_to_a, from_b_to_end_a, from_end_b_to_a;
};

}  // namespace relutope
