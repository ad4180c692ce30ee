"""Networks in ``.npz`` files."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from os import PathLike

from relutope.domain import Box
from relutope.loading.state_dict import StoredTensor, network_from_state_dict
from relutope.network import Network
from relutope.npz import Record, read_npz
from relutope.storage import is_saved_complex


def network_from_npz(path: str | PathLike[str], order: Sequence[str] | None = None) -> Network:
    """Read ``W0, b0, W1, b1, ...`` and, where they are there, ``lo, hi``.

    Other arrays of numbers are refused, texts are ignored. An archive with names of a state dict
    (``layers.0.weight``) is read as one.
    """
    record = read_npz(path)
    if is_saved_complex(record):
        raise ValueError(
            f"{os.fspath(path)} is a saved complex; read it with relutope.PolyhedralComplex.load"
        )
    numbers = {name: array for name, array in record.items() if array.dtype.kind not in "US"}
    if not any(re.fullmatch(r"W\d+", name) for name in numbers):
        tensors = {name: StoredTensor(array, array.dtype.name) for name, array in numbers.items()}
        return network_from_state_dict(tensors, order, os.fspath(path))
    if order is not None:
        raise ValueError("order is given for a file with W0, W1, ...; legal: None, the numbers are the order")
    try:
        return _numbered(numbers)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from error


def _numbered(record: Record) -> Network:
    depth = sum(re.fullmatch(r"W\d+", name) is not None for name in record)
    missing = [f"W{layer}" for layer in range(depth) if f"W{layer}" not in record]
    if missing:
        raise ValueError(
            f"{missing[0]} is missing among {depth} weight arrays; legal: W0, W1, ... without a gap"
        )
    legal = {f"{kind}{layer}" for kind in "Wb" for layer in range(depth)} | {"lo", "hi"}
    left_over = sorted(set(record) - legal)
    if left_over:
        raise ValueError(f"it also holds {', '.join(left_over)}; legal: W0, b0, W1, b1, ..., lo, hi")
    if ("lo" in record) != ("hi" in record):
        raise ValueError("it holds one of lo and hi; legal: both or none")
    weights = [record[f"W{layer}"] for layer in range(depth)]
    biases = [record.get(f"b{layer}") for layer in range(depth)]
    network = Network.from_arrays(weights, biases)
    if "lo" not in record:
        return network
    box = Box(*Box(record["lo"], record["hi"]).bounds(network.input_dim))
    return Network(network.core, network.dtype, network.notes, box)
