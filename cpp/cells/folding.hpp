// Layers as functions of few columns: neurons and maxima that bounds decide on the whole domain are folded into the
// rows of those that stay open, so that a large network costs the engine only what bends on its domain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "cells/affine_forms.hpp"
#include "cells/layer_tables.hpp"
#include "cells/max_step.hpp"
#include "cells/row_layout.hpp"
#include "cells/skeleton.hpp"
#include "cells/workers.hpp"
#include "cells/working_rows.hpp"

namespace relutope {

/// The layers of a network in order: start() each one, and where it has open rows compute them at the vertices, then
/// finish it. REQUIRES: the domain is bounded.
class Folding {
 public:
  /// `vertices` are the domain's.
  Folding(const Network& network, const Shape& shape, const Vertices& vertices, Budget& budget, Workers& workers);

  /// What bounds do not decide at hidden layer `l`, and `layout` becomes that of these rows; nothing if they decide
  /// all.
  std::optional<WorkingRows> start(std::size_t l, RowLayout& layout);

  /// Takes the signs of the open rows of a ReLU layer. REQUIRES: the vertices have their rows, none has terms.
  void finish_relu(std::size_t l, const LayerTables& tables, const RowLayout& layout, const Shape& shape,
                   const Vertices& vertices);

  /// The open rows of a max layer and their contenders.
  const Maxima& maxima() const { return maxima_; }
  /// Takes the signs of the contenders. `layout` and `vertices` are those after take_maxima().
  void finish_max(std::size_t l, const MaxSigns& signs, const RowLayout& layout, const Shape& shape,
                  const Vertices& vertices);

  /// Number of signs that bounds decided in the layers started so far.
  std::size_t decided() const { return decided_; }
  /// Codes of all signs of the layer, once it is finished.
  const std::vector<NeuronCode>& codes() const { return codes_; }

 private:
  using Kind = ValueState::Kind;
  /// Contender of an open row: its entries in the row (equal values), and what they are.
  struct Contender {
    std::vector<std::size_t> entries;
    ValueState state;
  };
  struct OpenRows {
    std::vector<FormImage> images;       // of the rows that may cut, then of values
    std::vector<std::uint32_t> cutting;  // of the network's cutting layer
    std::vector<ValueId> values;         // per image; RowLayout::kNoValue of pairs
    std::vector<std::uint8_t> kept;      // columns that layers after this one may need through them
  };

  FormImage image_of(const ValueState& a) const;
  FormImage difference(const ValueState& a, const ValueState& b) const;
  void start_rows(std::size_t l, bool has_signs, OpenRows& open);
  void start_max(std::size_t l, OpenRows& open);
  std::vector<Contender> contenders(std::size_t l, std::size_t row, const std::vector<Range>& ranges) const;
  void settle_max(std::size_t l, std::size_t row, const ValueState& state);
  void open_max(std::size_t l, std::size_t row, std::size_t first_pair, std::vector<Contender> left, OpenRows& open);
  void add_values(OpenRows& open);
  static std::vector<std::size_t> entries_of(const std::vector<Contender>& row);
  static const Contender& contender_of(const std::vector<Contender>& row, std::size_t entry);
  void place_contenders();
  WorkingRows working_rows(std::size_t l, OpenRows& open, RowLayout& layout);
  std::vector<std::uint8_t> later_columns(std::size_t l) const;
  Range range_of_entry(std::size_t entry, const RowLayout& layout, const Shape& shape, const Vertices& vertices) const;
  void finish(std::size_t l);

  const Network& network_;
  Workers& workers_;
  AffineForms forms_;
  std::vector<std::size_t> last_use_;       // per value: the last hidden layer that needs its form
  std::vector<std::int32_t> entry_column_;  // per entry of the vertices' rows: its column, or -1
  std::size_t decided_ = 0;
  // Of the layer in work:
  std::vector<NeuronCode> codes_;
  std::vector<ValueState> states_;
  std::vector<std::size_t> open_;                   // open rows
  std::vector<std::vector<Contender>> contenders_;  // of a max layer, per open row
  std::vector<ValueState> value_rows_;              // its contenders that are rows in work, in their order
  Maxima maxima_;
};

}  // namespace relutope
