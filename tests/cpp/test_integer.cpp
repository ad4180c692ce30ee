#include <stdexcept>

#include "check.hpp"
#include "exact/integer.hpp"

namespace relutope::testing {
namespace {

void signs_obey_their_laws() {
  for (int a = -1; a <= 1; ++a) {
    CHECK(to_int(sign_from_int(7 * a)) == a);
    CHECK(to_int(sign_of(Integer(a) << 200)) == a);
    CHECK(to_int(-sign_from_int(a)) == -a);
    for (int b = -1; b <= 1; ++b) CHECK(sign_from_int(a) * sign_from_int(b) == sign_from_int(a * b));
  }
}

void hexadecimal_round_trips() {
  CHECK(to_hex(0) == "0");
  CHECK(to_hex(-31) == "-1f");
  CHECK(integer_from_hex("-0") == 0);
  CHECK(integer_from_hex("-0x1F") == -31);
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    const Integer value = random_integer(random, Integer(1) << (round % 300));
    CHECK(integer_from_hex(to_hex(value)) == value);
  }
}

void malformed_text_is_refused() {
  for (const char* text : {"", "-", "0x", "--1", "1g", " 1", "1 ", "-0x-1", "+1"}) {
    CHECK_THROWS(integer_from_hex(text), std::invalid_argument);
  }
}

}  // namespace

void test_integer() {
  signs_obey_their_laws();
  hexadecimal_round_trips();
  malformed_text_is_refused();
}

}  // namespace relutope::testing
