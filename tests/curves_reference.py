"""Slow oracles for curves, in Fractions and without the library."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

Point = list[Fraction]
Segment = tuple[Point, Point]


def segments(curve: ArrayLike) -> list[Segment]:
    points = [[Fraction(x) for x in point] for point in np.asarray(curve, dtype=object).tolist()]
    return list(zip(points, points[1:] + points[:1], strict=True))


def minus(p: Point, q: Point) -> Point:
    return [x - y for x, y in zip(p, q, strict=True)]


def dot(p: Point, q: Point) -> Fraction:
    return sum((x * y for x, y in zip(p, q, strict=True)), Fraction(0))


def determinant(rows: list[Point]) -> Fraction:
    (a, b, c), (d, e, f), (g, h, i) = rows
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def sign(value: Fraction) -> int:
    return (value > 0) - (value < 0)


def linking_number(a: ArrayLike, b: ArrayLike, seed: int = 0) -> int:
    """Half the sum of the signed crossings, seen along random rational directions until one is generic."""
    rng = random.Random(seed)
    while True:
        direction = [Fraction(rng.randint(-(10**6), 10**6)) for _ in range(3)]
        found = crossings(segments(a), segments(b), direction)
        if found is not None:
            assert found % 2 == 0
            return found // 2


def crossings(a: list[Segment], b: list[Segment], direction: Point) -> int | None:
    """Sum of the signs of all crossings, or None where a vertex is seen on a segment."""
    total = 0
    for (p0, p1), (q0, q1) in product(a, b):
        d, e = minus(p1, p0), minus(q1, q0)
        if dot(d, d) * dot(e, e) == dot(d, e) ** 2:
            continue  # parallel, or a point
        of_a = [sign(determinant([d, minus(q, p0), direction])) for q in (q0, q1)]
        of_b = [sign(determinant([e, minus(p, q0), direction])) for p in (p0, p1)]
        if of_a[0] * of_a[1] == 1 or of_b[0] * of_b[1] == 1:
            continue
        if 0 in of_a or 0 in of_b:
            return None
        total += sign(determinant([d, e, minus(p0, q0)]))
    return total


def nearest(first: Segment, second: Segment) -> tuple[Fraction, Fraction, Fraction]:
    """Squared distance of two segments and parameters that attain it: the least of all critical values."""
    (p0, p1), (q0, q1) = first, second
    d, e, r = minus(p1, p0), minus(q1, q0), minus(p0, q0)
    dd, ee, de, dr, er = dot(d, d), dot(e, e), dot(d, e), dot(d, r), dot(e, r)
    ends = (Fraction(0), Fraction(1))
    candidates = list(product(ends, ends))
    if ee:
        candidates += [(s, (er + s * de) / ee) for s in ends]
    if dd:
        candidates += [((t * de - dr) / dd, t) for t in ends]
    if dd * ee != de * de:
        whole = dd * ee - de * de
        candidates.append(((de * er - dr * ee) / whole, (er * dd - de * dr) / whole))

    def squared(s: Fraction, t: Fraction) -> Fraction:
        gap = [x + s * y - t * z for x, y, z in zip(r, d, e, strict=True)]
        return dot(gap, gap)

    return min((squared(s, t), s, t) for s, t in candidates if 0 <= s <= 1 and 0 <= t <= 1)


def squared_distance(a: ArrayLike, b: ArrayLike) -> Fraction:
    return min(nearest(p, q)[0] for p, q in product(segments(a), segments(b)))


def gauss_integral(a: ArrayLike, b: ArrayLike) -> float:
    """The sum over all pairs of segments of four arcsines (Klenin and Langowski, 2000), in float64."""
    p, q = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    corners = q[None, :] - p[:, None]
    r00, r10 = corners, np.roll(corners, -1, axis=0)
    r01, r11 = np.roll(corners, -1, axis=1), np.roll(np.roll(corners, -1, axis=0), -1, axis=1)
    normals = [unit(np.cross(x, y)) for x, y in ((r00, r10), (r10, r11), (r11, r01), (r01, r00))]
    angle = np.zeros(corners.shape[:2])
    for x, y in zip(normals, normals[1:] + normals[:1], strict=True):
        angle += np.arcsin(np.clip((x * y).sum(axis=-1), -1, 1))
    d = np.roll(p, -1, axis=0) - p
    e = np.roll(q, -1, axis=0) - q
    side = np.sign((np.cross(d[:, None], e[None, :]) * -r00).sum(axis=-1))
    return float((angle * side).sum() / (4 * np.pi))


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)


Chain = tuple[ArrayLike, ArrayLike]


def intersections_with_cone(a: Chain, b: Chain, seed: int = 0) -> int:
    """The linking number of two cycles: (-1)^(m + 1) times the intersections of a cone over a with b."""
    rng = random.Random(seed)
    (p, first), (q, second) = ((exact(v), np.asarray(s).tolist()) for v, s in (a, b))
    while True:
        apex = [Fraction(rng.randint(-(10**9), 10**9), 10**7) for _ in p[0]]
        found = [degree([apex, *(p[i] for i in x)], [q[j] for j in y]) for x in first for y in second]
        if None not in found:
            return sum(filter(None, found)) * (-1) ** len(first[0])


def exact(points: ArrayLike) -> list[Point]:
    return [[Fraction(x) for x in point] for point in np.asarray(points).tolist()]


def degree(x: list[Point], y: list[Point]) -> int | None:
    """Sign of the frames where simplices of complementary dimensions cross; None on the boundary of one.

    Flat frames count 0: for almost all apexes such simplices do not meet.
    """
    frame = [minus(v, x[0]) for v in x[1:]] + [minus(w, y[0]) for w in y[1:]]
    columns = [list(column) for column in zip(*frame, minus(y[0], x[0]), strict=True)]
    whole, places = eliminated(columns)
    if whole == 0:
        return 0
    # x0 + sum s dx == y0 + sum t dy, dy standing with the other sign.
    s, t = places[: len(x) - 1], [-place for place in places[len(x) - 1 :]]
    weights = [1 - sum(s), *s, 1 - sum(t), *t]
    if min(weights) == 0:
        return None
    return sign(whole) if min(weights) > 0 else 0


def eliminated(rows: list[Point]) -> tuple[Fraction, Point]:
    """Determinant of the matrix before the last column, and the solution for that column."""
    whole = Fraction(1)
    for k in range(len(rows)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k]), None)
        if pivot is None:
            return Fraction(0), []
        if pivot != k:
            rows[k], rows[pivot] = rows[pivot], rows[k]
            whole = -whole
        whole *= rows[k][k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(len(rows)):
            if i != k and rows[i][k]:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return whole, [row[-1] for row in rows]
