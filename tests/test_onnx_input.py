"""Shapes of inputs, external data, and every way in which an ONNX file is refused."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnx_checks import check_with_runtime, float32, model, node, refusal, saved
from relutope.loading.graph.onnx_file import graph_from_onnx

RELU = [node("Relu", "x")]
AFFINE = [node("Gemm", "x w c", "h"), node("Relu", "h")]
STORED = {"w": float32(3, 4), "c": float32(4, seed=1)}


# Shapes


def test_an_open_batch_axis_is_1(tmp_path: Path) -> None:
    for first in ("n", None):
        graph = check_with_runtime(saved(tmp_path, model(AFFINE, STORED, (first, 3))), (1, 3))
        assert graph.input_shape == (1, 3)


def test_open_axes_take_input_shape(tmp_path: Path) -> None:
    path = saved(tmp_path, model(RELU, {}, ("n", 2, "h")))
    assert check_with_runtime(path, (1, 2, 3), input_shape=(1, 2, 3)).input_shape == (1, 2, 3)
    with pytest.raises(ValueError, match=re.escape("has the shape (n, 2, h), open beyond its batch axis")):
        graph_from_onnx(path)
    for wrong in ((1, 3, 3), (1, 2), (1, 2, 0)):
        with pytest.raises(ValueError, match=re.escape(f"input_shape is {wrong} and the input 'x' has the ")):
            graph_from_onnx(path, wrong)


def test_a_vector_needs_no_batch_axis(tmp_path: Path) -> None:
    graph = check_with_runtime(saved(tmp_path, model([node("MatMul", "x w")], STORED, (3,))), (3,))
    assert graph.input_shape == (3,)


def test_batches(tmp_path: Path) -> None:
    proto = model(AFFINE, STORED, (2, 3))
    assert refusal(proto, tmp_path).startswith("the input 'x' has the shape (2, 3), a batch of 2; legal: ")
    graph = check_with_runtime(saved(tmp_path, proto), (2, 3), input_shape=(2, 3))
    assert graph.input_dim == 6


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (("n",), "the input 'x' has the shape (n), open beyond its batch axis; legal: fixed sizes, or"),
        (None, "the input 'x' has no shape; legal: one, or input_shape="),
        ((), "the input 'x' has the shape (); legal: (1, ...) without zeros"),
        ((1, 0), "the input 'x' has the shape (1, 0); legal: (1, ...) without zeros"),
        (
            (1, 2**40),
            "the input 'x' would have the shape (1, 1099511627776); legal: up to 33554432 elements",
        ),
    ],
)
def test_shapes_that_are_none(shape: Any, message: str, tmp_path: Path) -> None:
    assert refusal(model(RELU, {}, shape), tmp_path).startswith(message)


def test_initializers_among_the_inputs_are_no_inputs(tmp_path: Path) -> None:
    proto = model(AFFINE, STORED, (1, 3))
    proto.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, (3, 4)))
    check_with_runtime(saved(tmp_path, proto), (1, 3))


def test_inputs_and_outputs_are_one_each(tmp_path: Path) -> None:
    proto = model(RELU, {}, (1, 3))
    proto.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, (3, 4)))
    assert refusal(proto, tmp_path) == "the graph has 2 inputs (x, z); legal: one"
    proto = model(RELU, {}, (1, 3))
    proto.graph.output.append(proto.graph.input[0])
    assert refusal(proto, tmp_path) == "the graph has 2 outputs (y, x); legal: one"
    proto = model([node("Constant", "", value_float=1.0)], {}, (1, 3))
    del proto.graph.input[:]
    assert refusal(proto, tmp_path) == "the graph has 0 inputs (); legal: one"


def test_what_the_output_does_not_need_is_not_read(tmp_path: Path) -> None:
    nodes = [*RELU, node("Gelu", "x w", "z")]
    graph = graph_from_onnx(saved(tmp_path, model(nodes, {"w": np.array([np.nan])}, (1, 3))))
    assert [layer.kind for layer in graph.layers()[0]] == ["relu", "linear"]


# External data


def with_external(folder: Path, location: str, offset: int | None = None, length: int | None = None) -> Any:
    """A model with its weight in a file, whose content stands at weights.bin after 8 bytes."""
    proto = model(AFFINE, STORED, (1, 3))
    (folder / "weights.bin").write_bytes(b"\1" * 8 + STORED["w"].tobytes())
    tensor = proto.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entries = {"location": location, "offset": offset, "length": length}
    for key, value in entries.items():
        if value is not None:
            tensor.external_data.add(key=key, value=str(value))
    return proto


def test_external_data(tmp_path: Path) -> None:
    graph = check_with_runtime(saved(tmp_path, with_external(tmp_path, "weights.bin", 8, 48)), (1, 3))
    assert graph.layers()[0][0].values.tolist() == STORED["w"].T.ravel().astype(float).tolist()
    (tmp_path / "deep").mkdir()
    (tmp_path / "weights.bin").rename(tmp_path / "deep" / "weights.bin")
    path = saved(tmp_path, with_external(tmp_path, "deep/weights.bin", 8))
    assert graph_from_onnx(path).dtype == "float32"
    os.symlink(tmp_path / "deep" / "weights.bin", tmp_path / "link")
    assert graph_from_onnx(saved(tmp_path, with_external(tmp_path, "link", 8))).dtype == "float32"


def test_the_folder_may_be_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path, with_external(tmp_path, "weights.bin", 8))
    monkeypatch.chdir(tmp_path)
    assert graph_from_onnx("model.onnx").dtype == "float32"


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("{outside}", "'w' has external data at '{outside}', which leaves the model's folder"),
        ("../weights.bin", "'w' has external data at '../weights.bin', which leaves the model's folder"),
        ("deep/../../weights.bin", "'w' has external data at 'deep/../../weights.bin', which leaves"),
        ("..\\weights.bin", "which leaves the model's folder"),
        ("C:weights.bin", "which leaves the model's folder"),
        ("link", "'w' has external data at 'link', a link that leaves the model's folder"),
        ("linked/weights.bin", "'w' has external data at 'linked/weights.bin', a link that leaves"),
        ("none.bin", "the external data 'none.bin' of 'w' are missing"),
        (".", "'w' has external data at '.', which is no file"),
        ("pipe", "'w' has external data at 'pipe', which is no file"),
        ("", "'w' has external data at ''"),
    ],
)
def test_external_data_elsewhere(location: str, message: str, tmp_path: Path) -> None:
    outside, folder = tmp_path / "weights.bin", tmp_path / "folder"
    outside.write_bytes(b"\1" * 56)
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    (folder / "linked").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    proto = with_external(folder, location.format(outside=outside), 8)
    refused = refusal(proto, folder)
    assert message.format(outside=outside) in refused
    assert "legal: the name of a file in the model's folder or below it" in refused


@pytest.mark.parametrize(("offset", "length"), [(16, None), (8, 44), (8, 52), (-8, None), (2**62, None)])
def test_external_data_of_another_length(offset: int, length: int | None, tmp_path: Path) -> None:
    refused = refusal(with_external(tmp_path, "weights.bin", offset, length), tmp_path)
    assert "'w' takes 48 bytes and states bytes" in refused
    assert "of the 56 bytes of the external data 'weights.bin' (truncated or another file?)" in refused


def test_external_data_without_numbers(tmp_path: Path) -> None:
    proto = with_external(tmp_path, "weights.bin")
    proto.graph.initializer[0].external_data.add(key="offset", value="eight")
    assert "'w' has an offset or length that is no number" in refusal(proto, tmp_path)


# Damage


def test_truncated_files(tmp_path: Path) -> None:
    path = saved(tmp_path, model(AFFINE, STORED, (1, 3)))
    content = Path(path).read_bytes()
    for length in range(len(content)):
        Path(path).write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"truncated or damaged|the operator set has version none"):
            graph_from_onnx(path)


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError):
        graph_from_onnx(tmp_path / "none.onnx")
    with pytest.raises(ValueError, match="is no file; legal: an ONNX file"):
        graph_from_onnx(tmp_path)
    with pytest.raises(TypeError, match="path is of type int"):
        graph_from_onnx(3)  # type: ignore[arg-type]
    path = saved(tmp_path, model(RELU, {}, (1, 3)))
    monkeypatch.setattr("relutope.loading.graph.onnx_file.MAX_BYTES", 10)
    with pytest.raises(ValueError, match=r"bytes; legal: up to 10, larger models keep their weights in"):
        graph_from_onnx(path)


def test_flipped_bytes_raise_nothing_but_value_errors(tmp_path: Path) -> None:
    path = saved(
        tmp_path, model([node("Conv", "x w", pads=[1, 1, 1, 1])], {"w": float32(1, 1, 2, 2)}, (1, 1, 3, 3))
    )
    content = Path(path).read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(400):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] ^= 1 << rng.integers(8)
        Path(path).write_bytes(damaged)
        try:
            graph_from_onnx(path)
        except ValueError:
            refused += 1
    assert 100 < refused < 400


def tensor_with(**fields: Any) -> onnx.TensorProto:
    tensor = numpy_helper.from_array(STORED["w"], "w")
    for name, value in fields.items():
        setattr(tensor, name, value)
    return tensor


def test_stored_tensors(tmp_path: Path) -> None:
    def refused(tensor: onnx.TensorProto) -> str:
        proto = model(AFFINE, STORED, (1, 3))
        proto.graph.initializer[0].CopyFrom(tensor)
        return refusal(proto, tmp_path)

    start = "Gemm at 'the_Gemm': 'w' "
    assert refused(tensor_with(raw_data=b"123")) == start + "does not hold the (3, 4) elements it states"
    for kind in ("INT8", "UINT8", "COMPLEX64", "STRING", "FLOAT8E4M3FN", "INT4"):
        message = refused(tensor_with(data_type=getattr(TensorProto, kind)))
        assert message.startswith(
            start + f"has elements of type {kind}; legal: FLOAT16, BFLOAT16, FLOAT, DOUBLE"
        )
    assert refused(tensor_with(data_type=77)).startswith(start + "has elements of type number 77; legal:")
    huge = tensor_with()
    huge.dims[:] = [2**31, 2**31]
    assert "'w' would have the shape (2147483648, 2147483648); legal: up to" in refused(huge)
    for value in (np.nan, np.inf):
        message = refused(numpy_helper.from_array(np.full((3, 4), value, dtype=np.float32), "w"))
        assert message == start + "has a NaN or infinite coefficient; legal: finite numbers"


def test_types_of_the_input(tmp_path: Path) -> None:
    for kind in ("INT64", "BOOL", "COMPLEX128", "UINT8"):
        proto = model(RELU, {}, (1, 3), kind=getattr(TensorProto, kind))
        assert refusal(proto, tmp_path).startswith(f"the input 'x' has elements of type {kind}; legal: ")
    proto = model(RELU, {}, (1, 3))
    proto.graph.input[0].CopyFrom(helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, None))
    assert refusal(proto, tmp_path) == "the input 'x' is no tensor; legal: a floating-point tensor"


def test_half_precision_is_exact(tmp_path: Path) -> None:
    weight = np.array([[0.1], [3.0]], dtype=np.float16)
    proto = model([node("MatMul", "x w")], {"w": weight}, (1, 2), kind=TensorProto.FLOAT16)
    graph = graph_from_onnx(saved(tmp_path, proto))
    assert graph.dtype == "float16"
    assert graph.layers()[0][-1].values.tolist() == [float(np.float16(0.1)), 3.0]
    proto.graph.initializer[0].CopyFrom(helper.make_tensor("w", TensorProto.BFLOAT16, (2, 1), [1.5, -2.0]))
    graph = graph_from_onnx(saved(tmp_path, proto))
    assert graph.layers()[0][-1].values.tolist() == [1.5, -2.0]
