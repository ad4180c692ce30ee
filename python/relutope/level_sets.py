"""Level sets, decision boundaries and the sets where a class wins, as subcomplexes of refined complexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.bit_masks import Masks, packed, several, unpacked
from relutope.coefficients import exact_array
from relutope.complex import PolyhedralComplex
from relutope.contenders import bounded_contenders
from relutope.flat_cells import FlatCells
from relutope.flat_cells import flat_cells as all_flat_cells
from relutope.refinement import Carrier, RefinedComplex, refine
from relutope.subcomplex import Subcomplex

KINDS = ("threshold", "argmax")

Pair = tuple[int, int]


@dataclass(frozen=True, eq=False, repr=False)
class LevelSet(Subcomplex):
    """The set where an output equals a threshold, or where two largest outputs tie.

    Attributes
    ----------
    complex, ids
        The refined complex, and the cells of it that make up the set; see `Subcomplex`.
    kind : str
        ``"threshold"`` or ``"argmax"``.
    threshold : fractions.Fraction
    pairs : tuple of (int, int)
        Of kind argmax: the outputs whose differences are the functionals.
    maximal : tuple of ndarray of bool
        Of kind argmax: per dimension, for each cell of the set, which outputs are the largest on it.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1]]])
    >>> boundary = relutope.polyhedral_complex(network, (-1, 1)).decision_boundary()
    >>> boundary.f_vector, boundary.n_flat_regions  # the third quadrant and the diagonal of the first
    ((5, 5, 1), 1)
    """

    kind: str = field(kw_only=True)
    threshold: Fraction = field(kw_only=True)
    pairs: tuple[Pair, ...] = field(kw_only=True, default=())
    maximal: tuple[NDArray[np.bool_], ...] = field(kw_only=True, default=())

    @property
    def refined(self) -> RefinedComplex:
        """The refined complex, `complex` under its own type."""
        return cast("RefinedComplex", self.complex)

    @property
    def f_vector(self) -> tuple[int, ...]:
        """Number of cells of each dimension, walls included; on R^d those not at infinity.

        Of kind argmax a cell is a set of points with one sign vector, one set of walls and one set of
        largest outputs; the refined complex may cut it further. Such sets are convex and relatively open.
        """
        return self._class_counts if self.kind == "argmax" else self.finite_counts

    @cached_property
    def _class_counts(self) -> tuple[int, ...]:
        rows, dimensions = [], []
        for k, finite in enumerate(self.finite_counts):
            carrier = self.refined.carrier(k, self.ids[k][:finite])
            tied = np.packbits(self.maximal[k][:finite], axis=1)
            rows.append(np.column_stack([carrier.dimensions, carrier.ids, tied]).astype(np.int64))
            dimensions.append(np.full(finite, k))
        _, cell = np.unique(np.concatenate(rows), axis=0, return_inverse=True)
        largest = np.zeros(int(cell.max(initial=-1)) + 1, dtype=np.int64)
        np.maximum.at(largest, cell.reshape(-1), np.concatenate(dimensions))
        return tuple(np.bincount(largest, minlength=self.complex.dim + 1).tolist())

    @property
    def n_flat_regions(self) -> int:
        """Number of whole regions in the set: there it is no boundary but has full dimension."""
        return self.f_vector[-1]

    def flat_ids(self) -> tuple[NDArray[np.int32], ...]:
        """Per dimension, the cells of the base complex that lie in the set; those at infinity left out.

        On them the output, or the difference of the largest outputs, is constant. Vertices are among them.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1]], [[1]]])  # relu(x)
        >>> boundary = relutope.polyhedral_complex(network, (-1, 1)).decision_boundary(0)
        >>> [len(ids) for ids in boundary.flat_ids()]
        [2, 1]
        """
        refined, base = self.refined, self.refined.base
        result = []
        for k, count in enumerate(base.f_vector):
            outside = np.ones(refined.counts[k], dtype=bool)
            outside[self.ids[k]] = False
            whole = refined.carrier(k).dimensions == k
            lies_in = np.ones(base.counts[k], dtype=bool)
            lies_in[refined.carrier(k).ids[whole & outside]] = False
            result.append(np.flatnonzero(lies_in[:count]).astype(np.int32))
        return tuple(result)


class ClassRegions(NamedTuple):
    """Where each class wins."""

    #: Per class the closed set where its output is the largest, in one refined complex.
    classes: tuple[Subcomplex, ...]
    #: The class of each region of the refined complex, int32; -1 where several classes tie on all of it.
    labels: NDArray[np.int32]

    @property
    def tied(self) -> NDArray[np.int32]:
        """Regions of the refined complex on all of which several classes tie."""
        return np.flatnonzero(self.labels < 0).astype(np.int32)


def decision_boundary(
    complex_: PolyhedralComplex, threshold: Any = 0.0, *, kind: str | None = None, **limits: Any
) -> LevelSet:
    """See `PolyhedralComplex.decision_boundary`."""
    base, level = base_of(complex_), checked_threshold(threshold)
    kind = checked_kind(base, kind, level)
    if kind == "threshold":
        refined, signs = _relative_to(base, level, limits)
        return LevelSet(refined, _cells([row == 0 for row in signs]), kind=kind, threshold=level)
    refined, pairs, largest = _argmax(base, limits)
    ids = _cells([several(masks) for masks in largest])
    n_outputs = base.network.output_dim
    tied = tuple(unpacked(masks[:, chosen], n_outputs) for masks, chosen in zip(largest, ids, strict=True))
    return LevelSet(refined, ids, kind=kind, threshold=level, pairs=pairs, maximal=tied)


def sublevel(complex_: PolyhedralComplex, threshold: Any, **limits: Any) -> Subcomplex:
    """See `PolyhedralComplex.sublevel`."""
    base, level = base_of(complex_), checked_threshold(threshold)
    checked_kind(base, "threshold", level)
    refined, signs = _relative_to(base, level, limits)
    return Subcomplex(refined, _cells([row <= 0 for row in signs]))


def class_regions(complex_: PolyhedralComplex, threshold: Any = 0.0, **limits: Any) -> ClassRegions:
    """See `PolyhedralComplex.class_regions`."""
    base, level = base_of(complex_), checked_threshold(threshold)
    if checked_kind(base, None, level) == "threshold":
        refined, signs = _relative_to(base, level, limits)
        maximal = [np.column_stack([row <= 0, row >= 0]) for row in signs]
    else:
        refined, _, largest = _argmax(base, limits)
        maximal = [unpacked(masks, base.network.output_dim) for masks in largest]
    classes = [
        Subcomplex(refined, _cells([rows[:, i] for rows in maximal])) for i in range(maximal[0].shape[1])
    ]
    winners = maximal[-1][: refined.f_vector[-1]]
    labels = np.where(np.count_nonzero(winners, axis=1) > 1, -1, winners.argmax(axis=1))
    return ClassRegions(tuple(classes), labels.astype(np.int32))


def is_transversal(complex_: PolyhedralComplex, threshold: Any, **limits: Any) -> bool:
    """See `PolyhedralComplex.is_transversal`."""
    return not any(map(len, decision_boundary(complex_, threshold, kind="threshold", **limits).flat_ids()))


def flat_cells(complex_: PolyhedralComplex, threshold: Any, **limits: Any) -> FlatCells:
    """See `PolyhedralComplex.flat_cells`."""
    if threshold is None:
        base = base_of(complex_)
        checked_kind(base, "threshold", Fraction(0))
        return all_flat_cells(base)
    boundary = decision_boundary(complex_, threshold, kind="threshold", **limits)
    ids = boundary.flat_ids()
    values = [np.empty(len(array), dtype=object) for array in ids]
    for array in values:
        array[:] = boundary.threshold
    return FlatCells(ids, tuple(values))


def base_of(complex_: PolyhedralComplex) -> PolyhedralComplex:
    """The complex itself, or what was refined."""
    return complex_.base if isinstance(complex_, RefinedComplex) else complex_


def checked_threshold(threshold: Any) -> Fraction:
    """A threshold taken exactly, or a TypeError or ValueError."""
    array, _ = exact_array(threshold, "threshold")
    if array.shape != ():
        raise ValueError(f"threshold has shape {array.shape}; legal: one number")
    return Fraction(array.item())


def checked_kind(complex_: PolyhedralComplex, kind: Any, threshold: Fraction) -> str:
    """The kind of boundary that the arguments mean, or a ValueError."""
    n_outputs = complex_.network.output_dim
    if kind is None:
        kind = "threshold" if n_outputs == 1 else "argmax"
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; legal: {', '.join(KINDS)} or None")
    if (kind == "threshold") != (n_outputs == 1):
        raise ValueError(
            f"kind is {kind!r} and the network has {n_outputs} outputs; legal: threshold for 1, argmax for "
            "more (refine takes any functional of the outputs)"
        )
    if kind == "argmax" and threshold != 0:
        raise ValueError(f"threshold is {threshold}; legal for {n_outputs} outputs: 0, ties of the largest")
    return str(kind)


def _relative_to(
    base: PolyhedralComplex, level: Fraction, limits: dict[str, Any]
) -> tuple[RefinedComplex, list[NDArray[np.int8]]]:
    """The complex cut where its output is `level`, and the output's sign relative to it, by dimension."""
    refined = refine(base, np.array([1, -level], dtype=object), **limits)
    return refined, [refined.functional_signs(k)[:, 0] for k in range(refined.dim + 1)]


