// Which neurons get bits in the stored sign vectors, and how every neuron's sign follows from the bits.
// Neurons with one sign on the whole domain and multiples of another neuron of their layer need no bits.
// The rows of a polytope are treated alike and have the first bits: a cell is on the wall of a row where its sign is 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "network/sign_vector.hpp"

namespace relutope {

/// sign = constant where bit < 0, else the bit's sign, opposite if flipped.
struct NeuronCode {
  std::int32_t bit = -1;
  bool flipped = false;
  Sign constant = Sign::kZero;
  bool operator==(const NeuronCode&) const = default;
};

/// From packed planes in which the code's bit is counted.
inline Sign sign_of_code(const NeuronCode& code, const Word* positive, const Word* negative) {
  if (code.bit < 0) return code.constant;
  const Sign sign = plane_sign(positive, negative, static_cast<std::size_t>(code.bit));
  return code.flipped ? -sign : sign;
}

class SignCodes {
 public:
  std::size_t layers() const { return layers_.size(); }
  std::size_t bits() const { return bits_; }
  std::size_t words() const { return words_for(bits_); }
  const std::vector<NeuronCode>& layer(std::size_t l) const { return layers_[l]; }

  const std::vector<NeuronCode>& constraints() const { return constraints_; }
  /// Number of bits of the constraints.
  std::size_t constraint_bits() const { return constraint_bits_; }

  /// Appends rows of the domain whose codes count bits from 0. REQUIRES: there is no layer yet.
  void add_constraints(std::vector<NeuronCode> codes, std::size_t n_bits) {
    for (NeuronCode& code : codes) {
      if (code.bit >= 0) code.bit += static_cast<std::int32_t>(bits_);
      constraints_.push_back(code);
    }
    bits_ = constraint_bits_ = bits_ + n_bits;
  }

  /// Appends a layer whose codes count bits from 0; `n_bits` new bits.
  void add_layer(std::vector<NeuronCode> codes, std::size_t n_bits) {
    for (NeuronCode& code : codes) {
      if (code.bit >= 0) code.bit += static_cast<std::int32_t>(bits_);
    }
    layers_.push_back(std::move(codes));
    bits_ += n_bits;
  }

  /// Sign of a neuron from packed planes of words() words each.
  Sign sign(std::size_t l, std::size_t neuron, const Word* positive, const Word* negative) const {
    return sign_of_code(layers_[l][neuron], positive, negative);
  }
  /// Sign of a row of the domain.
  Sign constraint_sign(std::size_t row, const Word* positive, const Word* negative) const {
    return sign_of_code(constraints_[row], positive, negative);
  }
  /// True if some row of the domain is zero.
  bool on_constraint(const Word* positive, const Word* negative) const {
    for (std::size_t bit = 0; bit < constraint_bits_; ++bit) {
      if (plane_sign(positive, negative, bit) == Sign::kZero) return true;
    }
    return false;
  }

 private:
  std::vector<NeuronCode> constraints_;
  std::size_t constraint_bits_ = 0;
  std::vector<std::vector<NeuronCode>> layers_;
  std::size_t bits_ = 0;
};

}  // namespace relutope
