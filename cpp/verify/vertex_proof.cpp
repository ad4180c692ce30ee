#include "verify/vertex_proof.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "exact/dyadic.hpp"

namespace relutope::verify {
namespace {

[[noreturn]] void refute(std::size_t v, const std::string& what) {
  throw Refuted("vertex " + std::to_string(v) + " " + what);
}

template <class Bits, class Float>
bool is_plain_nan(Float value) {
  return std::bit_cast<Bits>(value) == std::bit_cast<Bits>(std::numeric_limits<Float>::quiet_NaN());
}

/// Whether |x - numerator / denominator| <= error, all as the numbers that they are.
bool is_within(double x, double error, const Integer& numerator, const Integer& denominator) {
  const IntegerRow value = integer_row({&x, 1});
  const IntegerRow bound = integer_row({&error, 1});
  const Integer difference = value.numerators[0] * denominator - numerator * value.denominator;
  return abs(difference) * bound.denominator <= bound.numerators[0] * value.denominator * denominator;
}

}  // namespace

VertexProof::VertexProof(const StoredComplex& stored, const Model& model)
    : stored_(stored), model_(model), floats_(model), integers_(model) {
  const std::size_t n = model.neurons();
  for (std::size_t i = 0; i < n; ++i) {
    layer_of_.push_back(model.layer_of(i));
    if (stored.code_bit[i] < 0 || model.multiples()[i].leader == i) own_.push_back(i);
  }
  signs_.resize(n);
  on_.resize(n);
  is_largest_.assign(n, 0);
  for (auto* buffer : {&value_, &bound_, &spread_}) buffer->resize(n);
}

/// Vertices sorted so that those with one activation pattern of the first layers follow each other, which saves forms.
std::vector<std::size_t> VertexProof::order() const {
  const std::size_t n = stored_.count(0);
  const std::size_t layers = model_.hidden_layers();
  std::vector<std::uint64_t> hashes(n * layers, 0);
  std::vector<Sign> signs(model_.neurons());
  for (std::size_t v = 0; v < n; ++v) {
    stored_.expand(v, signs);
    for (std::size_t i = 0; i < signs.size(); ++i) {
      std::uint64_t& hash = hashes[v * layers + layer_of_[i]];
      hash = hash * 0x9e3779b97f4a7c15U + (signs[i] == model_.active_sign(layer_of_[i]) ? 1 : 0);
      hash ^= hash >> 29;
    }
  }
  std::vector<std::size_t> result(n);
  std::iota(result.begin(), result.end(), std::size_t{0});
  std::sort(result.begin(), result.end(), [&](std::size_t a, std::size_t b) {
    const auto* first = hashes.data() + a * layers;
    const auto* second = hashes.data() + b * layers;
    const auto [x, y] = std::mismatch(first, first + layers, second);
    return x == first + layers ? a < b : *x < *y;
  });
  return result;
}

void VertexProof::run(const Heartbeat& heartbeat) {
  const std::vector<std::size_t> vertices = order();
  for (std::size_t i = 0; i < vertices.size(); ++i) {
    if (i % 64 == 0) heartbeat();
    check(vertices[i]);
  }
  if (unbounded_ && !is_far_) refute(*unbounded_, "has an infinite vertex_error, and no vertex is far away");
}

void VertexProof::check(std::size_t v) {
  check_format(v);
  stored_.expand(v, signs_);
  for (std::size_t i = 0; i < signs_.size(); ++i) on_[i] = signs_[i] == model_.active_sign(layer_of_[i]) ? 1 : 0;
  choose_largest(v);
  for (std::size_t row = 0; row < stored_.domain_rows; ++row) {
    if (signs_[row] == Sign::kPositive) refute(v, "is beyond row " + std::to_string(row) + " of the polytope");
  }
  list_equations(v);
  Open open;
  std::optional<double> radius;
  if (!at_infinity(v)) {
    floats_.set_pattern(on_);
    radius = enclose(v, open);
  }
  if (radius) {
    check_by_bounds(v, *radius, open);
  } else {
    for (const std::size_t i : own_) {
      if (!is_largest_[i]) open.neurons.push_back(i);
    }
    open.walls.resize(2 * stored_.dim);
    std::iota(open.walls.begin(), open.walls.end(), std::size_t{0});
    open.coordinates = true;
  }
  if (!open.neurons.empty() || !open.walls.empty() || open.coordinates) check_by_integers(v, open);
  if (!at_infinity(v)) note_distance(v);
}

/// Entries are compared with the first of their row that is called a largest one, which needs no proof of its own.
void VertexProof::choose_largest(std::size_t v) {
  for (std::size_t l = 0; l < model_.hidden_layers(); ++l) {
    const Model::Layer& layer = model_.layer(l);
    if (layer.kind != Kind::kMax) continue;
    for (std::size_t row = 0; row < layer.rows; ++row) {
      bool found = false;
      for (std::size_t e = layer.first_entry[row]; e < layer.first_entry[row + 1]; ++e) {
        const std::size_t i = model_.first_neuron(l) + e;
        is_largest_[i] = !found && signs_[i] == Sign::kZero ? 1 : 0;
        found |= signs_[i] == Sign::kZero;
      }
      if (!found) refute(v, "has no largest entry in a max row");
    }
  }
}

void VertexProof::note_distance(std::size_t v) {
  const auto error = static_cast<double>(stored_.vertex_error[v]);
  if (std::isinf(error)) {
    if (!unbounded_) unbounded_ = v;
    return;
  }
  for (std::size_t c = 0; c < stored_.dim; ++c) {
    const double x = std::abs(stored_.vertices[v * stored_.dim + c]);
    if (x >= 2 * kFar && error <= x / 2) is_far_ = true;
  }
}

void VertexProof::check_format(std::size_t v) const {
  const std::size_t d = stored_.dim;
  const float error = stored_.vertex_error[v];
  const bool is_bounded = !std::isinf(error);
  if (at_infinity(v) != (v >= stored_.finite_count(0))) refute(v, "is not listed where its walls say");
  for (std::size_t c = 0; c < d; ++c) {
    const double x = stored_.vertices[v * d + c];
    if (at_infinity(v) ? !is_plain_nan<std::uint64_t>(x) : is_bounded ? !std::isfinite(x) : std::isnan(x)) {
      refute(v, "has a coordinate that is finite at infinity or not finite elsewhere");
    }
  }
  if (at_infinity(v) ? !is_plain_nan<std::uint32_t>(error) : std::isnan(error) || std::signbit(error)) {
    refute(v, "has an illegal vertex_error");
  }
}

void VertexProof::list_equations(std::size_t v) {
  equations_.clear();
  for (std::size_t bit = 0; bit < 2 * stored_.dim; ++bit) {
    if (stored_.on_wall(v, bit)) equations_.push_back({true, bit});
  }
  for (const std::size_t i : own_) {
    if (signs_[i] == Sign::kZero && !is_largest_[i]) equations_.push_back({false, i});
  }
}

std::optional<double> VertexProof::enclose(std::size_t v, Open& open) {
  const std::size_t d = stored_.dim;
  const std::span<const double> point = stored_.vertices.subspan(v * d, d);
  floats_.evaluate(point, value_, bound_, spread_);
  FloatEquations rows;
  rows.dim = d;
  for (const Equation& equation : equations_) {
    if (equation.is_wall) {
      const std::size_t axis = equation.index / 2;
      const double wall = equation.index % 2 == 1 ? stored_.hi[axis] : stored_.lo[axis];
      for (std::size_t c = 0; c < d; ++c) rows.rows.push_back(c == axis ? 1.0 : 0.0);
      rows.error.push_back(0);
      rows.residual.push_back(std::abs(point[axis] - wall) * (1 + gamma(4)));
    } else {
      for (std::size_t c = 0; c < d; ++c) rows.rows.push_back(floats_.coefficient(equation.index, c));
      rows.error.push_back(floats_.error(equation.index));
      rows.residual.push_back(std::abs(value_[equation.index]) + bound_[equation.index]);
    }
  }
  const auto basis = propose_basis(rows);
  if (!basis) return std::nullopt;
  const std::optional<double> radius = radius_of(rows, *basis);
  if (!radius) return std::nullopt;
  for (const std::size_t j : *basis) open.basis.push_back(equations_[j]);
  return radius;
}

void VertexProof::check_by_bounds(std::size_t v, double radius, Open& open) {
  const std::size_t d = stored_.dim;
  constexpr double kLast = 1 + 0x1p-48;
  std::size_t decided = 0;
  for (const std::size_t i : own_) {
    if (is_largest_[i]) continue;
    const double error = (bound_[i] + radius * spread_[i]) * kLast;
    const std::optional<Sign> sign = triage_sign(value_[i], error);
    const bool chosen =
        signs_[i] == Sign::kZero && std::any_of(open.basis.begin(), open.basis.end(),
                                                [&](const Equation& e) { return !e.is_wall && e.index == i; });
    if (!sign && !chosen) {
      open.neurons.push_back(i);
      continue;
    }
    if (sign && *sign != signs_[i]) refute(v, "has a wrong sign at neuron " + std::to_string(i));
    ++decided;
  }
  tally_.triage += decided;
  for (std::size_t bit = 0; stored_.is_box() && bit < 2 * d; ++bit) {
    const std::size_t axis = bit / 2;
    const double x = stored_.vertices[v * d + axis];
    const double inside = bit % 2 == 1 ? stored_.hi[axis] - x : x - stored_.lo[axis];
    const bool chosen = std::any_of(open.basis.begin(), open.basis.end(),
                                    [&](const Equation& e) { return e.is_wall && e.index == bit; });
    if (!chosen && (stored_.on_wall(v, bit) || !(inside > radius * kLast))) open.walls.push_back(bit);
  }
  const float claimed = stored_.vertex_error[v];
  open.coordinates = std::isinf(claimed) || !(radius <= static_cast<double>(claimed));
}

ExactPoint VertexProof::solve(std::size_t v, const std::vector<Equation>& equations) {
  const std::size_t d = stored_.dim;
  const std::size_t parts = stored_.is_box() ? 1 : 2;
  EquationSystem system(d, parts);
  std::vector<Integer> row(d + parts);
  for (const Equation& equation : equations) {
    if (system.is_square()) break;
    std::fill(row.begin(), row.end(), Integer(0));
    if (!equation.is_wall) {
      const std::size_t layer = layer_of_[equation.index];
      const auto form = integers_.form(layer, equation.index - model_.first_neuron(layer));
      std::copy_n(form.begin(), d, row.begin());
      row[d] = -form[d];
    } else if (stored_.is_box()) {
      const double wall = equation.index % 2 == 1 ? stored_.hi[equation.index / 2] : stored_.lo[equation.index / 2];
      const IntegerRow exact = integer_row({&wall, 1});
      row[equation.index / 2] = exact.denominator;
      row[d] = exact.numerators[0];
    } else {
      row[equation.index / 2] = 1;
      row[d + 1] = equation.index % 2 == 1 ? 1 : -1;
    }
    system.add(row);
    if (!system.consistent()) refute(v, "has walls and zeros that no point has");
  }
  if (!system.is_square()) refute(v, "is not determined by its walls and zeros");
  const Solution solution = system.solve();
  ExactPoint point;
  point.denominator = solution.denominator;
  for (std::size_t c = 0; c < d; ++c) {
    point.finite.push_back(solution.numerators(c, 0));
    if (parts == 2) point.infinite.push_back(solution.numerators(c, 1));
  }
  return point;
}

/// Sign of the distance from a wall, positive inside.
Sign VertexProof::wall_side(const ExactPoint& point, std::size_t bit) const {
  const std::size_t axis = bit / 2;
  const bool upper = bit % 2 == 1;
  Sign side = Sign::kZero;
  if (stored_.is_box()) {
    const IntegerRow wall = integer_row({upper ? &stored_.hi[axis] : &stored_.lo[axis], 1});
    side = sign_of(point.finite[axis] * wall.denominator - wall.numerators[0] * point.denominator);
  } else {
    const Integer infinite = point.infinite[axis] + (upper ? Integer(-point.denominator) : point.denominator);
    side = infinite != 0 ? sign_of(infinite) : sign_of(point.finite[axis]);
  }
  return upper ? -side : side;
}

/// An infinite vertex_error claims nothing about finite coordinates; infinite ones must be beyond float64.
void VertexProof::check_unbounded(std::size_t v, const ExactPoint& point) {
  const double largest = std::numeric_limits<double>::max();
  const Integer limit = integer_row({&largest, 1}).numerators[0] * point.denominator;
  const Integer far = Integer(kFar) * point.denominator;
  for (std::size_t c = 0; c < stored_.dim; ++c) {
    const double x = stored_.vertices[v * stored_.dim + c];
    if (abs(point.finite[c]) >= far) is_far_ = true;
    if (std::isinf(x) && (abs(point.finite[c]) <= limit || (point.finite[c] < 0) != std::signbit(x))) {
      refute(v, "has an infinite coordinate that is within float64");
    }
  }
}

void VertexProof::check_coordinates(std::size_t v, const ExactPoint& point) {
  const std::size_t d = stored_.dim;
  const auto error = static_cast<double>(stored_.vertex_error[v]);
  if (!at_infinity(v) && std::isinf(error)) {
    check_unbounded(v, point);
    return;
  }
  for (std::size_t c = 0; c < d; ++c) {
    if (at_infinity(v)) {
      const double ray = stored_.rays[(v - stored_.finite_count(0)) * d + c];
      if (!std::isfinite(ray) || !is_within(ray, kRayError, point.infinite[c], point.denominator)) {
        refute(v, "has a ray that is not its direction");
      }
    } else if (!is_within(stored_.vertices[v * d + c], error, point.finite[c], point.denominator)) {
      refute(v, "is further from its exact place than vertex_error");
    }
  }
}

// If floats chose the basis, they proved the other signs at its point, which is the point here; else every zero and
// every wall is among what is open.
void VertexProof::check_by_integers(std::size_t v, const Open& open) {
  integers_.set_pattern(on_);
  const ExactPoint point = solve(v, open.basis.empty() ? equations_ : open.basis);
  for (const std::size_t i : open.neurons) {
    const std::size_t layer = layer_of_[i];
    if (integers_.sign(layer, i - model_.first_neuron(layer), point) != signs_[i]) {
      refute(v, "has a wrong sign at neuron " + std::to_string(i));
    }
  }
  tally_.exact += open.neurons.size();
  for (const std::size_t bit : open.walls) {
    if (wall_side(point, bit) != (stored_.on_wall(v, bit) ? Sign::kZero : Sign::kPositive)) {
      refute(v, "is not where its walls say");
    }
  }
  if (open.coordinates) check_coordinates(v, point);
}

}  // namespace relutope::verify
