"""Linking numbers of simplicial cycles of any dimensions, by exact integers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from math import inf, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.coefficients import as_fractions, exact_array

#: Integer coordinates.
Vector = list[int]


class Cycle:
    """A closed chain of oriented simplices.

    Parameters
    ----------
    cycle : tuple (vertices, simplices)
        Arrays of shape (n, d) and, of ids of vertices, (k, m + 1) with m >= 1.
    name : str
        What it is called in error messages.

    Raises
    ------
    ValueError
        If a shape is another, a value is not finite, an id is out of range or stands in a simplex twice, or
        the boundary is not 0.
    TypeError
        If it is no such tuple, or values are of another type.
    """

    def __init__(self, cycle: Any, name: str) -> None:
        if not is_cycle(cycle):
            raise TypeError(f"{name} is a {type(cycle).__name__}; legal: a tuple (vertices, simplices)")
        array, _ = exact_array(cycle[0], f"{name}[0]")
        if array.ndim != 2 or len(array) == 0:
            raise ValueError(f"{name}[0] has shape {array.shape}; legal: (n, d), vertices")
        self.vertices = as_fractions(array)
        self.simplices = _checked_simplices(cycle[1], len(array), f"{name}[1]")
        for facet, coefficient in _boundary(self.simplices).items():
            if coefficient:
                raise ValueError(
                    f"{name} has a boundary: the simplex {facet} with coefficient {coefficient}; legal: "
                    "cycles, whose boundary is 0"
                )

    @property
    def dim(self) -> int:
        """The dimension m of the simplices."""
        return int(self.simplices.shape[1]) - 1

    def boxes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Least and largest coordinates of each simplex; rounding to nearest keeps their order."""
        images = np.array([[_rounded(value) for value in point] for point in self.vertices.tolist()])
        return images[self.simplices].min(axis=1), images[self.simplices].max(axis=1)

    def corners(self, denominator: int) -> list[list[Vector]]:
        """Vertices of each simplex, times a common denominator."""
        points = [
            [value.numerator * (denominator // value.denominator) for value in point]
            for point in self.vertices.tolist()
        ]
        return [[points[i] for i in simplex] for simplex in self.simplices.tolist()]


def is_cycle(value: Any) -> bool:
    """Whether an argument is a pair and so no curve."""
    return isinstance(value, tuple) and len(value) == 2


def linking_number_of_cycles(a: Any, b: Any) -> int | None:
    """See `relutope.linking.linking_number`.

    The degree of (x, y) -> (y - x) / |y - x| at the last axis e of space: the pairs of simplices where y - x
    is a positive multiple of e, with signs. With a frame of a, then one of b, the sign is that of the
    determinant with columns e, -da, db, which is that of the matrix (da, -db) without its last row. The
    second cycle is moved by (t, t^2, ..., t^(d - 1), 0) for an infinitely small t > 0: no linking number
    changes, and such pairs lie in the interior of simplices.
    """
    first, second = Cycle(a, "a"), Cycle(b, "b")
    d = first.vertices.shape[1]
    if second.vertices.shape[1] != d or first.dim + second.dim + 1 != d:
        raise ValueError(
            f"a and b are cycles of dimensions {first.dim} and {second.dim} in R^{d} and "
            f"R^{second.vertices.shape[1]}; legal: dimensions m and n in R^(m + n + 1)"
        )
    numbers: list[Fraction] = [*first.vertices.flat, *second.vertices.flat]
    denominator = lcm(*(value.denominator for value in numbers))
    corners_a, corners_b = first.corners(denominator), second.corners(denominator)
    total = 0
    for i, j, boxes_meet in _near(first, second):
        degree = _local_degree(corners_a[i], corners_b[j], boxes_meet)
        if degree is None:
            return None
        total += degree
    return total


def _near(a: Cycle, b: Cycle) -> Iterator[tuple[int, int, bool]]:
    """Pairs of simplices whose boxes allow that b lies above a, and whether the boxes meet."""
    (low_a, high_a), (low_b, high_b) = a.boxes(), b.boxes()
    for i in range(len(low_a)):
        beside = (low_a[i] <= high_b) & (low_b <= high_a[i])
        beside[:, -1] = low_a[i, -1] <= high_b[:, -1]
        for j in np.flatnonzero(beside.all(axis=1)).tolist():
            yield i, j, bool(low_b[j, -1] <= high_a[i, -1])


def _local_degree(x: list[Vector], y: list[Vector], boxes_meet: bool) -> int | None:
    """What two simplices contribute, see `linking_number_of_cycles`; None if they have a common point."""
    frame = [_minus(p, x[0]) for p in x[1:]] + [_minus(y[0], q) for q in y[1:]]
    gap = _minus(y[0], x[0])
    n = len(frame)
    rows = [[*(v[c] for v in frame), gap[c], *(int(c == moved) for moved in range(n))] for c in range(n)]
    sign, determinant, places = _solved(rows)
    if determinant == 0:
        return None if boxes_meet and _meet(x, y) else 0
    # Barycentric coordinates as polynomials in t, times the determinant; the first one completes them to 1.
    one = [determinant] + [0] * n
    m = len(x) - 1
    first = [
        _minus(one, [sum(column) for column in zip(*part, strict=True)]) for part in (places[:m], places[m:])
    ]
    height = determinant * gap[-1] - sum(v[-1] * place[0] for v, place in zip(frame, places, strict=True))
    if height == 0 and all(place[0] >= 0 for place in (*first, *places)):
        return None
    inside = all(place > [0] * (n + 1) for place in (*first, *places))
    return sign if height > 0 and inside else 0


def _solved(rows: list[Vector]) -> tuple[int, int, list[Vector]]:
    """Solve A z = b for the columns b that stand behind the square matrix A, by fraction-free elimination.

    Returns
    -------
    sign, determinant, solutions
        The sign and the absolute value of det A, and z times that; if it is 0, no solutions.
    """
    n = len(rows)
    previous, swaps = 1, 0
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k]), None)
        if pivot is None:
            return 0, 0, []
        rows[k], rows[pivot] = rows[pivot], rows[k]
        swaps += pivot != k
        for i in range(n):
            if i != k:
                top, factor = rows[k][k], rows[i][k]
                rows[i] = [(top * p - factor * q) // previous for p, q in zip(rows[i], rows[k], strict=True)]
        previous = rows[k][k]
    side = 1 if previous > 0 else -1
    return side * (-1) ** swaps, abs(previous), [[side * value for value in row[n:]] for row in rows]


def _meet(x: list[Vector], y: list[Vector]) -> bool:
    """Whether two simplices meet: the first phase of the simplex method with the rule of Bland (1977).

    Sought are weights >= 0 of all corners, those of x and those of y with sum 1, that give one and the same
    point of both.
    """
    columns = [[*p, 1, 0] for p in x] + [[*(-c for c in q), 0, 1] for q in y]
    n = len(columns)
    rows = [[Fraction(column[r]) for column in columns] for r in range(len(columns[0]))]
    for r, row in enumerate(rows):
        row.append(Fraction(int(r >= len(rows) - 2)))
    basis = list(range(n, n + len(rows)))  # artificial variables, which never come back
    cost = [-sum(column) for column in zip(*rows, strict=True)]
    while True:
        entering = next((j for j in range(n) if cost[j] < 0), None)
        if entering is None:
            return not cost[n]
        ratios = [(row[n] / row[entering], basis[r], r) for r, row in enumerate(rows) if row[entering] > 0]
        _, _, leaving = min(ratios)
        basis[leaving] = entering
        top = rows[leaving][entering]
        rows[leaving] = [value / top for value in rows[leaving]]
        for r, row in enumerate(rows):
            if r != leaving:
                rows[r] = _eliminated(row, rows[leaving], entering)
        cost = _eliminated(cost, rows[leaving], entering)


def _eliminated(row: list[Fraction], pivot: list[Fraction], column: int) -> list[Fraction]:
    factor = row[column]
    return [p - factor * q for p, q in zip(row, pivot, strict=True)] if factor else row


def _boundary(simplices: NDArray[np.int64]) -> Counter[tuple[int, ...]]:
    """Coefficients of the facets, their vertices ascending."""
    coefficients: Counter[tuple[int, ...]] = Counter()
    for simplex in simplices.tolist():
        order = sorted(range(len(simplex)), key=simplex.__getitem__)
        ascending = tuple(simplex[i] for i in order)
        orientation = (-1) ** sum(p > q for k, q in enumerate(order) for p in order[:k])
        for omitted in range(len(simplex)):
            facet = ascending[:omitted] + ascending[omitted + 1 :]
            coefficients[facet] += orientation * (-1) ** omitted
    return coefficients


def _checked_simplices(simplices: Any, n_vertices: int, name: str) -> NDArray[np.int64]:
    try:
        array = np.asarray(simplices)
    except ValueError:
        raise ValueError(f"{name} is ragged; legal: rows of equal length") from None
    if array.dtype.kind not in "iu" or array.ndim != 2 or array.shape[0] == 0 or array.shape[1] < 2:
        raise ValueError(
            f"{name} has dtype {array.dtype} and shape {array.shape}; legal: ints of shape (k, m + 1), m >= 1"
        )
    if array.min() < 0 or array.max() >= n_vertices:
        wrong = array[(array < 0) | (array >= n_vertices)][0]
        raise ValueError(f"{name} contains {wrong}; legal: 0 <= id < {n_vertices}, the number of vertices")
    ordered = np.sort(array, axis=1)
    twice = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    if twice.any():
        place = int(np.flatnonzero(twice)[0])
        raise ValueError(f"{name}[{place}] is {array[place].tolist()}; legal: no vertex twice in a simplex")
    return array.astype(np.int64)


def _rounded(value: Fraction) -> float:
    """The nearest float64, infinite beyond."""
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def _minus(p: Vector, q: Vector) -> Vector:
    return [x - y for x, y in zip(p, q, strict=True)]
