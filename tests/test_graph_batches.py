"""Modules that mix the samples of a batch are refused; modules for one sample only are not."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from graph_modules import Of, outputs_of
from relutope.loading.graph.torch_export import graph_from_torch

ROWS = torch.tensor([[0.5, -1.0, 0.25], [2.0, 0.75, -0.5]])

MIXING: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "mean": lambda x: x - x.mean(0, keepdim=True),
    "sum": lambda x: x + 0.001 * x.sum(0),
    "maximum": lambda x: F.relu(x) + x.amax(0),
    "order": lambda x: x - 0.5 * x.flip(0),
    "place": lambda x: x * torch.arange(1, 1 + x.shape[0])[:, None],
    "number of samples": lambda x: x * x.shape[0],
    "reshape": lambda x: x.reshape(3, -1).t().reshape(-1, 3) * 2.0,
}


@pytest.mark.parametrize("name", MIXING)
def test_modules_that_mix_samples(name: str) -> None:
    module = nn.Sequential(nn.Linear(2, 3), Of(lambda _, x: MIXING[name](x)), nn.Linear(3, 2))
    with pytest.raises(ValueError, match=r"mixes the samples of a batch: output \d of .* by itself"):
        graph_from_torch(module)


def refuses(x: torch.Tensor) -> torch.Tensor:
    if len(x) != 1:
        raise KeyError("one sample only")
    return x


ALONE: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "fixed": lambda x: F.relu(x.reshape(1, 2)) @ ROWS,
    "swallows the batch": lambda x: x.reshape(1, 2, -1).sum(2) @ ROWS,
    "refuses": lambda x: refuses(x) @ ROWS,
    "no batch axis": lambda x: (x @ ROWS).flatten(),
    "batch axis last": lambda x: (x @ ROWS).t(),
    "batch axis in the middle": lambda x: (x @ ROWS)[None],
    "samples": lambda x: torch.cat([F.relu(row @ ROWS)[None] for row in x.unbind(0)]),
}


@pytest.mark.parametrize("name", ALONE)
def test_modules_that_mix_none_or_take_one_sample(name: str) -> None:
    graph = graph_from_torch(Of(lambda _, x: ALONE[name](x)), torch.zeros(1, 2))
    point = torch.tensor([0.75, 0.5])
    wanted = [Fraction(value) for value in ALONE[name](point[None]).flatten().tolist()]
    assert outputs_of(graph, point.numpy()) == wanted


def test_batch_norm_mixes_none_in_eval_mode() -> None:
    def module_of(*parts: Any) -> nn.Module:
        return nn.Sequential(nn.Linear(2, 3), *parts, nn.Linear(3, 1))

    graph_from_torch(module_of(nn.BatchNorm1d(3)).train())
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        graph_from_torch(module_of(nn.BatchNorm1d(3, track_running_stats=False)))


def test_mixing_that_rounding_could_explain_is_noted() -> None:
    torch.manual_seed(0)
    wide = [part for _ in range(30) for part in (nn.Linear(64, 64), nn.ReLU())]
    mixing = Of(lambda _, x: x - x.mean(0))
    for last, number in ((nn.Identity(), 0), (mixing, 1)):
        notes = graph_from_torch(nn.Sequential(nn.Linear(2, 64), *wide, nn.Linear(64, 1), last)).notes
        assert len(notes) == number
        assert all("it may be that the module mixes samples" in note for note in notes)
