#include "curves/closed_curves.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <cmath>
#include <optional>
#include <utility>

namespace relutope {
namespace {

/// Images of magnitude up to 2^200 have products of four differences below 2^810.
constexpr double kLargestUnscaled = 0x1p200;
constexpr double kSmallestUnscaled = 0x1p-200;

/// Bits of the integer part of |numerator / denominator|, or one more.
int bits_of(const Integer& numerator, const Integer& denominator) {
  return static_cast<int>(msb(abs(numerator))) - static_cast<int>(msb(denominator)) + 1;
}

IntegerVector vertex(const IntegerRow& row, std::size_t index, const Integer& factor) {
  const Integer* first = &row.numerators[3 * index];
  return {first[0] * factor, first[1] * factor, first[2] * factor};
}

}  // namespace

ClosedCurves::ClosedCurves(std::vector<std::span<const double>> points) : floats_(std::move(points)), images_(floats_) {
  build_trees();
  if (largest_ == 0 || (largest_ >= kSmallestUnscaled && largest_ <= kLargestUnscaled)) return;
  std::frexp(largest_, &exponent_);
  scale_images();
}

ClosedCurves::ClosedCurves(std::vector<std::vector<IntegerRow>> points) : rationals_(std::move(points)) {
  std::optional<int> bits;
  for (const std::vector<IntegerRow>& curve : rationals_) {
    for (const IntegerRow& point : curve) {
      for (const Integer& value : point.numerators) {
        if (value != 0) bits = std::max(bits.value_or(INT_MIN), bits_of(value, point.denominator));
      }
    }
  }
  exponent_ = bits.value_or(0);
  scaled_.resize(rationals_.size());
  for (std::size_t curve = 0; curve < rationals_.size(); ++curve) {
    for (const IntegerRow& point : rationals_[curve]) {
      for (const Integer& value : point.numerators) {
        scaled_[curve].push_back(nearest_double(value, point.denominator, -exponent_));
      }
    }
  }
  images_.assign(scaled_.begin(), scaled_.end());
  // Magnitudes are at most 1, where the roundings err by at most 2^-54.
  image_error_ = 0x1p-53;
  build_trees();
}

void ClosedCurves::build_trees() {
  trees_.clear();
  largest_ = 0;
  for (std::size_t curve = 0; curve < images_.size(); ++curve) {
    trees_.emplace_back(polygon(curve));
    const CurveBox& box = trees_.back().box(trees_.back().root());
    for (std::size_t c = 0; c < 3; ++c) {
      largest_ = std::max({largest_, std::abs(box.lower[c]), std::abs(box.upper[c])});
    }
  }
}

void ClosedCurves::scale_images() {
  for (const std::span<const double> points : floats_) {
    std::vector<double>& scaled = scaled_.emplace_back();
    scaled.reserve(points.size());
    for (const double value : points) scaled.push_back(std::ldexp(value, -exponent_));
  }
  images_.assign(scaled_.begin(), scaled_.end());
  // Only subnormal numbers are rounded.
  image_error_ = exponent_ > 0 ? 0x1p-1074 : 0;
  build_trees();
}

SegmentPair ClosedCurves::segment_pair(std::size_t a, std::size_t segment_a, std::size_t b,
                                       std::size_t segment_b) const {
  if (floats_.empty()) {
    const std::vector<IntegerRow>& on_a = rationals_[a];
    const std::vector<IntegerRow>& on_b = rationals_[b];
    const std::array<const IntegerRow*, 4> rows = {&on_a[segment_a], &on_a[(segment_a + 1) % on_a.size()],
                                                   &on_b[segment_b], &on_b[(segment_b + 1) % on_b.size()]};
    Integer common = 1;
    for (const IntegerRow* row : rows) common = lcm(common, row->denominator);
    const auto over_common = [&](std::size_t i) { return vertex(*rows[i], 0, common / rows[i]->denominator); };
    return {over_common(0), over_common(1), over_common(2), over_common(3), common};
  }
  std::array<double, 12> values;
  const ClosedPolygon polygon_a(floats_[a]);
  const ClosedPolygon polygon_b(floats_[b]);
  auto out = std::copy_n(polygon_a.begin_of(segment_a), 3, values.begin());
  out = std::copy_n(polygon_a.end_of(segment_a), 3, out);
  out = std::copy_n(polygon_b.begin_of(segment_b), 3, out);
  std::copy_n(polygon_b.end_of(segment_b), 3, out);
  const IntegerRow row = integer_row(values);
  return {vertex(row, 0, 1), vertex(row, 1, 1), vertex(row, 2, 1), vertex(row, 3, 1), row.denominator};
}

}  // namespace relutope
