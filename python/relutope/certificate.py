"""Proof that a saved complex is that of a network.

What is proved, and why that suffices, stands in ``cpp/verify/certify.hpp``.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from os import PathLike
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.coefficients import float_layer
from relutope.complex import SEMANTICS
from relutope.domain import AllSpace, Box
from relutope.network import Network
from relutope.npz import Record, read_npz, write_npz
from relutope.storage import (
    FORMAT,
    SCHEMA_VERSION,
    complex_to_record,
    domain_to_json,
    is_saved_complex,
    record_digest,
)
from relutope.subdivision import polyhedral_complex

#: Gets ``{"check": name, "seconds": since the start}`` as each check begins.
Listener = Callable[[dict[str, Any]], None]

#: Names that the members of a saved complex begin with or that its header holds.
MARKS = (FORMAT.encode(), b"cells.")


class Check(NamedTuple):
    """One step of a certificate; the message says what is wrong, or what was not looked at."""

    name: str
    ok: bool
    message: str


@dataclass(frozen=True)
class Certificate:
    """What `verify` found.

    Attributes
    ----------
    ok : bool
        Whether every check passed; only then is the complex certified.
    checks : tuple of Check
        ``(name, ok, message)`` in order, up to the first of the proof that failed.
    signs_by_bounds, signs_by_integers : int
        How many signs of neurons at vertices either stage decided.
    seconds : float

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1.0], [-1.0]], [[1.0, 1.0]]])
    >>> relutope.polyhedral_complex(network, (-1, 1)).save("complex.npz")
    >>> certificate = relutope.verify("complex.npz", network)
    >>> certificate.ok, certificate.checks[0]
    (True, Check(name='file', ok=True, message=''))
    """

    ok: bool
    checks: tuple[Check, ...]
    signs_by_bounds: int
    signs_by_integers: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The same as a dict that `json.dumps` takes; checks are dicts too."""
        return asdict(self) | {"checks": [check._asdict() for check in self.checks]}

    def __str__(self) -> str:
        lines = [
            f"{check.name}: {'ok' if check.ok else 'FAILED'}{f' ({check.message})' if check.message else ''}"
            for check in self.checks
        ]
        lines.append(f"signs: {self.signs_by_bounds:,} by bounds, {self.signs_by_integers:,} by integers")
        lines.append(f"seconds: {self.seconds:.3f}")
        return "\n".join([*lines, "certified" if self.ok else "NOT CERTIFIED"])


class _RefutedError(Exception):
    """A check failed."""


def verify(
    path: str | PathLike[str], model: Any, *, rebuild: bool = True, progress: bool | Listener = False
) -> Certificate:
    """Check a saved complex against its network, exactly, with code that shares nothing with the engine.

    First a proof from the file alone: every vertex has the signs and walls that it claims (float64 with
    proven bounds, integers where these fail), every cell is realised, has the dimension and all the facets
    of the true one, and no cell is missing. Then, unless `rebuild` is False, the complex is computed again
    and must have the same bytes: that finds changes that are still true, such as a coordinate moved within
    its error bound or cells in another order. The member ``statistics`` (times and tallies) is read but
    cannot be certified.

    Parameters
    ----------
    path : path
        A file that `PolyhedralComplex.save` wrote.
    model : Network, path or torch.nn.Module
    rebuild : bool, default True
        A file of another version of relutope can be proved, but not compared: pass False.
    progress : bool or callable, default False
        True writes the name of each check to stderr as it begins; a callable gets a dict with the keys
        ``check`` and ``seconds``.

    Returns
    -------
    Certificate
        A wrong or damaged complex is reported in it, never by an exception.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no saved complex at all, or the model cannot be read.
    TypeError
        If an argument has the wrong type.
    IncompleteError
        If a limit or Ctrl-C ended the new computation.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1.0], [-1.0]], [[1.0, 1.0]]])
    >>> relutope.polyhedral_complex(network, (-1, 1)).save("complex.npz")
    >>> other = relutope.Network.from_arrays([[[1.0], [-2.0]], [[1.0, 1.0]]])
    >>> certificate = relutope.verify("complex.npz", other)
    >>> certificate.ok, certificate.checks[-1].name
    (False, 'model')
    """
    from relutope.loading import as_network

    if not isinstance(path, (str, PathLike)):
        raise TypeError(f"path is of type {type(path).__name__}; legal: a str or a path")
    if not isinstance(progress, bool) and not callable(progress):
        raise TypeError(f"progress is {progress!r}; legal: True, False or a callable that takes a dict")
    examination = _Examination(path, as_network(model), progress)
    checks = tuple(examination.run(rebuild))
    return Certificate(
        ok=all(check.ok for check in checks),
        checks=checks,
        signs_by_bounds=examination.signs[0],
        signs_by_integers=examination.signs[1],
        seconds=time.perf_counter() - examination.start,
    )


