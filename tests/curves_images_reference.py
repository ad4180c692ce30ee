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
