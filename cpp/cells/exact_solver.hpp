// Exact points and signs at cells of a complex: the last stage of every decision of the engine.
//
// A vertex is the one point where its walls hold and all neurons that are zero there vanish, zeros counted as off: on
// the common zero set of a neuron "off" and "on" agree, so by induction over the layers its sign vector and its wall
// set say everything that is needed. Of a max row all largest entries agree there, which are as many equations less
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cells/domain.hpp"
#include "cells/sign_codes.hpp"
#include "exact/linear_algebra.hpp"
#include "network/pattern_forms.hpp"

namespace relutope {

/// The point (finite + M infinite) / denominator, with denominator > 0; `infinite` is empty on a box.
struct ExactPoint {
  std::vector<Integer> finite;
  std::vector<Integer> infinite;
  Integer denominator;
};

/// One thread's solver. Signs of the layers 0..layer-1 are given in `codes`; neurons of `layer` may be asked for.
class ExactSolver {
 public:
  /// Rows of `layer` that cut are numbered as in `cutting`, or as the network's cutting layer does where that is empty.
  ExactSolver(const Network& network, const SignCodes& codes, const Domain& domain, std::size_t layer,
              std::span<const std::uint32_t> cutting = {});

  /// Names the cell by its sign vector in the layers before layer(), its wall set and its dimension.
  void set_carrier(const Word* positive, const Word* negative, Word walls, std::size_t dimension);

  /// The point of the carrier's affine hull where the given cutting rows of layer() vanish, in addition to the
  /// carrier's own equations. REQUIRES: there is exactly one such point; throws std::runtime_error("internal: ...")
  /// otherwise.
  ExactPoint point(std::span<const std::size_t> neurons);

  /// Sign of a cutting row of layer() at a point of the closed carrier; on R^d for all large M.
  Sign sign(std::size_t neuron, const ExactPoint& point);

  /// Value of a cutting row of layer() there, times 2^exponent, correctly rounded. Part 1 is the coefficient of M.
  double pre_activation(std::size_t neuron, const ExactPoint& point, std::size_t part, int exponent);

  /// The same for an input or a value of a layer before layer() on the carrier: 0 for a neuron that is off there.
  double value(ValueId value, const ExactPoint& point, std::size_t part, int exponent);

 private:
  void append_equation(EquationSystem& system);
  void cutting_form(std::size_t neuron);
  Integer evaluate(const std::vector<Integer>& form, const ExactPoint& point, std::size_t part) const;

  const Network& network_;
  const SignCodes& codes_;
  const Domain& domain_;
  std::size_t layer_;
  std::span<const std::uint32_t> cutting_;
  PatternForms forms_;
  EquationSystem base_;
  std::vector<Integer> form_;
  std::vector<Integer> equation_;
};

}  // namespace relutope
