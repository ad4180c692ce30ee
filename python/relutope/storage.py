"""Complexes as files: ``.npz`` without pickle that hold a header, the exact network and the cells."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import replace
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.archive import check_directory, check_sums
from relutope.coefficients import float_layer
from relutope.complex import SEMANTICS, PolyhedralComplex
from relutope.domain import Box
from relutope.domains import core_domain, domain_from_json, domain_to_json
from relutope.network import Network

FORMAT = "relutope-complex"
SCHEMA_VERSION = 1

#: Arrays by name, as they stand in the file.
Record = dict[str, NDArray[Any]]


def save_complex(complex_: PolyhedralComplex, path: str | PathLike[str]) -> None:
    """Write a complex; a file that is already there is replaced only once the new one is whole."""
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(partial, "xb") as stream:
            np.savez(stream, allow_pickle=False, **complex_to_record(complex_))
        os.replace(partial, target)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(target)) from error  # not the partial file
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def load_complex(path: str | PathLike[str]) -> PolyhedralComplex:
    """Read a complex; a ValueError names the path if the file is damaged or of another kind."""
    record = read_npz(path)
    try:
        return complex_from_record(record)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{os.fspath(path)} is not a saved complex that can be read: {error}") from error


def read_npz(path: str | PathLike[str]) -> Record:
    """All arrays of an ``.npz``, never unpickling.

    Raises
    ------
    ValueError
        If the file is truncated, damaged, no ``.npz``, or holds Python objects.
    """
    with open(path, "rb") as stream:
        try:
            archive = np.load(stream, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile) or archive.zip is None:
                raise ValueError("it is a single array (.npy), not an archive")
            check_directory(archive.zip)
            # Of compressed members numpy stops reading just before zipfile compares the sum.
            check_sums(archive.zip, uncompressed=False)
            return {name: archive[name] for name in archive.files}
        except Exception as error:  # zipfile and numpy raise errors of many types on damaged files
            raise ValueError(
                f"{os.fspath(path)} cannot be read as .npz (truncated, damaged, or no arrays): {error}"
            ) from error


def is_saved_complex(record: Record) -> bool:
    """Whether the arrays are those of a saved complex."""
    return "header" in record and FORMAT.encode() in record["header"].tobytes()[:200]


def complex_to_record(complex_: PolyhedralComplex) -> Record:
    """The arrays that name a complex completely."""
    import relutope

    domain, network = complex_.domain, complex_.network
    header = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "relutope": relutope.__version__,
        "model_hash": network.hash,
        "semantics": SEMANTICS,
        "domain": domain_to_json(domain),
        "input_dim": network.input_dim,
        "layers": len(network.hidden_widths) + 1,
        "dtype": network.dtype,
        "notes": list(network.notes),
        "f_vector": list(complex_.f_vector),
    }
    record: Record = {"header": _json_array(header), "statistics": _json_array(complex_.statistics)}
    if network.box is not None:
        record["network.lo"], record["network.hi"] = network.box.bounds(network.input_dim)
    for place, rows in enumerate(network.core.rows()):
        floats = float_layer(rows)
        if floats is None:
            hexadecimal = [
                [[f"{value:x}" for value in numerators], f"{denominator:x}"]
                for numerators, denominator in rows
            ]
            record[f"network.Q{place}"] = _json_array(hexadecimal)
        else:
            record[f"network.W{place}"], record[f"network.b{place}"] = floats
    record.update((f"cells.{name}", array) for name, array in complex_.core.to_arrays().items())
    return record


def complex_from_record(record: Record) -> PolyhedralComplex:
    """The inverse of `complex_to_record`, every array checked.

    Raises
    ------
    ValueError, KeyError
        If the record is not consistent.
    """
    if not is_saved_complex(record):
        raise ValueError("it has no header of a saved complex")
    header = _json_value(record["header"])
    if header["schema_version"] != SCHEMA_VERSION:
        raise ValueError(
            f"it has schema version {header['schema_version']}; this version of relutope reads "
            f"{SCHEMA_VERSION}"
        )
    network = _network(record, header)
    if network.hash != header["model_hash"]:
        raise ValueError("its network does not have the model hash in its header")
    domain = domain_from_json(header["domain"])
    arrays = {
        name.removeprefix("cells."): array for name, array in record.items() if name.startswith("cells.")
    }
    core = _core.Complex.from_arrays(network.core, core_domain(domain, network.input_dim), arrays)
    if list(core.f_vector) != header["f_vector"]:
        raise ValueError(f"its cells have f-vector {core.f_vector}, its header says {header['f_vector']}")
    return PolyhedralComplex(core, network, domain, _json_value(record["statistics"]))


def _network(record: Record, header: dict[str, Any]) -> Network:
    layers = [_layer(record, place) for place in range(header["layers"])]
    box = Box(record["network.lo"], record["network.hi"]) if "network.lo" in record else None
    network = Network.from_arrays([weight for weight, _ in layers], [bias for _, bias in layers], box=box)
    return replace(network, dtype=header["dtype"], notes=tuple(header["notes"]))


def _layer(record: Record, place: int) -> tuple[NDArray[Any], NDArray[Any]]:
    if f"network.Q{place}" not in record:
        return record[f"network.W{place}"], record[f"network.b{place}"]
    rows = _json_value(record[f"network.Q{place}"])
    table = np.array(
        [[Fraction(int(value, 16), int(bottom, 16)) for value in row] for row, bottom in rows], dtype=object
    )
    return table[:, :-1], table[:, -1]


def _json_array(value: Any) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value, allow_nan=False).encode(), dtype=np.uint8)


def _json_value(array: NDArray[Any]) -> Any:
    if array.dtype != np.uint8:
        raise ValueError(f"a header has dtype {array.dtype} instead of uint8")
    return json.loads(array.tobytes())
