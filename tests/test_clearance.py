"""Proofs in floats that closed polygons keep a distance."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relutope import _core

Vector = list[Fraction]


def dot(p: Vector, q: Vector) -> Fraction:
    return sum((x * y for x, y in zip(p, q, strict=True)), Fraction(0))


def squared_distance(a: Any, b: Any) -> Fraction:
    """Of two closed polygons: the least over pairs of segments of interior and boundary minima."""
    exact = [[[Fraction(x) for x in point] for point in curve] for curve in (a, b)]
    first, second = (list(zip(points, points[1:] + points[:1], strict=True)) for points in exact)
    return min(_segments(*s, *t) for s in first for t in second)


def _segments(p: Vector, q: Vector, r: Vector, s: Vector) -> Fraction:
    d, e = ([y - x for x, y in zip(*ends, strict=True)] for ends in ((p, q), (r, s)))
    gaps = [_to_segment(p, r, s), _to_segment(q, r, s), _to_segment(r, p, q), _to_segment(s, p, q)]
    determinant = dot(d, d) * dot(e, e) - dot(d, e) ** 2
    if determinant:
        w = [x - y for x, y in zip(p, r, strict=True)]
        t = (dot(d, e) * dot(e, w) - dot(d, w) * dot(e, e)) / determinant
        u = (dot(d, d) * dot(e, w) - dot(d, e) * dot(d, w)) / determinant
        if 0 <= t <= 1 and 0 <= u <= 1:
            gap = [x + t * y - u * z for x, y, z in zip(w, d, e, strict=True)]
            gaps.append(dot(gap, gap))
    return min(gaps)


def _to_segment(x: Vector, p: Vector, q: Vector) -> Fraction:
    d = [b - a for a, b in zip(p, q, strict=True)]
    w = [b - a for a, b in zip(p, x, strict=True)]
    t = min(max(dot(w, d) / dot(d, d), Fraction(0)), Fraction(1)) if any(d) else Fraction(0)
    gap = [a - t * b for a, b in zip(w, d, strict=True)]
    return dot(gap, gap)


def polygons(rng: np.random.Generator, lattice: bool) -> tuple[np.ndarray, np.ndarray]:
    if lattice:
        a, b = rng.integers(-3, 4, (2, 5, 3)).astype(float)
        return a, b
    n, m = rng.integers(1, 12, 2)
    return rng.normal(size=(n, 3)).cumsum(axis=0), rng.normal(size=(m, 3)).cumsum(axis=0) + rng.normal(
        0, 3, 3
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), lattice=st.booleans())
def test_apart_is_proven_up_to_rounding(seed: int, lattice: bool) -> None:
    a, b = polygons(np.random.default_rng(seed), lattice)
    squared = squared_distance(a.tolist(), b.tolist())
    distance = float(squared) ** 0.5
    assert not _core.apart(a, b, distance * (1 + 2.0**-40))
    assert _core.apart(a, b, distance * (1 - 2.0**-30)) == (squared > 0)
    assert _core.apart(b, a, distance / 2) == (squared > 0)
    assert _core.apart(a, b, 0.0) == (squared > 0)
    assert not _core.apart(a, b, np.inf)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(-4, 4))
def test_no_false_proof_within_rounding(seed: int, steps: int) -> None:
    """Radii that are neighbours of the distance as floats."""
    a, b = polygons(np.random.default_rng(seed), lattice=False)
    squared = squared_distance(a.tolist(), b.tolist())
    radius = float(squared) ** 0.5
    for _ in range(abs(steps)):
        radius = np.nextafter(radius, np.inf if steps > 0 else 0)
    assert not _core.apart(a, b, radius) or squared > Fraction(float(radius)) ** 2


def test_boxes_and_directions() -> None:
    line = np.array([[0.0, 0, 0], [1, 0, 0]])
    shifted = line + np.array([0, 2, 0])
    assert _core.apart(line, shifted, np.nextafter(2.0, 0))
    assert not _core.apart(line, shifted, 2.0)
    assert _core.apart(line, np.array([[2.0, 0, 0]]), 0.99)
    assert not _core.apart(line, np.array([[0.5, 0, 0]]), 0.0)
    assert not _core.apart(line, line, 0.0)
    crossing = np.array([[0.5, -1, 0.25], [0.5, 1, 0.25]])
    assert _core.apart(line, crossing, 0.2)
    assert not _core.apart(line, crossing, 0.25)
    diagonal = np.array([[-1.0, -1, -1], [1, 1, 1]])
    assert _core.apart(diagonal, diagonal + np.array([0.125, -0.125, 0]), 0.1)


@pytest.mark.parametrize("scale", [2.0**-700, 2.0**-1070, 2.0**700, 2.0**1020])
def test_nothing_is_proven_beyond_the_range(scale: float) -> None:
    line = np.array([[0.0, 0, 0], [1, 1, 0]]) * scale
    assert not _core.apart(line, np.array([[0.0, 0, 0], [-1, 1, 0]]) * scale, 0.0)
    near = np.array([[0.0, 1, 0], [-1, 0, 0]]) * scale
    assert _core.apart(line, near, 0.0) is False


def test_bad_input() -> None:
    line = np.array([[0.0, 0, 0], [1, 1, 0]])
    with pytest.raises(ValueError, match="radius"):
        _core.apart(line, line, -1.0)
    with pytest.raises(ValueError, match="radius"):
        _core.apart(line, line, np.nan)
    with pytest.raises(ValueError, match="a: must be finite"):
        _core.apart(line + np.inf, line, 0.0)
    with pytest.raises(ValueError, match="b: none"):
        _core.apart(line, line[:0], 0.0)
    with pytest.raises(ValueError, match="b"):
        _core.apart(line, line[:, :2], 0.0)
