"""Slow exact oracle for images of closed polygons: affine forms in t on every piece of every segment.

It shares no method with the library, which works with values at vertices: here each value of the network is a
pair (a, b) of fractions, a + b t, and pieces are split at the roots of such forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

Form = tuple[Fraction, Fraction]
Piece = tuple[Fraction, Fraction, list[Form]]  # from t0 to t1, the forms of all values so far
Vertex = tuple[int, Fraction, tuple[Fraction, ...]]  # segment, parameter, values of the layer


def reference_image(layers: Sequence[tuple[str, Any, Any]], curve: Any, layer: int) -> list[Vertex]:
    """The vertices of the image; layers are (kind, W, b), W over the inputs and all earlier values."""
    points = [[Fraction(value) for value in point] for point in curve]
    vertices: list[Vertex] = []
    for i, p in enumerate(points):
        q = points[(i + 1) % len(points)]
        pieces: list[Piece] = [(Fraction(0), Fraction(1), [(a, b - a) for a, b in zip(p, q, strict=True)])]
        for kind, weights, bias in layers[: layer + 1]:
            pieces = [part for piece in pieces for part in _with_layer(piece, kind, weights, bias)]
        n_rows = len(layers[layer][2])
        for t0, _, forms in pieces:
            vertices.append((i, t0, tuple(_at(form, t0) for form in forms[-n_rows:])))
    return vertices


def _with_layer(piece: Piece, kind: str, weights: Any, bias: Any) -> list[Piece]:
    t0, t1, forms = piece
    reads = [[k for k, w in enumerate(row) if w != 0] for row in weights]
    rows = [
        (
            sum((Fraction(row[k]) * forms[k][0] for k in at), Fraction(constant)),
            sum((Fraction(row[k]) * forms[k][1] for k in at), Fraction(0)),
        )
        for row, constant, at in zip(weights, bias, reads, strict=True)
    ]
    windows = [[forms[k] for k in at] for at in reads]
    cuts: set[Fraction] = set()
    if kind == "relu":
        cuts = {root for row in rows for root in _roots(row)}
    elif kind == "max":
        cuts = {t for window in windows for t in _changes(window, t0, t1)}
    ends = [t0, *sorted(t for t in cuts if t0 < t < t1), t1]
    result = []
    for start, end in pairwise(ends):
        middle = (start + end) / 2
        if kind == "relu":
            new = [row if _at(row, middle) > 0 else (Fraction(0), Fraction(0)) for row in rows]
        elif kind == "max":
            new = [max(window, key=lambda form: _at(form, middle)) for window in windows]
        else:
            new = rows
        result.append((start, end, forms + new))
    return result


def _changes(window: list[Form], t0: Fraction, t1: Fraction) -> list[Fraction]:
    """Roots of differences at which the set of the largest forms is not the same as on both sides."""
    differences = [(f[0] - g[0], f[1] - g[1]) for f, g in combinations(window, 2)]
    roots = sorted({t for difference in differences for t in _roots(difference) if t0 < t < t1})
    between = [(a + b) / 2 for a, b in zip([t0, *roots], [*roots, t1], strict=True)]
    sides = [_largest(window, t) for t in between]
    found = zip(roots, sides[:-1], sides[1:], strict=True)
    return [t for t, left, right in found if not left == _largest(window, t) == right]


def _largest(window: list[Form], t: Fraction) -> set[int]:
    values = [_at(form, t) for form in window]
    return {k for k, value in enumerate(values) if value == max(values)}


def _roots(form: Form) -> list[Fraction]:
    return [-form[0] / form[1]] if form[1] != 0 else []


def _at(form: Form, t: Fraction) -> Fraction:
    return form[0] + form[1] * t


Points = Sequence[Sequence[Any]]


def reference_meet(a: Points, b: Points) -> bool:
    """Whether two closed polygons in space have a common point."""
    return any(_segments_meet(*s, *t) for s in _segments(a) for t in _segments(b))


def reference_linking_number(a: Points, b: Points) -> int | None:
    """Signed crossings of a over b, seen along directions until one is generic; None if the polygons meet."""
    if reference_meet(a, b):
        return None
    for k in range(2, 100):
        total = _crossings(_tilted(a, k), _tilted(b, k))
        if total is not None:
            return total
    raise AssertionError("no direction is generic")


def _segments(points: Points) -> list[tuple[list[Fraction], list[Fraction]]]:
    exact = [[Fraction(value) for value in point] for point in points]
    return list(zip(exact, exact[1:] + exact[:1], strict=True))


def _tilted(points: Points, k: int) -> list[list[Fraction]]:
    """The shear that moves z by multiples of x and y, so that z is seen along another direction."""
    p, q = Fraction(k, 97), Fraction(k * k + 1, 1009)
    exact = [[Fraction(value) for value in point] for point in points]
    return [[x + p * z, y + q * z, z] for x, y, z in exact]


def _crossings(a: Points, b: Points) -> int | None:
    total = 0
    for p, q in _segments(a):
        for r, s in _segments(b):
            if p == q or r == s:
                continue
            sides = [_turn(p, q, r), _turn(p, q, s), _turn(r, s, p), _turn(r, s, q)]
            if 0 in sides:
                spread = [min(x) <= max(y) for x, y in _extents(p, q, r, s)]
                if all(spread) and not (sides[0] * sides[1] > 0 or sides[2] * sides[3] > 0):
                    return None
                continue
            if sides[0] * sides[1] > 0 or sides[2] * sides[3] > 0:
                continue
            t = sides[2] / (sides[2] - sides[3])
            u = sides[0] / (sides[0] - sides[1])
            if p[2] + t * (q[2] - p[2]) > r[2] + u * (s[2] - r[2]):
                cross = (q[0] - p[0]) * (s[1] - r[1]) - (q[1] - p[1]) * (s[0] - r[0])
                total += 1 if cross > 0 else -1
    return total


def _extents(p: Any, q: Any, r: Any, s: Any) -> list[tuple[Any, Any]]:
    pairs = [((p[i], q[i]), (r[i], s[i])) for i in (0, 1)]
    return pairs + [(second, first) for first, second in pairs]


def _turn(p: Any, q: Any, r: Any) -> Fraction:
    return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])


def _segments_meet(p: Any, q: Any, r: Any, s: Any) -> bool:
    """Whether p + t (q - p) = r + u (s - r) has a solution in the unit square: clip it by three equations."""
    polygon = [(Fraction(0), Fraction(0)), (Fraction(1), Fraction(0)), (Fraction(1), Fraction(1))]
    polygon.append((Fraction(0), Fraction(1)))
    for i in range(3):
        for sign in (1, -1):
            polygon = _clipped(polygon, sign * (q[i] - p[i]), sign * (r[i] - s[i]), sign * (p[i] - r[i]))
    return bool(polygon)


def _clipped(polygon: list[Form], a: Fraction, b: Fraction, c: Fraction) -> list[Form]:
    """The part of a convex polygon, perhaps a segment or point, where a t + b u + c >= 0."""
    result = []
    for first, second in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        v, w = (a * point[0] + b * point[1] + c for point in (first, second))
        if v >= 0:
            result.append(first)
        if v * w < 0:
            t = v / (v - w)
            result.append(tuple(x + t * (y - x) for x, y in zip(first, second, strict=True)))
    return result
