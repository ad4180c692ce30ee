"""What the members of a saved complex must be, and the network of a slice, checked for a certificate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.domain import Box
from relutope.domains import Domain, domain_from_json, domain_to_json
from relutope.network import Network
from relutope.network_layers import rational_layer
from relutope.npz import Record
from relutope.polytope import Polytope
from relutope.slices import Slice


class RefutedError(Exception):
    """A saved complex is not what it claims to be."""


#: The members that hold the box that came with a network.
OWN_BOX = ("network.lo", "network.hi")


def stored_box(record: Record, input_dim: int) -> Box | None:
    """The box that came with the network, if the file has one.

    Raises
    ------
    RefutedError
        If it is not written as relutope writes it.
    """
    sides = [record[name] for name in OWN_BOX if name in record]
    if not sides:
        return None
    if len(sides) == 1 or any(side.dtype != np.float64 or side.shape != (input_dim,) for side in sides):
        raise RefutedError(f"{' and '.join(OWN_BOX)} are not both float64 of shape ({input_dim},)")
    try:
        box = Box(*sides)
    except ValueError as error:
        raise RefutedError(f"the box of the network: {error}") from error
    if not all(same(*pair) for pair in zip(sides, box.bounds(input_dim), strict=True)):
        raise RefutedError("the box of the network is not written as relutope writes it")
    return box


def described_network(network: Network, record: Record, header: dict[str, Any]) -> Network:
    """The network with the metadata of the file, which say where it came from and not what it computes.

    Raises
    ------
    RefutedError
        If they are none that a network can have.
    """
    dtype, notes = header.get("dtype"), header.get("notes")
    if not isinstance(dtype, str):
        raise RefutedError(f"dtype is {dtype!r}; must be a string")
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise RefutedError(f"notes is {notes!r}; must be a list of strings")
    return replace(network, dtype=dtype, notes=tuple(notes), box=stored_box(record, network.input_dim))


def metadata_differences(stored: Network, given: Network) -> Iterator[str]:
    """What two descriptions of one network say differently, a sentence each."""
    pairs = {
        "notes": (list(stored.notes), list(given.notes)),
        "dtype": (stored.dtype, given.dtype),
        "box of the network": tuple(
            None if network.box is None else Box(*network.box.bounds(network.input_dim))
            for network in (stored, given)
        ),
    }
    for name, (ours, theirs) in pairs.items():
        if ours != theirs:
            verb, pronoun = ("are", "those") if name == "notes" else ("is", "that")
            yield f"the file's {name} {verb} {ours!r}, {pronoun} of the model {theirs!r}"


def check_shapes(network: Network, domain: Domain, cells: Record) -> None:
    """RefutedError unless these are the arrays of cells, by name, dtype and shape."""
    n_bits = 0
    for prefix, count in code_counts(network, domain).items():
        bits = cells.get(f"{prefix}_bit")
        if bits is None or bits.dtype != np.int32 or bits.shape != (count,):
            raise RefutedError(f"{prefix}_bit is not int32, one per neuron or row")
        n_bits = max(n_bits, int(bits.max(initial=-1)) + 1)
    shapes = expected_arrays(network, domain, cells, n_bits)
    if cells.keys() != shapes.keys():
        different = sorted(cells.keys() ^ shapes.keys())
        raise RefutedError(f"members that are missing or unknown: {', '.join(different)}")
    for name, (dtype, shape) in shapes.items():
        array = cells[name]
        if array.dtype.str != np.dtype(dtype).str or array.shape != shape or not array.flags.c_contiguous:
            raise RefutedError(
                f"{name} is {array.dtype} of shape {array.shape}; must be {dtype} of shape {shape}"
            )


def code_counts(network: Network, domain: Domain) -> dict[str, int]:
    """The prefixes of the arrays of sign codes, each with their length, in the order of their bits."""
    counts = {"constraint": domain.n_rows} if isinstance(domain, Polytope) else {}
    return {**counts, "code": network.n_signs}


def expected_arrays(
    network: Network, domain: Domain, cells: Record, n_bits: int
) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Dtype and shape of every array of cells; lengths that only the file knows are taken from it."""
    d = network.input_dim
    n = cells["walls"].size if "walls" in cells else 0
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "f_vector": ("int64", (d + 1,)),
        "vertices": ("float64", (n, d)),
        "vertex_error": ("float32", (n,)),
        "rays": ("float64", (0, d)),
        "signs": ("uint64", (n, 2 * ((n_bits + 63) // 64))),
        "walls": ("uint64", (n,)),
    }
    for prefix, count in code_counts(network, domain).items():
        for name, dtype in (("bit", "int32"), ("flipped", "int8"), ("constant", "int8")):
            shapes[f"{prefix}_{name}"] = (dtype, (count,))
    if not isinstance(domain, Box) and "f_vector" in cells and cells["f_vector"].size:
        shapes["rays"] = ("float64", (n - int(cells["f_vector"].flat[0]), d))
    for k in range(1, d + 1):
        for name in (f"indptr_{k}", f"indices_{k}"):
            shapes[name] = ("int32", (cells[name].size if name in cells else 0,))
    return shapes


def certified_domain(value: Any) -> Domain:
    """The domain of a header, which must be written as relutope writes it."""
    try:
        domain = domain_from_json(value)
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError) as error:
        raise RefutedError(f"domain: {error}") from error
    if domain_to_json(domain) != value:
        raise RefutedError(f"domain is {value!r}; must be {domain_to_json(domain)!r}")
    return domain


def check_restriction(network: Network, plane: Slice, restricted: Network) -> None:
    """RefutedError unless `restricted` is `network` on the slice.

    In fractions of its own: the row w x + a v + b, v being values of earlier layers, becomes
    (U w) t + a v + (origin w + b).
    """
    directions = [[Fraction(value) for value in row] for row in plane.directions.tolist()]
    origin = [Fraction(value) for value in plane.origin.tolist()]
    d, k = len(origin), len(directions)
    if [layer.kind for layer in network.layers] != [layer.kind for layer in restricted.layers]:
        raise RefutedError("the network on the slice has other layers")
    for layer, found in zip(network.layers, restricted.layers, strict=True):
        if layer.n_rows != found.n_rows:
            raise RefutedError("the network on the slice has other rows")
        for i in range(layer.n_rows):
            row, bias = layer.exact_row(i)
            weights = {value: weight for value, weight in row.items() if value < d}
            expected = {
                j: sum((direction[value] * weight for value, weight in weights.items()), Fraction(0))
                for j, direction in enumerate(directions)
            }
            expected |= {value - d + k: weight for value, weight in row.items() if value >= d}
            bias += sum((origin[value] * weight for value, weight in weights.items()), Fraction(0))
            present = {value: weight for value, weight in expected.items() if weight}
            if (present, bias) != found.exact_row(i):
                raise RefutedError("the network on the slice is not the product of both")


def layers_to_certify(network: Network, domain: Domain) -> list[tuple[Any, ...]]:
    """The layers of a network; the rows of a polytope come first, a layer that nothing reads."""
    if not isinstance(domain, Polytope):
        return [layer.to_core() for layer in network.layers]
    rows = rational_layer("relu", 0, domain.exact_rows)
    return [
        rows.to_core(),
        *(layer.shifted(network.input_dim, domain.n_rows).to_core() for layer in network.layers),
    ]


def cells_to_certify(domain: Domain, cells: Record) -> Record:
    """The arrays of cells; of a polytope the codes of the rows come first, as their bits do."""
    if not isinstance(domain, Polytope):
        return cells
    joined = {
        f"code_{name}": np.concatenate([cells[f"constraint_{name}"], cells[f"code_{name}"]])
        for name in ("bit", "flipped", "constant")
    }
    return {**cells, **joined}


def parsed(record: Record, name: str) -> dict[str, Any]:
    """A member that is a JSON object, written the one way that files are written in."""
    try:
        array = record[name]
        if array.dtype != np.uint8 or array.ndim != 1:
            raise ValueError(f"it is {array.dtype} of shape {array.shape}")
        value = json.loads(array.tobytes())
        if not isinstance(value, dict):
            raise ValueError("it is no object")
        if json.dumps(value, allow_nan=False).encode() != array.tobytes():
            raise ValueError("it is not written as relutope writes it")
    except (ValueError, KeyError, RecursionError) as error:
        raise RefutedError(f"{name} cannot be read as JSON: {error}") from error
    return value


def same(first: NDArray[Any], second: NDArray[Any]) -> bool:
    """Whether arrays agree in dtype, shape and every byte."""
    return (
        first.dtype.str == second.dtype.str
        and first.shape == second.shape
        and first.tobytes() == second.tobytes()
    )
