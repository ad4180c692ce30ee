// The certificate: a proof, read off the arrays of a stored complex, that they are the canonical polyhedral complex of
// a network on a domain. It shares nothing with the code that builds complexes but exact arithmetic.
//
// Claim. If all checks pass, the stored cells are the cells of the complex, each once, with their facets, dimensions,
// sign vectors and walls, and none is missing.
//
// (1) Vertices. The zeros and walls of a stored vertex contain d independent equations: forms of its neurons under its
// activation pattern, zeros counted as off. They have one solution p. Layer by layer: if the signs of all earlier
// layers at p are those stored, then the ReLU outputs are those of the pattern (a neuron that is zero gives 0, on or
// off), so each form is the neuron's pre-activation at p, and its sign, the stored one, is checked there. So p has the
// stored sign vector and walls, and since every point with them solves the d equations, {p} is a cell. Forms and p are
// enclosed in float64 (float_forms, ball); what that leaves open is decided by integers. Neurons that repeat another
// (their rows are proportional, checked exactly) follow it; a neuron with a constant code is checked at every vertex.
//
// A row of a max layer counts as a neuron for each of its entries, whose pre-activation is what the entry lacks to the
// largest one. Under a pattern the row is its first entry with a zero; that every other entry is not larger at p is
// checked like any sign, so the row's value at p is the largest.
//
// (2) Names. Let c be a stored k-cell, V the vertices below it, s(c) the composition of their sign vectors (a sign that
// is not zero wins) and w(c) the intersection of their wall sets. No neuron has both signs on V. So all of V has one
// activation pattern, zeros counted either way; layer by layer, each pre-activation is affine on conv V and has a weak
// sign there. (In each max row one entry is zero on all of V, and so the largest on conv V.) Hence the relative
// interior of conv V lies in the true cell T(c) named (s(c), w(c)), which is therefore not empty. All names differ, so
// the map T from stored to true cells is injective.
//
// (3) Dimensions. The closure of T(c) is a polytope and its faces are the closures of the true cells in it. For a
// stored facet f of c, conv V(f) is part of conv V(c), so T(f) lies in the closure of T(c); it is another cell, hence a
// proper face and of smaller dimension. Every k-cell ends a chain of facets down to a vertex, so dim T(c) >= k; every
// cell below the top has a coface, so it starts a chain up to a d-cell, and dim T(c) <= k. So dim T(c) = k, and stored
// facets are facets.
//
// (4) Facets are complete. By induction on k: an edge has two ends, and two are stored. For k >= 2 let f be a stored
// facet of c and r a facet of T(f), stored by induction. r lies in exactly two facets of the polytope, and in exactly
// two stored ones, so both are stored. Facets are connected through ridges, so all of them are.
//
// (5) Regions are complete. Every stored (d-1)-cell has two stored cofaces, or one and lies on a wall. So across each
// facet of a stored region that is not on a wall, the region beyond is stored. The domain without the cells of
// codimension 2 and more is connected, hence all regions are stored; by (4) so are all their faces, that is all cells.
//
// The rows of a polytope {x : G x <= h} count as a first layer of neurons that nothing reads. No vertex has a
// positive one, so all stored cells lie in the polytope; a facet where a row is zero lies on its boundary, and the
// interior of the polytope is connected.
//
// On all of R^d the domain is the box [-M, M]^d over the ordered field R(M), M infinitely large; (1) to (5) are
// statements of first order and hold there. Cells on M-walls are those at infinity; they come last.
//
// Euler characteristics follow, and are checked for their own sake. Ids are not unique: any renumbering that keeps
// facets ascending and cells at infinity last is as true.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exact/predicates.hpp"
#include "verify/model.hpp"
#include "verify/stored_complex.hpp"

namespace relutope::verify {

struct Check {
  std::string name;
  bool ok;
  std::string message;  // what is wrong; empty if ok
};

struct Findings {
  std::vector<Check> checks;  // up to the first that failed
  StageTally signs;
};

/// Runs the checks in order, announcing each by its name; one that fails ends them.
Findings certify(const StoredComplex& stored, const Model& model, const std::function<void(const char*)>& begin,
                 const Heartbeat& heartbeat);

}  // namespace relutope::verify
