"""The members of a file that hold the coefficients of a network, written and read.

A chain of layers, each reading its predecessor, has ``network.W0, network.b0, ...``, or ``network.Q0``, JSON
of hexadecimal numbers, where a coefficient of layer 0 is no float64. Other networks have per layer
``network.kind0``, the rows as a sparse matrix ``network.indptr0, network.indices0, network.values0``, their
``network.bias0``, and ``network.rational0`` where a row is not all float64.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.coefficients import ExactRow, float_layer
from relutope.network import Network
from relutope.network_layers import NetworkLayer
from relutope.npz import Record

ARRAYS = {"indptr": np.int64, "indices": np.int64, "values": np.float64, "bias": np.float64}


def network_members(network: Network) -> Record:
    """The members that `network_from_members` reads."""
    members: Record = {}
    if network.core.is_chain:
        for place, rows in enumerate(network.core.rows()):
            floats = float_layer(rows)
            if floats is None:
                members[f"network.Q{place}"] = json_array([_digits(row) for row in rows])
            else:
                members[f"network.W{place}"], members[f"network.b{place}"] = floats
        return members
    for place, layer in enumerate(network.layers):
        members[f"network.kind{place}"] = json_array(layer.kind)
        for name in ARRAYS:
            members[f"network.{name}{place}"] = getattr(layer, name)
        if layer.rational:
            rows_by_place = {str(i): _digits(row) for i, row in layer.rational.items()}
            members[f"network.rational{place}"] = json_array(rows_by_place)
    return members


def network_from_members(record: Record, input_dim: int, n_layers: int) -> Network:
    """The network of a file; its metadata stand elsewhere.

    Raises
    ------
    ValueError, KeyError
        If the members do not fit together.
    """
    if "network.kind0" not in record:
        layers = [_chain_layer(record, place) for place in range(n_layers)]
        return Network.from_arrays([weight for weight, _ in layers], [bias for _, bias in layers])
    parts = [_layer(record, place).to_core() for place in range(n_layers)]
    return Network(_core.Network.from_layers(input_dim, parts))


def _layer(record: Record, place: int) -> NetworkLayer:
    arrays = {name: record[f"network.{name}{place}"] for name in ARRAYS}
    for name, dtype in ARRAYS.items():
        if arrays[name].dtype != dtype or arrays[name].ndim != 1:
            raise ValueError(f"network.{name}{place} is {arrays[name].dtype} of shape {arrays[name].shape}")
    stored = record.get(f"network.rational{place}")
    rational = {} if stored is None else json_value(stored)
    return NetworkLayer(
        json_value(record[f"network.kind{place}"]),
        arrays["indptr"],
        arrays["indices"],
        arrays["values"],
        arrays["bias"],
        {int(i): _row(digits) for i, digits in rational.items()},
    )


def _chain_layer(record: Record, place: int) -> tuple[NDArray[Any], NDArray[Any]]:
    if f"network.Q{place}" not in record:
        return record[f"network.W{place}"], record[f"network.b{place}"]
    rows = [_row(digits) for digits in json_value(record[f"network.Q{place}"])]
    table = np.array([[Fraction(value, bottom) for value in top] for top, bottom in rows], dtype=object)
    return table[:, :-1], table[:, -1]


def _digits(row: ExactRow) -> list[Any]:
    numerators, denominator = row
    return [[f"{value:x}" for value in numerators], f"{denominator:x}"]


def _row(digits: Any) -> ExactRow:
    numerators, denominator = digits
    return [int(value, 16) for value in numerators], int(denominator, 16)


def json_array(value: Any) -> NDArray[np.uint8]:
    """A member that holds JSON."""
    return np.frombuffer(json.dumps(value, allow_nan=False).encode(), dtype=np.uint8)


def json_value(array: NDArray[Any]) -> Any:
    """What such a member holds; a ValueError if it is none."""
    if array.dtype != np.uint8:
        raise ValueError(f"a member of JSON has dtype {array.dtype} instead of uint8")
    return json.loads(array.tobytes())
