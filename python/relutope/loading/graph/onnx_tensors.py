"""Tensors stored in ONNX files, exactly; files beside the model are opened only within its folder."""

from __future__ import annotations

import os
import stat
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.loading.graph.sizes import MAX_STORED, check_size

#: ONNX names of the floating-point types that are read, with their mantissa bits and numpy's names.
FLOATS = {
    "FLOAT16": (11, "float16"),
    "BFLOAT16": (8, "bfloat16"),
    "FLOAT": (24, "float32"),
    "DOUBLE": (53, "float64"),
}

#: ONNX names of the types that shapes, indices and conditions have, and numpy's names.
INTEGERS = {"BOOL": "bool", "INT32": "int32", "INT64": "int64"}


def type_name(code: int) -> str:
    """The ONNX name of an element type, such as FLOAT."""
    import onnx

    try:
        return str(onnx.TensorProto.DataType.Name(code))
    except ValueError:
        return f"number {code}"


def array_of(tensor: Any, folder: str, name: str) -> NDArray[Any]:
    """The elements of a TensorProto: float64 for floats, int64 for integers, bool.

    Parameters
    ----------
    tensor : onnx.TensorProto
    folder : str
        Folder of the model, the only one from which data are read.
    name : str
        What messages call it.
    """
    import onnx
    from onnx import numpy_helper

    kind = type_name(tensor.data_type)
    if kind not in FLOATS and kind not in INTEGERS:
        raise ValueError(
            f"{name} has elements of type {kind}; legal: {', '.join((*FLOATS, *INTEGERS))} (a quantised "
            "model as the floating-point model that it was made from)"
        )
    check_size(tensor.dims, name, MAX_STORED)
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        inner = onnx.TensorProto(data_type=tensor.data_type, dims=tensor.dims)
        inner.raw_data = _external(tensor, folder, name)
        tensor = inner
    try:
        array = np.asarray(numpy_helper.to_array(tensor))
    except Exception as error:  # onnx raises errors of several types on damaged tensors
        raise ValueError(f"{name} does not hold the {tuple(tensor.dims)} elements it states") from error
    return array.astype(np.float64 if kind in FLOATS else array.dtype if kind == "BOOL" else np.int64)


def _external(tensor: Any, folder: str, name: str) -> bytes:
    """The bytes of a tensor that stand in a file of their own."""
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    path = _path_within(folder, location, name)
    itemsize = {"DOUBLE": 8, "INT64": 8, "FLOAT": 4, "INT32": 4, "BOOL": 1}.get(
        type_name(tensor.data_type), 2
    )
    needed = prod(tensor.dims) * itemsize
    try:
        offset = int(entries.get("offset", "0"))
        length = int(entries.get("length", str(needed)))
    except ValueError:
        raise ValueError(f"{name} has an offset or length that is no number: {entries}") from None
    size = os.stat(path).st_size
    if offset < 0 or length != needed or offset + length > size:
        raise ValueError(
            f"{name} takes {needed} bytes and states bytes {offset} to {offset + length} of the {size} bytes "
            f"of the external data {location!r} (truncated or another file?)"
        )
    with open(path, "rb") as stream:
        stream.seek(offset)
        content = stream.read(needed)
    if len(content) != needed:
        raise ValueError(f"the external data {location!r} of {name} end early")
    return content


def _path_within(folder: str, location: str, name: str) -> str:
    """The real path of external data, refused outside the real folder of the model."""
    legal = "legal: the name of a file in the model's folder or below it"
    if not location or "\0" in location:
        raise ValueError(f"{name} has external data at {location!r}; {legal}")
    parts = location.replace("\\", "/").split("/")
    if os.path.isabs(location) or location[0] in "\\/" or ":" in parts[0] or ".." in parts:
        raise ValueError(
            f"{name} has external data at {location!r}, which leaves the model's folder; {legal}"
        )
    root = os.path.realpath(folder or ".")
    path = os.path.realpath(os.path.join(root, location))
    if os.path.commonpath([root, path]) != root:
        raise ValueError(
            f"{name} has external data at {location!r}, a link that leaves the model's folder; {legal}"
        )
    try:
        mode = os.stat(path).st_mode
    except OSError:
        raise ValueError(f"the external data {location!r} of {name} are missing; {legal}") from None
    if not stat.S_ISREG(mode):
        raise ValueError(f"{name} has external data at {location!r}, which is no file; {legal}")
    return path
