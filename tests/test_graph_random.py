"""Random compositions of operations as torch modules, exact against rational loops; and a small ResNet."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F  # noqa: N812

import graph_reference as reference
from graph_modules import Of, agree, batch_norm_of, convolution_of, trained
from relutope.loading.graph.torch_export import graph_from_torch

#: A step: what a module does, and what loops do, to an image (1, 2, height, width) and back to one.
Step = tuple[nn.Module, Callable[[Any], Any]]


def convolution(seed: int) -> Step:
    torch.manual_seed(seed)
    conv = nn.Conv2d(2, 2, 1 + seed % 3, padding=seed % 3, groups=1 + seed % 2, bias=seed % 5 > 0)
    return conv, lambda x: convolution_of(conv, x)


def normalisation(seed: int) -> Step:
    norm = trained(nn.BatchNorm2d(2))
    torch.manual_seed(seed)
    nn.init.normal_(norm.weight)
    return norm, lambda x: batch_norm_of(norm, x)


def residual(seed: int) -> Step:
    torch.manual_seed(seed)
    conv = nn.Conv2d(2, 2, 3, padding=1)
    module = Of(lambda m, x: F.relu(m.conv(x)) + x, conv=conv)
    return module, lambda x: reference.relu(convolution_of(conv, x)) + x


def concatenation(seed: int) -> Step:
    scale = 0.1 * (seed % 7) - 0.25
    module = Of(lambda _, x: torch.cat([x[:, :1], scale - x[:, 1:].flip(3)], 1))
    return module, lambda x: np.concatenate([x[:, :1], Fraction(scale) - x[:, 1:, :, ::-1]], 1)


PLAIN = [(0, 0)] * 3
SIMPLE: list[Step] = [
    (nn.ReLU(inplace=True), reference.relu),
    (nn.LeakyReLU(0.1), lambda x: reference.leaky(x, 0.1)),
    (nn.ReLU6(), lambda x: reference.clamp(x, 0, 6)),
    (Of(lambda _, x: x.clamp(-0.3, 0.7)), lambda x: reference.clamp(x, -0.3, 0.7)),
    (Of(lambda _, x: x.abs()), abs),
    (Of(lambda _, x: torch.maximum(x, x.flip(1))), lambda x: reference.each(max, x, x[:, ::-1])),
    (
        nn.MaxPool2d(2, 1, 1),
        lambda x: reference.pooled(x, [2, 2], [1, 1], [1, 1], [1, 1], False, lambda values, _: max(values)),
    ),
    (
        nn.AvgPool2d(3, 2, 1),
        lambda x: reference.pooled(x, [3, 3], [2, 2], [1, 1], [1, 1], False, reference.average),
    ),
    (nn.AdaptiveAvgPool2d((2, 1)), lambda x: reference.adaptive(x, (2, 1), reference.average)),
    (Of(lambda _, x: x.transpose(2, 3)), lambda x: x.swapaxes(2, 3)),
    (
        Of(lambda _, x: F.pad(x, (1, 0))),
        lambda x: np.pad(x, [(0, 0)] * 3 + [(1, 0)], constant_values=Fraction(0)),
    ),
]
STEPS = st.one_of(
    st.integers(0, len(SIMPLE) - 1).map(lambda place: SIMPLE[place]),
    st.builds(convolution, st.integers(0, 99)),
    st.builds(normalisation, st.integers(0, 99)),
    st.builds(residual, st.integers(0, 99)),
    st.builds(concatenation, st.integers(0, 99)),
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=1, max_size=6))
def test_random_compositions(steps: list[Step]) -> None:
    def slow(x: Any) -> Any:
        for _, step in steps:
            x = step(x)
        return x

    agree(nn.Sequential(*(module for module, _ in steps)), slow, (1, 2, 2, 3))


class Block(nn.Module):
    """A basic block of a ResNet."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(n_out)
        self.second = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.second_norm(self.second(self.relu(self.first_norm(self.first(x)))))
        y += self.shortcut(x)
        return self.relu(y)


def resnet(width: int) -> nn.Module:
    """The shape of a ResNet-18 with the stem for ImageNet."""
    widths = [width, width, width, 2 * width, 2 * width, 4 * width, 4 * width, 8 * width, 8 * width]
    blocks = [Block(n_in, n_out, 1 + (n_in < n_out)) for n_in, n_out in itertools.pairwise(widths)]
    stem = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8 * width, 10)
    torch.manual_seed(0)
    return trained(nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1), *blocks, *head)).eval()


def test_a_narrow_resnet() -> None:
    module = resnet(4)
    graph = graph_from_torch(module, torch.zeros(1, 3, 32, 32))
    layers, notes = graph.layers()
    assert notes == []
    neurons = sum(layer.n_rows for layer in layers if layer.kind == "relu")
    per_channel = 16 * 16 + 4 * 8 * 8 + 4 * 2 * 4 * 4 + 4 * 4 * 2 * 2 + 4 * 8
    assert neurons == 4 * per_channel
    assert [layer.n_rows for layer in layers if layer.kind == "max"] == [4 * 8 * 8]
    assert layers[-1].n_rows == 10
    # A block reads the layer inside it, and the block before it.
    blocks = [layer for layer in layers if layer.kind == "relu" and " + add at " in layer.origin]
    assert len(blocks) == 8


@pytest.mark.slow
def test_a_resnet_of_full_width() -> None:
    start = time.process_time()
    graph = graph_from_torch(resnet(64), torch.zeros(1, 3, 32, 32))
    layers, _ = graph.layers()
    seconds = time.process_time() - start
    assert sum(len(layer.values) for layer in layers) > 20_000_000
    assert seconds < 60
    if sys.platform == "linux":
        import resource

        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 3 * 2**20  # KiB
