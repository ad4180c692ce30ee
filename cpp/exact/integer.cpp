#include "exact/integer.hpp"

#include <stdexcept>

namespace relutope {

std::string to_hex(const Integer& value) {
  // Boost prints no negative number in base 16.
  const Integer magnitude = abs(value);
  std::string digits = magnitude.str(0, std::ios_base::hex);
  for (char& c : digits) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return value < 0 ? "-" + digits : digits;
}

Integer integer_from_hex(std::string_view text) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  if (digits.empty() || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
    throw std::invalid_argument("integer: '" + std::string(text) + "' is not a hexadecimal number such as -1f");
  }
  const Integer magnitude("0x" + std::string(digits));
  return negative ? Integer(-magnitude) : magnitude;
}

}  // namespace relutope
