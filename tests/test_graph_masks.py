"""Selections by constant masks, and operations that move pixels, of torch, its programs and ONNX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

import graph_reference as reference
from graph_modules import Of, agree
from onnx_checks import assert_same_function, check_with_runtime, exported
from pt2_checks import saved
from relutope.loading.graph.pt2_file import graph_from_pt2
from relutope.loading.graph.torch_export import graph_from_torch

MASK = torch.tensor([[True, False, True, False], [False, False, True, True]])
M = MASK.numpy()
NONE = np.zeros((2, 4), dtype=bool)
ROW = torch.tensor([0.5, -1.25, 2.0, 0.75])
R = reference.exact(ROW.double())
SHAPE = (1, 2, 4)


def filled(x: Any, mask: Any, value: Any) -> Any:
    return np.where(mask, reference.exact(np.float64(value)), x)


def in_place(m: Any, x: torch.Tensor) -> torch.Tensor:
    y = x + 1
    y[:, 0].masked_fill_(m.mask[0], 0.5)
    return y.relu_()


def in_place_slowly(x: Any) -> Any:
    y = x + 1
    y[:, 0] = filled(y[:, 0], M[0], 0.5)
    return reference.relu(y)


FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[[Any], Any]]] = {
    "where": (lambda m, x: torch.where(m.mask, x, F.relu(x)), lambda x: np.where(M, x, reference.relu(x))),
    "a number": (lambda m, x: torch.where(m.mask, x, 0.1), lambda x: filled(x, ~M, 0.1)),
    "a number first": (lambda m, x: torch.where(m.mask, 0.1, x), lambda x: filled(x, M, 0.1)),
    "a row": (lambda m, x: torch.where(m.mask, m.row, x), lambda x: np.where(M, R, x)),
    "broadcast": (
        lambda m, x: torch.where(m.mask[:, :, None], x.flip(1)[:, :, None], x[:, :1, None]),
        lambda x: np.where(M[:, :, None], x[:, ::-1, None], x[:, :1, None]),
    ),
    "fill": (lambda m, x: x.masked_fill(m.mask, 0.0), lambda x: filled(x, M, 0)),
    "fill by a tensor": (lambda m, x: x.masked_fill(m.mask, m.row[1]), lambda x: filled(x, M, -1.25)),
    "fill in place": (in_place, in_place_slowly),
    "fill with the input": (
        lambda m, x: x.masked_fill(~m.mask, 3.0) - x.masked_fill(m.mask, 0.1),
        lambda x: filled(x, ~M, 3) - filled(x, M, 0.1),
    ),
    "nothing": (lambda m, x: x.masked_fill(m.mask & ~m.mask, 7.0), lambda x: filled(x, NONE, 7)),
    "everything": (lambda m, x: torch.where(m.mask | ~m.mask, 7.0, x) + x, lambda x: 7 + x),
    "weights": (
        lambda m, x: F.linear(x, torch.where(m.mask, m.row, 0.0)),
        lambda x: x @ np.where(M, R, reference.exact(0.0)).T,
    ),
    "integers": (
        lambda m, x: x.masked_fill(m.places == 1, -2.0),
        lambda x: filled(x, np.array([True, False, False, True]), -2),
    ),
}


def module_of(function: Callable[..., Any]) -> nn.Module:
    return Of(function, mask=MASK, row=ROW, places=torch.tensor([1, 0, 2, 1]))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_constant_masks(name: str, tmp_path: Path) -> None:
    fast, slow = FUNCTIONS[name]
    module = module_of(fast)
    agree(module, slow, SHAPE)
    wanted = graph_from_torch(module, torch.zeros(SHAPE))
    assert_same_function(wanted, graph_from_pt2(saved(tmp_path, module, SHAPE)))


PIXELS: dict[str, tuple[nn.Module, Callable[[Any], Any]]] = {
    "shuffle": (
        nn.PixelShuffle(2),
        lambda x: x.reshape(1, 2, 2, 2, 4, 2).transpose(0, 1, 4, 2, 5, 3).reshape(1, 2, 8, 4),
    ),
    "unshuffle": (
        nn.PixelUnshuffle(2),
        lambda x: x.reshape(1, 8, 2, 2, 1, 2).transpose(0, 1, 3, 5, 2, 4).reshape(1, 32, 2, 1),
    ),
    "larger": (nn.Upsample(scale_factor=2), lambda x: x.repeat(2, axis=2).repeat(2, axis=3)),
    "larger along one axis": (nn.Upsample(scale_factor=(1, 3)), lambda x: x.repeat(3, axis=3)),
    "to a size": (nn.Upsample(size=(8, 2)), lambda x: x.repeat(2, axis=2)),
}


@pytest.mark.parametrize("name", PIXELS)
def test_pixels_that_move(name: str, tmp_path: Path) -> None:
    module, slow = PIXELS[name]
    shape = (1, 8, 4, 2)
    agree(module, slow, shape)
    wanted = graph_from_torch(module, torch.zeros(shape))
    assert_same_function(wanted, graph_from_pt2(saved(tmp_path, module, shape)))
    for dynamo in (False, True):
        graph = check_with_runtime(exported(tmp_path, module, shape, 18, dynamo), shape)
        assert_same_function(wanted, graph)


@pytest.mark.parametrize("dynamo", [False, True])
@pytest.mark.parametrize("name", ["where", "a row", "fill", "weights"])
def test_exported_masks(name: str, dynamo: bool, tmp_path: Path) -> None:
    module = module_of(FUNCTIONS[name][0])
    graph = check_with_runtime(exported(tmp_path, module, SHAPE, 18, dynamo), SHAPE)
    assert_same_function(graph_from_torch(module, torch.zeros(SHAPE)), graph)


def decoder() -> nn.Module:
    """A decoder of images as it is usual: transposed convolutions, batch norm, then pixels in blocks."""
    torch.manual_seed(0)
    parts = nn.ConvTranspose2d(2, 3, 3, 2, 1, 1, groups=1), nn.BatchNorm2d(3), nn.ReLU()
    module = nn.Sequential(*parts, nn.ConvTranspose2d(3, 4, 2, 2, bias=False), nn.ReLU(), nn.PixelShuffle(2))
    nn.init.uniform_(module[1].running_var, 0.5, 2)
    module[1].eps = 2.0**-10
    return module.eval()


def test_a_decoder(tmp_path: Path) -> None:
    module, shape = decoder(), (1, 2, 2, 3)
    wanted = graph_from_torch(module, torch.zeros(shape))
    assert wanted.output is not None
    assert wanted.output.shape == (1, 1, 16, 24)
    assert_same_function(wanted, graph_from_pt2(saved(tmp_path, module, shape)))
    for dynamo in (False, True):
        check_with_runtime(exported(tmp_path, module, shape, 18, dynamo), shape)
