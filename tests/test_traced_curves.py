"""Bounds on how far images of segments leave their chords, in models of random parts, against samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relutope.linking import linking_number, through_layers
from relutope.linking.module_trace import run
from relutope.linking.traced_curves import CurveValues
from test_linking_hook import OTHER, RING, SQUARE, THROUGH, fine, linear, record

torch = pytest.importorskip("torch")
nn = torch.nn
F = torch.nn.functional

Part = Callable[[Any, Any], Any]

PARTS: dict[str, Part] = {
    "residual gelu": lambda f, x: x + F.gelu(f(x)),
    "relu": lambda f, x: torch.relu(f(x)) - 0.5 * x,
    "gate": lambda f, x: x * torch.sigmoid(f(x)),
    "leaky": lambda f, x: F.leaky_relu(f(x), 0.2).neg_(),
    "sine": lambda f, x: torch.sin(f(x)) * 2,
    "square": lambda f, x: F.silu(f(x) * f(x) - x),
    "matmul": lambda f, x: torch.tanh(x @ f.weight.T + f.bias),
    "exp": lambda f, x: torch.exp(torch.tanh(f(x))) - 1,
    "elu": lambda f, x: F.elu(f(x)),
    "columns": lambda f, x: torch.cat([x[:, 1:], f(x)[:, :1]], dim=1),
    "coupling": lambda f, x: torch.cat([x[:, :1], x[:, 1:] * torch.exp(torch.tanh(f(x)[:, :2]))], -1),
    "chunks": lambda f, x: torch.cat([*reversed(torch.cat([x, f(x)], 1).chunk(2, dim=1))], 1)[:, 1:4],
}


class Named(nn.Module):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, self.map = name, nn.Linear(3, 3, dtype=torch.float64)

    def forward(self, x: Any) -> Any:
        return PARTS[self.name](self.map, x)


@given(
    names=st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=4),
    seed=st.integers(0, 2**32),
    scale=st.sampled_from([0.5, 1.0, 3.0]),
    size=st.sampled_from([1.0, 2.0**-5, 2.0**-12]),
)
@settings(max_examples=60, deadline=None)
def test_samples_lie_within_the_bounds(names: list[str], seed: int, scale: float, size: float) -> None:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = nn.Sequential(*map(Named, names))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    points = rng.normal(size=3) + size * rng.normal(size=(5, 3))
    following = np.roll(np.arange(5), -1)
    x = CurveValues(points, 0 * points, 0 * points, following, (0, -1))
    with torch.no_grad():
        outputs, _ = run(model, {key: value.detach() for key, value in model.state_dict().items()}, x)
    ends = [output for output in outputs if "." not in output.module]
    assert [output.module for output in ends] == [str(k) for k in range(len(names))]
    samples = {t: fine(model, (1 - t) * points + t * points[following], 1)[1:] for t in (0, 0.3, 0.5, 0.8, 1)}
    for k, output in enumerate(ends):
        found = output.bounded
        assert found is not None, output.reason
        assert np.array_equal(found.values, samples[0][k])
        slack = 4 * found.errors.max() + 2.0**-44 * np.abs(found.values).max()
        low, high = found.range()
        for t, values in samples.items():
            chord = (1 - t) * found.values + t * found.values[following]
            assert (np.abs(values[k] - chord) <= found.bends + slack).all()
            assert (values[k] >= low - slack).all()
            assert (values[k] <= high + slack).all()


class Coupling(nn.Module):
    """An affine coupling, which is a homeomorphism."""

    def __init__(self, flipped: bool) -> None:
        super().__init__()
        self.scale, self.shift, self.flipped = nn.Linear(1, 2), nn.Linear(1, 2), flipped

    def forward(self, x: Any) -> Any:
        first, rest = x.split([1, 2], dim=1)
        rest = rest * torch.exp(torch.tanh(self.scale(first))) + self.shift(first)
        return torch.cat([rest, first] if self.flipped else [first, rest], dim=1)


@pytest.mark.parametrize("seed", range(3))
def test_flows_keep_the_number(seed: int) -> None:
    """Each is a homeomorphism of positive determinant; moving a coordinate by two places is a rotation."""
    torch.manual_seed(seed)
    found = record(nn.Sequential(Coupling(True), Coupling(True), Coupling(False)))
    assert found.certified
    assert found.numbers == (-1,) * 4
    assert ("0.scale", (2,)) in found.skipped


def test_columns_are_exact() -> None:
    class Swap(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.cat([x[:, [1, 0]], torch.relu(x[:, 2:])], dim=1)

    found = record(nn.Sequential(linear(np.eye(3), [0, 0, 5.0]), Swap()), SQUARE, THROUGH)
    assert found.numbers == (-1, -1, 1)
    assert found.rows[-1].reason == "exact images"
    flat = record(nn.Sequential(Swap()), SQUARE, THROUGH).rows[-1]
    expected = through_layers(
        nn.Sequential(linear([[0, 1, 0], [1, 0, 0], [0, 0, 1]], [5.0, 5, 0]), nn.ReLU(), linear(np.eye(3))),
        SQUARE,
        THROUGH,
    ).rows[-1]
    assert flat.certified
    assert flat.linking_number == expected.linking_number
    assert (flat.meeting is None) == (expected.meeting is None)


@torch.library.custom_op("relutope_tests::relu", mutates_args=())
def foreign_relu(x: torch.Tensor) -> torch.Tensor:
    return x.flip(0)


@pytest.mark.parametrize(
    "part",
    [
        lambda x: x[torch.arange(len(x) - 1, -1, -1)],  # points in another order
        lambda x: torch.tanh(x[:, x.abs().sum(0).argsort()]),  # coordinates chosen by values
        lambda x: x - x.mean(dim=0),
        lambda x: x.flip(0),
        lambda x: torch.ops.relutope_tests.relu(x),  # another function of that name
        foreign_relu,
        lambda x: torch.cat([x[1:], x[:1]], dim=0),
        lambda x: torch.cat([x, x], dim=0)[: len(x)],
        lambda x: torch.cat(x.chunk(2, dim=0)),
        lambda x: x + torch.ones(3, dtype=torch.float64),
        lambda x: torch.add(x, 1, out=torch.tanh(x)),
        lambda x: x.T.contiguous().T,
        lambda x: x * 2 ** float(x.max()),
        lambda x: x + torch.tensor(x.tolist(), dtype=torch.float64),
    ],
)
def test_what_is_no_map_of_points_is_not_certified(part: Any) -> None:
    class Odd(nn.Module):
        def forward(self, x: Any) -> Any:
            return part(x)

    found = record(nn.Sequential(Odd(), linear(np.eye(3))), max_segments=80)
    assert [row.certified for row in found.rows] == [True, False, False]
    assert all(row.reason and row.distance_error == np.inf for row in found.rows[1:])
    assert found.rows[0].linking_number == linking_number(RING, OTHER)
