#include <iostream>

namespace relutope::testing {
void test_integer();
void test_dyadic();
void test_double_double();
void test_linear_algebra();
void test_predicates();
void test_sign_vector();
void test_layer();
void test_proportional();
void test_network();
void test_evaluate();
void test_pattern_forms();
void test_float_forms();
void test_affine_slice();
void test_functionals();
void test_curves();
}  // namespace relutope::testing

int main() {
  relutope::testing::test_integer();
  relutope::testing::test_dyadic();
  relutope::testing::test_double_double();
  relutope::testing::test_linear_algebra();
  relutope::testing::test_predicates();
  relutope::testing::test_sign_vector();
  relutope::testing::test_layer();
  relutope::testing::test_proportional();
  relutope::testing::test_network();
  relutope::testing::test_evaluate();
  relutope::testing::test_pattern_forms();
  relutope::testing::test_float_forms();
  relutope::testing::test_affine_slice();
  relutope::testing::test_functionals();
  relutope::testing::test_curves();
  std::cout << "all tests passed\n";
}
