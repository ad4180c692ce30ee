"""Computing the polyhedral complex of a network within limits of cells, time and memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from relutope import _core
from relutope.complex import PolyhedralComplex
from relutope.domains import as_domain, core_domain
from relutope.memory import default_max_bytes, default_threads
from relutope.progress import Poll, reporting
from relutope.slices import Slice

#: Most threads that one computation starts.
MAX_THREADS = 1024

#: Largest count that the core takes; no computation reaches it.
MAX_COUNT = 2**63 - 1

#: Largest input dimension without allow_high_dimension: a box has 3^d faces before any neuron cuts it.
MAX_DIMENSION = 10


def polyhedral_complex(
    network: Any,
    domain: Any = None,
    *,
    n_threads: int | None = None,
    max_cells: int | None = None,
    max_seconds: float | None = None,
    max_bytes: int | None = None,
    progress: bool | Poll | None = False,
    allow_high_dimension: bool = False,
    fold: bool | None = None,
) -> PolyhedralComplex:
    """Every cell of every dimension of the canonical polyhedral complex of a network, exactly.

    A cell is a non-empty set of points of the domain with one sign vector and one set of touched walls.
    A neuron that is identically 0 on a region has sign 0 there and cuts nothing. For networks without
    such neurons this is the complex of Grigsby and Lindsey (On transversality of bent hyperplane
    arrangements and the topological expressiveness of ReLU neural networks, 2022).

    Parameters
    ----------
    network : Network, path or torch.nn.Module
    domain : Box, AllSpace, Polytope, Slice or a pair (lo, hi), optional
        By default the box that is stored in the file of the network.
    n_threads : int, optional
        1 to 1024. Default: all cores, and 1 in a worker process. The result does not depend on it.
    max_cells : int, optional
        Largest number of cells; no limit by default.
    max_seconds : float, optional
        No limit by default.
    max_bytes : int, optional
        Default: 80 % of the available memory.
    progress : bool or callable, default False
        True shows a bar on stderr; a callable gets a dict with ``layer, n_layers, dimension, cells, bytes,
        seconds`` about ten times a second.
    allow_high_dimension : bool, default False
        Needed for more than 10 inputs.
    fold : bool, optional
        Whether neurons that have one sign on the whole domain, as bounds prove, are folded into later layers
        before any cell is cut. The cells are the same; large networks on small domains cost much less. Needs
        a bounded domain. By default networks with more than 2^20 coefficients behind their first layer are
        folded where that is possible.

    Returns
    -------
    PolyhedralComplex

    Raises
    ------
    IncompleteError
        If a limit or Ctrl-C ended the computation; it says how far it got.
    ValueError, TypeError
        If an argument is not legal; the message names it and the legal range.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> relutope.polyhedral_complex(network, relutope.AllSpace()).f_vector
    (1, 4, 4)
    """
    from relutope.loading import as_network

    network = as_network(network)
    if domain is None:
        domain = network.box
        if domain is None:
            raise ValueError(
                "domain is missing and the network has no box of its own; legal: Box(lo, hi), a pair (lo, "
                "hi), Polytope(G, h), AllSpace(), or a Slice"
            )
    domain = as_domain(domain, network.input_dim)
    plane = domain if isinstance(domain, Slice) else None
    if plane is not None:
        network, domain = plane.restrict(network), plane.domain
    if network.input_dim > MAX_DIMENSION and not allow_high_dimension:
        raise ValueError(
            f"the network has {network.input_dim} inputs; legal: at most {MAX_DIMENSION}, since a box alone "
            "has 3^d faces. "
            "Compute on a Slice, or pass allow_high_dimension=True"
        )
    limits = checked_limits(n_threads, max_cells, max_seconds, max_bytes)
    with reporting(progress) as poll:
        core = _core.polyhedral_complex(
            network.core, core_domain(domain, network.input_dim), *limits, poll, fold
        )
    return PolyhedralComplex(core, network, domain, slice=plane)


def checked_limits(
    n_threads: Any, max_cells: Any, max_seconds: Any, max_bytes: Any
) -> tuple[int, int, float, int]:
    """Threads and limits as the core takes them, in this order, or a ValueError or TypeError."""
    return (
        checked_threads(n_threads),
        0 if max_cells is None else _positive_int(max_cells, "max_cells"),
        0.0 if max_seconds is None else _positive_seconds(max_seconds),
        default_max_bytes() if max_bytes is None else _positive_int(max_bytes, "max_bytes"),
    )


def checked_threads(n_threads: Any) -> int:
    """A number of threads as an int, for None the default; ValueError or TypeError if it is not legal."""
    threads = default_threads() if n_threads is None else _positive_int(n_threads, "n_threads")
    if threads > MAX_THREADS:
        raise ValueError(f"n_threads is {threads}; legal: 1 <= n_threads <= {MAX_THREADS}, or None")
    return threads


def _positive_int(value: Any, name: str) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} is {value!r}; legal: an int >= 1, or None")
    if value < 1:
        raise ValueError(f"{name} is {value}; legal: an int >= 1, or None")
    return min(int(value), MAX_COUNT)


def _positive_seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"max_seconds is {value!r}; legal: a number > 0, or None")
    if not 0 < value < np.inf:
        raise ValueError(f"max_seconds is {value}; legal: a finite number > 0, or None")
    return float(value)
