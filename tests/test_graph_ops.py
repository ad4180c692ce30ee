"""Operations of the value graph, each alone, against rational loops exactly and torch within a bound."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import graph_reference as reference
from graph_checks import Build, agree, random
from relutope.loading.graph import layout_ops, linear_ops, piecewise_ops
from relutope.loading.graph.value_graph import Tensor

# Linear operations


@pytest.mark.parametrize("bias", [None, random(4, seed=1)])
def test_linear(bias: Any) -> None:
    weight = random(4, 3)
    agree(
        lambda g, x: linear_ops.linear(g, x, weight, bias),
        lambda x: x @ reference.exact(weight).T + (0 if bias is None else reference.exact(bias)),
        lambda x: F.linear(x, torch.from_numpy(weight), None if bias is None else torch.from_numpy(bias)),
        (1, 2, 3),
    )


@pytest.mark.parametrize(
    ("shape", "left", "right"),
    [
        ((1, 2, 3), None, (3, 4)),
        ((1, 2, 3), None, (3,)),
        ((3,), None, (3, 4)),
        ((1, 2, 3), (4, 2), None),
        ((1, 2, 3), (2,), None),
        ((3,), (2, 3), None),
        ((1, 2, 3), (5, 2, 2), None),
        ((1, 2, 3), None, (5, 3, 2)),
        ((2, 2, 3), None, (2, 3, 1)),
        ((3,), None, (2, 3, 1)),
    ],
)
def test_matmul(shape: Any, left: Any, right: Any) -> None:
    constant = random(*(left or right))
    exact, tensor = reference.exact(constant), torch.from_numpy(constant)
    agree(
        lambda g, x: linear_ops.matmul(g, constant, x) if left else linear_ops.matmul(g, x, constant),
        lambda x: np.matmul(exact, x) if left else np.matmul(x, exact),
        lambda x: tensor @ x if left else x @ tensor,
        shape,
    )


C23 = random(2, 3, seed=5)

ELEMENTWISE: list[tuple[str, Build, Callable[[Any], Any], Callable[[Any], Any]]] = [
    (
        "add",
        lambda g, x: linear_ops.add(g, x, C23),
        lambda x: x + reference.exact(C23),
        lambda x: x + torch.from_numpy(C23),
    ),
    ("twice", lambda g, x: linear_ops.add(g, x, x), lambda x: 2 * x, lambda x: x + x),
    ("cancel", lambda g, x: linear_ops.subtract(g, x, x), lambda x: 0 * x, lambda x: x - x),
    (
        "alpha",
        lambda g, x: linear_ops.add(g, x, x, 0.1),
        lambda x: x + Fraction(0.1) * x,
        lambda x: torch.add(x, x, alpha=0.1),
    ),
    (
        "constant minus tensor",
        lambda g, x: linear_ops.subtract(g, np.asarray(1.5), x),
        lambda x: Fraction(1.5) - x,
        lambda x: 1.5 - x,
    ),
    ("negate", linear_ops.negate, lambda x: -x, lambda x: -x),
    (
        "multiply",
        lambda g, x: linear_ops.multiply(g, C23, x),
        lambda x: reference.exact(C23) * x,
        lambda x: torch.from_numpy(C23) * x,
    ),
    (
        "divide",
        lambda g, x: linear_ops.divide(g, x, np.array([3.0, 0.5, 0.1])),
        lambda x: x / reference.exact([3.0, 0.5, 0.1]),
        lambda x: x / torch.tensor([3.0, 0.5, 0.1], dtype=torch.float64),
    ),
    ("mean", lambda g, x: linear_ops.mean(g, x, [2], False), lambda x: x.sum(2) / 3, lambda x: x.mean(2)),
    (
        "mean of all",
        lambda g, x: linear_ops.mean(g, x, [], False),
        lambda x: np.asarray(x.sum() / 6),
        lambda x: x.mean(),
    ),
    (
        "sum",
        lambda g, x: linear_ops.total_over(g, x, [1, -1], True),
        lambda x: x.sum((1, 2), keepdims=True),
        lambda x: x.sum((1, 2), keepdim=True),
    ),
    ("relu", piecewise_ops.relu, reference.relu, F.relu),
    (
        "relu of repeated and constant values",
        lambda g, x: piecewise_ops.relu(g, layout_ops.pad(g, x, [(1, 0), (0, 0), (0, 1)])),
        lambda x: reference.relu(np.pad(x, [(1, 0), (0, 0), (0, 1)], constant_values=Fraction(0))),
        lambda x: F.relu(F.pad(x, (0, 1, 0, 0, 1, 0))),
    ),
    (
        "leaky",
        lambda g, x: piecewise_ops.leaky_relu(g, x, 0.01),
        lambda x: reference.leaky(x, 0.01),
        lambda x: F.leaky_relu(x, 0.01),
    ),
    (
        "leaky 0",
        lambda g, x: piecewise_ops.leaky_relu(g, x, 0.0),
        lambda x: reference.leaky(x, 0.0),
        lambda x: F.leaky_relu(x, 0.0),
    ),
    (
        "slopes",
        lambda g, x: piecewise_ops.leaky_relu(g, x, np.array([[0.25], [1.0]])),
        lambda x: reference.leaky(x, [[0.25], [1.0]]),
        lambda x: F.prelu(x, torch.tensor([0.25, 1.0], dtype=torch.float64)),
    ),
    ("absolute", piecewise_ops.absolute, lambda x: abs(x), torch.abs),
    (
        "clamp",
        lambda g, x: piecewise_ops.clamp(g, x, -1.0, 0.1),
        lambda x: reference.clamp(x, -1.0, 0.1),
        lambda x: x.clamp(-1.0, 0.1),
    ),
    (
        "clamp below",
        lambda g, x: piecewise_ops.clamp(g, x, 0.1, None),
        lambda x: reference.each(lambda z: max(z, Fraction(0.1)), x),
        lambda x: x.clamp(min=0.1),
    ),
    (
        "clamp above",
        lambda g, x: piecewise_ops.clamp(g, x, None, 0.1),
        lambda x: reference.each(lambda z: min(z, Fraction(0.1)), x),
        lambda x: x.clamp(max=0.1),
    ),
    (
        "clamp crossed",
        lambda g, x: piecewise_ops.clamp(g, x, 2.0, 1.0),
        lambda x: reference.clamp(x, 2.0, 1.0),
        lambda x: x.clamp(2.0, 1.0),
    ),
    (
        "clamp partly crossed",
        lambda g, x: piecewise_ops.clamp(g, x, np.array([-1.0, 2.0, 1.0]), np.array([1.0, 1.0, 1.0])),
        lambda x: reference.clamp(x, [-1.0, 2.0, 1.0], [1.0, 1.0, 1.0]),
        lambda x: x.clamp(torch.tensor([-1.0, 2.0, 1.0]), torch.tensor([1.0, 1.0, 1.0])),
    ),
    (
        "clamp by tensors",
        lambda g, x: piecewise_ops.clamp(g, x, Tensor(x.ids[:, :1]), Tensor(x.ids[:, :, :1])),
        lambda x: reference.each(lambda z, a, b: min(max(z, a), b), x, x[:, :1], x[:, :, :1]),
        lambda x: x.clamp(x[:, :1], x[:, :, :1]),
    ),
    (
        "maximum",
        lambda g, x: piecewise_ops.maximum(g, x, Tensor(x.ids[:, ::-1])),
        lambda x: reference.each(max, x, x[:, ::-1]),
        lambda x: torch.maximum(x, x.flip(1)),
    ),
    (
        "minimum",
        lambda g, x: piecewise_ops.minimum(g, x, C23),
        lambda x: reference.each(min, x, reference.exact(C23)),
        lambda x: torch.minimum(x, torch.from_numpy(C23)),
    ),
    (
        "minimum of tensors",
        lambda g, x: piecewise_ops.minimum(g, x, Tensor(x.ids[:, ::-1])),
        lambda x: reference.each(min, x, x[:, ::-1]),
        lambda x: torch.minimum(x, x.flip(1)),
    ),
    (
        "threshold",
        lambda g, x: piecewise_ops.threshold(g, x, 0.5, 0.5),
        lambda x: reference.each(lambda z: z if z > 0.5 else Fraction(0.5), x),
        lambda x: F.threshold(x, 0.5, 0.5),
    ),
    (
        "softshrink",
        lambda g, x: piecewise_ops.softshrink(g, x, 0.3),
        lambda x: reference.each(
            lambda z: z - Fraction(0.3) if z > 0.3 else z + Fraction(0.3) if z < -0.3 else Fraction(0), x
        ),
        lambda x: F.softshrink(x, 0.3),
    ),
    (
        "hardsigmoid",
        piecewise_ops.hardsigmoid,
        lambda x: reference.clamp(x + 3, 0, 6) / 6,
        F.hardsigmoid,
    ),
    (
        "amax",
        lambda g, x: piecewise_ops.max_over(g, x, [1], True),
        lambda x: x.max(1, keepdims=True),
        lambda x: x.amax(1, keepdim=True),
    ),
    (
        "max of all",
        lambda g, x: piecewise_ops.max_over(g, x, [], False),
        lambda x: np.asarray(x.max()),
        torch.max,
    ),
    (
        "amin",
        lambda g, x: piecewise_ops.min_over(g, x, [-1], False),
        lambda x: x.min(2),
        lambda x: x.amin(-1),
    ),
]


@pytest.mark.parametrize(
    ("build", "slow", "fast"), [case[1:] for case in ELEMENTWISE], ids=[c[0] for c in ELEMENTWISE]
)
def test_elementwise(build: Build, slow: Callable[[Any], Any], fast: Callable[[Any], Any]) -> None:
    agree(build, slow, fast, (1, 2, 3))
