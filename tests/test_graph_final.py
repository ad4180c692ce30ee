"""Final activations over a part of the outputs, and casts: what is dropped or ignored is said."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

import relutope
from relutope import Network


class Grouped(nn.Module):
    """Softmax over pairs of four outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x).reshape(-1, 2, 2).softmax(2).flatten(1)


class Half(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.linear(x).half().float())


def test_a_softmax_over_groups_says_so(tmp_path: Path) -> None:
    module = Grouped().eval()
    network = Network.from_torch(module, torch.zeros(1, 2))
    assert "over groups of 2 of the 4 outputs" in network.notes[-1]
    path = tmp_path / "m.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (torch.zeros(1, 2),), path, dynamo=False)
    assert "over groups of 2 of the 4 outputs" in relutope.load(path).notes[-1]
    torch.export.save(torch.export.export(module, (torch.zeros(1, 2),)), tmp_path / "m.pt2")
    assert relutope.load(tmp_path / "m.pt2").notes == network.notes
    whole = Network.from_torch(nn.Sequential(nn.Linear(2, 4), nn.Softmax(1)))
    assert "groups" not in whole.notes[-1]


def test_a_cast_to_a_narrower_type_is_noted() -> None:
    network = Network.from_torch(Half().eval(), torch.zeros(1, 2))
    assert any("from torch.float32 to torch.float16" in note for note in network.notes)
    assert not any("to torch.float32" in note for note in network.notes)


def test_torchscript_is_refused_with_advice(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(nn.Sequential(nn.Linear(2, 1))).save(str(tmp_path / "m.pt"))
    with pytest.raises(ValueError, match=r"is TorchScript.*arch="):
        relutope.load(tmp_path / "m.pt")


def test_weights_without_a_graph_name_arch(tmp_path: Path) -> None:
    torch.save(nn.BatchNorm1d(3).state_dict(), tmp_path / "m.pt")
    with pytest.raises(ValueError, match="need arch="):
        relutope.load(tmp_path / "m.pt")
