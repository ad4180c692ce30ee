// Which neurons a neuron or the outputs depend on, told by zero weights and by neurons that are off.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "network/network.hpp"
#include "network/sign_vector.hpp"

namespace relutope {

/// A set of rows of hidden layers is words() words, each layer beginning with a new one; for a max layer also a set of
/// entries.
///
/// Guarantee: regions on which the same rows and entries are influential for a target (a neuron or an output) give it
/// the same affine form. Influential are those that are on (linear values and maxima always are, of a maximum the first
/// largest entry) and from which a chain of non-zero weights through such leads to the target; each coefficient of its
/// form is a sum over such chains. (The converse fails.)
class Influence {
 public:
  explicit Influence(const Network& network);

  std::size_t words() const { return words_; }

  /// Adds the neurons that a neuron of `layer` (the last one: an output) reads with non-zero weights.
  void add_sources(std::size_t layer, std::size_t neuron, std::span<Word> found) const;

  /// Turns the sources of targets in `layer` into the influential neurons. is_on(layer, neuron) tells who is on.
  template <class IsOn>
  void trace(std::size_t layer, IsOn&& is_on, std::span<Word> found) const {
    for (std::size_t l = layer; l-- > 0;) {
      Word* own = found.data() + first_[l];
      for (std::size_t i = 0; i < widths_[l]; ++i) {
        if (!test_bit(own, i)) continue;
        const LayerKind kind = network_.kind(l);
        if (kind == LayerKind::kMax) {
          const Layer& max = network_.layers()[l];
          std::size_t t = 0;
          while (t + 1 < max.entries(i).size() && !is_on(l, max.first_entry(i) + t)) ++t;
          add_entry(l, i, t, found);
        } else if (kind == LayerKind::kLinear || is_on(l, i)) {
          add_sources(l, i, found);
        } else {
          clear_bit(own, i);
        }
      }
    }
  }

 private:
  /// A layer that is read: its first word in the set, its place in the rows of who reads it, and its length.
  struct Source {
    std::size_t first, at, words;
  };
  struct Readers {
    std::vector<Source> sources;
    std::size_t words = 0;
    std::vector<Word> rows;  // `words` words per neuron that reads
  };
  void add_entry(std::size_t layer, std::size_t row, std::size_t t, std::span<Word> found) const;

  const Network& network_;
  std::size_t words_ = 0;
  std::vector<std::size_t> first_, widths_;  // per hidden layer; the entries of a max layer follow its rows
  std::vector<Readers> readers_;             // per layer
};

}  // namespace relutope
