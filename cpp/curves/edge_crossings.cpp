#include "curves/edge_crossings.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "curves/segment_pair.hpp"
#include "curves/triage.hpp"
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

std::optional<Sign> area(const Difference& x, const Difference& y) {
  return SegmentTriage(0).area(x[0], x[1], y[0], y[1]);
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
  const Difference da = subtract(a[1], a[0]);
  const Difference db = subtract(b[1], b[0]);
  const Difference r = subtract(a[0], b[0]);
  const std::optional<Sign> begin_a = area(db, r);
  const std::optional<Sign> end_a = area(db, subtract(a[1], b[0]));
  if (begin_a && begin_a == end_a) return std::nullopt;
  const std::optional<Sign> begin_b = area(da, r);
  const std::optional<Sign> end_b = area(da, subtract(a[0], b[1]));
  if (begin_b && begin_b == end_b) return std::nullopt;
  std::optional<ProjectedCrossing> found;
  const std::optional<Sign> volume = SegmentTriage(0).volume(da, db, r);
  if (begin_a && end_a && begin_b && end_b && volume) {
    found = ProjectedCrossing{*begin_a, *volume * *begin_a};
  } else {
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
