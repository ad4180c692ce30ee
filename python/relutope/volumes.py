"""Volumes of cells: in float64 from a triangulation, and exactly."""

from __future__ import annotations

from fractions import Fraction
from math import factorial, isqrt
from operator import mul
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.arguments import checked_dimension, checked_ids
from relutope.slices import Slice

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex

#: Cells that are triangulated at once.
BLOCK_CELLS = 1 << 16


@overload
def cell_volumes(
    complex_: PolyhedralComplex,
    k: int,
    ids: ArrayLike | None = None,
    *,
    exact: Literal[False] = False,
    metric: bool = False,
) -> NDArray[np.float64]: ...
@overload
def cell_volumes(
    complex_: PolyhedralComplex, k: int, ids: ArrayLike | None = None, *, exact: bool, metric: bool = False
) -> NDArray[np.float64] | list[Fraction | float]: ...
def cell_volumes(
    complex_: PolyhedralComplex,
    k: int,
    ids: ArrayLike | None = None,
    *,
    exact: bool = False,
    metric: bool = False,
) -> NDArray[np.float64] | list[Fraction | float]:
    """The k-dimensional volumes of k-cells.

    The float64 volumes are sums over a pulling triangulation of the float64 vertices: their errors are of
    the size of `vertex_error` times that of the cell's boundary, so a cell thinner than that may get 0.

    Parameters
    ----------
    complex_ : PolyhedralComplex
    k : int
        0 <= k <= d; a vertex has volume 1.
    ids : array_like of int, optional
        Default: all k-cells that are not at infinity; only these are legal.
    exact : bool, default False
        Give fractions; for k = d only, since lower volumes are no rational numbers.
    metric : bool, default False
        On a slice: volumes in the input space instead of those in the slice's coordinates t. They are no
        rational numbers either.

    Returns
    -------
    ndarray of shape (n,), float64, or list of fractions.Fraction
        inf (a float in both) for unbounded cells, and where float64 overflows; never nan.

    Raises
    ------
    ValueError, TypeError
        If k or an id is out of range or no int, or `exact` is asked for with k < d or on a
        slice with `metric`.

    Examples
    --------
    >>> import relutope
    >>> from relutope.volumes import cell_volumes
    >>> network = relutope.Network.from_arrays([[[3, 0]], [[1]]], [[-1], [0]])
    >>> complex_ = relutope.polyhedral_complex(network, (0, 1))
    >>> sorted(cell_volumes(complex_, 2, exact=True))
    [Fraction(1, 3), Fraction(2, 3)]
    """
    k = checked_dimension(k, complex_.dim)
    count = complex_.f_vector[k]
    chosen = checked_ids(
        np.arange(count) if ids is None else ids, count, f"cells of dimension {k} not at infinity"
    )
    bounded = np.flatnonzero(complex_.bounded(k)[chosen])
    metric = metric and complex_.slice is not None
    if exact and metric:
        raise ValueError("exact and metric are both True on a slice; legal: one of them")
    if exact:
        if k < complex_.dim:
            raise ValueError(f"exact is True and k is {k}; legal: k = d = {complex_.dim}, or exact=False")
        volumes: list[Fraction | float] = [np.inf] * len(chosen)
        for place, ratio in zip(
            bounded.tolist(), _core.exact_volumes(complex_.core, chosen[bounded]), strict=True
        ):
            volumes[place] = Fraction(*ratio)
        return volumes
    result = np.full(len(chosen), np.inf)
    for first in range(0, len(bounded), BLOCK_CELLS):
        places = bounded[first : first + BLOCK_CELLS]
        result[places] = _float_volumes(complex_, k, chosen[places], complex_.slice if metric else None)
    return result


@np.errstate(over="ignore", invalid="ignore", under="ignore")
def _float_volumes(
    complex_: PolyhedralComplex, k: int, ids: NDArray[np.int64], plane: Slice | None
) -> NDArray[np.float64]:
    """Volumes of bounded cells; sums of determinants of edges, scaled so that none overflows on the way."""
    starts, simplices = _core.triangulate(complex_.core, k, ids)
    halves = complex_.vertices[simplices] / 2
    edges = halves[:, 1:] - halves[:, :1]
    if plane is not None:
        edges = edges @ plane.metric
    largest = np.abs(edges).max(axis=1, initial=0.0)  # per axis
    usable = np.isfinite(largest).all(axis=1)
    edges[~usable] = 0.0
    if k == complex_.dim:
        exponents = np.frexp(largest)[1]
        measures = np.abs(np.linalg.det(np.ldexp(edges, -exponents[:, None, :])))
        measures = np.ldexp(measures, exponents.sum(axis=1) + k)
    else:  # the square root of the Gram determinant, without squaring the condition of the edges
        exponents = np.frexp(largest.max(axis=1))[1]
        columns = np.ldexp(edges, -exponents[:, None, None]).transpose(0, 2, 1)
        upper = np.linalg.qr(columns, mode="r")
        measures = np.abs(np.diagonal(upper, axis1=1, axis2=2).prod(axis=1))
        measures = np.ldexp(measures, k * (exponents + 1))
    measures[~usable] = np.nan
    volumes = np.add.reduceat(measures, starts[:-1]) / factorial(k)
    for place in np.flatnonzero(~np.isfinite(volumes)).tolist():  # a vertex, or a volume, beyond float64
        volumes[place] = _rounded_volume(complex_, simplices[starts[place] : starts[place + 1]], plane)
    return volumes


def _rounded_volume(complex_: PolyhedralComplex, simplices: NDArray[np.int32], plane: Slice | None) -> float:
    """Volume from exact vertices, each simplex's rounded down to 60 bits or more."""
    ids = np.unique(simplices)
    coordinates = complex_.exact_vertices(ids)
    if plane is not None:
        columns = [[Fraction(value) for value in column] for column in plane.directions.T.tolist()]
        coordinates = [tuple(sum(map(mul, t, u), Fraction(0)) for u in columns) for t in coordinates]
    points = dict(zip(ids.tolist(), coordinates, strict=True))
    total = Fraction(0)
    for apex, *others in simplices.tolist():
        edges = [[x - y for x, y in zip(points[v], points[apex], strict=True)] for v in others]
        gram = _determinant([[sum(x * y for x, y in zip(a, b, strict=True)) for b in edges] for a in edges])
        # sqrt(p / q) = sqrt(p q) / q
        product = gram.numerator * gram.denominator
        shift = max(0, 60 - product.bit_length() // 2)
        total += Fraction(isqrt(product << 2 * shift), gram.denominator << shift)
    try:
        return float(total / factorial(len(simplices[0]) - 1))
    except OverflowError:
        return np.inf


def _determinant(rows: list[list[Fraction]]) -> Fraction:
    """Determinant of a symmetric matrix that is positive definite, so that no pivot is 0."""
    result = Fraction(1)
    rows = [list(row) for row in rows]
    for i, row in enumerate(rows):
        result *= row[i]
        for lower in rows[i + 1 :]:
            factor = lower[i] / row[i]
            for j in range(i, len(row)):
                lower[j] -= factor * row[j]
    return result
