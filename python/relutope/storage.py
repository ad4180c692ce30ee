"""Complexes as files: ``.npz`` without pickle that hold a header, the exact network and the cells."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from os import PathLike
from typing import Any

import numpy as np

from relutope import _core
from relutope.complex import PolyhedralComplex
from relutope.domain import Box
from relutope.domains import core_domain, domain_from_json, domain_to_json, slice_from_json, slice_to_json
from relutope.files import checked_path, replacing
from relutope.network import SEMANTICS, Network
from relutope.network_members import json_array, json_value, network_from_members, network_members
from relutope.npz import Record, read_npz, write_npz

FORMAT = "relutope-complex"
#: The statistics that are the same in every run, on every machine and for any number of threads.
LASTING_STATISTICS = {
    "signs": ("float", "row", "exact"),
    "orders": ("float", "exact"),
    "vertices": ("float", "exact"),
    "folded": ("layers", "signs"),
}
#: Version 1 had no digest, was not aligned, held other statistics besides, and knew no folding.
SCHEMA_VERSION, READABLE_VERSIONS = 2, (1, 2)


def save_complex(complex_: PolyhedralComplex, path: str | PathLike[str]) -> None:
    """Write a complex; a file that is already there is replaced only once the new one is whole."""
    with replacing(path) as stream:
        write_npz(stream, complex_to_record(complex_))


def load_complex(path: str | PathLike[str]) -> PolyhedralComplex:
    """Read a complex; a ValueError names the path if the file is damaged or of another kind."""
    name = checked_path(path)
    record = read_npz(name)
    try:
        return complex_from_record(record)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"{name} is not a saved complex that can be read: {error}") from error


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
        "slice": None if complex_.slice is None else slice_to_json(complex_.slice),
        "input_dim": network.input_dim,
        "layers": network.core.n_layers,
        "dtype": network.dtype,
        "notes": list(network.notes),
        "f_vector": list(complex_.f_vector),
    }
    record: Record = {"header": json_array(header)}
    if network.box is not None:
        record["network.lo"], record["network.hi"] = network.box.bounds(network.input_dim)
    record.update(network_members(network))
    record.update((f"cells.{name}", array) for name, array in complex_.core.to_arrays().items())
    statistics = complex_.statistics
    record["statistics"] = json_array({name: statistics[name] for name in LASTING_STATISTICS})
    record["header"] = json_array({**header, "digest": record_digest(record)})
    return record


def record_digest(record: Record) -> str:
    """SHA-256 in hexadecimal of names, dtypes, shapes and bytes of the arrays, in their order.

    The header's entry ``digest`` is left out.
    """
    digest = sha256()
    for name, stored in record.items():
        array = stored
        if name == "header":
            array = json_array({key: value for key, value in json_value(stored).items() if key != "digest"})
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def complex_from_record(record: Record) -> PolyhedralComplex:
    """The inverse of `complex_to_record`, every array checked.

    Raises
    ------
    ValueError, KeyError
        If the record is not consistent.
    """
    header = _header(record)
    network = _network(record, header)
    if network.hash != header["model_hash"]:
        raise ValueError("its network does not have the model hash in its header")
    if network.input_dim != header["input_dim"]:
        raise ValueError(f"its network has {network.input_dim} inputs, its header says {header['input_dim']}")
    domain = domain_from_json(header["domain"])
    plane = None if header.get("slice") is None else slice_from_json(header["slice"], domain)
    arrays = {
        name.removeprefix("cells."): array for name, array in record.items() if name.startswith("cells.")
    }
    core = _core.Complex.from_arrays(network.core, core_domain(domain, network.input_dim), arrays)
    if list(core.f_vector) != header["f_vector"]:
        raise ValueError(f"its cells have f-vector {core.f_vector}, its header says {header['f_vector']}")
    statistics = json_value(record["statistics"])
    if header["schema_version"] < SCHEMA_VERSION:
        statistics = {"folded": {"layers": 0, "signs": 0}} | statistics
        statistics = {name: statistics[name] for name in LASTING_STATISTICS}
    statistics = checked_statistics(statistics)
    return PolyhedralComplex(core, network, domain, statistics, slice=plane)


def checked_statistics(value: Any) -> dict[str, dict[str, int]]:
    """The statistics of a file.

    Raises
    ------
    ValueError
        If there are others than the lasting ones, or one is no count.
    """
    fields = {name: tuple(counts) for name, counts in value.items()} if isinstance(value, dict) else None
    if fields != LASTING_STATISTICS:
        raise ValueError(f"statistics has the fields {fields}; legal: {LASTING_STATISTICS}")
    if any(type(count) is not int or count < 0 for counts in value.values() for count in counts.values()):
        raise ValueError(f"statistics is {value}; legal: counts")
    return dict(value)


def _header(record: Record) -> dict[str, Any]:
    """The header, if it is that of a complex that this version reads and nothing was changed since."""
    if "header" not in record:
        raise ValueError(f"it has no header of a saved complex; it holds {', '.join(record) or 'nothing'}")
    header = json_value(record["header"])
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        found = header.get("format") if isinstance(header, dict) else header
        raise ValueError(f"it has the format {found!r}, no header of a saved complex ({FORMAT!r})")
    version = header["schema_version"]
    if version not in READABLE_VERSIONS:
        raise ValueError(
            f"it has schema version {version!r}; this version of relutope reads "
            + " and ".join(map(str, READABLE_VERSIONS))
        )
    if version >= SCHEMA_VERSION and header["digest"] != record_digest(record):
        raise ValueError("its arrays and header do not have the digest in its header")
    if header["semantics"] != SEMANTICS:
        raise ValueError(f"it means {header['semantics']!r}; legal: {SEMANTICS!r}")
    return header


def _network(record: Record, header: dict[str, Any]) -> Network:
    network = network_from_members(record, header["input_dim"], header["layers"])
    box = Box(record["network.lo"], record["network.hi"]) if "network.lo" in record else None
    return replace(network, dtype=header["dtype"], notes=tuple(header["notes"]), box=box)
