"""Stored tensors of an exported program, made from raw bytes."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Any

from relutope.loading.graph.pt2_archive import ADVICE, Archive
from relutope.loading.graph.sizes import MAX_STORED, check_size

if TYPE_CHECKING:
    import torch

#: Torch's names of the types that are read, by their numbers in the file.
DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    12: "bool",
    13: "bfloat16",
}

#: Torch's names of the other types, for messages.
OTHER_DTYPES = {9: "complex32", 10: "complex64", 11: "complex128"}

#: Number of the one layout that is read.
STRIDED = 7


def dtype_of(number: Any, what: str) -> torch.dtype:
    """The type that a number in the file stands for."""
    import torch

    if number not in DTYPES:
        raise ValueError(
            f"{what} has elements of type {OTHER_DTYPES.get(number, f'number {number}')}; legal: real "
            f"numbers of type {', '.join(DTYPES.values())}"
        )
    dtype: torch.dtype = getattr(torch, DTYPES[number])
    return dtype


def stored_tensors(archive: Archive, model: str) -> dict[str, torch.Tensor]:
    """All parameters, buffers and constants by name."""
    tensors: dict[str, torch.Tensor] = {}
    for kind in ("weights", "constants"):
        folder = f"data/{kind}/"
        config = f"{folder}{model}_{kind}_config.json"
        pickled = f"{folder}{model}.pt"
        if archive.root + config not in archive.names:
            if archive.root + pickled in archive.names:
                raise ValueError(f"the archive keeps its {kind} in {pickled}, and {ADVICE}")
            continue
        entries = archive.json(config).get("config")
        if not isinstance(entries, dict):
            raise ValueError(f"{config} has no entry 'config' (damaged?)")
        for name, entry in entries.items():
            tensors[name] = _tensor(archive, folder, name, entry)
    return tensors


def _tensor(archive: Archive, folder: str, name: str, entry: Any) -> torch.Tensor:
    import torch

    try:
        path, pickled, meta = entry["path_name"], entry["use_pickle"], entry["tensor_meta"]
        number, layout = meta["dtype"], meta["layout"]
        sizes, strides = ([int(item["as_int"]) for item in meta[key]] for key in ("sizes", "strides"))
        offset = int(meta["storage_offset"]["as_int"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the entry {name!r} of the archive is damaged: {error}") from error
    if pickled is not False:
        raise ValueError(f"the archive keeps {name!r} as a pickle in {path!r}, and {ADVICE}")
    if not isinstance(path, str) or not re.fullmatch(r"[\w.-]+", path) or ".." in path:
        raise ValueError(f"the entry {name!r} stands at {path!r}; legal: the name of a member")
    dtype = dtype_of(number, repr(name))
    if layout != STRIDED:
        raise ValueError(f"{name!r} has the layout number {layout}; legal: dense, number {STRIDED}")
    check_size(sizes, repr(name), MAX_STORED)
    content = archive.read(folder + path)
    stored = len(content) // dtype.itemsize
    last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=False))
    fits = (
        len(sizes) == len(strides) and min([offset, *strides, 0]) >= 0 and len(content) % dtype.itemsize == 0
    )
    if prod(sizes) == 0:
        return torch.empty(sizes, dtype=dtype)
    if not fits or last >= stored:
        raise ValueError(
            f"{name!r} has sizes {sizes}, strides {strides} and offset {offset} and does not fit the "
            f"{stored} elements of {path} (truncated or damaged?)"
        )
    return torch.frombuffer(bytearray(content), dtype=dtype).as_strided(sizes, strides, offset)
