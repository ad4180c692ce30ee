"""Random compositions of operations as torch modules, exact against rational loops; and a small ResNet."""

from __future__ import annotations

import itertools
import sys
import time

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from graph_modules import agree, trained
from graph_steps import ADAPTIVE, Step, composed, simple_steps, steps
from relutope.loading.graph.torch_export import graph_from_torch


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps([*simple_steps(0.1), ADAPTIVE], 0.1), min_size=1, max_size=6))
def test_random_compositions(chosen: list[Step]) -> None:
    module = nn.Sequential(*(module for module, _ in chosen))
    agree(module, lambda x: composed(chosen, x), (1, 2, 2, 3))


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
