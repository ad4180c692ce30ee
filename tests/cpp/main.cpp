#include <iostream>

namespace relutope::testing {
void test_integer();
void test_dyadic();
void test_linear_algebra();
void test_predicates();
}  // namespace relutope::testing

int main() {
  relutope::testing::test_integer();
  relutope::testing::test_dyadic();
  relutope::testing::test_linear_algebra();
  relutope::testing::test_predicates();
  std::cout << "all tests passed\n";
}
