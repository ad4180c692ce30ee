// Max layers: which entries bounds leave as contenders.
#include <algorithm>
#include <limits>
#include <utility>

#include "cells/folding.hpp"

namespace relutope {
namespace {

/// Number of the pair of entries a < b of a row of n entries, in the order of Network::pairs().
std::size_t pair_number(std::size_t a, std::size_t b, std::size_t n) { return a * n - a * (a + 1) / 2 + (b - a - 1); }

}  // namespace

/// All entries of the contenders of a row, ascending.
std::vector<std::size_t> Folding::entries_of(const std::vector<Contender>& row) {
  std::vector<std::size_t> entries;
  for (const Contender& contender : row) {
    entries.insert(entries.end(), contender.entries.begin(), contender.entries.end());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

const Folding::Contender& Folding::contender_of(const std::vector<Contender>& row, std::size_t entry) {
  return *std::find_if(row.begin(), row.end(), [&](const Contender& contender) {
    return std::find(contender.entries.begin(), contender.entries.end(), entry) != contender.entries.end();
  });
}

/// Entries that bounds prove to be less than another one are no contenders, equal ones count as one.
std::vector<Folding::Contender> Folding::contenders(std::size_t l, std::size_t row,
                                                    const std::vector<Range>& ranges) const {
  const auto entries = network_.layers()[l].entries(row);
  double largest_lo = -std::numeric_limits<double>::infinity();
  for (const std::uint32_t k : entries) largest_lo = std::max(largest_lo, ranges[k].lo);
  std::vector<Contender> all;
  for (std::size_t t = 0; t < entries.size(); ++t) {
    if (ranges[entries[t]].hi < largest_lo) continue;
    const ValueState state = forms_.state(network_.sources(l)[entries[t]]);
    const auto same = std::find_if(all.begin(), all.end(), [&](const Contender& c) { return c.state == state; });
    if (same == all.end()) {
      all.push_back({{t}, state});
    } else {
      same->entries.push_back(t);
    }
  }
  std::vector<std::uint8_t> smaller(all.size(), 0);
  for (std::size_t a = 0; a < all.size(); ++a) {
    for (std::size_t b = a + 1; b < all.size(); ++b) {
      if (smaller[a] && smaller[b]) continue;
      const std::optional<Sign> sign = forms_.sign(difference(all[a].state, all[b].state));
      if (sign == Sign::kNegative) smaller[a] = 1;
      if (sign == Sign::kPositive) smaller[b] = 1;
    }
  }
  std::vector<Contender> left;
  for (std::size_t a = 0; a < all.size(); ++a) {
    if (!smaller[a]) left.push_back(std::move(all[a]));
  }
  return left;
}

void Folding::start_max(std::size_t l, OpenRows& open) {
  const Layer& max = network_.layers()[l];
  std::vector<Range> ranges;
  for (const ValueSource& source : network_.sources(l)) ranges.push_back(forms_.range(image_of(forms_.state(source))));
  maxima_ = Maxima{{}, {0}, {}, {}, {}, {}};
  contenders_.clear();
  std::size_t first_pair = 0;
  for (std::size_t i = 0; i < max.rows(); ++i) {
    const std::size_t n = max.entries(i).size();
    std::vector<Contender> left = contenders(l, i, ranges);
    for (std::size_t t = 0; t < n; ++t) codes_[max.first_entry(i) + t].constant = Sign::kNegative;
    if (left.size() == 1) {
      for (const std::size_t t : left[0].entries) codes_[max.first_entry(i) + t].constant = Sign::kZero;
      settle_max(l, i, left[0].state);
      decided_ += n;
    } else {
      for (const Contender& contender : left) decided_ -= contender.entries.size();
      decided_ += n;
      open_max(l, i, first_pair, std::move(left), open);
    }
    first_pair += n * (n - 1) / 2;
  }
  add_values(open);
}

/// The row is what its one largest contender is.
void Folding::settle_max(std::size_t l, std::size_t row, const ValueState& state) {
  states_[row] = state;
  if (state.kind != Kind::kForm) return;
  std::size_t& last_use = last_use_[network_.first_value(state.layer) + state.row];
  last_use = std::max(last_use, last_use_[network_.first_value(l) + row]);
}

void Folding::open_max(std::size_t l, std::size_t row, std::size_t first_pair, std::vector<Contender> left,
                       OpenRows& open) {
  const std::size_t n = network_.layers()[l].entries(row).size();
  const auto first = static_cast<std::uint32_t>(maxima_.first.back());
  const std::vector<std::size_t> entries = entries_of(left);
  const auto number = [&](const Contender& contender) {
    const auto found = std::find(entries.begin(), entries.end(), contender.entries.front());
    return first + static_cast<std::uint32_t>(found - entries.begin());
  };
  for (std::size_t a = 0; a < left.size(); ++a) {
    // Signs at the vertices may yet show that the row is one of them.
    forms_.mark(left[a].state, open.kept);
    for (std::size_t b = a + 1; b < left.size(); ++b) {
      const std::size_t pair = pair_number(left[a].entries.front(), left[b].entries.front(), n);
      open.images.push_back(difference(left[a].state, left[b].state));
      open.cutting.push_back(static_cast<std::uint32_t>(first_pair + pair));
      open.values.push_back(RowLayout::kNoValue);
      maxima_.pairs.emplace_back(number(left[a]), number(left[b]));
    }
  }
  for (const std::size_t t : entries) maxima_.alike.push_back(number(contender_of(left, t)));
  maxima_.first.push_back(first + entries.size());
  maxima_.values.push_back(static_cast<ValueId>(network_.first_value(l) + row));
  open_.push_back(row);
  contenders_.push_back(std::move(left));
}

/// Contenders that are forms have to be computed at the vertices.
void Folding::add_values(OpenRows& open) {
  value_rows_.clear();
  for (const std::vector<Contender>& row : contenders_) {
    for (const Contender& contender : row) {
      const ValueState& state = contender.state;
      if (state.kind != Kind::kForm) continue;
      value_rows_.push_back(state);
      open.images.push_back(image_of(state));
      open.values.push_back(static_cast<ValueId>(network_.first_value(state.layer) + state.row));
    }
  }
}

void Folding::place_contenders() {
  std::vector<std::int32_t> entry_of_column(forms_.n_columns(), Maxima::kNothing);
  for (std::size_t e = 0; e < entry_column_.size(); ++e) {
    if (entry_column_[e] >= 0)
      entry_of_column[static_cast<std::size_t>(entry_column_[e])] = static_cast<std::int32_t>(e);
  }
  auto value_row = static_cast<std::int32_t>(maxima_.pairs.size());
  for (const std::vector<Contender>& row : contenders_) {
    std::vector<std::int32_t> places;
    for (const Contender& contender : row) {
      std::int32_t place = Maxima::kNothing;
      if (contender.state.kind == Kind::kColumn) place = entry_of_column[contender.state.row];
      if (contender.state.kind == Kind::kForm) place = value_row++;
      places.push_back(place);
    }
    for (const std::size_t t : entries_of(row)) {
      maxima_.place.push_back(places[static_cast<std::size_t>(&contender_of(row, t) - row.data())]);
    }
  }
}

void Folding::finish_max(std::size_t l, const MaxSigns& signs, const RowLayout& layout, const Shape& shape,
                         const Vertices& vertices) {
  const Layer& max = network_.layers()[l];
  std::vector<std::int32_t> next_column(layout.own, -1);
  for (const std::size_t e : maxima_.carried) next_column.push_back(entry_column_[e]);
  entry_column_ = std::move(next_column);
  for (std::size_t o = 0; o < open_.size(); ++o) {
    const ValueState* largest = nullptr;
    const std::vector<std::size_t> entries = entries_of(contenders_[o]);
    for (std::size_t c = 0; c < entries.size(); ++c) {
      const NeuronCode& code = signs.codes[maxima_.first[o] + c];
      codes_[max.first_entry(open_[o]) + entries[c]] = code;
      if (code.bit < 0 && code.constant == Sign::kZero) largest = &contender_of(contenders_[o], entries[c]).state;
    }
    if (largest != nullptr) {
      settle_max(l, open_[o], *largest);
      continue;
    }
    const std::uint32_t column = forms_.add_column(range_of_entry(o, layout, shape, vertices));
    states_[open_[o]] = {Kind::kColumn, 0, column};
    entry_column_[o] = static_cast<std::int32_t>(column);
  }
  forms_.set_states(l, states_);
  finish(l);
}

}  // namespace relutope
