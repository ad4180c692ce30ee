// Linking numbers of closed polygons in space, and where polygons meet.
#pragma once

#include <cstdint>
#include <optional>

#include "curves/close_pairs.hpp"
#include "curves/closed_curves.hpp"

namespace relutope {

/// The linking number of two closed polygons: the signed crossings of a projection along a coordinate axis at which the
/// first lies over the second (or under it, with the opposite sign), a crossing counting +1 if the upper strand turns
/// into the lower one counterclockwise; nothing if the polygons have a common point.
///
/// That a projection is generic is not assumed: the second polygon is moved by an infinitesimal vector, which changes
/// no linking number and leaves crossings in the interior of segments only. Laws: symmetric; changes sign when one
/// polygon is reversed.
std::optional<std::int64_t> linking_number(const ClosedCurves& curves, std::size_t a, std::size_t b, const Poll& poll);

/// A common point of two polygons: on segment_a of the first at `place`, and on segment_b of the second.
struct Meeting {
  std::size_t segment_a;
  std::size_t segment_b;
  SegmentParameter place;
};

/// A common point, if there is one; which of several is determined by the polygons.
std::optional<Meeting> meeting(const ClosedCurves& curves, std::size_t a, std::size_t b, const Poll& poll);

}  // namespace relutope
