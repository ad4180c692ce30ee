"""Value graphs of functions of torch, exact against the same on arrays of fractions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

import graph_reference as reference
from graph_modules import Of, agree

W34 = torch.tensor(np.random.default_rng(5).standard_normal((3, 4)).astype(np.float32))
E34 = reference.exact(W34.double())


def leak(x: Any) -> Any:
    return reference.leaky(x, 0.1)


FUNCTIONS: list[tuple[str, Callable[[Any, torch.Tensor], Any], Callable[[Any], Any]]] = [
    ("in-place views", lambda m, x: _in_place_views(x), lambda x: _in_place_views_slowly(x)),
    ("strides", lambda m, x: _strides(x), lambda x: _strides_slowly(x)),
    ("in-place input", lambda m, x: x.relu_() + x.abs_(), lambda x: 2 * reference.relu(x)),
    ("put", lambda m, x: _put(x), lambda x: _put_slowly(x)),
    (
        "constant layers",
        lambda m, x: x + F.relu(m.l(m.w))[:2],
        lambda x: x + reference.relu(2 * E34[:2, ::-1]),
    ),
    ("by name", lambda m, x: torch.flatten(input=x, start_dim=1), lambda x: x),
    ("in-place reuse", lambda m, x: (lambda y: F.relu_(y) + y)(x * 2), lambda x: 2 * reference.relu(2 * x)),
    (
        "chunk",
        lambda m, x: torch.cat(x.chunk(2, 2)[::-1], 2) @ m.w.T,
        lambda x: x[:, :, [2, 3, 0, 1]] @ E34.T,
    ),
    ("split", lambda m, x: torch.split(x, [1, 3], 2)[1] - m.w[:2, 1:], lambda x: x[:, :, 1:] - E34[:2, 1:]),
    ("unbind", lambda m, x: torch.stack(x.unbind(1), 0).sum(0), lambda x: x.sum(1)),
    ("index", lambda m, x: x[:, [1, 0]][..., 2], lambda x: x[:, [1, 0], 2]),
    ("permute", lambda m, x: x.permute(2, 0, 1).flip(0).contiguous().view(4, 2).t(), lambda x: x[0, :, ::-1]),
    ("expand", lambda m, x: x[:, :, None].expand(-1, -1, 2, -1).reshape(1, -1), lambda x: np.repeat(x, 2, 1)),
    ("roll", lambda m, x: torch.roll(x, 1, 2).squeeze(0).unsqueeze(-1), lambda x: np.roll(x, 1, 2)),
    ("tuple of one", lambda m, x: (x.repeat(1, 2, 1),), lambda x: np.tile(x, (1, 2, 1))),
    ("matmul", lambda m, x: m.w @ x.transpose(1, 2), lambda x: E34 @ x.swapaxes(1, 2)),
    (
        "addmm",
        lambda m, x: torch.addmm(m.w[:2, :3], x[0], m.w.T, beta=2, alpha=0.5),
        lambda x: 2 * E34[:2, :3] + x[0] @ E34.T / 2,
    ),
    (
        "constants",
        lambda m, x: x * (m.w[:2] * m.w[:2] - m.w[:2] / 3),
        lambda x: x * (E34[:2] * E34[:2] - E34[:2] / 3),
    ),
    ("scalars", lambda m, x: (1 - x / 3) * 0.1 - (-x), lambda x: (1 - x / 3) * Fraction(0.1) + x),
    (
        "float32 constant",
        lambda m, x: x + torch.tensor(0.1),
        lambda x: x + Fraction(torch.tensor(0.1).item()),
    ),
    (
        "casts",
        lambda m, x: x.double().to(torch.float32).type_as(x) @ torch.ones(4, 2),
        lambda x: np.stack([x.sum(2)] * 2, 2),
    ),
    (
        "padding",
        lambda m, x: F.pad(x, (1, 2, 1, 0), value=0.5),
        lambda x: np.pad(x, [(0, 0), (1, 0), (1, 2)], constant_values=Fraction(0.5)),
    ),
    (
        "cutting",
        lambda m, x: F.pad(x, (-1, 1)),
        lambda x: np.pad(x[:, :, 1:], [(0, 0), (0, 0), (0, 1)], constant_values=Fraction(0)),
    ),
    (
        "replicate",
        lambda m, x: F.pad(x, (2, 1), mode="replicate"),
        lambda x: np.pad(x, [(0, 0), (0, 0), (2, 1)], mode="edge"),
    ),
    ("nearest", lambda m, x: F.interpolate(x, scale_factor=2), lambda x: np.repeat(x, 2, 2)),
    (
        "zeros and ones",
        lambda m, x: torch.cat([torch.zeros_like(x), x, torch.ones(1, 1, 4)], 1),
        lambda x: np.concatenate([0 * x, x, 0 * x[:, :1] + 1], 1),
    ),
    (
        "filled",
        lambda m, x: _filled(x),
        lambda x: np.concatenate([0 * x[:, :, :1] + Fraction(0.5), x[:, :, 1:]], 2),
    ),
    (
        "slopes",
        lambda m, x: F.leaky_relu(F.rrelu(x, 0.1, 0.3), 0.1),
        lambda x: leak(reference.leaky(x, (Fraction(0.1) + Fraction(0.3)) / 2)),
    ),
    ("prelu", lambda m, x: F.prelu(x, m.w[:2, 0]), lambda x: reference.leaky(x, E34[:2, :1])),
    (
        "relu6",
        lambda m, x: F.relu6(4 * x) + F.hardtanh(x, -0.5, 0.1),
        lambda x: reference.clamp(4 * x, 0, 6) + reference.clamp(x, -0.5, 0.1),
    ),
    (
        "clamp",
        lambda m, x: x.clamp(min=-1, max=float("inf")).clamp(max=m.w[0]),
        lambda x: reference.each(lambda z, h: min(max(z, Fraction(-1)), h), x, E34[0]),
    ),
    (
        "clip",
        lambda m, x: torch.clip(x, m.w[0], x[:, :1]),
        lambda x: reference.each(lambda z, a, b: min(max(z, a), b), x, E34[0], x[:, :1]),
    ),
    (
        "extremes",
        lambda m, x: torch.maximum(x[:, 0], x[:, 1]) + torch.minimum(m.w[0], x[:, 1]),
        lambda x: reference.each(max, x[:, 0], x[:, 1]) + reference.each(min, E34[0], x[:, 1]),
    ),
    (
        "maxima",
        lambda m, x: x.max(1)[0].amax(1) + x.min() + torch.max(x, x.flip(1)).amin((0, 2)),
        lambda x: x.max() + x.min() + reference.each(max, x, x[:, ::-1]).min((0, 2)),
    ),
    (
        "threshold",
        lambda m, x: F.threshold(x, 0.3, 0.3),
        lambda x: reference.each(lambda z: max(z, Fraction(0.3)), x),
    ),
    (
        "softshrink",
        lambda m, x: F.softshrink(x, 0.25).abs(),
        lambda x: reference.each(lambda z: max(abs(z) - Fraction(1, 4), Fraction(0)), x),
    ),
    (
        "means",
        lambda m, x: x.mean() + x.mean((0, 2), keepdim=True) + x.sum(-1),
        lambda x: x.sum() / 8 + x.sum((0, 2), keepdims=True) / 4 + x.sum(-1),
    ),
    (
        "a used parameter",
        lambda m, x: F.relu(m.l(F.relu(m.l(x)))),
        lambda x: reference.relu((lambda f: f(reference.relu(f(x))))(lambda z: z[..., ::-1] * 2)),
    ),
    ("no dependence", lambda m, x: 0 * x + m.w[:2], lambda x: 0 * x + E34[:2]),
]


def _in_place_views(x: torch.Tensor) -> torch.Tensor:
    y = x.reshape(1, 2, 4) + 1  # these functions take one sample
    view = y.view(-1, 4)
    view[0].relu_()
    y[:, :, 1].neg_()
    view[1, 2:] = x[0, 0, :2]
    y += 0.5
    return y


def _in_place_views_slowly(x: Any) -> Any:
    y = x + 1
    y[0, 0] = reference.relu(y[0, 0])
    y[:, :, 1] = -y[:, :, 1]
    y[0, 1, 2:] = x[0, 0, :2]
    return y + Fraction(1, 2)


def _filled(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    y[:, :, 0] = 0.5
    return y


def _strides(x: torch.Tensor) -> torch.Tensor:
    y = x.reshape(1, 2, 4).transpose(1, 2) + 1  # has the strides of x
    z = y.contiguous()
    z.mul_(3)
    w = y.transpose(1, 2).view(-1)
    w[0] = 7.0
    return y - z


def _strides_slowly(x: Any) -> Any:
    y = x.swapaxes(1, 2) + 1
    z = 3 * y
    y[0, 0, 0] = Fraction(7)
    return y - z


def _put(x: torch.Tensor) -> torch.Tensor:
    y = x.reshape(1, 2, 4).clone()
    y[:, [0, 1], [2, 0]] = 2 * x[:, 0, :2]
    y[0, torch.tensor([True, False])] = 1.5
    return y


def _put_slowly(x: Any) -> Any:
    y = x.copy()
    y[:, [0, 1], [2, 0]] = 2 * x[:, 0, :2]
    y[0, 0] = Fraction(1.5)
    return y


@pytest.mark.parametrize(
    ("fast", "slow"), [case[1:] for case in FUNCTIONS], ids=[case[0] for case in FUNCTIONS]
)
def test_functions(fast: Any, slow: Any) -> None:
    linear = nn.Linear(4, 4)
    with torch.no_grad():
        linear.weight.copy_(torch.eye(4).flip(0) * 2)
        linear.bias.zero_()
    agree(Of(fast, w=W34, l=linear), slow, (1, 2, 4))
