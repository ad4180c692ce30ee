"""Proof that a saved complex is that of a network.

What is proved, and why that suffices, stands in ``cpp/verify/certify.hpp``.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from os import PathLike
from typing import Any, NamedTuple

import numpy as np

from relutope import _core
from relutope.domain import AllSpace, Box
from relutope.domains import Domain, domain_to_json, slice_from_json, slice_to_json
from relutope.files import checked_path
from relutope.members import (
    OWN_BOX,
    RefutedError,
    cells_to_certify,
    certified_domain,
    check_restriction,
    check_shapes,
    described_network,
    layers_to_certify,
    metadata_differences,
    parsed,
    same,
)
from relutope.network import SEMANTICS, Network
from relutope.network_members import network_members
from relutope.npz import Record, read_npz, write_npz
from relutope.polytope import Polytope
from relutope.slices import Slice
from relutope.storage import (
    FORMAT,
    SCHEMA_VERSION,
    checked_statistics,
    complex_to_record,
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
    differences : tuple of str
        What the file says about its network and the model does not: notes, dtype, or a box of its own. The
        function of the network and the domain are the same, so this refutes nothing.

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
    differences: tuple[str, ...] = ()

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
        lines += [f"note: {difference}" for difference in self.differences]
        return "\n".join([*lines, "certified" if self.ok else "NOT CERTIFIED"])


def verify(
    path: str | PathLike[str], model: Any, *, rebuild: bool = True, progress: bool | Listener = False
) -> Certificate:
    """Check a saved complex against its network, exactly, with code that shares nothing with the engine.

    First a proof from the file alone: every vertex has the signs and walls that it claims (float64 with
    proven bounds, integers where these fail), every cell is realised, has the dimension and all the facets
    of the true one, and no cell is missing. Then, unless `rebuild` is False, the complex is computed again
    and must have the same bytes: that finds changes that are still true, such as a coordinate moved within
    its error bound or cells in another order, or other tallies in the member ``statistics``.

    The model is that of the file if the exact coefficients agree, layer by layer. Where it came from (notes,
    dtype, a box of its own) may differ, which `Certificate.differences` tells.

    Parameters
    ----------
    path : path
        A file that `PolyhedralComplex.save` wrote.
    model : Network, path or torch.nn.Module
    rebuild : bool, default True
        A file of another version of relutope can be proved, but not compared: pass False. The proof alone
        shows that each stored vertex lies within its stored error of its exact place, however large that
        error is; it is finite unless some vertex is beyond 2^64.
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
        If the file is no saved complex at all, `path` is empty, or the model cannot be read.
    TypeError
        If an argument has the wrong type; bytes and file descriptors are no paths.
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

    if not isinstance(progress, bool) and not callable(progress):
        raise TypeError(f"progress is {progress!r}; legal: True, False or a callable that takes a dict")
    examination = _Examination(checked_path(path), as_network(model), progress)
    checks = tuple(examination.run(rebuild))
    return Certificate(
        ok=all(check.ok for check in checks),
        checks=checks,
        signs_by_bounds=examination.signs[0],
        signs_by_integers=examination.signs[1],
        seconds=time.perf_counter() - examination.start,
        differences=examination.differences,
    )


