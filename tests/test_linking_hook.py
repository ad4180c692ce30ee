"""Linking numbers behind the modules of torch models, by a hook."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from relutope.linking import LinkingHook, ModuleLinking, linking_number, through_layers

torch = pytest.importorskip("torch")
nn = torch.nn

T = np.arange(40) * (np.pi / 20)
RING = np.column_stack([np.cos(T), np.sin(T), 0 * T])
OTHER = np.column_stack([1 + np.cos(T), 0 * T, np.sin(T)])
SQUARE = np.array([[1.0, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]])
THROUGH = np.array([[0.0, 0, 1], [0, 0, -1], [0, 3, -1], [0, 3, 1]])


def linear(weight: Any, bias: Any = 0.0) -> Any:
    layer = nn.Linear(*np.shape(weight)[::-1], dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(weight))
        layer.bias.copy_(torch.as_tensor(bias))
    return layer


def chain(activation: Any, depth: int, seed: int) -> Any:
    torch.manual_seed(seed)
    return nn.Sequential(*(part for _ in range(depth) for part in (nn.Linear(3, 3), activation())))


def fine(model: Any, curve: Any, n: int) -> Any:
    """Images behind every part of a Sequential of a polygon of n points per segment, in float64."""
    t = np.arange(n)[:, None] / n
    points = np.vstack([(1 - t) * p + t * q for p, q in zip(curve, np.roll(curve, -1, axis=0), strict=True)])
    values = [torch.from_numpy(points)]
    with torch.no_grad():
        for part in model:
            values.append(part.double()(values[-1]))
    return [value.numpy() for value in values]


def record(model: Any, a: Any = RING, b: Any = OTHER, **settings: Any) -> Any:
    with LinkingHook(model, a, b, every=None, **settings) as hook:
        return hook.record()


def assert_near(row: ModuleLinking, a: Any, b: Any, points: int) -> None:
    """The certified number and distance are those of a polygon refined without any bound."""
    assert row.certified
    assert row.linking_number == linking_number(a, b)
    from scipy.spatial.distance import cdist

    spacing = max(np.linalg.norm(np.roll(c, -1, axis=0) - c, axis=1).max() for c in (a, b))
    least = cdist(a, b).min()
    assert least - spacing <= row.min_distance + row.distance_error
    assert row.min_distance - row.distance_error <= least + 2.0**-40


@pytest.mark.parametrize("activation", [nn.GELU, nn.Tanh, nn.SiLU, nn.Sigmoid])
@pytest.mark.parametrize("seed", range(3))
def test_smooth_models_of_depth_3_are_certified(activation: Any, seed: int) -> None:
    model = chain(activation, 3, seed)
    found = record(model)
    assert [row.kind for row in found.rows] == ["input", *["Linear", activation.__name__] * 3]
    images = [fine(model, curve, 40) for curve in (RING, OTHER)]
    for row, a, b in zip(found.rows, *images, strict=True):
        assert_near(row, a, b, 40)
    assert found.certified
    assert found.skipped == ()


@pytest.mark.parametrize("activation", [nn.GELU, nn.Tanh, nn.SiLU, nn.Sigmoid])
def test_coarse_curves_are_refined_within_their_bounds(activation: Any) -> None:
    """Points of the images of long segments lie within the bound of the polygon, at equal parameters."""
    scale = 3 * np.eye(3) + [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    model = nn.Sequential(linear(scale, [0.5, -0.25, 0.75]), activation())
    found = record(model, SQUARE, THROUGH)
    row = found.rows[-1]
    assert found.certified
    assert row.n_segments > (4, 4)
    assert row.places is not None
    for curve, places in zip((SQUARE, THROUGH), row.places, strict=True):
        assert np.all(np.diff(places.segments + places.parameters) > 0)
        points, _ = places.points(curve)
        vertices, ends = fine(model, points, 1)[-1], np.roll(points, -1, axis=0)
        for t in (0.25, 0.5, 0.625):
            chord = (1 - t) * vertices + t * np.roll(vertices, -1, axis=0)
            exact = fine(model, (1 - t) * points + t * ends, 1)[-1]
            assert np.linalg.norm(exact - chord, axis=1).max() < row.distance_error
    polygons = [fine(model, curve, 200)[-1] for curve in (SQUARE, THROUGH)]
    assert row.linking_number == linking_number(*polygons)
    if activation in (nn.Tanh, nn.Sigmoid):  # monotone, of a matrix of positive determinant
        assert row.linking_number == -1


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("activation", [nn.ReLU, nn.LeakyReLU])
def test_piecewise_linear_models_are_exact(activation: Any, seed: int) -> None:
    torch.manual_seed(seed)
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    model = nn.Sequential(first, activation(), second)
    found = record(model, SQUARE, THROUGH)
    assert found.certified
    assert [row.kind for row in found.rows] == ["input", "Linear", activation.__name__, "Linear"]
    for n_parts, row in zip(range(1, 4), found.rows[1:], strict=True):
        parts = [*model[:n_parts], linear(np.eye(3))]
        expected = through_layers(nn.Sequential(*parts).double(), SQUARE, THROUGH).rows[-1]
        assert row.linking_number == expected.linking_number
        assert row.min_distance == pytest.approx(expected.min_distance, rel=2.0**-40)
        assert (row.meeting is None) == (expected.meeting is None)
        if row.meeting is not None:
            assert row.reason.startswith("exact images meet after")


def test_images_that_meet() -> None:
    model = nn.Sequential(linear(np.eye(3), [-2.0, 0, 0]), nn.ReLU())
    found = record(model, SQUARE, THROUGH)
    assert found.numbers == (-1, -1, None)
    assert found.certified
    assert found.rows[-1].min_distance == 0
    assert found.rows[-1].meeting is not None
    json.dumps(found.to_json(), allow_nan=False)
    smooth = nn.Sequential(linear(np.diag([1.0, 1, 0])), nn.Tanh())  # into a plane
    found = record(smooth, SQUARE, THROUGH, max_segments=200)
    assert found.numbers[:2] == (-1, None)
    assert [row.certified for row in found.rows] == [True, True, False]
    assert max(found.rows[-1].n_segments) <= 200
    json.dumps(found.to_json(), allow_nan=False)


def test_rotations_reflections_and_tanh_near_zero() -> None:
    rng = np.random.default_rng(0)
    for seed in range(4):
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        sign = round(np.linalg.det(turn))
        model = nn.Sequential(linear(turn * 2.0 ** (-10 * seed)), nn.Tanh(), linear(np.diag([1.0, 1, -1])))
        found = record(model)
        assert found.numbers == (-1, -sign, -sign, sign)
        assert found.certified
        shrunk = found.rows[0].min_distance * 2.0 ** (-10 * seed)
        if seed:
            assert found.rows[2].min_distance == pytest.approx(shrunk, rel=2.0 ** (-16 * seed))


class Residual(nn.Module):
    """x + 2 relu(-x), the absolute value, as a block."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.ReLU()

    def forward(self, x: Any) -> Any:
        return x + 2 * self.inner(-x)


