"""Value graphs of ONNX files, read without running anything and without leaving their folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from os import PathLike
from typing import Any

from relutope.errors import MissingExtraError
from relutope.files import checked_path
from relutope.loading.graph.input_shape import chosen_shape
from relutope.loading.graph.onnx_nodes import Importer
from relutope.loading.graph.onnx_tensors import FLOATS, type_name
from relutope.loading.graph.value_graph import ValueGraph
from relutope.loading.stages import stage

#: Bytes that a file of protobuf messages can have.
MAX_BYTES = 2**31 - 1

#: Versions of the operator set whose definitions `onnx_ops` follows.
OPSETS = range(9, 27)


def graph_from_onnx(path: str | PathLike[str], input_shape: Sequence[int] | None = None) -> ValueGraph:
    """The value graph of an ONNX file, of one input and one output.

    The attributes of ONNX are float32 numbers: a slope of 0.01 means the float64 value of the nearest
    float32, 0.00999999977..., and so for epsilon. Everything else is exact from there on.

    Parameters
    ----------
    path : path
    input_shape : sequence of int, optional
        Shape of the input with its batch axis, where the file leaves more than the batch axis open, or has a
        batch that is not 1, whose samples are then all inputs. By default an open first axis is 1.

    Returns
    -------
    ValueGraph

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError
        If `path` is no path.
    ValueError
        If the file is damaged, or holds something that cannot be represented exactly; the message names it.
    MissingExtraError
        If onnx is not installed.

    Examples
    --------
    >>> import onnx
    >>> from onnx import helper
    >>> from relutope.loading.graph.onnx_file import graph_from_onnx
    >>> x, y = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", 2]) for name in "xy")
    >>> graph = helper.make_graph([helper.make_node("Abs", ["x"], ["y"])], "graph", [x], [y])
    >>> onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]), "model.onnx")
    >>> [(layer.kind, layer.n_rows) for layer in graph_from_onnx("model.onnx").layers()[0]]
    [('relu', 2), ('linear', 2)]
    """
    source = checked_path(path)
    with stage("read"):
        model = _parsed(source)
    try:
        opset = _opset(model)
        name, shape = _input(model.graph, input_shape)
        outputs = [value.name for value in model.graph.output]
        if len(outputs) != 1:
            raise ValueError(f"the graph has {len(outputs)} outputs ({', '.join(outputs)}); legal: one")
        importer = Importer(model.graph, opset, os.path.dirname(source), name, shape)
        with stage("operations"):
            importer.run(outputs[0])
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
    return importer.graph


def _parsed(source: str) -> Any:
    try:
        import onnx
    except ImportError:
        raise MissingExtraError("onnx", "onnx", f"to read {source}") from None
    found = os.stat(source)
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{source} is no file; legal: an ONNX file")
    if found.st_size > MAX_BYTES:
        raise ValueError(
            f"{source} has {found.st_size} bytes; legal: up to {MAX_BYTES}, larger models keep their "
            "weights in external data"
        )
    with open(source, "rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except Exception as error:  # protobuf raises errors of several types
        raise ValueError(f"{source} cannot be read as ONNX (truncated or damaged?)") from error
    if not model.HasField("graph") or not model.graph.output:
        raise ValueError(f"{source} holds no ONNX graph (truncated or damaged?)")
    return model


def _opset(model: Any) -> int:
    own = [function.name for function in model.functions if function.domain in ("", "ai.onnx")]
    if own:
        raise ValueError(f"the file gives {own[0]} a meaning of its own; legal: ONNX's own operations")
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if len(versions) != 1 or versions[0] not in OPSETS:
        given = ", ".join(map(str, versions)) or "none"
        raise ValueError(f"the operator set has version {given}; legal: {OPSETS[0]} to {OPSETS[-1]}")
    return int(versions[0])


def _input(graph: Any, wanted: Sequence[int] | None) -> tuple[str, tuple[int, ...]]:
    """Name and shape of the one input."""
    stored = {tensor.name for tensor in graph.initializer} | {
        tensor.values.name for tensor in graph.sparse_initializer
    }
    inputs = [value for value in graph.input if value.name not in stored]
    if len(inputs) != 1:
        names = ", ".join(value.name for value in inputs)
        raise ValueError(f"the graph has {len(inputs)} inputs ({names}); legal: one")
    value = inputs[0]
    if not value.type.HasField("tensor_type"):
        raise ValueError(f"the input {value.name!r} is no tensor; legal: a floating-point tensor")
    kind = type_name(value.type.tensor_type.elem_type)
    if kind not in FLOATS:
        raise ValueError(f"the input {value.name!r} has elements of type {kind}; legal: {', '.join(FLOATS)}")
    declared = _declared(value.type.tensor_type)
    return value.name, chosen_shape(value.name, declared, wanted)


def _declared(kind: Any) -> list[int | str] | None:
    """Sizes of the axes, names of those that are open, None if not even their number is known."""
    if not kind.HasField("shape"):
        return None
    return [
        int(axis.dim_value) if axis.WhichOneof("value") == "dim_value" else axis.dim_param or "?"
        for axis in kind.shape.dim
    ]
