// The proof that every stored vertex is a point with the signs and walls that it claims.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "exact/linear_algebra.hpp"
#include "exact/predicates.hpp"
#include "verify/ball.hpp"
#include "verify/float_forms.hpp"
#include "verify/integer_forms.hpp"

namespace relutope::verify {

/// Largest error of a ray's coordinates; the engine's are proposals (the exact ray follows from the signs), so this is
/// what the format promises, not a tolerance of a decision.
inline constexpr double kRayError = 0x1p-8;

/// An infinite vertex_error is legal only where a coordinate of some vertex is at least so large. The engine's bounds
/// are small multiples of 2^-53 of the coordinates that a vertex was computed from, and float32 ends at 2^128.
inline constexpr double kFar = 0x1p64;

class VertexProof {
 public:
  VertexProof(const StoredComplex& stored, const Model& model);

  /// Refuted unless all vertices are proved, together with their coordinates and rays.
  void run(const Heartbeat& heartbeat);

  const StageTally& tally() const { return tally_; }

 private:
  /// A wall's bit, or a neuron that vanishes.
  struct Equation {
    bool is_wall;
    std::size_t index;
  };
  /// What floats left to the integers.
  struct Open {
    std::vector<Equation> basis;  // empty: to be chosen
    std::vector<std::size_t> neurons;
    std::vector<std::size_t> walls;
    bool coordinates = false;
  };

  std::vector<std::size_t> order() const;
  void check(std::size_t v);
  void check_format(std::size_t v) const;
  void list_equations(std::size_t v);
  /// Radius of a ball around the stored coordinates that holds the point of a basis, put into open.basis.
  std::optional<double> enclose(std::size_t v, Open& open);
  void check_by_bounds(std::size_t v, double radius, Open& open);
  void check_by_integers(std::size_t v, const Open& open);
  ExactPoint solve(std::size_t v, const std::vector<Equation>& equations);
  Sign wall_side(const ExactPoint& point, std::size_t bit) const;
  void check_coordinates(std::size_t v, const ExactPoint& point);
  void check_unbounded(std::size_t v, const ExactPoint& point);
  void choose_largest(std::size_t v);
  void note_distance(std::size_t v);
  bool at_infinity(std::size_t v) const { return !stored_.is_box() && stored_.walls[v] != 0; }

  const StoredComplex& stored_;
  const Model& model_;
  FloatForms floats_;
  IntegerForms integers_;
  std::vector<std::size_t> own_;       // neurons that repeat no other: their signs say all
  std::vector<std::size_t> layer_of_;  // by neuron
  std::vector<Sign> signs_;            // of the vertex in work, as those below
  std::vector<std::uint8_t> on_;
  std::vector<std::uint8_t> is_largest_;  // per neuron: the entry that stands for its max row
  std::vector<Equation> equations_;
  std::vector<double> value_, bound_, spread_;
  std::optional<std::size_t> unbounded_;  // a vertex whose vertex_error is infinite
  bool is_far_ = false;                   // whether a vertex is beyond kFar
  StageTally tally_;
};

}  // namespace relutope::verify
