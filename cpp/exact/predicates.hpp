// Staged decisions: triage_* decides by floats with a proven error bound or not at all, exact_* decides by integers,
// the bare name runs one after the other and tallies who decided.
//
// All bounds assume IEEE 754 binary64, rounding to nearest, gradual underflow and no contraction to fused products; see
// floating_environment.hpp. Notation: u = 2^-53 and gamma_k = k u / (1 - k u) (Higham, Accuracy and Stability of
// Numerical Algorithms, 2nd ed., 2002, section 3.1).
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "exact/sign.hpp"

namespace relutope {

/// How many decisions each stage took; returned with the result that they belong to.
struct StageTally {
  std::uint64_t triage = 0;
  std::uint64_t exact = 0;

  StageTally& operator+=(const StageTally& other) {
    triage += other.triage;
    exact += other.exact;
    return *this;
  }
  bool operator==(const StageTally&) const = default;
};

/// The first stage's answer if it has one, else exact(); the tally records which.
template <typename Exact>
Sign decide(std::optional<Sign> triaged, Exact&& exact, StageTally& tally) {
  if (triaged) {
    ++tally.triage;
    return *triaged;
  }
  ++tally.exact;
  return std::forward<Exact>(exact)();
}

/// The sign of any number within `error` of `value`, if all of them have the same: decided iff value is finite and
/// |value| > error. Never kZero; a NaN among the arguments decides nothing.
/// REQUIRES: error >= 0 or NaN.
/// Law: triage_sign(-value, error) is the negation of triage_sign(value, error).
inline std::optional<Sign> triage_sign(double value, double error) {
  if (!std::isfinite(value)) return std::nullopt;
  if (value > error) return Sign::kPositive;
  if (value < -error) return Sign::kNegative;
  return std::nullopt;
}

/// Sign of w . x + b if a forward error bound decides it.
/// REQUIRES: w.size() == x.size(). Law: never contradicts exact_affine_sign.
std::optional<Sign> triage_affine_sign(std::span<const double> w, double b, std::span<const double> x);

/// Sign of w . x + b, every float taken as the number that it is.
/// REQUIRES: w.size() == x.size(). Throws std::invalid_argument if a value is NaN or infinite.
/// Laws: (1) zero iff w . x == -b over the reals; (2) negating w and b negates it; (3) scaling w and b by the same
/// positive factor without rounding keeps it.
Sign exact_affine_sign(std::span<const double> w, double b, std::span<const double> x);

/// Sign of w . x + b; REQUIRES, exceptions and laws of exact_affine_sign.
Sign affine_sign(std::span<const double> w, double b, std::span<const double> x, StageTally& tally);

}  // namespace relutope
