"""Networks in ``.safetensors`` files, read without the safetensors package (which refuses bfloat16 in numpy).

The format: 8 bytes with the little-endian length of a JSON header, the header, and the raw data.
"""

from __future__ import annotations

import json
import os
from math import prod
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from relutope.loading.state_dict import StoredTensor

#: The header length that the reference reader accepts.
MAX_HEADER_BYTES = 100_000_000

DTYPES = {
    "F64": ("float64", "<f8"),
    "F32": ("float32", "<f4"),
    "F16": ("float16", "<f2"),
    "BF16": ("bfloat16", "<u2"),
    "I64": ("int64", "<i8"),
    "I32": ("int32", "<i4"),
    "I16": ("int16", "<i2"),
    "I8": ("int8", "i1"),
    "U64": ("uint64", "<u8"),
    "U32": ("uint32", "<u4"),
    "U16": ("uint16", "<u2"),
    "U8": ("uint8", "u1"),
    "BOOL": ("bool", "?"),
}


def read_safetensors(path: str | PathLike[str]) -> dict[str, StoredTensor]:
    """All tensors of a file, bfloat16 widened to float32.

    Raises
    ------
    ValueError
        If the file is truncated or damaged, or a tensor has a type that is not read.
    """
    content = Path(path).read_bytes()
    try:
        return _tensors(content)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{os.fspath(path)} cannot be read as .safetensors: {error}") from error


def _tensors(content: bytes) -> dict[str, StoredTensor]:
    if len(content) < 8:
        raise ValueError(f"it has {len(content)} bytes, fewer than the length of its header takes")
    length = int.from_bytes(content[:8], "little")
    if length > min(MAX_HEADER_BYTES, len(content) - 8):
        raise ValueError(
            f"its header should have {length} bytes and the file has {len(content)}; it is truncated or "
            "damaged"
        )
    header = json.loads(content[8 : 8 + length])
    if not isinstance(header, dict):
        raise ValueError("its header is not a JSON object")
    header.pop("__metadata__", None)
    data = memoryview(content)[8 + length :]
    return {name: _tensor(name, entry, data) for name, entry in header.items()}


def _tensor(name: str, entry: dict[str, Any], data: memoryview) -> StoredTensor:
    if entry["dtype"] not in DTYPES:
        raise ValueError(f"tensor {name} has type {entry['dtype']}; legal: {', '.join(DTYPES)}")
    dtype, code = DTYPES[entry["dtype"]]
    shape, (first, last) = entry["shape"], entry["data_offsets"]
    if not all(isinstance(value, int) and value >= 0 for value in (*shape, first, last)):
        raise ValueError(f"tensor {name} has shape {shape} and place {first}:{last}; legal: integers >= 0")
    if last > len(data) or last - first != prod(shape) * np.dtype(code).itemsize:
        raise ValueError(
            f"tensor {name} of shape {shape} does not fit bytes {first}:{last} of {len(data)}; it is "
            "truncated or damaged"
        )
    array = np.frombuffer(data[first:last], dtype=code).reshape(shape)
    if dtype == "bfloat16":
        array = (array.astype(np.uint32) << 16).view(np.float32)
    return StoredTensor(array, dtype)
