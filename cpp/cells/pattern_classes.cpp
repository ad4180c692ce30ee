#include "cells/pattern_classes.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <span>

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
std::vector<Word> deciding_bits(const SignCodes& codes, std::size_t layers) {
  std::vector<Word> mask(2 * codes.words(), 0);
  for (std::size_t l = 0; l < layers; ++l) {
    for (const NeuronCode& code : codes.layer(l)) {
      if (code.bit < 0) continue;
      set_bit(mask.data() + (code.flipped ? codes.words() : 0), static_cast<std::size_t>(code.bit));
    }
  }
  return mask;
}

/// Per neuron and source of a layer, the non-zero weights as bits; the same as Network::layers() otherwise.
struct Influence {
  struct Reads {
    std::size_t source;  // a hidden layer
    std::size_t words;
    std::vector<Word> rows;  // `words` words per neuron
  };
  std::vector<std::vector<Reads>> layers;

  explicit Influence(const Network& network) {
    for (const Layer& layer : network.layers()) {
      std::vector<Reads>& reads = layers.emplace_back();
      std::size_t column = 0;
      for (const Block& block : layer.blocks()) {
        if (block.source != Block::kInput) {
          const std::size_t words = words_for(block.columns);
          Reads& read = reads.emplace_back(static_cast<std::size_t>(block.source), words,
                                           std::vector<Word>(words * layer.rows()));
          for (std::size_t i = 0; i < layer.rows(); ++i) {
            for (std::size_t k = 0; k < block.columns; ++k) {
              if (layer.image(i)[column + k] != 0) set_bit(&read.rows[i * words], k);
            }
          }
        }
        column += block.columns;
      }
    }
  }
};

/// Marks what `neuron` of `layer` reads as reached.
void reach(const Influence& influence, std::size_t layer, std::size_t neuron, std::vector<std::vector<Word>>& reached) {
  for (const Influence::Reads& read : influence.layers[layer]) {
    const Word* row = read.rows.data() + neuron * read.words;
    for (std::size_t w = 0; w < read.words; ++w) reached[read.source][w] |= row[w];
  }
}

}  // namespace

PatternClasses activation_classes(const Complex& complex, const Network& network, const Heartbeat& heartbeat) {
  const std::vector<Word> mask = deciding_bits(complex.codes(), network.hidden_layers());
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
  std::size_t width = 0;
  std::vector<std::vector<Word>> reached;
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    reached.emplace_back(words_for(network.layers()[l].rows()));
    width += reached.back().size();
  }
  std::vector<std::vector<Word>> from_outputs = reached;
  for (std::size_t i = 0; i < network.output_dim(); ++i) {
    reach(influence, network.hidden_layers(), i, from_outputs);
  }
  RowNumbering numbering(width);
  std::vector<std::int32_t> classes;
  std::vector<Word> row;
  for (std::size_t region = 0; region < complex.count(complex.dim()); ++region) {
    if (region % kBeat == 0) heartbeat();
    const Word* positive = signs.data() + region * 2 * codes.words();
    reached = from_outputs;
    for (std::size_t l = network.hidden_layers(); l-- > 0;) {
      for (std::size_t i = 0; i < network.layers()[l].rows(); ++i) {
        if (!test_bit(reached[l].data(), i)) continue;
        if (codes.sign(l, i, positive, positive + codes.words()) == Sign::kPositive) {
          reach(influence, l, i, reached);
        } else {
          clear_bit(reached[l].data(), i);
        }
      }
    }
    row.clear();
    for (const std::vector<Word>& layer : reached) row.insert(row.end(), layer.begin(), layer.end());
    classes.push_back(numbering.number(row));
  }
  return classes;
}

}  // namespace relutope
