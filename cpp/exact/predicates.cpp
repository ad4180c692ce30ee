#include "exact/predicates.hpp"

#include <cfloat>
#include <cstddef>

#include "exact/dyadic.hpp"

namespace relutope {

static_assert(FLT_EVAL_METHOD == 0, "every operation on double must round to double");

// Let s = fl(b + sum w_i x_i) and m = fl(|b| + sum |w_i| |x_i|) over n terms in one order, S and M the exact values.
// Each term meets one rounding in its product and at most n in additions; a product that underflows errs by at most
// 2^-1075 more, an addition never underflows. So |s - S| <= gamma_{n+1} M + n 2^-1075 (1 + gamma_n), and m, whose terms
// are subject to the same roundings, satisfies m >= (1 - gamma_{n+1}) M - n 2^-1075 (1 + gamma_n). With k = n + 1,
// gamma_k / (1 - gamma_k) = k u / (1 - 2 k u), hence
//   |s - S| <= k u / (1 - 2 k u) (m + n 2^-1074) + n 2^-1074.
// What is computed is fl(fl(c m) + t) with c = (k + 2) u and t = k 2^-1073, both exact, and is at least
// (c m (1 - u) - 2^-1075 + t) (1 - u). For k + 2 <= 2^26:
//   (k + 2) (1 - u)^2 (1 - 2 k u) >= (k + 2) (1 - 2 (k + 1) u) >= k + 2 - 2 (k + 2)^2 u >= k + 1 > k,
// so its first term covers k u / (1 - 2 k u) m, and (2 k - 1/2) (1 - u) >= (1 + 2^-25) n covers the rest in units of
// 2^-1074. If a product or sum overflows, so does m, because rounding is monotonic; the bound is then infinite.
std::optional<Sign> triage_affine_sign(std::span<const double> w, double b, std::span<const double> x) {
  constexpr double kRoundoff = 0x1p-53;
  constexpr double kUnderflow = 0x1p-1073;
  constexpr std::size_t kLargest = (std::size_t{1} << 26) - 3;
  const std::size_t n = w.size();
  if (n > kLargest) return std::nullopt;
  double value = b;
  double magnitude = std::abs(b);
  for (std::size_t i = 0; i < n; ++i) {
    const double product = w[i] * x[i];
    value += product;
    magnitude += std::abs(product);
  }
  const double error = static_cast<double>(n + 3) * kRoundoff * magnitude + static_cast<double>(n + 1) * kUnderflow;
  return triage_sign(value, error);
}

Sign exact_affine_sign(std::span<const double> w, double b, std::span<const double> x) {
  const IntegerRow weights = integer_row(w);
  const IntegerRow bias = integer_row({&b, 1});
  const IntegerRow point = integer_row(x);
  Integer sum = 0;
  for (std::size_t i = 0; i < w.size(); ++i) sum += weights.numerators[i] * point.numerators[i];
  sum *= bias.denominator;
  sum += bias.numerators[0] * weights.denominator * point.denominator;
  return sign_of(sum);
}

Sign affine_sign(std::span<const double> w, double b, std::span<const double> x, StageTally& tally) {
  return decide(triage_affine_sign(w, b, x), [&] { return exact_affine_sign(w, b, x); }, tally);
}

}  // namespace relutope
