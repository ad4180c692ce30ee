"""Steps of random networks: modules, and the same on arrays of fractions by loops."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F  # noqa: N812

import graph_reference as reference
from graph_modules import Of, batch_norm_of, convolution_of, trained

#: A step: what a module does, and what loops do, to an image (1, 2, height, width) and back to one.
Step = tuple[nn.Module, Callable[[Any], Any]]


def convolution(seed: int) -> Step:
    torch.manual_seed(seed)
    conv = nn.Conv2d(2, 2, 1 + seed % 3, padding=seed % 3, groups=1 + seed % 2, bias=seed % 5 > 0)
    return conv, lambda x: convolution_of(conv, x)


def normalisation(seed: int) -> Step:
    norm = trained(nn.BatchNorm2d(2, eps=2.0**-10))
    torch.manual_seed(seed)
    nn.init.normal_(norm.weight)
    return norm, lambda x: batch_norm_of(norm, x)


def residual(seed: int) -> Step:
    torch.manual_seed(seed)
    conv = nn.Conv2d(2, 2, 3, padding=1)
    module = Of(lambda m, x: F.relu(m.conv(x)) + x, conv=conv)
    return module, lambda x: reference.relu(convolution_of(conv, x)) + x


def concatenation(seed: int, unit: float) -> Step:
    scale = unit * (seed % 7) - 0.25
    module = Of(lambda _, x: torch.cat([x[:, :1], scale - x[:, 1:].flip(3)], 1))
    return module, lambda x: np.concatenate([x[:, :1], Fraction(scale) - x[:, 1:, :, ::-1]], 1)


def transposed(seed: int) -> Step:
    torch.manual_seed(seed)
    pad, groups = seed % 2, 1 + seed % 3 % 2
    turned = nn.ConvTranspose2d(2, 2, (1 + pad, 2 + pad), padding=(0, pad), groups=groups, bias=seed % 5 > 0)
    bias = None if turned.bias is None else turned.bias.detach().double().numpy()
    weight = turned.weight.detach().double().numpy()
    pads = [(0, 0), (pad, pad)]
    return turned, lambda x: reference.convolve_transposed(
        x, weight, bias, [1, 1], pads, [0, 0], [1, 1], groups
    )


def masked(seed: int) -> Step:
    mask = torch.tensor([[[seed % 3 > 0]], [[seed % 2 > 0]]])
    module = Of(lambda m, x: torch.where(m.mask, x, -0.75), mask=mask)
    return module, lambda x: np.where(mask.numpy(), x, reference.exact(-0.75))


def simple_steps(unit: float) -> list[Step]:
    """Steps without weights, whose numbers are multiples of a unit."""
    return [
        (nn.ReLU(inplace=True), reference.relu),
        (nn.LeakyReLU(unit), lambda x: reference.leaky(x, unit)),
        (nn.ReLU6(), lambda x: reference.clamp(x, 0, 6)),
        (Of(lambda _, x: x.clamp(-3 * unit, 7 * unit)), lambda x: reference.clamp(x, -3 * unit, 7 * unit)),
        (Of(lambda _, x: x.abs()), abs),
        (Of(lambda _, x: torch.maximum(x, x.flip(1))), lambda x: reference.each(max, x, x[:, ::-1])),
        (
            nn.MaxPool2d(2, 1, 1),
            lambda x: reference.pooled(
                x, [2, 2], [1, 1], [1, 1], [1, 1], False, lambda values, _: max(values)
            ),
        ),
        (
            nn.AvgPool2d(3, 2, 1),
            lambda x: reference.pooled(x, [3, 3], [2, 2], [1, 1], [1, 1], False, reference.average),
        ),
        (Of(lambda _, x: x.transpose(2, 3)), lambda x: x.swapaxes(2, 3)),
        (
            Of(lambda _, x: F.pad(x, (1, 0))),
            lambda x: np.pad(x, [(0, 0)] * 3 + [(1, 0)], constant_values=Fraction(0)),
        ),
        (
            nn.Sequential(nn.Upsample(scale_factor=2), nn.MaxPool2d(3, 2, 1)),
            lambda x: reference.pooled(
                x.repeat(2, 2).repeat(2, 3),
                [3, 3],
                [2, 2],
                [1, 1],
                [1, 1],
                False,
                lambda values, _: max(values),
            ),
        ),
    ]


#: Pooling that not every exporter writes.
ADAPTIVE: Step = (
    nn.AdaptiveAvgPool2d((2, 1)),
    lambda x: reference.adaptive(x, (2, 1), reference.average),
)


def steps(simple: list[Step], unit: float) -> st.SearchStrategy[Step]:
    """One step of these, or one with weights."""
    seeds = st.integers(0, 99)
    return st.one_of(
        st.integers(0, len(simple) - 1).map(lambda place: simple[place]),
        *(st.builds(kind, seeds) for kind in (convolution, normalisation, residual, transposed, masked)),
        st.builds(concatenation, seeds, st.just(unit)),
    )


def composed(chosen: list[Step], x: Any) -> Any:
    """What the loops of several steps make of an image."""
    for _, step in chosen:
        x = step(x)
    return x
