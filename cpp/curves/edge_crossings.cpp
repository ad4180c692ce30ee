#include "curves/edge_crossings.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "curves/segment_differences.hpp"
#include "exact/dyadic.hpp"

namespace relutope {
namespace {

constexpr std::size_t kAxis = 2;

using Ends = std::array<const double*, 2>;

CurveBox box_of(const Ends& ends) {
  CurveBox box;
  for (std::size_t i = 0; i < 3; ++i) {
    box.lower[i] = std::min(ends[0][i], ends[1][i]);
    box.upper[i] = std::max(ends[0][i], ends[1][i]);
  }
  return box;
}

SegmentPair exact_pair(const Ends& a, const Ends& b) {
  std::array<double, 12> values;
  auto out = values.begin();
  for (const Ends& ends : {a, b}) {
    for (const double* end : ends) out = std::copy_n(end, 3, out);
  }
  const IntegerRow row = integer_row(values);
  const auto vertex = [&](std::size_t i) {
    return IntegerVector{row.numerators[3 * i], row.numerators[3 * i + 1], row.numerators[3 * i + 2]};
  };
  return {vertex(0), vertex(1), vertex(2), vertex(3)};
}

/// The sign of an EdgeCrossing, if they cross so or meet.
std::optional<std::int8_t> crossing(const Ends& a, const Ends& b) {
  const SegmentTriage triage(0);
  const SegmentDifferences segments(a[0], a[1], b[0], b[1]);
  const ProjectedSides sides = segments.sides(triage, kAxis);
  if (sides.apart) return std::nullopt;
  std::optional<ProjectedCrossing> found = segments.crossing(sides, triage);
  if (!found) {
    const SegmentPair pair = exact_pair(a, b);
    if (common_point(pair)) return std::int8_t{0};
    found = projected_crossing(pair, kAxis);
  }
  if (!found || found->height != Sign::kPositive) return std::nullopt;
  return static_cast<std::int8_t>(to_int(found->turn));
}

}  // namespace

std::vector<EdgeCrossing> edge_crossings(const EdgeGraph& a, const EdgeGraph& b, const Poll& poll) {
  std::vector<CurveBox> boxes;
  for (std::size_t j = 0; j < b.n_edges(); ++j) boxes.push_back(box_of({b.end(j, 0), b.end(j, 1)}));
  std::vector<EdgeCrossing> found;
  for (std::size_t i = 0; i < a.n_edges(); ++i) {
    poll();
    const Ends ends = {a.end(i, 0), a.end(i, 1)};
    const CurveBox box = box_of(ends);
    for (std::size_t j = 0; j < boxes.size(); ++j) {
      if (box.upper[kAxis] < boxes[j].lower[kAxis] || !box.meets(boxes[j], 0) || !box.meets(boxes[j], 1)) continue;
      if (const auto sign = crossing(ends, {b.end(j, 0), b.end(j, 1)})) {
        found.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j), *sign});
      }
    }
  }
  return found;
}

}  // namespace relutope
