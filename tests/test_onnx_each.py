"""Each operation of torch that its ONNX exporters can write, and all of them in one exported program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from file_modules import Of, with_statistics
from onnx_checks import assert_same_function, check_with_runtime, exported
from pt2_checks import saved
from relutope.loading.graph.pt2_file import graph_from_pt2
from relutope.loading.graph.torch_export import graph_from_torch

SHAPE = (1, 2, 5, 4)
ROW = torch.tensor([0.5, -1.25, 2.0, 0.75])

#: Slopes and limits are float32 numbers, which both sides take as they are.
EACH: dict[str, Callable[..., Any]] = {
    "add": lambda x: x + ROW,
    "add scaled": lambda x: torch.add(x, x.flip(3), alpha=0.5),
    "constant minus tensor": lambda x: 1.5 - x,
    "multiply": lambda x: ROW * x,
    "divide": lambda x: x / ROW,
    "negate": lambda x: -x,
    "matmul": lambda x: x @ ROW,
    "matmul from the left": lambda x: torch.ones(3, 5) @ x,
    "conv1d": lambda x: F.conv1d(x[:, :, 0], ROW.reshape(1, 2, 2), stride=2, padding=1),
    "conv2d": lambda x: F.conv2d(x, ROW.reshape(2, 1, 2, 1), ROW[:2], (2, 1), (1, 0), (1, 2), groups=2),
    "conv3d": lambda x: F.conv3d(x[:, :, None], ROW.reshape(1, 2, 1, 2, 1)),
    "average pool": lambda x: F.avg_pool2d(x, 3, 2, 1),
    "average pool, pads left out": lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
    "average pool in one axis": lambda x: F.avg_pool1d(x[:, :, 0], 2),
    "max pool": lambda x: F.max_pool2d(x, (2, 3), (1, 2), (1, 1)),
    "max pool, dilated": lambda x: F.max_pool2d(x, 2, dilation=2),
    "max pool in one axis": lambda x: F.max_pool1d(x[:, 0], 2),
    "global max": lambda x: F.adaptive_max_pool2d(x, 1),
    "global mean": lambda x: F.adaptive_avg_pool2d(x, 1),
    "mean": lambda x: x.mean((1, 3)),
    "sum": lambda x: x.sum(2, keepdim=True),
    "amax": lambda x: x.amax(1),
    "amin": lambda x: x.amin((2, 3)),
    "max over an axis": lambda x: x.max(dim=2)[0],
    "maximum": lambda x: torch.maximum(x, x.flip(2)),
    "minimum": lambda x: torch.minimum(x, ROW),
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky relu": lambda x: F.leaky_relu(x, 0.125),
    "prelu": lambda x: F.prelu(x, ROW[:2]),
    "rrelu": lambda x: F.rrelu(x, 0.25, 0.5, training=False),
    "hardtanh": lambda x: F.hardtanh(x, -0.5, 0.25),
    "clamp below": lambda x: x.clamp(min=0.25),
    "clamp above": lambda x: x.clamp(max=0.25),
    "absolute": torch.abs,
    "pad": lambda x: F.pad(x, (1, 0, 0, 2), value=0.5),
    "pad by reflection": lambda x: F.pad(x, (1, 2, 0, 3), mode="reflect"),
    "pad by the edge": lambda x: F.pad(x, (1, 0, 2, 1), mode="replicate"),
    "slices": lambda x: x[:, 1:, ::2, -3:-1],
    "select": lambda x: x[:, 1, :, 0],
    "index": lambda x: x[:, :, [4, 0, 0]],
    "split": lambda x: x.split((2, 3), dim=2)[1],
    "unbind": lambda x: x.unbind(1)[0],
    "stack": lambda x: torch.stack([x[:, 0], x[:, 1]], dim=-1),
    "expand": lambda x: x[:, :1].expand(1, 3, 5, 4),
    "repeat": lambda x: x.repeat(1, 2, 1, 2),
    "permute": lambda x: x.permute(0, 3, 1, 2).flatten(2),
    "unsqueeze": lambda x: x.unsqueeze(1).transpose(2, 3),
    "ones and zeros": lambda x: x + torch.ones_like(x) * torch.full((4,), 2.0) - torch.zeros(5, 1),
}


@pytest.mark.parametrize("name", EACH)
def test_legacy_exporter(name: str, tmp_path: Path) -> None:
    module = Of(EACH[name])
    graph = check_with_runtime(exported(tmp_path, module, SHAPE, 16, dynamo=False), SHAPE)
    assert_same_function(graph_from_torch(module, torch.zeros(*SHAPE)), graph)


#: The dynamo exporter has no rule for these.
NOT_BY_DYNAMO = {"rrelu"}


def all_together(x: torch.Tensor, norm: nn.Module) -> torch.Tensor:
    x = norm(x)
    parts = [function(x).flatten(1) for name, function in EACH.items() if name not in NOT_BY_DYNAMO]
    return torch.cat(parts, dim=1)


@pytest.mark.parametrize("opset", [None, 25])
def test_dynamo_exporter(opset: int | None, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = with_statistics(Of(all_together, nn.BatchNorm2d(2)))
    graph = check_with_runtime(exported(tmp_path, module, SHAPE, opset, dynamo=True), SHAPE)
    assert_same_function(graph_from_torch(module, torch.zeros(*SHAPE)), graph)


def test_exported_program(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = with_statistics(Of(all_together, nn.BatchNorm2d(2)))
    graph = graph_from_pt2(saved(tmp_path, module, SHAPE))
    assert_same_function(graph_from_torch(module, torch.zeros(*SHAPE)), graph)
