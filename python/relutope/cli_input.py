"""From options to a network, its data and its domain, and from a complex to a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from relutope.cli_options import Options, box_from_numbers
from relutope.complex import PolyhedralComplex
from relutope.data import Data, read_data
from relutope.domain import AllSpace, Box
from relutope.domains import Domain, as_plain_domain, domain_text, domain_to_json
from relutope.loading import read_network
from relutope.network import SEMANTICS, Network
from relutope.npz import read_npz
from relutope.slices import Slice
from relutope.subdivision import MAX_DIMENSION, polyhedral_complex


@dataclass(frozen=True)
class Job:
    """What one command works on."""

    model: str
    network: Network
    domain: Domain | Slice
    data: Data | None

    @property
    def dim(self) -> int:
        """Dimension of the domain, which points and data have."""
        return self.domain.dim if isinstance(self.domain, Slice) else self.network.input_dim


def resolve(options: Options) -> Job:
    """Load what the options name.

    Raises
    ------
    ValueError
        If there is no domain: none is given, the file has none, and there are no data. If the options do
        not fit together.
    """
    return resolve_network(options, options.model, read_network(options.model, options.order))


def resolve_network(options: Options, model: str, network: Network) -> Job:
    """The same for a network that is read already."""
    plane = None if options.slice is None else read_slice(options.slice, network)
    dim = network.input_dim if plane is None else plane.dim
    data = None if options.data is None else read_data(options.data, dim)
    default = network.box
    if plane is not None:
        default = plane.domain if isinstance(plane.domain, Box) else None
    domain = _domain(options, default, dim, data)
    if domain is None:
        what = f"{model} holds no lo and hi" if plane is None else f"{options.slice} holds no points"
        raise ValueError(
            f"no domain: {what}; legal: --data FILE, whose box is taken, --box LO HI, or --all-space"
        )
    if plane is not None:
        return Job(model, network, Slice(plane.origin, plane.directions, domain), data)
    return Job(model, network, as_plain_domain(domain, dim), data)


def _domain(options: Options, default: Box | None, dim: int, data: Data | None) -> Domain | None:
    if options.all_space:
        return AllSpace()
    if options.box == "data":
        if data is None:
            raise ValueError("--box data needs the option --data FILE")
        return Box.around(data.X)
    if options.box is not None:
        return box_from_numbers(options.box, dim)
    if default is not None:
        return default
    return None if data is None else Box.around(data.X)


def read_slice(path: str, network: Network) -> Slice:
    """The slice in a file: ``points``, see `Slice.through`, or ``origin`` and ``directions``.

    Raises
    ------
    ValueError
        If the file is damaged, holds anything else, or does not fit the inputs of the network.
    """
    record = read_npz(path)
    try:
        if set(record) == {"points"}:
            return Slice.through(_rows(record["points"], network, "points", 1))
        if set(record) == {"origin", "directions"}:
            origin = _rows(record["origin"], network, "origin", 0)[0]
            return Slice(origin, _rows(record["directions"], network, "directions", 1))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error
    raise ValueError(
        f"{path} holds {', '.join(record) or 'nothing'}; legal: points, or origin and directions"
    )


def _rows(array: NDArray[Any], network: Network, name: str, n_axes: int) -> NDArray[Any]:
    """Points of the input space as rows, from an array that has `n_axes` axes before theirs."""
    shapes = dict.fromkeys([(network.input_dim,), tuple(network.input_shape or (network.input_dim,))])
    if array.ndim < n_axes or array.shape[n_axes:] not in shapes:
        legal = " or ".join(str(("k",) * n_axes + shape).replace("'", "") for shape in shapes)
        raise ValueError(f"{name} has shape {array.shape}; legal: {legal}")
    return array.reshape(-1, network.input_dim)


def limits(options: Options) -> dict[str, Any]:
    """The limits that the options set, as keywords of `polyhedral_complex`."""
    return {
        "n_threads": options.threads,
        "max_cells": options.max_cells,
        "max_seconds": options.max_seconds,
        "max_bytes": options.max_bytes,
        "progress": options.progress,
    }


def compute(job: Job, options: Options) -> PolyhedralComplex:
    """The complex of a job, within the limits of the options."""
    check_dimension(job, options)
    allowed = options.allow_high_dimension
    return polyhedral_complex(job.network, job.domain, allow_high_dimension=allowed, **limits(options))


def check_dimension(job: Job, options: Options) -> None:
    """Refuse more dimensions than are usual, unless the options allow it."""
    if job.dim > MAX_DIMENSION and not options.allow_high_dimension:
        what = (
            f"slice has {job.dim} dimensions"
            if isinstance(job.domain, Slice)
            else f"network has {job.dim} inputs"
        )
        raise ValueError(
            f"the {what}; legal: at most {MAX_DIMENSION}, since a box alone has 3^d faces: take a --slice of "
            "fewer, or any number with --allow-high-dimension"
        )


def about(job: Job) -> dict[str, Any]:
    """What was computed on, ready for JSON."""
    return {
        "model": job.model,
        "model_hash": job.network.hash,
        "network": repr(job.network),
        "notes": list(job.network.notes),
        "semantics": SEMANTICS,
        "domain": _domain_to_json(job.domain),
    }


def _domain_to_json(domain: Domain | Slice) -> dict[str, Any]:
    """A domain, of a slice without its numbers, which are as many as inputs; a saved complex has them."""
    if isinstance(domain, Slice):
        sizes = {"dim": domain.dim, "ambient_dim": domain.ambient_dim}
        return {"type": "slice", **sizes, "domain": domain_to_json(domain.domain)}
    return domain_to_json(domain)


def where_text(result: dict[str, Any]) -> str:
    """The domain of a report in words."""
    domain = result["domain"]
    if domain["type"] != "slice":
        return domain_text(domain, result["input_dim"])
    inner = domain_text(domain["domain"], domain["dim"])
    return f"slice of {domain['dim']} of {domain['ambient_dim']} dimensions, {inner}"


def about_lines(job: Job) -> list[str]:
    """The same to be read."""
    return [repr(job.network), *(f"  note: {note}" for note in job.network.notes), repr(job.domain)]


def report(job: Job, complex_: PolyhedralComplex) -> dict[str, Any]:
    """The counts of a complex, ready for JSON."""
    statistics = complex_.statistics
    return {
        **about(job),
        "input_dim": job.network.input_dim,
        "neurons": job.network.n_neurons,
        "f_vector": list(complex_.f_vector),
        "regions": complex_.n_regions,
        "bounded_regions": complex_.n_bounded_regions,
        "euler_characteristic": complex_.euler_characteristic,
        "exact_signs": statistics["signs"]["exact"],
        "seconds": statistics["seconds"],
    }
