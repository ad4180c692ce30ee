#include "curves/gauss.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "exact/inlining.hpp"

// The inner loops are plain loops that the compiler turns into vectors, for several instruction sets, of which one is
// chosen at run time. Guarantee: bitwise the same results on all of them, as no operations are fused or reordered.
#if defined(__GNUC__)
#define RELUTOPE_RESTRICT __restrict__
#else
#define RELUTOPE_RESTRICT
#endif

namespace relutope {
namespace {

/// Segments of one polygon that are handled at once: their rows of numbers stay in the first cache.
constexpr std::size_t kBlock = 256;

/// Vertices of up to kBlock consecutive segments, axis by axis.
struct VertexRows {
  std::array<std::array<double, kBlock + 1>, 3> axis;
};

/// Distances of the vertices of a block to one point.
using DistanceRow = std::array<double, kBlock + 1>;

/// A segment of the other polygon with the distances to its ends.
struct SegmentRows {
  const double* begin;
  const double* end;
  const double* to_begin;
  const double* to_end;
};

RELUTOPE_INLINE double dot(double ax, double ay, double az, double bx, double by, double bz) {
  return ax * bx + ay * by + az * bz;
}

/// atan2(y, x), but 0 where y is 0. Three half-angle steps tan(w / 2) = y / (x + |(x, y)|) lead to angles up to pi /
/// 16, where twelve terms of the series of the arc tangent leave an error below 2^-60.
RELUTOPE_INLINE double angle_of(double x, double y) {
  const double scale = 1 / (std::abs(x) + std::abs(y));
  const double x0 = std::abs(x) * scale;
  const double y0 = y * scale;
  const double squared = y0 * y0;
  const double x1 = x0 + std::sqrt(x0 * x0 + squared);
  const double x2 = x1 + std::sqrt(x1 * x1 + squared);
  const double x3 = x2 + std::sqrt(x2 * x2 + squared);
  const double t = y0 / x3;
  const double q = t * t;
  double series = 0;
  for (int k = 11; k >= 0; --k) series = (k % 2 == 0 ? 1.0 : -1.0) / (2 * k + 1) + q * series;
  const double acute = 8 * t * series;
  const double angle = x < 0 ? std::copysign(std::numbers::pi, y) - acute : acute;
  return y == 0 ? 0 : angle;
}

RELUTOPE_INLINE void distances_scalar(const VertexRows& rows, const double* point, double* RELUTOPE_RESTRICT out,
                                      std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) {
    const double x = rows.axis[0][j] - point[0];
    const double y = rows.axis[1][j] - point[1];
    const double z = rows.axis[2][j] - point[2];
    out[j] = std::sqrt(dot(x, y, z, x, y, z));
  }
}

/// Adds to sums[j] half the solid angle of one segment and the j-th of a block.
///
/// The differences b(t) - a(s) fill a parallelogram with corners r00, r10, r11, r01. A diagonal cuts it into two
/// triangles on the same side of the origin, with half solid angles arg(f + i v) and arg(g + i v) (Van Oosterom and
/// Strackee, 1983), v being the volume that both share. Together they stay below pi, so their sum is the argument of
/// the product, in one piece.
RELUTOPE_INLINE void add_angles_scalar(const VertexRows& rows, const SegmentRows& segment,
                                       double* RELUTOPE_RESTRICT sums, std::size_t n) {
  const double dx = segment.end[0] - segment.begin[0];
  const double dy = segment.end[1] - segment.begin[1];
  const double dz = segment.end[2] - segment.begin[2];
  for (std::size_t j = 0; j < n; ++j) {
    const double x00 = rows.axis[0][j] - segment.begin[0], x01 = rows.axis[0][j + 1] - segment.begin[0];
    const double y00 = rows.axis[1][j] - segment.begin[1], y01 = rows.axis[1][j + 1] - segment.begin[1];
    const double z00 = rows.axis[2][j] - segment.begin[2], z01 = rows.axis[2][j + 1] - segment.begin[2];
    const double x10 = rows.axis[0][j] - segment.end[0], x11 = rows.axis[0][j + 1] - segment.end[0];
    const double y10 = rows.axis[1][j] - segment.end[1], y11 = rows.axis[1][j + 1] - segment.end[1];
    const double z10 = rows.axis[2][j] - segment.end[2], z11 = rows.axis[2][j + 1] - segment.end[2];
    const double ex = rows.axis[0][j + 1] - rows.axis[0][j];
    const double ey = rows.axis[1][j + 1] - rows.axis[1][j];
    const double ez = rows.axis[2][j + 1] - rows.axis[2][j];
    const double n00 = segment.to_begin[j], n01 = segment.to_begin[j + 1];
    const double n10 = segment.to_end[j], n11 = segment.to_end[j + 1];
    // Any corner gives the volume; the one nearest to the origin has the least rounding.
    const bool low = n01 < n00;
    const bool high = n11 < n10;
    const double n0 = low ? n01 : n00, n1 = high ? n11 : n10;
    const double x0 = low ? x01 : x00, x1 = high ? x11 : x10;
    const double y0 = low ? y01 : y00, y1 = high ? y11 : y10;
    const double z0 = low ? z01 : z00, z1 = high ? z11 : z10;
    const bool last = n1 < n0;
    const double v =
        -dot(last ? x1 : x0, last ? y1 : y0, last ? z1 : z0, dy * ez - dz * ey, dz * ex - dx * ez, dx * ey - dy * ex);
    const double diagonal = dot(x00, y00, z00, x11, y11, z11) + n00 * n11;
    const double f = diagonal * n10 + dot(x00, y00, z00, x10, y10, z10) * n11 + dot(x10, y10, z10, x11, y11, z11) * n00;
    const double g = diagonal * n01 + dot(x00, y00, z00, x01, y01, z01) * n11 + dot(x01, y01, z01, x11, y11, z11) * n00;
    sums[j] += angle_of(f * g - v * v, v * (f + g));
  }
}

#if defined(__GNUC__) && defined(__x86_64__)
#define RELUTOPE_VARIANT(name, isa)                                                                            \
  __attribute__((target(isa))) void distances_##name(const VertexRows& rows, const double* point, double* out, \
                                                     std::size_t n) {                                          \
    distances_scalar(rows, point, out, n);                                                                     \
  }                                                                                                            \
  __attribute__((target(isa))) void add_angles_##name(const VertexRows& rows, const SegmentRows& segment,      \
                                                      double* sums, std::size_t n) {                           \
    add_angles_scalar(rows, segment, sums, n);                                                                 \
  }
