#include "cells/influence.hpp"

namespace relutope {

Influence::Influence(const Network& network) {
  for (std::size_t l = 0; l < network.hidden_layers(); ++l) {
    first_.push_back(words_);
    widths_.push_back(network.layers()[l].rows());
    words_ += words_for(widths_.back());
  }
  for (const Layer& layer : network.layers()) {
    std::vector<Source>& sources = sources_.emplace_back();
    std::size_t column = 0;
    for (const Block& block : layer.blocks()) {
      if (block.source != Block::kInput) {
        Source& source = sources.emplace_back();
        source.first = first_[static_cast<std::size_t>(block.source)];
        source.words = words_for(block.columns);
        source.rows.assign(source.words * layer.rows(), 0);
        for (std::size_t i = 0; i < layer.rows(); ++i) {
          for (std::size_t k = 0; k < block.columns; ++k) {
            if (layer.image(i)[column + k] != 0) set_bit(&source.rows[i * source.words], k);
          }
        }
      }
      column += block.columns;
    }
  }
}

void Influence::add_sources(std::size_t layer, std::size_t neuron, std::span<Word> found) const {
  for (const Source& source : sources_[layer]) {
    const Word* row = source.rows.data() + neuron * source.words;
    for (std::size_t w = 0; w < source.words; ++w) found[source.first + w] |= row[w];
  }
}

}  // namespace relutope