class _Examination:
    """One file in work; each method that checks raises `_RefutedError` or fills what later ones read."""

    def __init__(self, path: str | PathLike[str], network: Network, progress: bool | Listener) -> None:
        self.start = time.perf_counter()
        self.path = path
        self.network = network
        self.progress = progress
        self.signs = (0, 0)
        self.record: Record = {}
        self.header: dict[str, Any] = {}
        self.domain: Box | AllSpace = AllSpace()

    def run(self, rebuild: bool) -> Iterator[Check]:
        """All checks in order; one that fails ends them."""
        steps = [("file", self.read), ("header", self.check_header), ("model", self.check_model)]
        steps += [("members", self.check_members), ("digest", self.check_digest)]
        for name, step in steps:
            yield (check := self.attempt(name, step))
            if not check.ok:
                return
        proof = self.prove()
        yield from proof
        if not all(check.ok for check in proof):
            return
        if rebuild:
            yield self.attempt("reproduction", self.compare)
        else:
            yield Check("reproduction", True, "skipped: rebuild=False")

    def announce(self, name: str) -> None:
        seconds = time.perf_counter() - self.start
        if self.progress is True:
            print(f"relutope: {seconds:.1f} s: {name}", file=sys.stderr)
        elif callable(self.progress):
            self.progress({"check": name, "seconds": seconds})

    def attempt(self, name: str, step: Callable[[], None]) -> Check:
        self.announce(name)
        try:
            step()
        except _RefutedError as error:
            return Check(name, False, str(error))
        return Check(name, True, "")

    def read(self) -> None:
        with open(self.path, "rb") as stream:
            content = stream.read()
        try:
            record = read_npz(self.path)
        except ValueError as error:
            if not any(mark in content for mark in MARKS):
                raise
            raise _RefutedError(str(error)) from error
        if not is_saved_complex(record) and not any(name.startswith("cells.") for name in record):
            raise ValueError(f"{os.fspath(self.path)} is not a saved complex: it has no header of one")
        self.record = record
        again = io.BytesIO()
        write_npz(again, record)
        if again.getbuffer() != content:
            raise _RefutedError("its arrays are not laid out as relutope writes them")

    def check_header(self) -> None:
        header = _parsed(self.record, "header")
        self.header = header
        self.domain = _domain(header.get("domain"))
        network = self.network
        expected = {
            "format": FORMAT,
            "schema_version": SCHEMA_VERSION,
            "relutope": header.get("relutope"),
            "model_hash": network.hash,
            "semantics": SEMANTICS,
            "domain": domain_to_json(self.domain),
            "input_dim": network.input_dim,
            "layers": len(network.hidden_widths) + 1,
            "dtype": network.dtype,
            "notes": list(network.notes),
            "f_vector": self.f_vector(),
            "digest": header.get("digest"),
        }
        if header.keys() != expected.keys():
            raise _RefutedError(f"its fields are {', '.join(header)}; must be {', '.join(expected)}")
        for key, value in expected.items():
            if json.dumps(header[key]) != json.dumps(value):
                raise _RefutedError(f"{key} is {header[key]!r}; must be {value!r}")
        if not isinstance(header["relutope"], str):
            raise _RefutedError(f"relutope is {header['relutope']!r}; must be a version")
        if not isinstance(header["digest"], str):
            raise _RefutedError(f"digest is {header['digest']!r}; must be one")
        if isinstance(self.domain, Box) and self.domain.lo.shape != (network.input_dim,):
            raise _RefutedError(f"domain is {self.domain!r}; must have {network.input_dim} axes")

    def f_vector(self) -> list[int] | None:
        array = self.record.get("cells.f_vector")
        return None if array is None else array.tolist()

    def check_model(self) -> None:
        expected = network_members(self.network)
        names = {name for name in self.record if name.startswith("network.")}
        if names != expected.keys():
            different = sorted(names ^ expected.keys())
            raise _RefutedError(f"the network in the file is another one: {', '.join(different)}")
        for name, array in expected.items():
            if not _same(self.record[name], array):
                raise _RefutedError(f"the network in the file is another one: {name} differs")

    def check_members(self) -> None:
        statistics = _parsed(self.record, "statistics")
        if not statistics:
            raise _RefutedError("statistics is empty")
        cells, n_bits = self.cells(), self.n_bits()
        shapes = expected_arrays(self.network, isinstance(self.domain, Box), cells, n_bits)
        if cells.keys() != shapes.keys():
            different = sorted(cells.keys() ^ shapes.keys())
            raise _RefutedError(f"members that are missing or unknown: {', '.join(different)}")
        for name, (dtype, shape) in shapes.items():
            array = cells[name]
            if array.dtype.str != np.dtype(dtype).str or array.shape != shape or not array.flags.c_contiguous:
                raise _RefutedError(
                    f"{name} is {array.dtype} of shape {array.shape}; must be {dtype} {shape}"
                )
        known = {"header", "statistics", *network_members(self.network)}
        unknown = [name for name in self.record if name not in known and not name.startswith("cells.")]
        if unknown:
            raise _RefutedError(f"unknown members: {', '.join(unknown)}")

    def check_digest(self) -> None:
        if (digest := record_digest(self.record)) != self.header["digest"]:
            raise _RefutedError(f"the members have the digest {digest}, the header says another one")

    def cells(self) -> Record:
        return {
            name.removeprefix("cells."): array
            for name, array in self.record.items()
            if name.startswith("cells.")
        }

    def n_bits(self) -> int:
        bits = self.record.get("cells.code_bit")
        if bits is None or bits.dtype != np.int32 or bits.shape != (self.network.n_neurons,):
            raise _RefutedError("code_bit is not int32, one per neuron")
        return int(bits.max(initial=-1)) + 1

    def prove(self) -> list[Check]:
        lo, hi = (self.domain.lo, self.domain.hi) if isinstance(self.domain, Box) else (None, None)
        rows, d = self.network.core.rows(), self.network.input_dim
        findings = _core.certify(rows, d, lo, hi, self.cells(), self.announce)
        self.signs = findings["signs_by_bounds"], findings["signs_by_integers"]
        return [Check(*check) for check in findings["checks"]]

    def compare(self) -> None:
        import relutope

        if self.header["relutope"] != relutope.__version__:
            raise _RefutedError(
                f"the file says relutope {self.header['relutope']} and this is {relutope.__version__}, so "
                "its bytes cannot be compared; rebuild=False (--no-rebuild) certifies without"
            )
        fresh = complex_to_record(polyhedral_complex(self.network, self.domain, allow_high_dimension=True))
        if list(fresh) != list(self.record):
            raise _RefutedError("its members have another order")
        names = [name for name in fresh if name not in {"header", "statistics"}]
        for name in [*names, "header"]:  # whose digest differs whenever anything does
            if not _same(self.record[name], fresh[name]):
                raise _RefutedError(f"{name} is not what relutope {relutope.__version__} computes")
        if _parsed(fresh, "statistics").keys() != _parsed(self.record, "statistics").keys():
            raise _RefutedError("statistics has other fields")


