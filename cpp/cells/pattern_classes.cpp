#include "cells/pattern_classes.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <span>

#include "cells/influence.hpp"

namespace relutope {
namespace {

constexpr std::size_t kBeat = 1 << 14;

/// Numbers distinct rows of words in the order of their first appearance.
class RowNumbering {
 public:
  explicit RowNumbering(std::size_t width) : width_(width), numbers_(0, Hash{this}, Equal{this}) {}
  RowNumbering(const RowNumbering&) = delete;
  RowNumbering& operator=(const RowNumbering&) = delete;

  std::size_t size() const { return numbers_.size(); }

  std::int32_t number(std::span<const Word> row) {
    const auto next = static_cast<std::int32_t>(numbers_.size());
    words_.insert(words_.end(), row.begin(), row.end());
    const auto [place, is_new] = numbers_.insert(next);
    if (!is_new) words_.resize(words_.size() - width_);
    return *place;
  }

 private:
  struct Hash {
    const RowNumbering* rows;
    std::size_t operator()(std::int32_t i) const { return static_cast<std::size_t>(hash_words(rows->row(i))); }
  };
  struct Equal {
    const RowNumbering* rows;
    bool operator()(std::int32_t i, std::int32_t j) const { return std::ranges::equal(rows->row(i), rows->row(j)); }
  };
  std::span<const Word> row(std::int32_t i) const {
    return {words_.data() + static_cast<std::size_t>(i) * width_, width_};
  }

  std::size_t width_;
  std::vector<Word> words_;
  boost::unordered_flat_set<std::int32_t, Hash, Equal> numbers_;
};

/// The bits that decide which neurons of the first layers are on: plane + of the neurons' bits, plane - of the flipped
/// ones.
std::vector<Word> deciding_bits(const SignCodes& codes, const Network& network) {
  std::vector<Word> mask(2 * codes.words(), 0);
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    // An entry of a max layer is not active where it is negative.
    const bool is_max = network.kind(l) == LayerKind::kMax;
    for (const NeuronCode& code : codes.layer(l)) {
      if (code.bit < 0) continue;
      set_bit(mask.data() + (code.flipped || is_max ? codes.words() : 0), static_cast<std::size_t>(code.bit));
    }
  }
  return mask;
}

}  // namespace

PatternClasses activation_classes(const Complex& complex, const Network& network, const Heartbeat& heartbeat) {
  const std::vector<Word> mask = deciding_bits(complex.codes(), network);
  const std::size_t words = mask.size();
  RowNumbering numbering(words);
  PatternClasses classes;
  std::vector<Word> row(words);
  // Regions come first, so that their classes have the lowest numbers.
  for (std::size_t k = complex.dim() + 1; k-- > 0;) {
    const std::vector<Word> signs = complex.cell_signs(k);
    for (std::size_t c = 0; c < complex.finite_count(k); ++c) {
      if (c % kBeat == 0) heartbeat();
      for (std::size_t w = 0; w < words; ++w) row[w] = signs[c * words + w] & mask[w];
      const std::int32_t number = numbering.number(row);
      if (k == complex.dim()) classes.of_region.push_back(number);
    }
  }
  classes.total = numbering.size();
  return classes;
}

std::vector<std::int32_t> influence_classes(const Complex& complex, const Network& network,
                                            const Heartbeat& heartbeat) {
  const SignCodes& codes = complex.codes();
  const Influence influence(network);
  const std::vector<Word> signs = complex.cell_signs(complex.dim());
  std::vector<Word> read_by_outputs(influence.words(), 0);
  for (std::size_t i = 0; i < network.output_dim(); ++i) {
    influence.add_sources(network.hidden_layers(), i, read_by_outputs);
  }
  RowNumbering numbering(influence.words());
  std::vector<std::int32_t> classes;
  std::vector<Word> influential;
  for (std::size_t region = 0; region < complex.count(complex.dim()); ++region) {
    if (region % kBeat == 0) heartbeat();
    const Word* positive = signs.data() + region * 2 * codes.words();
    const auto is_on = [&](std::size_t l, std::size_t i) {
      return codes.sign(l, i, positive, positive + codes.words()) == network.active_sign(l);
    };
    influential = read_by_outputs;
    influence.trace(network.hidden_layers(), is_on, influential);
    classes.push_back(numbering.number(influential));
  }
  return classes;
}

}  // namespace relutope
