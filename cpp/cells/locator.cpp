#include "cells/locator.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "network/evaluate.hpp"

namespace relutope {
namespace {

constexpr std::size_t kPointsPerTask = 65536;  // so many coordinates fit the second-level cache
constexpr std::size_t kNamesPerTask = 16;
constexpr std::size_t kNamesAtOnce = 16384;

/// Packs the signs of all neurons at a point of the domain into planes of codes.words() words each, zero before.
void pack_signs(const SignCodes& codes, std::span<const std::int8_t> signs, Word* planes) {
  std::size_t neuron = 0;
  for (std::size_t l = 0; l < codes.layers(); ++l) {
    for (const NeuronCode& code : codes.layer(l)) {
      const int sign = signs[neuron++];
      if (code.bit < 0 || sign == 0) continue;
      const bool positive = (sign > 0) != code.flipped;
      set_bit(positive ? planes : planes + codes.words(), static_cast<std::size_t>(code.bit));
    }
  }
}

}  // namespace

bool touched_walls(const Domain& domain, std::span<const double> point, Word& walls) {
  walls = 0;
  if (!domain.is_box()) return true;
  Word touched = 0;
  for (std::size_t axis = 0; axis < domain.dim(); ++axis) {
    const double lo = domain.lo()[axis];
    const double hi = domain.hi()[axis];
    if (point[axis] < lo || point[axis] > hi) return false;
    if (point[axis] == lo) touched |= Word{1} << Domain::wall_bit(axis, false);
    if (point[axis] == hi) touched |= Word{1} << Domain::wall_bit(axis, true);
  }
  walls = touched;
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
    std::vector<std::int8_t> signs(complex_->network().neurons());
    StageTally tally;
    const std::size_t last = std::min(chosen.size(), (task + 1) * kNamesPerTask);
    for (std::size_t i = task * kNamesPerTask; i < last; ++i) {
      Word* name = &names[i * (planes + 1)];
      const std::span<const double> point = points.subspan(chosen[i] * complex_->dim(), complex_->dim());
      if (!touched_walls(complex_->domain(), point, name[planes])) continue;
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
