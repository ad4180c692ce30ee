// The sign of an exact value. An undecided sign is another type, std::optional<Sign>, so that it cannot be mistaken for
// one.
#pragma once

#include <cstdint>

namespace relutope {

enum class Sign : std::int8_t { kNegative = -1, kZero = 0, kPositive = 1 };

constexpr int to_int(Sign sign) { return static_cast<int>(sign); }

/// Sign of an integer given as a machine integer.
constexpr Sign sign_from_int(int value) { return static_cast<Sign>((value > 0) - (value < 0)); }

/// Law: -sign_of(x) == sign_of(-x).
constexpr Sign operator-(Sign sign) { return static_cast<Sign>(-to_int(sign)); }

/// Law: sign_of(x) * sign_of(y) == sign_of(x * y).
constexpr Sign operator*(Sign a, Sign b) { return static_cast<Sign>(to_int(a) * to_int(b)); }

}  // namespace relutope
