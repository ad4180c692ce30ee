"""Linking numbers of the images of two curves under all layers of a network."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import relutope
from curves_images_reference import reference_image, reference_linking_number, reference_meet
from relutope import Network
from relutope.linking import LayerMeeting, ThroughLayers, image, meet, through_layers
from skip_networks import SkipLayer, skip_network

EYE = np.eye(3)
SQUARE = [[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]]
OTHER = [[0, 0, 1], [0, 0, -1], [0, 3, -1], [0, 3, 1]]  # linked with the square, number -1


def network_of(*layers: tuple[str, Any, Any]) -> tuple[Network, list[SkipLayer]]:
    """A network of layers (kind, W, b), each W over as many of the last values as it has columns."""
    full: list[SkipLayer] = []
    n_values = 3
    for kind, weights, bias in layers:
        weights = np.asarray(weights, dtype=float)
        padding = np.zeros((len(weights), n_values - weights.shape[1]))
        full.append((kind, np.hstack([padding, weights]), np.asarray(bias, dtype=float)))
        n_values += len(weights)
    return skip_network(3, full), full


def point_of(curve: Any, segment: int, t: Fraction) -> list[Fraction]:
    ends = zip(curve[segment], curve[(segment + 1) % len(curve)], strict=True)
    return [(1 - t) * Fraction(p) + t * Fraction(q) for p, q in ends]


def values_at(layers: list[SkipLayer], point: list[Fraction], layer: int) -> list[Fraction]:
    return list(reference_image(layers, [point] * 3, layer)[0][2])


def steps_of(layers: list[SkipLayer], curve: Any, layer: int) -> dict[str, list[list[Fraction]]]:
    """The polygon after each step of a layer, by cutting layers whose other rows pass."""
    kind, weights, bias = layers[layer]
    if kind == "max":
        return {"max": [list(v) for _, _, v in reference_image(layers, curve, layer)]}
    affine = [*layers[:layer], ("linear", weights, bias)]
    vertices = reference_image(layers, curve, layer)
    before = [values_at(affine, point_of(curve, i, t), layer) for i, t, _ in vertices]
    steps = {"affine": before}
    for i in range(3 if kind == "relu" else 0):
        steps[f"relu {i}"] = [
            [max(v, Fraction(0)) if k <= i else v for k, v in enumerate(row)] for row in before
        ]
    assert list(steps.values())[-1] == [list(v) for _, _, v in vertices]
    return steps


def assert_meeting(meeting: LayerMeeting, layers: list[SkipLayer], a: Any, b: Any, layer: int) -> None:
    """The point is one of both curves, and they are disjoint after all steps before."""
    steps_a, steps_b = steps_of(layers, a, layer), steps_of(layers, b, layer)
    names = list(steps_a)
    before = names[: names.index(meeting.step)]
    assert not any(reference_meet(steps_a[name], steps_b[name]) for name in before)
    _, weights, bias = layers[layer]
    for (segment, t), curve in ((meeting.a, a), (meeting.b, b)):
        assert 0 <= t <= 1
        point = point_of(curve, segment, t)
        if meeting.step == "max":
            assert values_at(layers, point, layer) == list(meeting.point)
            continue
        values = values_at([*layers[:layer], ("linear", weights, bias)], point, layer)
        done = names.index(meeting.step)
        assert [max(v, 0) if k < done else v for k, v in enumerate(values)] == list(meeting.point)


def assert_rows(found: ThroughLayers, layers: list[SkipLayer], a: Any, b: Any) -> None:
    assert [row.layer for row in found.rows] == [
        -1,
        *(k for k, layer in enumerate(layers) if len(layer[2]) == 3),
    ]
    assert found.rows[0].linking_number == reference_linking_number(a, b)
    for row in found.rows[1:]:
        image_a, image_b = (reference_image(layers, curve, row.layer) for curve in (a, b))
        number = reference_linking_number([v for _, _, v in image_a], [v for _, _, v in image_b])
        assert row.linking_number == number
        assert row.n_segments == (len(image_a), len(image_b))
        assert row.kind == layers[row.layer][0]
        assert (row.meeting is None) == (number is not None) == (row.min_distance > 0)
        if row.meeting is not None:
            assert_meeting(row.meeting, layers, a, b, row.layer)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32), few_bits=st.booleans(), shift=st.sampled_from([0, 1, 3]))
def test_random_networks(seed: int, few_bits: bool, shift: int) -> None:
    rng = np.random.default_rng(seed)

    def coefficients(*shape: int) -> np.ndarray:
        return rng.integers(-2, 3, shape).astype(float) if few_bits else rng.normal(size=shape)

    a, b = (coefficients(4, 3) for _ in range(2))
    shapes = [("relu", 3), ("relu" if shift else "max", 3), ("linear", 3)]
    layers = [(kind, coefficients(3, n), coefficients(3) + shift) for kind, n in shapes]
    if not shift:
        layers[1] = ("max", np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]]), np.zeros(3))
    network, full = network_of(*layers)
    assert_rows(through_layers(network, a.tolist(), b.tolist()), full, a.tolist(), b.tolist())


DEGENERATE = {
    "zero weights": ([("relu", EYE * 0, [1, 1, 1])], [(None, "affine")]),
    "a plane": ([("relu", np.diag([1, 1, 0]), [9, 9, 9])], [(None, "affine")]),
    "dead": ([("relu", EYE, [-9, -9, -9])], [(None, "relu 0")]),
    "one dead": ([("relu", EYE, [9, 9, -9])], [(None, "relu 2")]),
    "duplicate neurons": ([("relu", [[1, 0, 0]] * 3, [9, 9, 9])], [(None, "affine")]),
    "mirrored": ([("relu", -EYE, [9, 9, 9])], [(1, None)]),
    "vertices on a hyperplane": ([("relu", EYE, [1, 1, 1])], [(-1, None)]),
    "touching from above": ([("relu", EYE, [1, 1, 0])], [(None, "relu 2")]),
    "not met again": (
        [("relu", EYE * 0, [0, 0, 0]), ("linear", np.vstack([EYE, EYE]).T, [0] * 3)],
        [(None, "affine"), (-1, None)],
    ),
    "met before": (
        [("relu", EYE, [-9, 9, 9]), ("relu", -EYE, [0, 0, 0])],
        [(None, "relu 0"), (None, "affine")],
    ),
    "a maximum": (
        [("linear", EYE, [0, 0, 0]), ("max", [[1, 1, 0]] * 3, [0] * 3)],
        [(-1, None), (None, "max")],
    ),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_layers(name: str) -> None:
    layers, expected = DEGENERATE[name]
    network, full = network_of(*layers, ("linear", EYE, [0, 0, 0]))
    found = through_layers(network, SQUARE, OTHER)
    steps = [(row.linking_number, row.meeting and row.meeting.step) for row in found.rows]
    assert steps[: len(expected) + 1] == [(-1, None), *expected]
    assert_rows(found, full, SQUARE, OTHER)


def monotone_layer(slope: float, weights: Any, bias: Any) -> list[tuple[str, Any, Any]]:
    """slope z + (1 - slope) relu(z) of z = W x + b, as a layer of ReLUs and a linear one; slope 0 is ReLU."""
    if slope == 0:
        return [("relu", weights, bias)]
    rows = np.hstack([slope * np.asarray(weights), (1 - slope) * EYE])
    return [("relu", weights, bias), ("linear", rows, slope * np.asarray(bias))]


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    """Perhaps with a reflection."""
    return np.linalg.qr(rng.normal(size=(3, 3)))[0] * rng.choice([-1, 1], 3)


def sign_of_determinant(weights: np.ndarray) -> int:
    (a, b, c), (d, e, f), (g, h, i) = [[Fraction(value) for value in row] for row in weights.tolist()]
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (determinant > 0) - (determinant < 0)


@pytest.mark.parametrize(("slope", "least"), [(0.0, 20), (0.125, 100)])
def test_monotone_layers_keep_the_number_while_images_are_disjoint(slope: float, least: int) -> None:
    """Ren and Lim (2026), C.7: up to signs of determinants; `least` layers bend linked curves and do so."""
    rng = np.random.default_rng(11)
    n_kept = 0
    for _ in range(100):
        a, b = 2.0 * np.array([SQUARE, OTHER]) + rng.integers(-1, 2, (2, 4, 3))
        matrices = [np.round(random_rotation(rng) * 8) / 8 for _ in range(3)]
        parts = [monotone_layer(slope, w, np.round(rng.uniform(1, 4, 3))) for w in matrices]
        network, _ = network_of(*(layer for part in parts for layer in part), ("linear", EYE, [0, 0, 0]))
        step = len(parts[0])
        rows = through_layers(network, a, b, layers=range(step - 1, 3 * step, step)).rows
        assert rows[0].linking_number == reference_linking_number(a.tolist(), b.tolist())
        for before, row, weights in zip(rows[:-1], rows[1:], matrices, strict=True):
            sign = sign_of_determinant(weights)
            if slope > 0 and sign != 0:  # a homeomorphism
                assert (before.linking_number is None) == (row.linking_number is None)
            if before.linking_number is not None and row.linking_number is not None:
                assert row.linking_number == sign * before.linking_number
                bent = any(m > n for m, n in zip(row.n_segments, before.n_segments, strict=True))
                n_kept += bent and row.linking_number != 0
    assert n_kept >= least


FOLD = [("relu", -EYE, [0, 0, 0]), ("linear", np.hstack([EYE, 2 * EYE]), [0, 0, 0])]


def test_a_residual_block_unlinks() -> None:
    """x + 2 relu(-x) = |x| (Ren and Lim 2026, 5.2); its ReLUs alone make the curves meet."""
    a = [[2, 0, 0], [0, -1, 0], [-1, -3, 0], [2, -4, 0]]
    b = [[0, -2, 3], [0, -1, -1], [1, 4, -2], [1, 5, 2]]
    network, full = network_of(*FOLD)
    found = through_layers(network, a, b)
    assert found.numbers == (-1, None, 0)
    assert_rows(found, full, a, b)
    assert through_layers(network, a, b, layers=[1]).numbers == (-1, 0)
    meeting_row = found.first_meeting
    assert meeting_row is not None
    assert meeting_row.layer == 0
    moved = [[x + 20 for x in point] for point in a], [[x + 20 for x in point] for point in b]
    assert through_layers(network, *moved, layers=[1]).numbers == (-1, -1)
    assert through_layers(network, *moved, layers=[1]).first_meeting is None


def test_exact_numbers_where_floats_cannot_tell() -> None:
    """Images that are 2^-80 apart, or meet: in float64 they are the same."""
    for gap, number in ((2.0**-80, -1), (0, None), (-(2.0**-80), 0)):
        corner = [[0.0, -3, 0], [3, -3, 0], [3, 0, 0], [0, 0, 0]]
        other = [[-3.0, -1, -3], [-3, -1, 3], [gap, -1, 3], [gap, -1, -3]]
        assert reference_linking_number(corner, other) == number
        network = Network.from_arrays([EYE, EYE / 3], [[8, 8, 8], [0, 0, 0]])
        found = through_layers(network, corner, other)
        assert found.numbers == (number, number, number)
        if number is not None:
            assert found.rows[1].min_distance == abs(gap) < found.rows[1].distance_error
            assert found.rows[2].min_distance == pytest.approx(abs(gap) / 3, abs=0)


@pytest.mark.parametrize("scale", [2.0**-1000, 2.0**900])
def test_huge_and_tiny_curves(scale: float) -> None:
    network = Network.from_arrays([EYE, EYE * 2.0**200], [[2 * scale] * 3, [0, 0, 0]])
    found = through_layers(network, np.array(SQUARE) * scale, np.array(OTHER) * scale)
    assert found.numbers == (-1, -1, -1)
    finite = scale < 1
    assert found.rows[0].min_distance == scale
    assert found.rows[2].min_distance == (scale * 2.0**200 if finite else np.inf)
    assert found.to_json()["rows"][2]["min_distance"] == (scale * 2.0**200 if finite else None)


def test_layers_of_other_widths_are_skipped() -> None:
    rng = np.random.default_rng(0)
    network = Network.from_arrays([rng.normal(size=(5, 3)), rng.normal(size=(3, 5)), rng.normal(size=(1, 3))])
    found = through_layers(network, SQUARE, OTHER)
    assert [row.layer for row in found.rows] == [-1, 1]
    assert found.skipped == ((0, 5), (2, 1))
    assert "skipped: 5 values" in repr(found)
    flat = Network.from_arrays([rng.normal(size=(3, 2)), EYE])
    found = through_layers(flat, [[0, 0], [1, 0], [0, 1]], [[0, 1], [2, 1], [1, 2]])
    assert [row.layer for row in found.rows] == [0, 1]
    assert found.skipped == ((-1, 2),)


def test_json_and_table() -> None:
    network, _ = network_of(("relu", EYE, [0, 9, 9]), ("linear", EYE / 4, [0, 0, 0]))
    found = through_layers(network, SQUARE, OTHER)
    data = json.loads(json.dumps(found.to_json()))
    assert data["network"] == network.hash
    assert data["skipped"] == []
    assert [row["linking_number"] for row in data["rows"]] == [-1, None, None]
    first, second, _ = found.rows
    assert data["rows"][0] == {
        "layer": -1,
        "kind": "input",
        "origin": "",
        "linking_number": -1,
        "meeting": None,
        "min_distance": 1.0,
        "distance_error": first.distance_error,
        "n_segments": [4, 4],
    }
    meeting = second.meeting
    assert meeting is not None
    assert first.distance_error == 0
    assert data["rows"][1]["meeting"] == {
        "step": "relu 0",
        "point": [str(value) for value in meeting.point],
        "a": [meeting.a[0], str(meeting.a[1])],
        "b": [meeting.b[0], str(meeting.b[1])],
    }
    lines = repr(found).splitlines()
    assert len(lines) == 4
    assert lines[1].split() == ["input", "-1", "1", "4", "+", "4"]
    assert lines[2].split()[:4] == ["0", "relu", "undefined", "0"]
    assert "after relu 0: (0, " in lines[2]
    assert "after affine: (0, " in lines[3]


def test_long_fractions_in_json() -> None:
    """Python refuses to write integers of more than 4,300 digits."""
    tiny = Fraction(1, 3**10000)
    network = Network.from_arrays([EYE])
    found = through_layers(
        network, [[tiny, 0, 0], [1, 0, 0], [0, 1, 0]], [[tiny, 0, 0], [-1, 0, 1], [-1, 1, 0]]
    )
    assert found.numbers == (None, None)
    meeting = found.rows[1].meeting
    assert meeting is not None
    assert meeting.point == (tiny, 0, 0)
    [digits, zero, _] = meeting.to_json()["point"]
    assert (digits, zero) == (f"0x1/{3**10000:#x}", "0")
    assert "after affine: (0, 0, 0)" in repr(found)
    assert repr(meeting) == "LayerMeeting(after affine: (0, 0, 0), of segments 0 and 0)"


def test_a_meeting_is_one_of_the_images() -> None:
    network, _ = network_of(("relu", EYE, [0, 9, 9]), ("linear", EYE, [0, 0, 0]))
    images = [image(network, curve, layer=0).exact_vertices() for curve in (SQUARE, OTHER)]
    assert meet(*images) is not None
    assert through_layers(network, SQUARE, OTHER).rows[1].linking_number is None


def test_bad_arguments() -> None:
    network = Network.from_arrays([EYE, EYE])
    with pytest.raises(ValueError, match=r"b has shape \(3, 2\); legal: \(n, 3\)"):
        through_layers(network, SQUARE, [[0, 0], [1, 0], [0, 1]])
    with pytest.raises(ValueError, match=r"a\[1, 0\] is nan"):
        through_layers(network, [[0, 0, 0], [np.nan, 0, 0], [0, 1, 0]], OTHER)
    with pytest.raises(ValueError, match="layers is 2; legal: 0 <= layers <= 1"):
        through_layers(network, SQUARE, OTHER, layers=[2])
    for layers in (1, "01"):
        with pytest.raises(TypeError, match="layers is"):
            through_layers(network, SQUARE, OTHER, layers=layers)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="network is of type list"):
        through_layers([], SQUARE, OTHER)
    with pytest.raises(relutope.IncompleteError, match="max_segments = 3"):
        through_layers(Network.from_arrays([EYE, EYE]), SQUARE, OTHER, max_segments=3)
