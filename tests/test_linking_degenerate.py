"""Degenerate positions, symmetries and bad input of linking numbers of curves."""

from __future__ import annotations

import json
import signal
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import curves_reference as reference
import relutope
from relutope.cli import main
from relutope.linking import gauss_integral, linking_matrix, linking_number, meet, min_distance
from test_linking import SQUARE, THROUGH, agree, borromean, chain, hopf_of_the_paper, torus_link


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("height", [Fraction(1, 2), Fraction(1, 4)])
def test_towers_over_one_polygon(axis: int, height: Fraction) -> None:
    """Square helices of which every projection along `axis` runs over the same four segments."""
    n = 24
    square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
    tower = np.column_stack([square[np.arange(n) % 4], np.arange(n) * 2])
    a = np.concatenate([tower, [[9, 9, 2 * n]], [[9, 9, -9]]])
    b = np.concatenate([tower, [[-9, 9, 2 * n]], [[-9, 9, -9]]]) + np.array([0, 0, height * 4])
    agree(np.roll(a, axis, axis=1), np.roll(b.astype(float), axis, axis=1))
    agree(np.roll(a, axis, axis=1), np.roll(b.astype(float) - [2, 1, 0], axis, axis=1))


def test_a_thousand_overlapping_turns() -> None:
    """The crossings of a projection lie on vertices and along segments; the count is known."""
    turns, n = 1000, 4
    square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
    helix = np.column_stack([np.tile(square, (turns, 1)), np.arange(turns * n)]).astype(float)
    core = np.array([[2, 2, -1], [2, 2, 9999], [99, 99, 9999], [99, 99, -1]], dtype=float)
    for order in ([0, 1, 2], [1, 2, 0], [2, 0, 1]):
        closed = np.concatenate([helix, [[0, 0, 2 * n * turns]], [[-50, -50, 0]]])[:, order]
        assert linking_number(closed, core[:, order]) == turns
        assert linking_number(closed[::-1], core[:, order]) == -turns
        assert gauss_integral(closed, core[:, order]) == pytest.approx(turns, abs=2**-20)


@pytest.mark.parametrize(
    ("other", "point"),
    [
        (THROUGH - [1, 1, 0], (0, 0, 0)),  # an edge through a vertex
        (THROUGH - [1, 0, 0], (0, 1, 0)),  # through the middle of an edge
        ([[0, 0, 0], [5, 5, 5], [5, 5, 6]], (0, 0, 0)),  # a common vertex
        ([[1, 0, 0], [9, 0, 0], [9, 9, 9]], (1, 0, 0)),  # edges that overlap
        ([[2, 0, 0], [9, 0, 0], [9, 9, 9]], (2, 0, 0)),  # edges on one line with a common end
        ([[0, 1, 0], [0, 1, 0], [-3, 1, 5]], (0, 1, 0)),  # a point on an edge
    ],
)
def test_where_curves_meet(other: Any, point: tuple[int, ...]) -> None:
    agree(SQUARE, other)
    agree(other, SQUARE)
    found = meet(SQUARE, other)
    assert found is not None
    assert found.point == point
    assert linking_matrix([SQUARE, other]).tolist() == [[None, None], [None, None]]


def test_what_only_seems_to_meet() -> None:
    step = 2.0**-52
    for shift in ([0, 0, step], [-step, 0, 0], [0, 0, 2.0**-1074], [1 + step, 0, 0]):
        agree(SQUARE, SQUARE * 3 - 2 + shift)
        agree(SQUARE, np.array([[1, 0, 0], [1, -1, 0], [1, 0, 1]]) + np.array([0, -1, 0]) * step + shift)
    agree(SQUARE, [[3, 0, 0], [5, 0, 0], [4, 0, 0]])
    third = [[Fraction(1, 3), Fraction(2, 3), -1], [Fraction(1, 3), Fraction(2, 3), 1], [9, 9, 0]]
    agree([[0, 0, 0], [1, 2, 0], [-9, 9, 1]], third)
    third[0][0] += Fraction(1, 10**30)
    agree([[0, 0, 0], [1, 2, 0], [-9, 9, 1]], third)


def test_curves_that_are_points_or_lines() -> None:
    assert linking_number([[1, 1, 1]] * 3, SQUARE) == 0
    assert linking_number([[0, 0, 0]] * 3, SQUARE) is None
    assert linking_number([[1, 1, -1], [1, 1, 1], [1, 1, 0]], SQUARE) == 0
    assert linking_number([[1, 1, -1]] * 3, [[1, 1, -1]] * 4) is None


SHEARS = [
    np.array(matrix)
    for matrix in (
        [[1, 3, 0], [0, 1, 0], [0, 0, 1]],
        [[1, 0, 0], [0, 1, 0], [-2, 5, 1]],
        [[0, 1, 0], [1, 0, 0], [0, 0, 1]],
        [[-1, 0, 0], [0, 1, 0], [7, 0, 1]],
    )
]


