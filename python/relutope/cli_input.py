"""From options to a network, its data and its domain, and from a complex to a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from relutope.cli_options import Options, box_from_numbers
from relutope.complex import PolyhedralComplex
from relutope.data import Data, read_data
from relutope.domain import AllSpace, Box
from relutope.domains import Domain, as_plain_domain, domain_to_json
from relutope.loading import read_network
from relutope.network import SEMANTICS, Network
from relutope.subdivision import MAX_DIMENSION, polyhedral_complex


@dataclass(frozen=True)
class Job:
    """What one command works on."""

    model: str
    network: Network
    domain: Domain
    data: Data | None


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
    data = None if options.data is None else read_data(options.data, network.input_dim)
    domain = _domain(options, model, network, data)
    return Job(model, network, as_plain_domain(domain, network.input_dim), data)


def _domain(options: Options, model: str, network: Network, data: Data | None) -> Domain:
    if options.all_space:
        return AllSpace()
    if options.box == "data":
        if data is None:
            raise ValueError("--box data needs the option --data FILE")
        return Box.around(data.X)
    if options.box is not None:
        return box_from_numbers(options.box, network.input_dim)
    if network.box is not None:
        return network.box
    if data is None:
        raise ValueError(
            f"no domain: {model} holds no lo and hi; legal: --data FILE, whose box is taken, --box LO HI, "
            "or --all-space"
        )
    return Box.around(data.X)


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
    allowed = options.allow_high_dimension
    if job.network.input_dim > MAX_DIMENSION and not allowed:
        raise ValueError(
            f"the network has {job.network.input_dim} inputs; legal: at most {MAX_DIMENSION}, since a box "
            "alone has 3^d faces, or any number with --allow-high-dimension"
        )
    return polyhedral_complex(job.network, job.domain, allow_high_dimension=allowed, **limits(options))


def about(job: Job) -> dict[str, Any]:
    """What was computed on, ready for JSON."""
    return {
        "model": job.model,
        "model_hash": job.network.hash,
        "network": repr(job.network),
        "notes": list(job.network.notes),
        "semantics": SEMANTICS,
        "domain": domain_to_json(job.domain),
    }


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
