"""Bounds of slopes and roundings against automatic differentiation and numbers of 60 digits."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relutope.linking.activation_slopes import SMOOTH, kinked, smooth_rounding
from relutope.linking.module_trace import run
from relutope.linking.traced_curves import CurveValues, above

torch = pytest.importorskip("torch")
mpmath = pytest.importorskip("mpmath")

FUNCTIONS = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "sin": torch.sin,
    "elu": torch.nn.functional.elu,
}
EXACT = {
    "tanh": mpmath.tanh,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "gelu": lambda x: x * mpmath.ncdf(x),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "sin": mpmath.sin,
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
}
NUMBERS = st.one_of(st.floats(-8, 8), st.floats(-(2.0**20), 2.0**20), st.sampled_from([0.0, 2.0**0.5, 40.0]))


@pytest.mark.parametrize("name", FUNCTIONS)
@given(ends=st.tuples(NUMBERS, NUMBERS))
@settings(max_examples=60, deadline=None)
def test_slopes_lie_within_their_bounds(name: str, ends: tuple[float, float]) -> None:
    lo, hi = sorted(ends)
    points = np.clip(np.concatenate([np.linspace(lo, hi, 60), [lo, hi, 0, 2**0.5, -(2**0.5)]]), lo, hi)
    x = torch.tensor(points, requires_grad=True)
    (first,) = torch.autograd.grad(FUNCTIONS[name](x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    bounds = SMOOTH[name](np.array([lo]), np.array([hi]))
    slack = 2.0**-44  # of differentiation in float64
    assert (first.detach().numpy() >= bounds.least - slack).all()
    assert (first.detach().numpy() <= bounds.largest + slack).all()
    assert (np.abs(second.numpy()) <= bounds.change + slack).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bounds_close_in_on_the_slopes(name: str) -> None:
    lo = np.linspace(-4, 4, 33)
    bounds = SMOOTH[name](lo, lo + 2.0**-20)
    assert (bounds.largest - bounds.least < 2.0**-18).all()
    assert (bounds.steepest <= 1.13).all()
    for lo_, hi_ in ((np.nan, 0.0), (-np.inf, np.inf)):
        all_of_it = SMOOTH[name](np.array([lo_]), np.array([hi_]))
        assert all_of_it.largest[0] >= bounds.largest.max()
        assert all_of_it.least[0] <= bounds.least.min()


@pytest.mark.parametrize("negative", [0.0, 0.25, -1.0, 3.0])
def test_slopes_at_kinks(negative: float) -> None:
    lo, hi = np.array([-2.0, 0, -1, 0, 1, np.nan]), np.array([-1.0, 0, 0, 1, 2, 1])
    bounds = kinked(negative)(lo, hi)
    low, high = min(negative, 1), max(negative, 1)
    assert bounds.least.tolist() == [negative, low, negative, 1, 1, low]
    assert bounds.largest.tolist() == [negative, high, negative, 1, 1, high]
    assert np.isinf(bounds.change).tolist() == [False, True, False, False, False, True]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_rounding(name: str) -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(0, 4, 200), rng.normal(0, 2.0**-30, 50), [0, -709, 745, 2.0**30]])
    values = FUNCTIONS[name](torch.tensor(points)).numpy()
    bounds = smooth_rounding(points)
    with mpmath.workdps(60):
        for x, value, bound in zip(points.tolist(), values.tolist(), bounds.tolist(), strict=True):
            assert abs(EXACT[name](mpmath.mpf(x)) - mpmath.mpf(value)) <= bound


def test_above() -> None:
    bound = above(np.array([0.0, 2.0**-1074, 1.0]), 3)
    assert bound[0] == 0
    assert bound[1] > 2.0**-1074
    assert bound[2] > 1 + 8 * 2.0**-53


@pytest.mark.parametrize("name", [*FUNCTIONS, "relu"])
def test_errors_of_chains(name: str) -> None:
    """Values behind every module, computed with 60 digits from the stored weights, lie within the bounds."""

    class Activation(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.relu(x) if name == "relu" else FUNCTIONS[name](x)

    torch.manual_seed(1)
    parts = [torch.nn.Linear(3, 4), Activation(), torch.nn.Linear(4, 3), Activation()]
    model = torch.nn.Sequential(*parts).double()
    points = np.random.default_rng(2).normal(size=(12, 3))
    following = np.roll(np.arange(12), -1)
    x = CurveValues(points, np.zeros_like(points), np.zeros_like(points), following, (0, -1))
    state = {key: tensor.detach() for key, tensor in model.state_dict().items()}
    with torch.no_grad():
        outputs, _ = run(model, state, x)
    assert [output.module for output in outputs] == ["0", "1", "2", "3"]
    with mpmath.workdps(60):
        exact = [[mpmath.mpf(value) for value in point] for point in points.tolist()]
        for part, output in zip(parts, outputs, strict=True):
            if isinstance(part, torch.nn.Linear):
                rows = list(zip(part.weight.tolist(), part.bias.tolist(), strict=True))
                exact = [
                    [
                        sum((mpmath.mpf(w) * v for w, v in zip(row, point, strict=True)), mpmath.mpf(b))
                        for row, b in rows
                    ]
                    for point in exact
                ]
            else:
                function = (lambda v: max(v, mpmath.mpf(0))) if name == "relu" else EXACT[name]
                exact = [[function(v) for v in point] for point in exact]
            assert output.bounded is not None
            found = zip(exact, output.bounded.values.tolist(), output.bounded.errors.tolist(), strict=True)
            for point, values, errors in found:
                assert all(abs(v - w) <= e for v, w, e in zip(point, values, errors, strict=True))
            assert output.bounded.errors.max() < 2.0**-42
    assert (outputs[-1].bounded.part is None) == (name != "relu")


def test_points_on_segments() -> None:
    from relutope.linking.places import Places

    curve = np.random.default_rng(0).normal(size=(3, 3))
    places = Places.of_vertices(3)
    for _ in range(3):
        places = places.halved(np.arange(len(places)) % 2 == 0)
    points, errors = places.points(curve)
    for segment, t, point, error in zip(
        places.segments, places.parameters.tolist(), points, errors, strict=True
    ):
        for p, q, value, bound in zip(curve[segment], curve[(segment + 1) % 3], point, error, strict=True):
            exact = (1 - Fraction(t)) * Fraction(p) + Fraction(t) * Fraction(q)
            assert abs(Fraction(value) - exact) <= Fraction(bound)
    assert sum(places.lengths()) == 3
    short = Places(np.array([0, 1, 2]), np.array([1 - 2.0**-40, 0.0, 0.0]))
    assert len(short.halved(np.array([True, False, False]))) == 3
