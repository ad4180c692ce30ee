"""What torch's two ONNX exporters write, against `torch.export` exactly and onnxruntime within a bound."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from onnx_checks import assert_same_function, check_with_runtime, exported
from relutope.loading.graph.onnx_file import graph_from_onnx
from relutope.loading.graph.torch_export import graph_from_torch
from relutope.loading.graph.value_graph import ValueGraph


class Of(nn.Module):
    """A module of a function of its parts and the input."""

    def __init__(self, function: Callable[..., Any], *parts: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(parts)

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(x, *self.parts)


def with_statistics(module: nn.Module) -> nn.Module:
    """Give batch norms numbers of their own; eps is a float32 already, as ONNX has it."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.eps = 2.0**-10
            for tensor in (part.running_mean, part.running_var, part.weight, part.bias):
                nn.init.uniform_(tensor, 0.25, 2.0)
    return module


def mlp() -> nn.Module:
    activations = [nn.ReLU(), nn.LeakyReLU(0.25), nn.PReLU(4), nn.Hardtanh(-0.5, 0.75), nn.ReLU6()]
    layers: list[nn.Module] = [nn.Linear(3, 4)]
    for activation in activations:
        layers += [activation, nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 4, bias=len(layers) > 1)]
    return nn.Sequential(*layers)


def pooling() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(2, 4, (3, 2), stride=(1, 2), padding=1, dilation=(2, 1), groups=2),
        nn.ReLU(),
        nn.MaxPool2d(2, stride=1, padding=1),
        nn.BatchNorm2d(4),
        nn.AvgPool2d(2, stride=1, padding=1, count_include_pad=False),
        nn.Conv2d(4, 2, 2, padding="same"),
        nn.MaxPool2d(2, stride=2, ceil_mode=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2, 2),
    )


def residual() -> nn.Module:
    def forward(x: Any, first: nn.Module, second: nn.Module, third: nn.Module) -> Any:
        y = F.relu(second(F.relu(first(x))) + x)
        return third(torch.cat([y, 2 - x / 4, -y], dim=1))

    return Of(forward, nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(3, 2, 3, padding=1), nn.Conv2d(6, 1, 4))


def moves(x: Any, part: nn.Module) -> Any:
    a, b = x.transpose(1, 2).chunk(2, dim=1)  # (1, 2, 3) each
    c = F.pad(a, (1, 0), value=0.5).permute(0, 2, 1).flatten(1)  # 8
    d = torch.stack([b, a * 3], dim=1)[:, :, ::2, -2:].reshape(x.shape[0], -1)  # 4
    e = x[:, [2, 0]].unsqueeze(0).expand(1, 1, 2, 4)[:, 0].reshape(1, -1)  # 8
    return part(torch.cat([c, d, e], dim=1)).view(1, 2, 2)


def extremes(x: Any) -> Any:
    a = torch.maximum(x, x.flip(1)) - torch.minimum(x, torch.tensor(0.5)).abs()
    b = torch.amax(x, 2) + x.mean(2) - x.sum(2) * 0.5
    c = x.clamp(min=-0.25).amax((1, 2), keepdim=True)
    return torch.cat([a.flatten(1), b, c.flatten(1), x.clamp(-1, 2).mean((1, 2)).reshape(1, 1)], dim=1)


MODULES: dict[str, tuple[Callable[[], nn.Module], Sequence[int]]] = {
    "mlp": (mlp, (1, 3)),
    "pooling": (pooling, (1, 2, 5, 6)),
    "residual": (residual, (1, 2, 4, 4)),
    "moves": (lambda: Of(moves, nn.Linear(20, 4)), (1, 3, 4)),
    "extremes": (lambda: Of(extremes), (1, 3, 2)),
}


@functools.cache
def made(name: str) -> tuple[nn.Module, Sequence[int], ValueGraph]:
    torch.manual_seed(1)
    make, shape = MODULES[name]
    module = with_statistics(make()).eval()
    return module, shape, graph_from_torch(module, torch.zeros(*shape))


@pytest.mark.parametrize(
    ("name", "opset"),
    [
        *((name, opset) for name in ("mlp", "residual") for opset in (9, 13, 20, 23)),
        *(("pooling", opset) for opset in (9, 11, 19)),
        *((name, opset) for name in ("moves", "extremes") for opset in (11, 13, 17, 23)),
    ],
)
def test_legacy_exporter(name: str, opset: int, tmp_path: Path) -> None:
    module, shape, wanted = made(name)
    path = exported(tmp_path, module, shape, opset, dynamo=False)
    graph = check_with_runtime(path, shape)
    assert graph.dtype == "float32" or not any(True for _ in module.parameters())
    assert_same_function(wanted, graph)


@pytest.mark.parametrize(
    ("name", "opset"), [*((name, None) for name in MODULES), ("mlp", 18), ("pooling", 23), ("extremes", 26)]
)
def test_dynamo_exporter(name: str, opset: int | None, tmp_path: Path) -> None:
    module, shape, wanted = made(name)
    path = exported(tmp_path, module, shape, opset, dynamo=True)
    assert Path(path + ".data").exists()
    graph = check_with_runtime(path, shape)
    assert_same_function(wanted, graph)


@pytest.mark.parametrize("dynamo", [False, True])
def test_a_batch_norm_that_the_exporter_folds_is_what_the_file_says(dynamo: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = with_statistics(nn.Sequential(nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten()))
    graph = check_with_runtime(exported(tmp_path, module, (1, 1, 3, 3), 18, dynamo), (1, 1, 3, 3))
    assert [layer.kind for layer in graph.layers()[0]] == ["relu", "linear"]


@pytest.mark.parametrize("last", [nn.Softmax(1), nn.LogSoftmax(1), nn.Sigmoid()])
@pytest.mark.parametrize("dynamo", [False, True])
def test_a_final_activation_is_dropped(last: nn.Module, dynamo: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    path = exported(tmp_path, nn.Sequential(plain, last, nn.Flatten()), (1, 2), 18, dynamo)
    graph = graph_from_onnx(path)
    assert_same_function(graph_from_torch(plain), graph)
    (note,) = graph.layers()[1]
    name = type(last).__name__
    assert note.startswith(f"dropped the final {name} ")
    assert note.endswith(": the outputs are what enters it")


@pytest.mark.parametrize(
    ("module", "shape", "message"),
    [
        (nn.GELU(), (1, 3), "is not piecewise linear"),
        (nn.Sequential(nn.Softmax(1), nn.Linear(3, 1)), (1, 3), "it reads the result of Softmax at"),
        (nn.LayerNorm(3), (1, 3), "it divides by the spread of its own input"),
        (Of(lambda x: x * x), (1, 3), "Mul at .* it multiplies two tensors that depend on the input"),
        (Of(lambda x: x * (x > 0)), (1, 3), "Greater at .* it selects by comparing"),
        (nn.Softmax(0), (2, 3), "Softmax at .* it runs over the batch axis"),
        (nn.ConvTranspose1d(1, 1, 2), (1, 1, 3), "ConvTranspose at .* it is not supported"),
    ],
)
def test_refusals(module: nn.Module, shape: Sequence[int], message: str, tmp_path: Path) -> None:
    path = exported(tmp_path, module, shape, 20, dynamo=False)
    with pytest.raises(ValueError, match=message):
        graph_from_onnx(path)
