#include "network/functionals.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace relutope {
namespace {

/// Beyond so many bits a row is scaled down, so that its float64 image does not overflow.
constexpr unsigned kMaxBits = 512;

/// The shortest positive multiple with integer entries.
IntegerRow primitive(std::vector<Integer> numerators) {
  Integer divisor = 0;
  for (const Integer& value : numerators) divisor = boost::multiprecision::gcd(divisor, value);
  unsigned bits = 0;
  for (Integer& value : numerators) {
    if (value == 0) continue;
    value /= divisor;
    bits = std::max(bits, static_cast<unsigned>(msb(Integer(abs(value)))));
  }
  return {std::move(numerators), Integer(1) << (bits > kMaxBits ? bits - kMaxBits : 0)};
}

}  // namespace

Network with_functionals(const Network& network, const std::vector<IntegerRow>& functionals) {
  if (functionals.empty()) throw std::invalid_argument("functionals: none; must be at least one");
  std::vector<Layer> layers = network.layers();
  const Layer output = std::move(layers.back());
  const std::size_t first = network.first_value(layers.size() - 1);
  layers.pop_back();
  std::vector<IntegerRow> outputs;
  Integer common = 1;
  for (std::size_t i = 0; i < output.rows(); ++i) {
    const IntegerRow row = output.exact_row(i);
    outputs.push_back({output.expanded<Integer>(i, row.numerators), row.denominator});
    common = boost::multiprecision::lcm(common, outputs.back().denominator);
  }
  std::vector<IntegerRow> rows;
  for (const IntegerRow& functional : functionals) {
    if (functional.numerators.size() != outputs.size() + 1) {
      throw std::invalid_argument("functionals: one of length " + std::to_string(functional.numerators.size()) +
                                  "; must be " + std::to_string(outputs.size() + 1));
    }
    std::vector<Integer> composed(output.columns() + 1, Integer(0));
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Integer factor = functional.numerators[i] * (common / outputs[i].denominator);
      if (factor == 0) continue;
      for (std::size_t k = 0; k < composed.size(); ++k) composed[k] += factor * outputs[i].numerators[k];
    }
    composed.back() += functional.numerators.back() * common;
    rows.push_back(primitive(std::move(composed)));
  }
  const std::size_t count = rows.size();
  layers.emplace_back(LayerKind::kRelu, output.column_values(), rows);
  layers.emplace_back(LayerKind::kLinear, value_range(first, count), 1, std::vector<double>(count + 1, 0.0));
  return Network(network.input_dim(), std::move(layers));
}

}  // namespace relutope
