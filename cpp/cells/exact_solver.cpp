#include "cells/exact_solver.hpp"

#include <stdexcept>

#include "exact/dyadic.hpp"

namespace relutope {

ExactSolver::ExactSolver(const Network& network, const SignCodes& codes, const Domain& domain, std::size_t layer,
                         std::span<const std::uint32_t> cutting)
    : network_(network),
      codes_(codes),
      domain_(domain),
      layer_(layer),
      cutting_(cutting),
      forms_(network),
      base_(domain.dim(), domain.parts()) {}

/// The zero set of form_.
void ExactSolver::append_equation(EquationSystem& system) {
  equation_.assign(domain_.dim() + domain_.parts(), Integer(0));
  for (std::size_t c = 0; c < domain_.dim(); ++c) equation_[c] = form_[c];
  equation_[domain_.dim()] = -form_[domain_.dim()];
  system.add(equation_);
}

void ExactSolver::cutting_form(std::size_t neuron) {
  forms_.cutting_form(layer_, cutting_.empty() ? neuron : cutting_[neuron], form_);
}

void ExactSolver::set_carrier(const Word* positive, const Word* negative, Word walls, std::size_t dimension) {
  forms_.set_pattern(layer_, [&](std::size_t l, std::size_t i) {
    return codes_.sign(l, i, positive, negative) == network_.active_sign(l);
  });
  base_.clear();
  const std::size_t wanted = domain_.dim() - dimension;
  for (std::size_t bit = 0; bit < 2 * domain_.dim() && base_.rank() < wanted; ++bit) {
    if ((walls >> bit) & 1U) base_.add(domain_.wall_equation(bit));
  }
  for (std::size_t row = 0; row < codes_.constraints().size() && base_.rank() < wanted; ++row) {
    if (codes_.constraint_sign(row, positive, negative) == Sign::kZero) base_.add(domain_.constraint_equation(row));
  }
  for (std::size_t l = 0; l < layer_; ++l) {
    for (std::size_t i = 0; i < codes_.layer(l).size() && base_.rank() < wanted; ++i) {
      if (codes_.sign(l, i, positive, negative) == Sign::kZero) {
        forms_.sign_form(l, i, form_);
        append_equation(base_);
      }
    }
  }
}

ExactPoint ExactSolver::point(std::span<const std::size_t> neurons) {
  EquationSystem system = base_;
  for (const std::size_t neuron : neurons) {
    if (system.is_square()) break;
    cutting_form(neuron);
    append_equation(system);
  }
  if (!system.is_square()) throw std::runtime_error("internal: the equations of a vertex do not determine it");
  Solution solution = system.solve();
  ExactPoint point;
  for (std::size_t c = 0; c < domain_.dim(); ++c) {
    point.finite.push_back(solution.numerators(c, 0));
    if (domain_.parts() == 2) point.infinite.push_back(solution.numerators(c, 1));
  }
  point.denominator = solution.denominator;
  return point;
}

Integer ExactSolver::evaluate(const std::vector<Integer>& form, const ExactPoint& point, std::size_t part) const {
  const std::size_t d = domain_.dim();
  Integer sum = part == 0 ? Integer(form[d] * point.denominator) : Integer(0);
  const std::vector<Integer>& numerators = part == 0 ? point.finite : point.infinite;
  for (std::size_t c = 0; c < d; ++c) sum += form[c] * numerators[c];
  return sum;
}

Sign ExactSolver::sign(std::size_t neuron, const ExactPoint& point) {
  cutting_form(neuron);
  if (!point.infinite.empty()) {
    const Sign leading = sign_of(evaluate(form_, point, 1));
    if (leading != Sign::kZero) return leading;
  }
  return sign_of(evaluate(form_, point, 0));
}

double ExactSolver::pre_activation(std::size_t neuron, const ExactPoint& point, std::size_t part, int exponent) {
  cutting_form(neuron);
  return nearest_double(evaluate(form_, point, part), Integer(point.denominator * forms_.scale(layer_)), exponent);
}

double ExactSolver::value(ValueId value, const ExactPoint& point, std::size_t part, int exponent) {
  const ValueSource source = network_.source(value);
  if (source.layer == ValueSource::kInput) {
    return nearest_double(part == 0 ? point.finite[source.row] : point.infinite[source.row], point.denominator,
                          exponent);
  }
  const auto layer = static_cast<std::size_t>(source.layer);
  if (!forms_.passes_on(source)) return 0.0;
  forms_.form(layer, source.row, form_);
  return nearest_double(evaluate(form_, point, part), Integer(point.denominator * forms_.scale(layer)), exponent);
}

}  // namespace relutope