class Gate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.map = linear(np.eye(3), [0.25, -0.5, 1.0])

    def forward(self, x: Any) -> Any:
        return x * torch.sigmoid(self.map(x)) - 0.5


class Attention(nn.Module):
    def forward(self, x: Any) -> Any:
        return x * torch.softmax(x, dim=1)


class Branch(nn.Module):
    def forward(self, x: Any) -> Any:
        return torch.relu(x) if x.sum() > 0 else torch.tanh(x)


class Detour(nn.Module):
    """Values leave torch and come back, or change behind its back."""

    def forward(self, x: Any) -> Any:
        return torch.tanh(x + torch.from_numpy(0.5 * x.numpy()))


class Foreign(nn.Module):
    def forward(self, x: Any) -> Any:
        y = torch.tanh(x)
        y.data.mul_(2)
        return torch.sin(y)


class Sliced(nn.Module):
    def forward(self, x: Any) -> Any:
        y = torch.relu(x)
        y[:, 0] += x[:, 1]
        return torch.tanh(y)


def test_residual_blocks_are_exact() -> None:
    block = Residual()
    model = nn.Sequential(linear(np.eye(3), [4.0, 4, 4]), block)
    found = record(model, SQUARE, THROUGH)
    assert found.numbers == (-1, -1, None, -1)  # relu(-x) is 0, and x + 2 relu(-x) is x
    assert [row.reason.split(" meet")[0] for row in found.rows[1:]] == ["exact images"] * 3
    folded = record(nn.Sequential(block), SQUARE, THROUGH)  # |x| joins the sides of the square
    assert folded.certified
    polygons = [np.abs(np.vstack([(c + np.roll(c, -1, 0)) / 2, c])) for c in (SQUARE, THROUGH)]
    assert folded.rows[-1].min_distance <= np.linalg.norm(polygons[0][:, None] - polygons[1], axis=2).min()
    assert folded.rows[-1].linking_number is None or folded.rows[-1].min_distance > 0


def test_products_are_certified() -> None:
    model = nn.Sequential(Gate())
    found = record(model)
    images = [fine(model, curve, 60) for curve in (RING, OTHER)]
    assert found.certified
    assert_near(found.rows[-1], images[0][-1], images[1][-1], 60)


@pytest.mark.parametrize(
    ("part", "cause"),
    [
        (nn.GELU(approximate="tanh"), "approximate"),
        (nn.Softmax(dim=1), "softmax"),
        (Attention(), "softmax"),
        (Branch(), "reads or writes values of tensors by __bool__"),
        (Detour(), "by numpy"),
        (Foreign(), "may change tensors unseen by data"),
        (Sliced(), "changed in place"),
    ],
)
def test_what_has_no_bound_is_not_certified(part: Any, cause: str) -> None:
    model = nn.Sequential(linear(np.eye(3) / 2), part)
    found = record(model, max_segments=400)
    assert [row.certified for row in found.rows] == [True, True, False]
    row = found.rows[-1]
    assert cause in row.reason
    assert row.distance_error == np.inf
    assert row.places is not None
    a, b = (
        fine(model, places.points(c)[0], 1)[-1] for c, places in zip((RING, OTHER), row.places, strict=True)
    )
    assert row.linking_number == linking_number(a, b)


def test_parts_that_mix_points_are_not_certified() -> None:
    torch.manual_seed(0)
    found = record(nn.TransformerEncoderLayer(3, 1, 8, batch_first=True), max_segments=100)
    assert [row.certified for row in found.rows] == [True] + [False] * (len(found.rows) - 1)
    assert len(found.rows) > 3
    assert {row.reason.split(" for ")[0] for row in found.rows[1:]} == {"no bound is known"}
    assert ("linear1", (8,)) in found.skipped


def test_batch_norm_and_dropout_in_evaluation_mode() -> None:
    torch.manual_seed(3)
    norm = nn.BatchNorm1d(3)
    model = nn.Sequential(nn.Linear(3, 3), norm, nn.Tanh(), nn.Dropout(0.5))
    model(torch.randn(50, 3))
    found = record(model)
    assert model.training
    assert [row.kind for row in found.rows] == ["input", "Linear", "BatchNorm1d", "Tanh", "Dropout"]
    images = [fine(model.eval(), curve, 40) for curve in (RING, OTHER)]
    for row, a, b in zip(found.rows, *images, strict=True):
        assert_near(row, a, b, 40)