def _argmax(
    base: PolyhedralComplex, limits: dict[str, Any]
) -> tuple[RefinedComplex, tuple[Pair, ...], list[Masks]]:
    """The complex cut where contenders tie, the pairs of them, and by dimension which outputs are largest.

    A pair is cut where both may be the largest on one region; the largest outputs of a cell are among the
    contenders of any region that it is a face of, and all pairs of these are cut.
    """
    n_outputs = base.network.output_dim
    if n_outputs == 2:
        at_vertices = packed(np.ones((base.counts[0], 2), dtype=bool))
        may_win = np.ones((base.counts[-1], 2), dtype=bool)
    else:
        at_vertices, may_win = bounded_contenders(base)
    meet = may_win.T.astype(np.float32) @ may_win.astype(np.float32) > 0
    pairs = tuple((i, j) for i in range(n_outputs) for j in range(i + 1, n_outputs) if meet[i, j])
    pairs = pairs or ((0, 1),)
    functionals = np.zeros((len(pairs), n_outputs + 1), dtype=np.int64)
    for row, (i, j) in zip(functionals, pairs, strict=True):
        row[i], row[j] = 1, -1
    refined = refine(base, functionals, **limits)
    return refined, pairs, _largest(refined, pairs, at_vertices, may_win)


def _largest(
    refined: RefinedComplex, pairs: Sequence[Pair], at_vertices: Masks, may_win: NDArray[np.bool_]
) -> list[Masks]:
    """Which outputs are the largest on the cells, by dimension.

    An output is the largest on a cell iff it is at all its vertices: if it is there, then on the closed cell,
    since differences are affine on it; and if it is on the cell, then at the vertices by continuity. Vertices
    at infinity, p + M q, are points for each large M, and the signs at them those for all large M.

    At a vertex the largest are those contenders that no cut pair shows to be less than another output: all
    pairs of contenders of a region are cut. A vertex of the base has contenders of its own; a new one has
    those of a region around its carrier.
    """
    n_outputs = may_win.shape[1]
    carrier = refined.carrier(0)
    masks = np.take(at_vertices, np.where(carrier.dimensions == 0, carrier.ids, 0), axis=1)
    new = np.flatnonzero(carrier.dimensions)
    masks[:, new] = packed(may_win[_regions_around(refined.base, refined.carrier(0, new))])
    unclear = np.flatnonzero(several(masks))
    largest = unpacked(masks[:, unclear], n_outputs)
    for (i, j), codes in zip(pairs, refined.vertex_functional_codes(unclear), strict=True):
        largest[:, i] &= codes != 2
        largest[:, j] &= codes != 1
    if not largest.any(axis=1).all():
        raise RuntimeError("internal: a vertex without a largest output")
    masks[:, unclear] = packed(largest)
    return _core.composed(refined.core, masks, True)


def _regions_around(base: PolyhedralComplex, cells: Carrier) -> NDArray[np.int32]:
    """For each of some cells of the base, of dimension 1 or more, a region that has it as a face."""
    ids = cells.ids.copy()
    for k in range(1, base.dim):
        reached = np.flatnonzero(cells.dimensions <= k)
        wanted = np.zeros(base.counts[k], dtype=bool)
        wanted[ids[reached]] = True
        indptr, indices = base.facets(k + 1)
        places = np.flatnonzero(wanted[indices])
        cofacet = np.empty(base.counts[k], dtype=np.int32)
        cofacet[indices[places]] = np.searchsorted(indptr, places, side="right") - 1
        ids[reached] = cofacet[ids[reached]]
    return ids


def _cells(chosen: Sequence[NDArray[np.bool_]]) -> tuple[NDArray[np.int32], ...]:
    return tuple(np.flatnonzero(flags).astype(np.int32) for flags in chosen)
