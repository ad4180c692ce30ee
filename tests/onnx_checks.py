"""ONNX files made by hand and by torch, and their comparison with onnxruntime."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from graph_checks import check_layers, points_of
from relutope.loading.graph.evaluation import bounded_values, exact_values
from relutope.loading.graph.onnx_file import graph_from_onnx
from relutope.loading.graph.value_graph import ValueGraph


def float32(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def node(op: str, inputs: str, outputs: str = "y", **attributes: Any) -> onnx.NodeProto:
    """Names are separated by spaces; _ is an input that is left out."""
    names = ["" if name == "_" else name for name in inputs.split()]
    return helper.make_node(op, names, outputs.split(), name=f"the_{op}", **attributes)


def model(
    nodes: Sequence[onnx.NodeProto],
    stored: dict[str, Any],
    shape: Sequence[int | str | None],
    opset: int = 18,
    kind: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    """A model whose input is x and whose output is y."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", kind, None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in stored.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def saved(folder: Path, proto: onnx.ModelProto) -> str:
    path = folder / "model.onnx"
    path.write_bytes(proto.SerializeToString())
    return str(path)


def exported(
    folder: Path,
    module: torch.nn.Module,
    shape: Sequence[int],
    opset: int | None,
    dynamo: bool,
    as_written: bool = False,
) -> str:
    """A file of one of torch's exporters, `as_written` without its rounding of constants that it folds."""
    options: dict[str, Any] = {"verbose": False} if dynamo else {"dynamic_axes": {"x": {0: "n"}}}
    if as_written and dynamo:
        options["optimize"] = False
    elif as_written:
        options["training"] = torch.onnx.TrainingMode.PRESERVE
        options["do_constant_folding"] = False
    path = str(folder / f"model_{opset}_{'dynamo' if dynamo else 'legacy'}.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            (torch.zeros(*shape),),
            path,
            opset_version=opset,
            input_names=["x"],
            dynamo=dynamo,
            **options,
        )
    return path


def runtime_values(path: str, points: NDArray[np.float32], shape: Sequence[int]) -> NDArray[np.float64]:
    """What onnxruntime computes in float32, one column per point."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    columns = [session.run(None, {name: point.reshape(shape)})[0].ravel() for point in points]
    return np.stack(columns, axis=1).astype(np.float64)


def check_with_runtime(path: str, shape: Sequence[int], **options: Any) -> ValueGraph:
    """The graph of a file, once it agrees with onnxruntime and with its own simplification."""
    graph = graph_from_onnx(path, **options)
    assert graph.output is not None
    layers, _ = graph.layers()
    ids = graph.output.ids.ravel()
    check_layers(layers, graph.input_dim, len(ids))
    points = np.stack([point.ravel().astype(np.float32) for point in points_of(shape)])
    theirs = runtime_values(path, points, shape)
    values, bounds = bounded_values(graph.raw_layers, points.astype(np.float64))
    ours, allowed = (np.where(ids[:, None] >= 0, table[ids.clip(0)], 0.0) for table in (values, bounds))
    assert theirs.shape == ours.shape
    # The bound is for float64; a float32 has 29 bits fewer, and twice that covers their second-order terms.
    assert (np.abs(ours - theirs) <= allowed * 2.0**30 + 2.0**-120).all()
    assert (allowed * 2.0**30 < 1e-2).all()
    for point in points.astype(np.float64).tolist():
        raw = exact_values(graph.raw_layers, point)
        assert exact_values(layers, point)[-len(ids) :] == [raw[value] if value >= 0 else 0 for value in ids]
    return graph


def outputs_of(graph: ValueGraph, point: NDArray[np.float64]) -> list[Fraction]:
    assert graph.output is not None
    return exact_values(graph.layers()[0], point.ravel().tolist())[-graph.output.ids.size :]


def assert_same_function(left: ValueGraph, right: ValueGraph) -> None:
    """Equal, as rational numbers, at all points that are tried."""
    assert left.input_dim == right.input_dim
    assert left.output is not None
    assert right.output is not None
    assert left.output.shape == right.output.shape
    for point in points_of(left.input_shape):
        wanted = outputs_of(left, point)
        assert any(wanted), "a network that is 0 shows nothing"
        assert outputs_of(right, point) == wanted


def refusal(proto: onnx.ModelProto, folder: Path, **options: Any) -> str:
    with pytest.raises(ValueError, match=r".") as raised:
        graph_from_onnx(saved(folder, proto), **options)
    message = str(raised.value)
    start = f"{folder / 'model.onnx'}: "
    assert message.startswith(start)
    return message.removeprefix(start)
