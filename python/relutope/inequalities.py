"""H-representation of regions: one inequality per facet."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.activation import active_signs
from relutope.affine_maps import Forms, form_blocks
from relutope.compressed import rows_of
from relutope.domain import AllSpace
from relutope.domains import Domain
from relutope.polytope import Polytope

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex


@dataclass(frozen=True, eq=False)
class Inequalities:
    """Irredundant inequalities ``A @ x <= b`` of regions, one per facet.

    Those of the i-th region are the rows ``indptr[i]:indptr[i + 1]``.

    Attributes
    ----------
    indptr : ndarray of shape (n + 1,), int64
    A : ndarray of shape (m, d)
        float64, or objects that are `fractions.Fraction`.
    b : ndarray of shape (m,)
        Of the same type.
    A_error, b_error : ndarray of float64, shaped like A and b
        Exact coefficients lie within these bounds; 0 for fractions.
    facets : ndarray of shape (m,), int32
        The (d-1)-cell on which equality holds.
    neurons : ndarray of shape (m,), int32
        The neuron whose pre-activation gives the row: of those that vanish on the facet and not on the
        region, the first. -1 for a facet on a wall. In a refined complex, functionals count as neurons
        after those of the network.
    walls : ndarray of shape (m,), int32
        The wall of the domain that gives the row: 2 i for the lower and 2 i + 1 for the upper one of axis i
        of a box, the first row of a polytope that vanishes there; -1 for the other facets.
    """

    indptr: NDArray[np.int64]
    A: NDArray[Any]
    b: NDArray[Any]
    A_error: NDArray[np.float64]
    b_error: NDArray[np.float64]
    facets: NDArray[np.int32]
    neurons: NDArray[np.int32]
    walls: NDArray[np.int32]


def wall_inequality(domain: Domain, wall: int, d: int) -> tuple[list[float | Fraction], float | Fraction]:
    """Coefficients of ``a @ x <= b``, taken exactly, that the points of the domain satisfy.

    A box has the walls 2 i (lower) and 2 i + 1 (upper) of each axis i, a polytope one per row; all of R^d
    has none.
    """
    if isinstance(domain, AllSpace):
        raise RuntimeError("internal: a wall of all of R^d")
    if isinstance(domain, Polytope):
        return domain.G[wall].tolist(), domain.h[wall]
    axis, upper = divmod(wall, 2)
    sign = 1.0 if upper else -1.0
    lo, hi = domain.bounds(d)
    return [sign * (i == axis) for i in range(d)], sign * float((hi if upper else lo)[axis])


def finite_facets(
    complex_: PolyhedralComplex, ids: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The facets of regions that are not at infinity, compressed: starts and ids."""
    starts, facets = rows_of(*complex_.facets(complex_.dim), ids)
    finite = facets < complex_.f_vector[complex_.dim - 1]
    kept = np.concatenate([[0], np.cumsum(finite, dtype=np.int64)])[starts]
    return kept, facets[finite]


def facet_walls(complex_: PolyhedralComplex, facets: NDArray[np.int32]) -> NDArray[np.int32]:
    """The wall that each finite facet lies on, numbered as in `wall_inequality`; -1 for none."""
    if isinstance(complex_.domain, AllSpace):
        return np.full(len(facets), -1, dtype=np.int32)
    sides = complex_.walls(complex_.dim - 1)[facets]
    if isinstance(complex_.domain, Polytope):
        rows = sides[:, : complex_.domain.n_rows] * complex_.domain.G.any(axis=1)  # 0 x <= 0 is no wall
        return np.where(rows.any(axis=1), rows.argmax(axis=1), -1).astype(np.int32)
    axes = np.abs(sides).argmax(axis=1)
    side = sides[np.arange(len(facets)), axes]
    return np.where(side == 0, -1, 2 * axes + (side > 0)).astype(np.int32)


