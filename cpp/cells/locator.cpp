#include "cells/locator.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "exact/dyadic.hpp"
#include "network/evaluate.hpp"

namespace relutope {
namespace {

constexpr std::size_t kPointsPerTask = 65536;  // so many coordinates fit the second-level cache
constexpr std::size_t kNamesPerTask = 16;
constexpr std::size_t kNamesAtOnce = 16384;

void pack_sign(const NeuronCode& code, int sign, std::size_t words, Word* planes) {
  if (code.bit < 0 || sign == 0) return;
  const bool positive = (sign > 0) != code.flipped;
  set_bit(positive ? planes : planes + words, static_cast<std::size_t>(code.bit));
}

/// Packs the signs of all neurons at a point of the domain into planes of codes.words() words each, zero before.
void pack_signs(const SignCodes& codes, std::span<const std::int8_t> signs, Word* planes) {
  std::size_t neuron = 0;
  for (std::size_t l = 0; l < codes.layers(); ++l) {
    for (const NeuronCode& code : codes.layer(l)) pack_sign(code, signs[neuron++], codes.words(), planes);
  }
}

bool name_rows(const Domain& domain, const SignCodes& codes, std::span<const double> point, Word* planes) {
  const IntegerRow x = integer_row(point);
  for (std::size_t row = 0; row < domain.constraint_count(); ++row) {
    const std::vector<Integer> numerators = domain.constraints().exact_row(row).numerators;
    Integer sum = numerators[point.size()] * x.denominator;
    for (std::size_t c = 0; c < point.size(); ++c) sum += numerators[c] * x.numerators[c];
    if (sum > 0) return false;
    pack_sign(codes.constraints()[row], sum.sign(), codes.words(), planes);
  }
  return true;
}

}  // namespace

bool name_walls(const Domain& domain, const SignCodes& codes, std::span<const double> point, Word* name) {
  if (domain.is_polytope()) return name_rows(domain, codes, point, name);
  if (!domain.is_box()) return true;
  Word& walls = name[2 * codes.words()];
  for (std::size_t axis = 0; axis < domain.dim(); ++axis) {
    const double lo = domain.lo()[axis];
    const double hi = domain.hi()[axis];
    if (point[axis] < lo || point[axis] > hi) return false;
    if (point[axis] == lo) walls |= Word{1} << Domain::wall_bit(axis, false);
    if (point[axis] == hi) walls |= Word{1} << Domain::wall_bit(axis, true);
  }
  return true;
}

Locator::Locator(std::shared_ptr<const Complex> complex)
    : complex_(std::move(complex)), indices_(complex_->dim() + 1) {}

const RegionSearch& Locator::search(Budget& budget) {
  const std::lock_guard lock(mutex_);
  if (!search_) search_ = std::make_unique<RegionSearch>(*complex_, budget);
  return *search_;
}

const CellIndex& Locator::index(std::size_t k) {
  const std::lock_guard lock(mutex_);
  if (!indices_[k]) indices_[k] = std::make_unique<CellIndex>(*complex_, k);
  return *indices_[k];
}

std::size_t Locator::locate(std::span<const double> points, std::size_t n_threads, Budget& budget,
                            std::span<std::int64_t> ids, std::span<std::int8_t> dimensions) {
  const std::size_t dim = complex_->dim();
  std::fill(ids.begin(), ids.end(), std::int64_t{kOutside});
  std::fill(dimensions.begin(), dimensions.end(), kOutside);
  if (ids.empty()) return 0;
  const RegionSearch& regions = search(budget);
  Workers workers(std::min(n_threads, (ids.size() + kNamesPerTask - 1) / kNamesPerTask), budget);
  std::vector<RegionSearch::Scratch> scratch(workers.size());
  workers.run((ids.size() + kPointsPerTask - 1) / kPointsPerTask, [&](std::size_t task, std::size_t worker) {
    const std::size_t first = task * kPointsPerTask;
    const std::size_t n = std::min(kPointsPerTask, ids.size() - first);
    regions.find(points.subspan(first * dim, n * dim), ids.subspan(first, n), scratch[worker]);
  });
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == kOutside) {
      open.push_back(i);
    } else {
      dimensions[i] = static_cast<std::int8_t>(dim);
    }
  }
  for (std::size_t first = 0; first < open.size(); first += kNamesAtOnce) {
    const std::size_t n = std::min(kNamesAtOnce, open.size() - first);
    find_by_name(points, std::span<const std::size_t>(open).subspan(first, n), budget, workers, ids, dimensions);
  }
  return ids.size() - open.size();
}

/// Per chosen point whether it is in the domain, and if so its planes, then its walls.
void Locator::name_points(std::span<const double> points, std::span<const std::size_t> chosen, Workers& workers,
                          std::vector<Word>& names, std::vector<std::uint8_t>& inside) const {
  const std::size_t planes = 2 * complex_->codes().words();
  names.assign(chosen.size() * (planes + 1), 0);
  inside.assign(chosen.size(), 0);
  workers.run((chosen.size() + kNamesPerTask - 1) / kNamesPerTask, [&](std::size_t task, std::size_t) {
    std::vector<std::int8_t> signs(complex_->network().signs());
    StageTally tally;
    const std::size_t last = std::min(chosen.size(), (task + 1) * kNamesPerTask);
    for (std::size_t i = task * kNamesPerTask; i < last; ++i) {
      Word* name = &names[i * (planes + 1)];
      const std::span<const double> point = points.subspan(chosen[i] * complex_->dim(), complex_->dim());
      if (!name_walls(complex_->domain(), complex_->codes(), point, name)) continue;
      inside[i] = 1;
      sign_vector(complex_->network(), point, signs, tally);
      pack_signs(complex_->codes(), signs, name);
    }
  });
}

void Locator::find_by_name(std::span<const double> points, std::span<const std::size_t> chosen, Budget& budget,
                           Workers& workers, std::span<std::int64_t> ids, std::span<std::int8_t> dimensions) {
  std::vector<Word> names;
  std::vector<std::uint8_t> open;
  name_points(points, chosen, workers, names, open);
  const std::size_t planes = 2 * complex_->codes().words();
  auto n_open = static_cast<std::size_t>(std::count(open.begin(), open.end(), 1));
  for (std::size_t k = complex_->dim() + 1; k-- > 0 && n_open > 0;) {
    budget.check();
    const CellIndex& cells = index(k);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (!open[i]) continue;
      const Word* name = &names[i * (planes + 1)];
      const std::optional<std::int32_t> cell = cells.find({name, planes}, name[planes]);
      if (!cell) continue;
      ids[chosen[i]] = *cell;
      dimensions[chosen[i]] = static_cast<std::int8_t>(k);
      open[i] = 0;
      --n_open;
    }
  }
  if (n_open > 0) throw std::runtime_error("internal: a point of the domain lies in no cell");
}

}  // namespace relutope