RELUTOPE_VARIANT(sse2, "sse2")
RELUTOPE_VARIANT(avx2, "avx2")
RELUTOPE_VARIANT(avx512, "avx512f")

struct Kernels {
  void (*distances)(const VertexRows&, const double*, double*, std::size_t);
  void (*add_angles)(const VertexRows&, const SegmentRows&, double*, std::size_t);
};
Kernels choose() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return {distances_avx512, add_angles_avx512};
  if (__builtin_cpu_supports("avx2")) return {distances_avx2, add_angles_avx2};
  return {distances_sse2, add_angles_sse2};
}
const Kernels kernels = choose();
#else
struct Kernels {
  static void distances(const VertexRows& rows, const double* point, double* out, std::size_t n) {
    distances_scalar(rows, point, out, n);
  }
  static void add_angles(const VertexRows& rows, const SegmentRows& segment, double* sums, std::size_t n) {
    add_angles_scalar(rows, segment, sums, n);
  }
};
constexpr Kernels kernels;
#endif

/// Sum of half the solid angles of all segments of a with segments first .. first + n - 1 of b.
double block_sum(const std::vector<double>& a, const VertexRows& rows, std::size_t n) {
  DistanceRow to_begin;
  DistanceRow to_end;
  std::array<double, kBlock> sums{};
  kernels.distances(rows, a.data(), to_begin.data(), n + 1);
  const std::size_t size = a.size() / 3;
  for (std::size_t i = 0; i < size; ++i) {
    const double* end = &a[i + 1 < size ? 3 * (i + 1) : 0];
    kernels.distances(rows, end, to_end.data(), n + 1);
    kernels.add_angles(rows, {&a[3 * i], end, to_begin.data(), to_end.data()}, sums.data(), n);
    to_begin.swap(to_end);
  }
  double total = 0;
  for (std::size_t j = 0; j < n; ++j) total += sums[j];
  return total;
}

/// Vertices with coordinates of magnitude 1 at most, so that products of six differences do not overflow.
std::vector<double> unit_sized(const ClosedPolygon& polygon, double largest) {
  int exponent = 0;
  std::frexp(largest, &exponent);
  const double factor = std::ldexp(1.0, -exponent);
  std::vector<double> result(3 * polygon.size());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = polygon.begin_of(0)[i] * factor;
  return result;
}

}  // namespace

double gauss_integral(const ClosedCurves& curves, std::size_t a, std::size_t b, const Poll& poll) {
  const std::vector<double> points_a = unit_sized(curves.polygon(a), curves.largest());
  const std::vector<double> points_b = unit_sized(curves.polygon(b), curves.largest());
  const std::size_t size = points_b.size() / 3;
  double total = 0;
  VertexRows rows;
  for (std::size_t first = 0; first < size; first += kBlock) {
    const std::size_t n = std::min(kBlock, size - first);
    for (std::size_t j = 0; j <= n; ++j) {
      const std::size_t vertex = (first + j) % size;
      for (std::size_t c = 0; c < 3; ++c) rows.axis[c][j] = points_b[3 * vertex + c];
    }
    total += block_sum(points_a, rows, n);
    poll();
  }
  return total / (2 * std::numbers::pi);
}

}  // namespace relutope