def inequalities(complex_: PolyhedralComplex, ids: NDArray[np.int64], exact: bool = False) -> Inequalities:
    """The H-representation of regions; see `relutope.Regions.inequalities`."""
    d, network = complex_.dim, _core.complex_network(complex_.core)
    indptr, facets = finite_facets(complex_, ids)
    walls = facet_walls(complex_, facets)
    neurons = np.full(len(facets), -1, dtype=np.int32)
    rows, errors = np.zeros((len(facets), d + 1)), np.zeros((len(facets), d + 1))
    wall_rows = {}
    for wall in np.unique(walls[walls >= 0]).tolist():
        normal, bound = wall_inequality(complex_.domain, wall, d)
        wall_rows[wall] = [Fraction(value) for value in (*normal, bound)]
        rows[walls == wall], errors[walls == wall] = zip(*map(_rounded, wall_rows[wall]), strict=True)
    sides = np.zeros(len(facets), dtype=np.int8)
    first = 0
    for block, forms in form_blocks(complex_, ids, network):
        part = slice(indptr[first], indptr[first + len(block)])
        regions = np.repeat(np.arange(len(block)), np.diff(indptr[first : first + len(block) + 1]))
        signs = complex_.core.sign_vectors(d, block)[regions]
        signs[complex_.core.sign_vectors(d - 1, facets[part].astype(np.int64)) != 0] = 0
        inside = np.flatnonzero(walls[part] < 0)
        if len(inside):
            neurons[part][inside] = (signs[inside] != 0).argmax(axis=1)
        sides[part][inside] = signs[inside, neurons[part][inside]]
        _gather(forms, regions, neurons[part], rows[part], errors[part])
        first += len(block)
    inner = np.flatnonzero(neurons >= 0)
    # A neuron that is positive on the region gives -z <= 0, a negative one z <= 0.
    rows[inner] *= -sides[inner, None]
    rows[inner, d] *= -1
    owners = ids[np.repeat(np.arange(len(ids)), np.diff(indptr))]
    if not exact:
        # What the bounds leave open as a whole is rounded from fractions instead.
        proven = np.isfinite(rows).all(axis=1) & (np.abs(rows) > errors)[:, :d].any(axis=1)
        inner = np.flatnonzero((neurons >= 0) & ~proven)
    fractions = _exact_rows(complex_, network, owners[inner], neurons[inner], sides[inner])
    if exact:
        rows, errors = np.full(rows.shape, Fraction(0), dtype=object), np.zeros(rows.shape)
        for wall, row in wall_rows.items():
            rows[walls == wall] = np.array(row, dtype=object)
    for place, row in zip(inner.tolist(), fractions, strict=True):
        if exact:
            rows[place] = row
        else:
            rows[place], errors[place] = zip(*map(_rounded, row), strict=True)
    return Inequalities(indptr, rows[:, :d], rows[:, d], errors[:, :d], errors[:, d], facets, neurons, walls)


def _exact_rows(
    complex_: PolyhedralComplex,
    network: _core.Network,
    regions: NDArray[np.int64],
    neurons: NDArray[np.int32],
    sides: NDArray[np.int8],
) -> list[list[Fraction]]:
    """Coefficients and right-hand side of ``-side z <= 0`` for one neuron on each of the regions."""
    signs = complex_.core.sign_vectors(complex_.dim, regions)
    active = active_signs(network, signs[:, : network.n_signs])
    rows = []
    for (form, scale), side in zip(
        _core.neuron_forms(network, active, neurons.astype(np.int64)), sides.tolist(), strict=True
    ):
        *normal, constant = (Fraction(-side * value, scale) for value in form)
        rows.append([*normal, -constant])
    return rows


def _rounded(value: Fraction) -> tuple[float, float]:
    """The nearest float64, infinite beyond the largest one, and a bound on its error."""
    try:
        nearest = float(value)
    except OverflowError:
        return (np.inf if value > 0 else -np.inf), np.inf
    return nearest, 0.0 if Fraction(nearest) == value else float(np.spacing(abs(nearest)))


def _gather(
    forms: list[Forms],
    regions: NDArray[np.int64],
    neurons: NDArray[np.int32],
    rows: NDArray[np.float64],
    errors: NDArray[np.float64],
) -> None:
    """Write the forms of neurons, numbered through all layers, on regions of a block; none for neuron -1."""
    first = 0
    for values, bounds in forms[:-1]:
        width = values.shape[1]
        here = np.flatnonzero((neurons >= first) & (neurons < first + width))
        rows[here] = values[regions[here], neurons[here] - first]
        errors[here] = bounds[regions[here], neurons[here] - first]
        first += width
