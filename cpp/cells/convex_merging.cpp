#include "cells/convex_merging.hpp"

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>

#include "cells/facet_sides.hpp"
#include "cells/ridge_fans.hpp"

namespace relutope {
namespace {

constexpr std::size_t kBeat = 256;

enum class State : std::uint8_t { kFixed, kKept, kErased };

class Merger {
 public:
  Merger(const Complex& complex, std::span<const std::array<std::int32_t, 2>> regions,
         std::span<const std::uint8_t> mergeable, const Heartbeat& heartbeat)
      : complex_(complex),
        fans_(complex, regions, mergeable),
        sides_(complex),
        heartbeat_(heartbeat),
        waiting_(fans_.size(), 0) {
    for (const std::uint8_t flag : mergeable) states_.push_back(flag ? State::kKept : State::kFixed);
  }

  /// Clears the flags of the components that have a sector above pi.
  void find_reflex(std::span<const std::int32_t> components, std::vector<std::uint8_t>& convex) {
    for (std::size_t fan = 0; fan < fans_.size(); ++fan) {
      collect(fan, State::kFixed);
      for (std::size_t p = 0; p < kept_.size(); ++p) {
        if (opening(fan, p) != Sign::kNegative) continue;
        const std::int32_t region = fans_.entries(fan)[kept_[p]].region;
        convex[static_cast<std::size_t>(components[static_cast<std::size_t>(region)])] = 0;
      }
    }
  }

  /// Erases the facet and all that has to go with it, or nothing: then it is fixed, as every later attempt would have
  /// to erase at least as much.
  void try_erase(std::size_t facet) {
    if (states_[facet] != State::kKept) return;
    trail_.clear();
    bool possible = erase(static_cast<std::int32_t>(facet));
    while (possible && !queue_.empty()) {
      const std::size_t fan = queue_.back();
      queue_.pop_back();
      waiting_[fan] = 0;
      possible = settle(fan);
    }
    if (possible) return;
    for (const std::size_t fan : queue_) waiting_[fan] = 0;
    queue_.clear();
    for (const std::size_t f : trail_) states_[f] = State::kKept;
    states_[facet] = State::kFixed;
  }

  bool is_erased(std::size_t facet) const { return states_[facet] == State::kErased; }

 private:
  bool erase(std::int32_t facet) {
    const auto f = static_cast<std::size_t>(facet);
    if (states_[f] == State::kFixed) return false;
    if (states_[f] == State::kErased) return true;
    states_[f] = State::kErased;
    trail_.push_back(f);
    if (complex_.dim() < 2) return true;
    for (const std::int32_t ridge : complex_.facets(complex_.dim() - 1, f)) {
      const std::int32_t fan = fans_.fan_of(ridge);
      if (fan < 0 || waiting_[static_cast<std::size_t>(fan)]) continue;
      waiting_[static_cast<std::size_t>(fan)] = 1;
      queue_.push_back(static_cast<std::size_t>(fan));
    }
    return true;
  }

  /// Erases what a ridge cannot keep; false if a facet among it is fixed.
  bool settle(std::size_t fan) {
    collect(fan, State::kKept);
    for (std::size_t p = 0; p < kept_.size(); ++p) {
      const Sign sign = opening(fan, p);
      if (sign == Sign::kPositive) continue;
      const std::size_t other = (p + 1) % kept_.size();
      for (std::size_t i = 0; i < kept_.size(); ++i) {
        const bool stays = sign == Sign::kZero && (i == p || i == other);
        if (!stays && !erase(fans_.entries(fan)[kept_[i]].facet)) return false;
      }
      return true;
    }
    return true;
  }

  /// The places of the fan's facets that are fixed or, up to kKept, not erased.
  void collect(std::size_t fan, State most) {
    if (++beats_ % kBeat == 0) heartbeat_();
    kept_.clear();
    const auto entries = fans_.entries(fan);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (states_[static_cast<std::size_t>(entries[i].facet)] <= most) kept_.push_back(i);
    }
  }

  /// +, 0, - where the sector from the p-th kept facet to the next has an angle below, of, or above pi.
  Sign opening(std::size_t fan, std::size_t p) {
    const auto entries = fans_.entries(fan);
    const std::size_t from = kept_[p];
    const std::size_t to = kept_[(p + 1) % kept_.size()];
    if (from == to) return Sign::kNegative;
    if (to == (from + 1) % entries.size()) return Sign::kPositive;  // a single region
    const std::uint64_t key = (fans_.first(fan) + from) << 32 | static_cast<std::uint64_t>(to);
    const auto [place, is_new] = openings_.try_emplace(key, Sign::kZero);
    if (is_new) {
      const RidgeFans::Entry& last = entries[(to + entries.size() - 1) % entries.size()];
      const RidgeFans::Entry& first = entries[from];
      const std::optional<Sign> triaged = sides_.triage_side(first.facet, first.region, entries[to].facet, last.region);
      place->second =
          triaged ? *triaged
                  : sides_.exact_side(first.facet, first.region, vertex_off_ridge(entries[to].facet, fans_.ridge(fan)));
    }
    return place->second;
  }

  /// A facet meets the affine hull of its ridge in the ridge only, so the side of any other vertex of it is its own.
  std::int32_t vertex_off_ridge(std::int32_t facet, std::int32_t ridge) const {
    const auto on_facet = complex_.cell_vertices(complex_.dim() - 1, static_cast<std::size_t>(facet));
    const auto on_ridge = complex_.cell_vertices(complex_.dim() - 2, static_cast<std::size_t>(ridge));
    return *std::ranges::find_if(on_facet, [&](std::int32_t v) { return !std::ranges::binary_search(on_ridge, v); });
  }

  const Complex& complex_;
  RidgeFans fans_;
  FacetSides sides_;
  const Heartbeat& heartbeat_;
  std::size_t beats_ = 0;
  std::vector<State> states_;
  std::vector<std::uint8_t> waiting_;
  std::vector<std::size_t> queue_, trail_, kept_;
  boost::unordered_flat_map<std::uint64_t, Sign> openings_;
};

}  // namespace

ConvexMerging merge_convex(const Complex& complex, std::span<const std::int32_t> components, bool from_last,
                           const Heartbeat& heartbeat) {
  const std::vector<std::array<std::int32_t, 2>> regions = facet_regions(complex);
  std::vector<std::uint8_t> mergeable(regions.size(), 0);
  for (std::size_t f = 0; f < regions.size(); ++f) {
    const auto [one, other] = regions[f];
    mergeable[f] =
        other >= 0 && components[static_cast<std::size_t>(one)] == components[static_cast<std::size_t>(other)];
  }
  Merger merger(complex, regions, mergeable, heartbeat);
  ConvexMerging result;
  const std::int32_t n_components = components.empty() ? 0 : *std::ranges::max_element(components) + 1;
  result.convex.assign(static_cast<std::size_t>(n_components), 1);
  merger.find_reflex(components, result.convex);
  for (std::size_t i = 0; i < regions.size(); ++i) merger.try_erase(from_last ? regions.size() - 1 - i : i);
  for (std::size_t f = 0; f < regions.size(); ++f) result.erased.push_back(merger.is_erased(f) ? 1 : 0);
  return result;
}

}  // namespace relutope
