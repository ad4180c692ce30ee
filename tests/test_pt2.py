"""Exported programs read from their archives, against `torch.export` in the same process, exactly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from file_modules import MODULES, Of, made, with_statistics
from onnx_checks import assert_same_function
from pt2_checks import refusal, saved
from relutope.loading.graph.pt2_file import graph_from_pt2
from relutope.loading.graph.torch_export import graph_from_torch


@pytest.mark.parametrize("name", MODULES)
def test_the_function_of_the_module(name: str, tmp_path: Path) -> None:
    module, shape, wanted = made(name)
    graph = graph_from_pt2(saved(tmp_path, module, shape))
    assert_same_function(wanted, graph)
    assert graph.dtype == wanted.dtype
    assert graph.layers()[1] == wanted.layers()[1]
    assert [layer.origin for layer in graph.layers()[0]] == [layer.origin for layer in wanted.layers()[0]]


class Stored(nn.Module):
    """Tied, transposed and shifted parameters, buffers of all kinds, views and changes in place."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4, bias=False)
        self.second.weight = self.first.weight
        self.turned = nn.Parameter(torch.randn(4, 4).T)
        self.shifted = nn.Parameter(torch.randn(3, 4)[1:, ::2])
        self.register_buffer("places", torch.tensor([0, 2]))
        self.register_buffer("kept_out", torch.randn(4), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a, b = self.second(torch.relu_(self.first(x))).chunk(2, 1)
        y = torch.zeros(1, 2) + a
        y += b
        largest, _ = torch.max(x, 1)
        z = x.to(torch.float64).float() * torch.full((4,), 2.0)
        z[:, 1:] = 0.5
        parts = [a, x[:, self.places], y, largest[:, None], z @ self.turned, self.kept_out[None]]
        return torch.cat([*parts, a @ self.shifted, torch.tensor([[0.1, 0.2]])], 1).clamp(float("-inf"), 1.0)


def test_stored_tensors_and_changes_in_place(tmp_path: Path) -> None:
    module = Stored()
    graph = graph_from_pt2(saved(tmp_path, module, (1, 4)))
    assert_same_function(graph_from_torch(module, torch.zeros(1, 4)), graph)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_types(dtype: torch.dtype, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).to(dtype)
    program = torch.export.export(module, (torch.zeros(1, 3, dtype=dtype),))
    torch.export.save(program, tmp_path / "model.pt2")
    graph = graph_from_pt2(tmp_path / "model.pt2")
    assert graph.dtype == str(dtype).removeprefix("torch.")
    assert_same_function(graph_from_torch(module), graph)


def test_an_open_batch_axis_is_1(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Of(
        lambda x, part: part(x.reshape(x.shape[0] * 2, 3)).view(x.shape[0], -1).relu_(), nn.Linear(3, 4)
    )
    path = saved(tmp_path, module, (2, 2, 3), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    graph = graph_from_pt2(path)
    assert graph.input_shape == (1, 2, 3)
    assert_same_function(graph_from_torch(module, torch.zeros(1, 2, 3)), graph)


class Twin(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.part = nn.Conv1d(1, 2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.part(x)).flatten(1)


def test_other_open_axes_take_input_shape(tmp_path: Path) -> None:
    module = Twin()
    path = saved(tmp_path, module, (1, 1, 5), dynamic_shapes=({2: torch.export.Dim.DYNAMIC},))
    assert "the input 'x' has the shape (1, 1, n), open beyond its batch axis" in refusal(path)
    assert_same_function(graph_from_torch(module, torch.zeros(1, 1, 4)), graph_from_pt2(path, (1, 1, 4)))
    assert "input_shape is (1, 2, 4)" in refusal(path, input_shape=(1, 2, 4))
    fixed = saved(tmp_path, module, (2, 1, 3))
    assert "a batch of 2; legal: a batch of 1" in refusal(fixed)
    assert graph_from_pt2(fixed, (2, 1, 3)).input_dim == 6


def test_programs_of_core_operations(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = with_statistics(
        nn.Sequential(
            nn.Conv2d(1, 2, 2, padding=1),
            nn.BatchNorm2d(2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.AdaptiveAvgPool2d((1, 2)),
            nn.Flatten(),
            nn.Linear(4, 3),
            nn.LogSoftmax(1),
        )
    )
    graph = graph_from_pt2(saved(tmp_path, module, (1, 1, 4, 5), decomposed=True))
    assert_same_function(graph_from_torch(module, torch.zeros(1, 1, 4, 5)), graph)
    options: dict[str, Any] = {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}
    for turned, shape in (
        (nn.ConvTranspose1d(2, 4, 3, **options), (1, 2, 3)),
        (nn.ConvTranspose2d(2, 2, 3, **options), (1, 2, 3, 2)),
    ):
        graph = graph_from_pt2(saved(tmp_path, turned, shape, decomposed=True))
        assert_same_function(graph_from_torch(turned, torch.zeros(shape)), graph)


def test_the_input_may_be_changed_in_place(tmp_path: Path) -> None:
    module = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(2, 2))
    graph = graph_from_pt2(saved(tmp_path, module, (1, 2), decomposed=True))
    assert_same_function(graph_from_torch(module), graph)


def test_indices_that_depend_on_values(tmp_path: Path) -> None:
    module = Of(lambda x, part: x[:, part.mask].relu(), nn.Module())
    module.parts[0].register_buffer("mask", torch.tensor([True, False, True]))
    path = saved(tmp_path, module, (1, 3))
    assert "index.Tensor does not fit its arguments: the shape of its result depends on val" in refusal(path)


def test_a_final_softmax_is_dropped(tmp_path: Path) -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    graph = graph_from_pt2(saved(tmp_path, nn.Sequential(plain, nn.Softmax(1)), (1, 2)))
    assert_same_function(graph_from_torch(plain), graph)
    assert graph.layers()[1] == ["dropped the final Softmax at '1': the outputs are what enters it"]


def many_inputs(x: torch.Tensor) -> Any:
    return x.relu(), x


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            nn.Sequential(nn.GELU()),
            "gelu of GELU at '0' cannot be represented exactly: it is not p",
        ),
        (nn.LayerNorm(3), "layer_norm of LayerNorm .* it divides by the spread of its own input"),
        (Of(lambda x: x * x), "mul of Of .* it multiplies two tensors that depend on the input"),
        (Of(lambda x: torch.where(x > 0, x, 0)), "gt of Of .* it selects by comparing"),
        (
            Of(lambda x: torch.fft.fft(x).real),
            r"torch.ops.aten.*fft.* cannot be represented exactly",
        ),
        (Of(many_inputs), "the module returns 2 values; legal: one tensor"),
        (
            nn.Sequential(nn.Linear(3, 1, dtype=torch.complex64)),
            "has elements of type complex64",
        ),
    ],
)
def test_modules_that_are_refused(module: nn.Module, message: str, tmp_path: Path) -> None:
    if any(parameter.is_complex() for parameter in module.parameters()):
        program = torch.export.export(module, (torch.zeros(1, 3, dtype=torch.complex64),))
        torch.export.save(program, tmp_path / "model.pt2")
        path = str(tmp_path / "model.pt2")
    else:
        path = saved(tmp_path, module, (1, 3))
    refused = refusal(path)
    assert re.search(message, refused), refused


def test_torch_export_load_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, nn.Sequential(nn.Linear(2, 2)), (1, 2))

    def forbidden(*_: Any, **__: Any) -> Any:
        raise AssertionError("nothing may be unpickled")

    for name in ("load", "export.load", "serialization.load"):
        monkeypatch.setattr(f"torch.{name}", forbidden)
    monkeypatch.setattr("pickle.loads", forbidden)
    monkeypatch.setattr("pickle.load", forbidden)
    monkeypatch.setattr("pickle.Unpickler", forbidden)
    assert graph_from_pt2(path).dtype == "float32"
