"""What an argument `domain` may be, and what the core makes of it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.arguments import checked_count
from relutope.domain import AllSpace, Box
from relutope.polytope import Polytope
from relutope.slices import Slice

Domain = Box | AllSpace | Polytope


def as_domain(domain: Any, input_dim: int) -> Domain | Slice:
    """The domain that an argument means, for a network with `input_dim` inputs.

    Parameters
    ----------
    domain : Box, AllSpace, Polytope, Slice, or a pair (lo, hi)
    input_dim : int

    Returns
    -------
    Box, AllSpace, Polytope or Slice
        A box has its bounds spelled out, shape (input_dim,).

    Raises
    ------
    TypeError
        If `domain` is none of these, or `input_dim` is no int.
    ValueError
        If the box is not legal, there is another number of axes, or `input_dim` is smaller than 1.

    Examples
    --------
    >>> from relutope import as_domain
    >>> as_domain((0, 1), 2)
    Box([0.0, 0.0], [1.0, 1.0])
    """
    input_dim = checked_count(input_dim, "input_dim")
    if isinstance(domain, Slice):
        if domain.ambient_dim != input_dim:
            raise ValueError(
                f"domain: the slice lies in {domain.ambient_dim} dimensions and the network has {input_dim} "
                "inputs; legal: equal numbers"
            )
        return domain
    return as_plain_domain(domain, input_dim)


def as_plain_domain(domain: Any, input_dim: int, space: str = "the network has {} inputs") -> Domain:
    """As `as_domain`, slices excluded; `space` says in messages what has so many dimensions."""
    if isinstance(domain, AllSpace):
        return domain
    if isinstance(domain, Polytope):
        if domain.dim != input_dim:
            raise ValueError(
                f"domain: the polytope has {domain.dim} dimensions and {space.format(input_dim)}; legal: "
                "equal numbers"
            )
        return domain
    if isinstance(domain, (tuple, list, np.ndarray)) and len(domain) == 2:
        domain = Box(domain[0], domain[1])
    if isinstance(domain, Box):
        if not domain.fits(input_dim):
            raise ValueError(
                f"domain: the box has {domain.lo.size} axes and {space.format(input_dim)}; legal: "
                f"{input_dim} or 1"
            )
        return Box(*domain.bounds(input_dim))
    raise TypeError(
        f"domain is {domain!r}; legal: Box(lo, hi), a pair (lo, hi), Polytope(G, h), AllSpace(), or "
        "Slice(origin, directions, domain)"
    )


def core_domain(domain: Domain, input_dim: int) -> _core.Domain:
    """The core's domain."""
    if isinstance(domain, Box):
        return _core.Domain.box(*domain.bounds(input_dim))
    if isinstance(domain, Polytope):
        return _core.Domain.polytope(domain.exact_rows, domain.dim)
    return _core.Domain.all_space(input_dim)


def within(domain: Domain, box: Box) -> Domain:
    """The part of a domain that lies in a box, which has bounds for every axis.

    Examples
    --------
    >>> from relutope import Box, Polytope
    >>> from relutope.domains import within
    >>> within(Polytope([[1, 1]], [1]), Box([-1, -1], [1, 1])).n_rows
    5
    """
    if not isinstance(domain, Polytope):
        return box
    eye = np.eye(domain.dim)
    lo, hi = box.bounds(domain.dim)
    return Polytope(np.vstack([domain.G, -eye, eye]), np.concatenate([domain.h, -lo, hi]))


def domain_to_json(domain: Domain) -> dict[str, Any]:
    """A domain as JSON: its type, and ``lo, hi`` or ``G, h``; numbers that are no float64 as ``"p/q"``.

    Examples
    --------
    >>> from relutope import Box
    >>> from relutope.domains import domain_to_json
    >>> domain_to_json(Box(-1, [1, 2]))
    {'type': 'box', 'lo': [-1.0, -1.0], 'hi': [1.0, 2.0]}
    """
    if isinstance(domain, AllSpace):
        return {"type": "all_space"}
    if isinstance(domain, Polytope):
        return {"type": "polytope", "G": _numbers(domain.G), "h": _numbers(domain.h)}
    return {"type": "box", "lo": np.atleast_1d(domain.lo).tolist(), "hi": np.atleast_1d(domain.hi).tolist()}


def domain_from_json(value: dict[str, Any]) -> Domain:
    """The inverse of `domain_to_json`.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it is none.
    """
    if value["type"] == "all_space":
        return AllSpace()
    if value["type"] == "box":
        return Box(value["lo"], value["hi"])
    if value["type"] == "polytope":
        return Polytope(_values(value["G"]), _values(value["h"]))
    raise ValueError(f"it has a domain of type {value['type']!r}")


def slice_to_json(plane: Slice) -> dict[str, Any]:
    """Origin and directions of a slice as JSON; its domain goes with the complex."""
    return {"origin": _numbers(plane.origin), "directions": _numbers(plane.directions)}


def slice_from_json(value: dict[str, Any], domain: Domain) -> Slice:
    """The inverse of `slice_to_json`."""
    return Slice(_values(value["origin"]), _values(value["directions"]), domain)


def domain_text(domain: dict[str, Any], dim: int) -> str:
    """A domain, as `domain_to_json` gives it, in words."""
    if domain["type"] == "all_space":
        return f"all of R^{dim}"
    if domain["type"] == "polytope":
        return f"polytope of {len(domain['G'])} rows"
    sides = zip(domain["lo"], domain["hi"], strict=True)
    return "box " + " x ".join(f"[{a:g}, {b:g}]" for a, b in sides)


def _numbers(array: NDArray[Any]) -> Any:
    if array.ndim > 1:
        return [_numbers(row) for row in array]
    return [value if isinstance(value, float) else str(value) for value in array.tolist()]


def _values(numbers: Any) -> Any:
    if isinstance(numbers, list):
        return [_values(value) for value in numbers]
    return Fraction(numbers) if isinstance(numbers, str) else numbers
