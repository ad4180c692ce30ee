"""Boxes, all of R^d, and what is refused."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest

from relutope import AllSpace, Box, as_domain


def test_box_broadcasts_like_numpy() -> None:
    box = Box(-1, [1, 2])
    assert box.lo.tolist() == [-1, -1]
    assert box.hi.tolist() == [1, 2]
    assert Box(0, 1).bounds(3)[1].tolist() == [1, 1, 1]
    assert Box([0], [1]).bounds(2)[0].tolist() == [0, 0]
    assert Box(np.float32(0.1), 1).lo == np.float64(np.float32(0.1))


def test_box_is_a_value() -> None:
    assert Box(-1, 1) == Box(-1.0, 1.0)
    assert Box(-0.0, 1) == Box(0, 1)
    assert len({Box(-0.0, 1), Box(0, 1)}) == 1
    assert Box(-1, 1) != Box(-1, 2)
    assert pickle.loads(pickle.dumps(Box(-1, [1, 2]))) == Box(-1, [1, 2])
    with pytest.raises(ValueError, match="read-only"):
        Box(0, [1, 2]).lo[0] = 5
    with pytest.raises(AttributeError):
        Box(0, 1).lo = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("lo", "hi", "message"),
    [
        (1, 0, "lo = 1.0 and hi = 0.0"),
        (1, 1, "legal: lo < hi"),
        ([0, 1], [1, 1], r"lo\[1\] = 1.0 and hi\[1\] = 1.0"),
        ([0, 0], [1, 1, 1], "lo has length 2 and hi has length 3"),
        (np.nan, 1, "lo is nan"),
        (0, np.inf, "AllSpace"),
        ([0, -np.inf], 1, r"lo\[1\] is -inf"),
        (Fraction(1, 3), 1, "not a float64"),
        ([[0, 0]], 1, "lo has shape"),
        ([], 1, "length 0"),
    ],
)
def test_box_refuses(lo: object, hi: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Box(lo, hi)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", ["a", None, True, 1j])
def test_box_refuses_what_is_no_number(bad: object) -> None:
    with pytest.raises(TypeError, match="lo"):
        Box(bad, 1)  # type: ignore[arg-type]


def test_box_of_wrong_length_for_the_network() -> None:
    with pytest.raises(ValueError, match="3 axes and the network has 2 inputs"):
        as_domain(Box(0, [1, 1, 1]), 2)


def test_around_pads_relative_to_each_axis() -> None:
    box = Box.around([[0, 5], [2, 5]], pad=0.25)
    assert box == Box([-0.5, 4.75], [2.5, 5.25])
    assert Box.around(np.float32([[0.1, 1], [0.2, 2]]), pad=0).lo[0] == np.float64(np.float32(0.1))


@pytest.mark.parametrize(
    ("points", "pad", "message"),
    [
        ([], 0.1, "X has shape"),
        ([1.0, 2.0], 0.1, "X has shape"),
        ([[np.nan, 0]], 0.1, r"X\[0, 0\] is nan"),
        ([[0, 0], [1, 1]], -1, "pad is -1"),
        ([[0, 0], [1, 0]], 0, "pad is 0 and X does not vary on axis 1; legal: pad > 0 there"),
        (
            [[-1e308], [1e308]],
            0.5,
            r"X reaches from -1e\+308 to 1e\+308 on axis 0, and with pad = 0.5",
        ),
    ],
)
def test_around_refuses(points: object, pad: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Box.around(points, pad)  # type: ignore[arg-type]


def test_as_domain() -> None:
    assert as_domain((0, 1), 2) == Box([0, 0], [1, 1])
    assert as_domain([[0, 1], [2, 3]], 2) == Box([0, 1], [2, 3])
    assert as_domain(AllSpace(), 2) == AllSpace()
    for bad in (3, "box", None, (1, 2, 3), AllSpace):
        with pytest.raises(TypeError, match="legal: Box"):
            as_domain(bad, 2)


def test_contains_is_closed() -> None:
    inside = Box(0, 1).contains(np.array([[0.0, 1.0], [0.5, 1.5]]))
    assert inside.tolist() == [True, False]


def test_box_around_far_points_has_a_margin() -> None:
    box = Box.around([[1e17, 0], [1e17, 1]])
    assert (box.lo < [1e17, 0]).all()
    assert (box.hi > [1e17, 1]).all()
