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