def network_members(network: Network) -> Record:
    """The members of a file that hold a network.

    ``network.W0, network.b0, ...``, or ``network.Q0`` where a coefficient of layer 0 is no float64, and the
    bounds of the box that came with the network.
    """
    members: Record = {}
    if network.box is not None:
        members["network.lo"], members["network.hi"] = network.box.bounds(network.input_dim)
    for place, rows in enumerate(network.core.rows()):
        floats = float_layer(rows)
        if floats is None:
            digits = [
                [[f"{value:x}" for value in numerators], f"{denominator:x}"]
                for numerators, denominator in rows
            ]
            members[f"network.Q{place}"] = np.frombuffer(json.dumps(digits).encode(), dtype=np.uint8)
        else:
            members[f"network.W{place}"], members[f"network.b{place}"] = floats
    return members


def expected_arrays(
    network: Network, is_box: bool, cells: Record, n_bits: int
) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Dtype and shape of every array of cells; lengths that only the file knows are taken from it."""
    d, neurons = network.input_dim, network.n_neurons
    n = cells["walls"].size if "walls" in cells else 0
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "f_vector": ("int64", (d + 1,)),
        "vertices": ("float64", (n, d)),
        "vertex_error": ("float32", (n,)),
        "rays": ("float64", (0, d)),
        "signs": ("uint64", (n, 2 * ((n_bits + 63) // 64))),
        "walls": ("uint64", (n,)),
        "code_bit": ("int32", (neurons,)),
        "code_flipped": ("int8", (neurons,)),
        "code_constant": ("int8", (neurons,)),
    }
    if not is_box and "f_vector" in cells and cells["f_vector"].size:
        shapes["rays"] = ("float64", (n - int(cells["f_vector"].flat[0]), d))
    for k in range(1, d + 1):
        for name in (f"indptr_{k}", f"indices_{k}"):
            shapes[name] = ("int32", (cells[name].size if name in cells else 0,))
    return shapes


def _domain(value: Any) -> Box | AllSpace:
    """The domain of a header."""
    try:
        if value == {"type": "all_space"}:
            return AllSpace()
        if isinstance(value, dict) and value.keys() == {"type", "lo", "hi"} and value["type"] == "box":
            return Box(value["lo"], value["hi"])
    except (ValueError, TypeError) as error:
        raise _RefutedError(f"domain: {error}") from error
    raise _RefutedError(f"domain is {value!r}; can be certified: a box, or all of R^d")


def _parsed(record: Record, name: str) -> dict[str, Any]:
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
        raise _RefutedError(f"{name} cannot be read as JSON: {error}") from error
    return value


def _same(first: NDArray[Any], second: NDArray[Any]) -> bool:
    """Whether arrays agree in dtype, shape and every byte."""
    return (
        first.dtype.str == second.dtype.str
        and first.shape == second.shape
        and first.tobytes() == second.tobytes()
    )
