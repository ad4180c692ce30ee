// Boxes around pieces of a closed polygon, two consecutive pieces in one larger piece: the order along the curve is the
// hierarchy, so nothing is sorted.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace relutope {

/// Closed box, axis by axis.
struct CurveBox {
  std::array<double, 3> lower;
  std::array<double, 3> upper;

  bool meets(const CurveBox& other, std::size_t axis) const {
    return lower[axis] <= other.upper[axis] && other.lower[axis] <= upper[axis];
  }
  bool meets(const CurveBox& other) const { return meets(other, 0) && meets(other, 1) && meets(other, 2); }
  void join(const CurveBox& other);
};

/// Segment i of a closed polygon joins points i and i + 1, the last one the last point and the first.
class ClosedPolygon {
 public:
  /// n x 3 coordinates, row after row; n > 0.
  explicit ClosedPolygon(std::span<const double> points) : points_(points) {}

  std::size_t size() const { return points_.size() / 3; }
  const double* begin_of(std::size_t segment) const { return &points_[3 * segment]; }
  const double* end_of(std::size_t segment) const { return segment + 1 < size() ? begin_of(segment + 1) : &points_[0]; }
  CurveBox box(std::size_t segment) const;

 private:
  std::span<const double> points_;
};

class CurveTree {
 public:
  /// Most segments in a leaf.
  static constexpr std::size_t kLeaf = 8;

  /// Leaves are the nodes of level 0; node i of a level holds nodes 2 i and 2 i + 1 of the level below.
  struct Node {
    std::uint32_t level;
    std::uint32_t index;
  };

  explicit CurveTree(const ClosedPolygon& polygon);

  Node root() const { return {static_cast<std::uint32_t>(starts_.size() - 1), 0}; }
  std::size_t count(std::size_t level) const { return count_[level]; }
  const CurveBox& box(Node node) const { return boxes_[starts_[node.level] + node.index]; }
  /// Number of children of a node above the leaves, 1 or 2.
  std::size_t n_children(Node node) const { return 2 * node.index + 1 < count_[node.level - 1] ? 2 : 1; }
  static Node child(Node node, std::size_t which) {
    return {node.level - 1, 2 * node.index + static_cast<std::uint32_t>(which)};
  }
  std::size_t first_segment(Node leaf) const { return leaf.index * kLeaf; }
  std::size_t last_segment(Node leaf) const { return std::min(n_segments_, (leaf.index + std::size_t{1}) * kLeaf); }

 private:
  std::size_t n_segments_;
  std::vector<std::size_t> starts_;  // per level, places in boxes_
  std::vector<std::size_t> count_;
  std::vector<CurveBox> boxes_;
};

}  // namespace relutope
