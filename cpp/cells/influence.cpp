#include "cells/influence.hpp"

namespace relutope {
namespace {

constexpr auto kNone = static_cast<std::size_t>(-1);

}  // namespace

Influence::Influence(const Network& network) : network_(network) {
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    first_.push_back(words_);
    widths_.push_back(network.layers()[l].rows());
    words_ += words_for(widths_.back());
    if (network.kind(l) == LayerKind::kMax) words_ += words_for(network.signs_in(l));
  }
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Layer& layer = network.layers()[l];
    Readers& readers = readers_.emplace_back();
    std::vector<std::size_t> slots(first_.size() + 1, kNone);
    for (const ValueSource& from : network.sources(l)) {
      if (from.layer == ValueSource::kInput) continue;
      const auto s = static_cast<std::size_t>(from.layer);
      if (slots[s] != kNone) continue;
      slots[s] = readers.words;
      readers.sources.push_back({first_[s], readers.words, words_for(widths_[s])});
      readers.words += words_for(widths_[s]);
    }
    readers.rows.assign(readers.words * layer.rows(), 0);
    for (std::size_t i = 0; i < layer.rows(); ++i) {
      const auto entries = layer.entries(i);
      for (std::size_t t = 0; t < entries.size(); ++t) {
        const ValueSource& from = network.sources(l)[entries[t]];
        if (from.layer == ValueSource::kInput || layer.image(i)[t] == 0) continue;
        set_bit(&readers.rows[i * readers.words + slots[static_cast<std::size_t>(from.layer)]], from.row);
      }
    }
  }
}

void Influence::add_entry(std::size_t layer, std::size_t row, std::size_t t, std::span<Word> found) const {
  const Layer& max = network_.layers()[layer];
  set_bit(found.data() + first_[layer] + words_for(widths_[layer]), max.first_entry(row) + t);
  const ValueSource& source = network_.sources(layer)[max.entries(row)[t]];
  set_bit(found.data() + first_[static_cast<std::size_t>(source.layer)], source.row);
}

void Influence::add_sources(std::size_t layer, std::size_t neuron, std::span<Word> found) const {
  const Readers& readers = readers_[layer];
  for (const Source& source : readers.sources) {
    const Word* row = readers.rows.data() + neuron * readers.words + source.at;
    for (std::size_t w = 0; w < source.words; ++w) found[source.first + w] |= row[w];
  }
}

}  // namespace relutope
