#include <iostream>

namespace relutope::testing {
void test_integer();
void test_dyadic();
void test_linear_algebra();
void test_predicates();
void test_sign_vector();
void test_layer();
void test_evaluate();
void test_pattern_forms();
}  // namespace relutope::testing

int main() {
  relutope::testing::test_integer();
  relutope::testing::test_dyadic();
  relutope::testing::test_linear_algebra();
  relutope::testing::test_predicates();
  relutope::testing::test_sign_vector();
  relutope::testing::test_layer();
  relutope::testing::test_evaluate();
  relutope::testing::test_pattern_forms();
  std::cout << "all tests passed\n";
}
