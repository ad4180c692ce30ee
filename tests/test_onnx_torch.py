"""What torch's two ONNX exporters write, against `torch.export` exactly and onnxruntime within a bound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import nn

from file_modules import Of, made, with_statistics
from onnx_checks import assert_same_function, check_with_runtime, exported
from relutope.loading.graph.onnx_file import graph_from_onnx
from relutope.loading.graph.torch_export import graph_from_torch


@pytest.mark.parametrize(
    ("name", "opset"),
    [
        *((name, opset) for name in ("mlp", "residual") for opset in (9, 14, 20)),
        *(("pooling", opset) for opset in (9, 11, 19)),
        *((name, opset) for name in ("moves", "extremes") for opset in (11, 23)),
    ],
)
def test_legacy_exporter(name: str, opset: int, tmp_path: Path) -> None:
    module, shape, wanted = made(name)
    path = exported(tmp_path, module, shape, opset, dynamo=False)
    graph = check_with_runtime(path, shape)
    assert graph.dtype == "float32" or not any(True for _ in module.parameters())
    assert_same_function(wanted, graph)


@pytest.mark.parametrize(
    ("name", "opset"), [("mlp", None), ("mlp", 18), ("residual", None), ("pooling", 23), ("moves", 26)]
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


@pytest.mark.parametrize(
    ("last", "dynamo"),
    [(nn.Softmax(1), False), (nn.LogSoftmax(1), False), (nn.Sigmoid(), False), (nn.LogSoftmax(1), True)],
)
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
        (nn.Upsample(scale_factor=2, mode="linear"), (1, 1, 3), "Resize at .* its mode is 'linear'; legal"),
    ],
)
def test_refusals(module: nn.Module, shape: Sequence[int], message: str, tmp_path: Path) -> None:
    path = exported(tmp_path, module, shape, 20, dynamo=False)
    with pytest.raises(ValueError, match=message):
        graph_from_onnx(path)
