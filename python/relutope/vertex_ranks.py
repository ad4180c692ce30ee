"""The exact order of the vertices by an output."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.complex import PolyhedralComplex
from relutope.contenders import output_bounds

#: Neither a multiple of M nor a rest.
ZERO = (Fraction(0), Fraction(0))


def vertex_ranks(
    complex_: PolyhedralComplex, index: int, *, absolute: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ranks of the vertices by the exact value of an output, or of its absolute value.

    A vertex at infinity has the value a + M b on the ray p + M q, which is compared as such: b first.

    Returns
    -------
    ranks : ndarray of shape (counts[0],), int64
        0, 1, ...; equal for equal values only.
    levels : ndarray of float64
        The value of each rank, correctly rounded where exact values were asked for and within the bound of
        float64 evaluation elsewhere; ascending. Infinite where b is not 0.
    """
    low, high = (bounds[:, index].copy() for bounds in output_bounds(complex_))
    if absolute:
        low, high = np.maximum(np.maximum(low, -high), 0.0), np.maximum(high, -low)
    order = np.argsort(low, kind="stable")
    reach = np.maximum.accumulate(high[order])
    opens = np.concatenate([[True], low[order][1:] > reach[:-1]])  # begins a run of overlapping intervals
    run = np.cumsum(opens) - 1
    has_zero = (low[order] <= 0) & (high[order] >= 0)
    alone = (np.bincount(run)[run] == 1) & ~has_zero
    exact = _exact_values(complex_, index, order[~alone], absolute)
    place = {value: i for i, value in enumerate(sorted(set(exact)))}
    within = np.zeros(len(order), dtype=np.int64)
    within[~alone] = [place[value] for value in exact]
    # Runs are apart; within one the exact values decide.
    _, first, rank = np.unique(run * (len(place) + 1) + within, return_index=True, return_inverse=True)
    value = np.empty(len(order))
    value[alone] = low[order[alone]] / 2 + high[order[alone]] / 2
    value[~alone] = [_rounded(*pair) for pair in exact]
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = rank.reshape(-1)
    return ranks, np.maximum.accumulate(value[first])


def _exact_values(
    complex_: PolyhedralComplex, index: int, ids: NDArray[np.int64], absolute: bool
) -> list[tuple[Fraction, Fraction]]:
    """The multiple of M and the rest."""
    result = []
    outputs = _core.vertex_outputs(complex_.core, complex_.network.core, np.ascontiguousarray(ids))
    for finite, infinite, bottom in outputs:
        pair = Fraction(infinite[index], bottom), Fraction(finite[index], bottom)
        result.append((-pair[0], -pair[1]) if absolute and pair < ZERO else pair)
    return result


def _rounded(infinite: Fraction, finite: Fraction) -> float:
    if infinite:
        return float("inf") if infinite > 0 else -float("inf")
    try:
        return float(finite)
    except OverflowError:
        return float("inf") if finite > 0 else -float("inf")
