#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "check.hpp"
#include "curves/segment_pair.hpp"
#include "curves/triage.hpp"
#include "exact/dyadic.hpp"

namespace relutope::testing {
namespace {

/// Points with integer coordinates, and images of them times a power of two.
struct Points {
  std::vector<IntegerVector> exact;
  std::vector<std::array<double, 3>> images;
  SegmentTriage triage;
};

Points rounded_images(const std::vector<IntegerVector>& exact, int bits) {
  Points points{exact, {}, SegmentTriage(0x1p-53)};
  for (const IntegerVector& p : exact) {
    points.images.push_back(
        {nearest_double(p[0], 1, -bits), nearest_double(p[1], 1, -bits), nearest_double(p[2], 1, -bits)});
  }
  return points;
}

Points floats(const std::vector<std::array<double, 3>>& images) {
  std::vector<double> values;
  for (const auto& p : images) values.insert(values.end(), p.begin(), p.end());
  const IntegerRow row = integer_row(values);
  Points points{{}, images, SegmentTriage(0)};
  for (std::size_t i = 0; i < images.size(); ++i) {
    points.exact.push_back({row.numerators[3 * i], row.numerators[3 * i + 1], row.numerators[3 * i + 2]});
  }
  return points;
}

IntegerVector exact_difference(const IntegerVector& a, const IntegerVector& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

/// How often floats decided the area and the volume of four points.
struct Decided {
  std::size_t areas = 0;
  std::size_t volumes = 0;
};

/// The signs of the area of points 0, 1, 2 and of the volume of points 0, 1, 2, 3 by floats are those by integers.
void check_triage(const Points& points, Decided& decided) {
  std::array<IntegerVector, 3> exact;
  std::array<Difference, 3> images;
  for (std::size_t i = 0; i < 3; ++i) {
    exact[i] = exact_difference(points.exact[i + 1], points.exact[0]);
    images[i] = subtract(points.images[i + 1].data(), points.images[0].data());
  }
  const auto& [a, b, c] = exact;
  const std::optional<Sign> area = points.triage.area(images[0][0], images[0][1], images[1][0], images[1][1]);
  CHECK(!area || *area == sign_of(Integer(a[0] * b[1] - a[1] * b[0])));
  const std::optional<Sign> volume = points.triage.volume(images[0], images[1], images[2]);
  const Integer determinant =
      a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]);
  CHECK(!volume || *volume == sign_of(determinant));
  decided.areas += area.has_value();
  decided.volumes += volume.has_value();
}

/// Point 2 lies near the line of 0 and 1, point 3 near the plane of all, up to `noise` bits of `bits`.
void triage_of_rounded_points_is_right() {
  Random random(3);
  Decided decided;
  constexpr std::size_t kRounds = 20000;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const int bits = 120;
    const Integer bound = Integer(1) << (bits - 4);
    const Integer noise = Integer(1) << random_size(random, 0, 80);
    std::vector<IntegerVector> points(4);
    for (std::size_t c = 0; c < 3; ++c) {
      points[0][c] = random_integer(random, bound >> random_size(random, 0, 60));
      points[1][c] = random_integer(random, bound);
    }
    const std::size_t part = random_size(random, 0, 8);
    const std::size_t other = random_size(random, 0, 8);
    for (std::size_t c = 0; c < 3; ++c) {
      const Integer along = points[1][c] - points[0][c];
      points[2][c] = points[0][c] + along * part / 4 +
                     random_integer(random, noise) * (c == 2 ? Integer(bound / noise) : Integer(1));
      points[3][c] =
          points[0][c] + along * other / 4 + (points[2][c] - points[0][c]) * part / 4 + random_integer(random, noise);
    }
    check_triage(rounded_images(points, bits), decided);
  }
  CHECK(decided.areas > 0 && decided.areas < kRounds);
  CHECK(decided.volumes > 0 && decided.volumes < kRounds);
}

/// The same with points that are floats: differences between tiny and large coordinates are rounded.
void triage_of_floats_is_right(int spread) {
  Random random(4);
  Decided decided;
  constexpr std::size_t kRounds = 20000;
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::vector<std::array<double, 3>> points(4);
    const double part = std::ldexp(static_cast<double>(random_size(random, 0, 16)), -3);
    for (std::size_t c = 0; c < 3; ++c) {
      points[0][c] = random_value(random, spread);
      points[1][c] = random_value(random, spread);
      const double along = points[1][c] - points[0][c];
      points[2][c] = c == 2 ? random_value(random, spread) : points[0][c] + part * along;
      points[3][c] = points[0][c] + along / 2 + (points[2][c] - points[0][c]) * part;
      if (random() % 2 == 0) points[2][c] = std::nextafter(points[2][c], 0);
      if (random() % 2 == 0) points[3][c] = std::nextafter(points[3][c], 0);
    }
    check_triage(floats(points), decided);
  }
  CHECK(decided.areas > 0 && decided.areas < kRounds);
  CHECK(decided.volumes > 0 && decided.volumes < kRounds);
}

/// Overflow, underflow and NaN decide nothing.
void triage_of_extreme_numbers() {
  const SegmentTriage triage(0);
  const double tiny = 0x1p-540;
  const double huge = 0x1p600;
  CHECK(!triage.area(tiny, 0, 0, tiny));
  CHECK(!triage.area(huge, 0, 0, huge));
  CHECK(!triage.area(std::nan(""), 0, 0, 1));
  CHECK(triage.area(1, 0, 0, 1) == Sign::kPositive);
  CHECK(triage.area(0, 1, 1, 0) == Sign::kNegative);
  CHECK(!triage.volume({tiny, 0, 0}, {0, tiny, 0}, {0, 0, 1}));
  CHECK(!triage.volume({huge, 0, 0}, {0, huge, 0}, {0, 0, huge}));
  CHECK(triage.volume({1, 0, 0}, {0, 1, 0}, {0, 0, 1}) == Sign::kPositive);
  CHECK(triage.volume({0, 1, 0}, {1, 0, 0}, {0, 0, 1}) == Sign::kNegative);
}

/// The rule for ties agrees with an explicit move by (e, e^2), e = 1 / 1000000.
void ties_are_those_of_a_small_move() {
  Random random(5);
  std::size_t crossings = 0;
  const Integer scale = 1000000;
  for (std::size_t round = 0; round < 20000; ++round) {
    std::array<IntegerVector, 4> p;
    for (IntegerVector& point : p) {
      for (Integer& x : point) x = random_integer(random, 2);
    }
    const SegmentPair pair{p[0], p[1], p[2], p[3]};
    if (common_point(pair)) continue;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      SegmentPair moved = pair;
      for (IntegerVector* point : {&moved.a0, &moved.a1, &moved.b0, &moved.b1}) {
        for (Integer& x : *point) x *= scale * scale;
      }
      for (IntegerVector* point : {&moved.b0, &moved.b1}) {
        (*point)[(axis + 1) % 3] += scale;
        (*point)[(axis + 2) % 3] += 1;
      }
      const auto found = projected_crossing(pair, axis);
      const auto expected = projected_crossing(moved, axis);
      CHECK(found.has_value() == expected.has_value());
      CHECK(!found || (found->turn == expected->turn && found->height == expected->height));
      crossings += found.has_value();
    }
  }
  CHECK(crossings > 1000);
}

}  // namespace

void test_curves() {
  triage_of_rounded_points_is_right();
  for (const int spread : {0, 2, 60}) triage_of_floats_is_right(spread);
  triage_of_extreme_numbers();
  ties_are_those_of_a_small_move();
}

}  // namespace relutope::testing
