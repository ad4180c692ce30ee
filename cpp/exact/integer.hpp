// Integers of any size.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <string>
#include <string_view>

#include "exact/sign.hpp"

namespace relutope {

using Integer = boost::multiprecision::cpp_int;

inline Sign sign_of(const Integer& value) { return static_cast<Sign>(value.sign()); }

/// Lower-case hexadecimal digits without a prefix, with a leading minus if negative; zero is "0".
std::string to_hex(const Integer& value);

/// Inverse of to_hex; upper-case digits and a prefix "0x" after the sign are accepted too.
/// Throws std::invalid_argument if anything else is in the text.
Integer integer_from_hex(std::string_view text);

}  // namespace relutope