@given(st.integers(0, 2**32), st.integers(3, 30), st.integers(3, 30))
@settings(max_examples=60, deadline=None)
def test_symmetries(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(-9, 10, (n, 3)), rng.integers(-9, 10, (m, 3))
    number = linking_number(a, b)
    minus = None if number is None else -number
    assert linking_number(b, a) == number
    assert linking_number(a[::-1], b) == linking_number(a, b[::-1]) == minus
    assert linking_number(np.roll(a, 1, axis=0), np.roll(b, -2, axis=0)) == number
    assert linking_number(np.repeat(a, 2, axis=0), b) == number
    finer = np.stack([4 * a, 3 * a + np.roll(a, -1, axis=0)], axis=1).reshape(-1, 3)
    assert linking_number(finer, 4 * b) == number
    for matrix in SHEARS:
        expected = number if round(np.linalg.det(matrix)) == 1 else minus
        assert linking_number(a @ matrix.T + 5, b @ matrix.T + 5) == expected
    assert linking_matrix([a, b, a[::-1]])[0, 1:].tolist() == [number, None]


def test_types_of_numbers() -> None:
    first, second = torus_link(3, 50)
    rounded = np.round(first * 64).astype(np.int64), np.round(second * 64).astype(np.int64)
    assert linking_number(*rounded) == -3
    for kind in (np.float32, np.float16, np.int16, object):
        assert linking_number(*(c.astype(kind) for c in rounded)) == -3
    big = [c.astype(object) + 2**70 for c in rounded]
    assert linking_number(*big) == -3
    agree(big[0][::5], rounded[1][::5] + 2.0**70)
    assert linking_number(first[:, ::-1][:, ::-1], second.tolist()) == -3


@pytest.mark.parametrize("function", [linking_number, meet, min_distance, gauss_integral])
@pytest.mark.parametrize(
    ("curve", "error", "message"),
    [
        (SQUARE[:2], ValueError, r"a has shape \(2, 3\); legal: \(n, 3\), n >= 3"),
        (SQUARE[:, :2], ValueError, r"a has shape \(4, 2\)"),
        (SQUARE[0], ValueError, r"a has shape \(3,\)"),
        (np.empty((0, 3)), ValueError, r"a has shape \(0, 3\)"),
        (SQUARE * np.nan, ValueError, r"a\[0, 0\] is nan; legal: finite"),
        (SQUARE + np.inf, ValueError, r"a\[0, 0\] is inf; legal: finite"),
        ([[1, 2, 3], [1, 2]], ValueError, "a is ragged"),
        (SQUARE * 1j, TypeError, "a has dtype complex128"),
        (SQUARE > 1, TypeError, "a has dtype bool"),
        ([["1", "2", "3"]] * 3, TypeError, "a has dtype"),
        (None, TypeError, "a is None"),
    ],
)
def test_refusals(function: Any, curve: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        function(curve, THROUGH)
    with pytest.raises(error, match=message.replace("a", "b", 1)):
        function(THROUGH, curve)


def test_refusals_of_matrices_and_methods() -> None:
    with pytest.raises(ValueError, match=r"curves\[1\] has shape \(2, 3\)"):
        linking_matrix([SQUARE, SQUARE[:2]])
    with pytest.raises(TypeError, match="curves is a dict"):
        linking_matrix({"a": SQUARE})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="method is 'fast'; legal: 'exact' or 'gauss'"):
        linking_number(SQUARE, THROUGH, method="fast")  # type: ignore[arg-type]
    assert linking_matrix([]).shape == (0, 0)
    assert linking_matrix([SQUARE]).tolist() == [[None]]


def test_ctrl_c() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40_000, 3)), rng.normal(size=(40_000, 3))
    timer = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    with pytest.raises(relutope.IncompleteError, match="the linking number was interrupted"):
        linking_number(a, b)
    timer.join()


def saved(tmp_path: Path, **curves: Any) -> str:
    np.savez(tmp_path / "curves.npz", **curves)
    return str(tmp_path / "curves.npz")


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = hopf_of_the_paper(300, 0.0, 0)
    path = saved(tmp_path, one=first, two=second, far=SQUARE + 50, touching=SQUARE + 50)
    assert main(["linking", path, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["names"] == ["one", "two", "far", "touching"]
    assert result["segments"] == [300, 300, 4, 4]
    assert result["linking_matrix"] == linking_matrix([first, second, SQUARE + 50, SQUARE + 50]).tolist()
    assert result["linking_matrix"][0][1] == reference.linking_number(first[::3], second[::3]) == -1
    assert result["linking_matrix"][2][3] is None
    assert result["distance_matrix"][0][1] == min_distance(first, second).value
    assert [row[i] for i, row in enumerate(result["distance_matrix"])] == [None] * 4
    assert result["min_distance"] == 0
    assert main(["linking", path]) == 0
    text = capsys.readouterr().out
    assert f"one, two: linking number -1, distance {min_distance(first, second).value:.6g}" in text
    assert "far, touching: they meet" in text


def test_command_on_little_and_on_bad_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["linking", saved(tmp_path, only=SQUARE), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["min_distance"] is None
    for curves, message in (
        ({}, "holds no array"),
        ({"flat": SQUARE[:, :2]}, "flat has shape (4, 2)"),
        ({"gone": SQUARE * np.nan}, "gone[0, 0] is nan"),
    ):
        assert main(["linking", saved(tmp_path, **curves), "--json"]) == 2
        assert message in capsys.readouterr().err
    assert main(["linking", str(tmp_path / "none.npz")]) == 2
    assert "none.npz" in capsys.readouterr().err


def test_many_curves() -> None:
    rings = chain(40) + [ring + np.array([0, 100, 0]) for ring in borromean()]
    matrix = linking_matrix(rings)
    linked = {(i, j) for i, j in zip(*np.nonzero(matrix == 1), strict=True)} | {
        (i, j) for i, j in zip(*np.nonzero(matrix == -1), strict=True)
    }
    assert linked == {(i, j) for i in range(40) for j in range(40) if abs(i - j) == 1}
    assert np.count_nonzero(matrix == None) == 43  # noqa: E711