class _Examination:
    """One file in work; each method that checks raises `RefutedError` or fills what later ones read."""

    def __init__(self, path: str, network: Network, progress: bool | Listener) -> None:
        self.start = time.perf_counter()
        self.path = path
        self.network = network
        self.progress = progress
        self.signs = (0, 0)
        self.record: Record = {}
        self.header: dict[str, Any] = {}
        self.domain: Domain = AllSpace()
        self.plane: Slice | None = None
        self.stored_network = network
        self.differences: tuple[str, ...] = ()

    def run(self, rebuild: bool) -> Iterator[Check]:
        """All checks in order; one that fails ends them."""
        steps = {
            "file": self.read,
            "model": self.check_model,
            "header": self.check_header,
            "members": self.check_members,
            "digest": self.check_digest,
        }
        for name, step in steps.items():
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
        except RefutedError as error:
            return Check(name, False, str(error))
        return Check(name, True, "")

    def read(self) -> None:
        with open(self.path, "rb") as stream:
            content = stream.read()
        again = io.BytesIO()
        try:
            record = read_npz(self.path)
            write_npz(again, record)
        except ValueError as error:
            if not any(mark in content for mark in MARKS):
                raise
            raise RefutedError(str(error)) from error
        if not is_saved_complex(record) and not any(name.startswith("cells.") for name in record):
            raise ValueError(f"{self.path} is not a saved complex: it has no header of one")
        self.record = record
        if again.getbuffer() != content:
            raise RefutedError("its arrays are not laid out as relutope writes them")

    def check_header(self) -> None:
        header = parsed(self.record, "header")
        self.header = header
        self.domain = certified_domain(header.get("domain"))
        network = self.stored_network = described_network(self.network, self.record, header)
        expected = {
            "format": FORMAT,
            "schema_version": SCHEMA_VERSION,
            "relutope": header.get("relutope"),
            "model_hash": network.hash,
            "semantics": SEMANTICS,
            "domain": domain_to_json(self.domain),
            "slice": None if self.plane is None else slice_to_json(self.plane),
            "input_dim": network.input_dim,
            "layers": network.core.n_layers,
            "dtype": network.dtype,
            "notes": list(network.notes),
            "f_vector": self.f_vector(),
            "digest": header.get("digest"),
        }
        if header.keys() != expected.keys():
            raise RefutedError(f"its fields are {', '.join(header)}; must be {', '.join(expected)}")
        for key, value in expected.items():
            if json.dumps(header[key]) != json.dumps(value):
                raise RefutedError(f"{key} is {header[key]!r}; must be {value!r}")
        if not isinstance(header["relutope"], str):
            raise RefutedError(f"relutope is {header['relutope']!r}; must be a version")
        if not isinstance(header["digest"], str):
            raise RefutedError(f"digest is {header['digest']!r}; must be one")
        if isinstance(self.domain, Box) and self.domain.lo.shape != (network.input_dim,):
            raise RefutedError(f"domain is {self.domain!r}; must have {network.input_dim} axes")
        if isinstance(self.domain, Polytope) and self.domain.dim != network.input_dim:
            raise RefutedError(f"domain is {self.domain!r}; must have {network.input_dim} dimensions")
        self.differences = tuple(metadata_differences(network, self.network))

    def f_vector(self) -> list[int] | None:
        array = self.record.get("cells.f_vector")
        return None if array is None or array.dtype != np.int64 else array.tolist()

    def restrict_model(self) -> None:
        """On a slice the cells are those of the model as a function of the slice's coordinates."""
        plane = parsed(self.record, "header").get("slice")
        if plane is None:
            return
        try:
            self.plane = slice_from_json(plane, AllSpace())
            restricted = self.plane.restrict(self.network)
        except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError) as error:
            raise RefutedError(f"slice: {error}") from error
        check_restriction(self.network, self.plane, restricted)
        self.network = restricted

    def check_model(self) -> None:
        self.restrict_model()
        expected = network_members(self.network)
        names = {name for name in self.record if name.startswith("network.") and name not in OWN_BOX}
        if names != expected.keys():
            different = sorted(names ^ expected.keys())
            raise RefutedError(f"the network in the file is another one: {', '.join(different)}")
        for name, array in expected.items():
            if not same(self.record[name], array):
                raise RefutedError(f"the network in the file is another one: {name} differs")

    def check_members(self) -> None:
        try:
            checked_statistics(parsed(self.record, "statistics"))
        except (ValueError, TypeError, AttributeError) as error:
            raise RefutedError(str(error)) from error
        check_shapes(self.network, self.domain, self.cells())
        known = {"header", "statistics", *OWN_BOX, *network_members(self.network)}
        unknown = [name for name in self.record if name not in known and not name.startswith("cells.")]
        if unknown:
            raise RefutedError(f"unknown members: {', '.join(unknown)}")

    def check_digest(self) -> None:
        if (digest := record_digest(self.record)) != self.header["digest"]:
            raise RefutedError(f"the members have the digest {digest}, the header says another one")

    def cells(self) -> Record:
        return {
            name.removeprefix("cells."): array
            for name, array in self.record.items()
            if name.startswith("cells.")
        }

    def prove(self) -> list[Check]:
        lo, hi = (self.domain.lo, self.domain.hi) if isinstance(self.domain, Box) else (None, None)
        layers = layers_to_certify(self.network, self.domain)
        n_rows = self.domain.n_rows if isinstance(self.domain, Polytope) else 0
        cells = cells_to_certify(self.domain, self.cells())
        findings = _core.certify(layers, self.network.input_dim, lo, hi, n_rows, cells, self.announce)
        self.signs = findings["signs_by_bounds"], findings["signs_by_integers"]
        return [Check(*check) for check in findings["checks"]]

    def compare(self) -> None:
        import relutope

        if self.header["relutope"] != relutope.__version__:
            raise RefutedError(
                f"the file says relutope {self.header['relutope']} and this is {relutope.__version__}, so "
                "its bytes cannot be compared; rebuild=False (--no-rebuild) certifies without"
            )
        fold = parsed(self.record, "statistics")["folded"]["layers"] > 0
        complex_ = polyhedral_complex(self.stored_network, self.domain, allow_high_dimension=True, fold=fold)
        fresh = complex_to_record(replace(complex_, slice=self.plane))
        if list(fresh) != list(self.record):
            raise RefutedError("its members have another order")
        for name in [
            *(name for name in fresh if name != "header"),
            "header",
        ]:  # whose digest differs whenever anything does
            if not same(self.record[name], fresh[name]):
                raise RefutedError(f"{name} is not what relutope {relutope.__version__} computes")
