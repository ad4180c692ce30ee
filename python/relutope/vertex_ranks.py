"""The exact order of the vertices by an output."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.complex import PolyhedralComplex
from relutope.contenders import output_bounds

#: A value at infinity: the sign of its multiple of M, and the rest where that is 0.
Value = tuple[int, Fraction]


def vertex_ranks(
    complex_: PolyhedralComplex, index: int, *, absolute: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ranks of the vertices by the exact value of an output, or of its absolute value.

    On the ray p + M q of a vertex at infinity the output is a + M b. Where b is not 0 its value is infinite,
    and all values -inf are one, as are all inf: a threshold below all others cuts off the same cells.

    Returns
    -------
    ranks : ndarray of shape (counts[0],), int64
        0, 1, ...; equal for equal values only.
    levels : ndarray of float64
        The value of each rank, correctly rounded where exact values were asked for and within the bound of
        float64 evaluation elsewhere; ascending.
    """
    low, high = (bounds[:, index].copy() for bounds in output_bounds(complex_))
    if absolute:
        low, high = np.maximum(np.maximum(low, -high), 0.0), np.maximum(high, -low)
    values = dict(_at_infinity(complex_, index, absolute))
    for vertex, (sign, rest) in values.items():
        image = _rounded(sign, rest)
        low[vertex], high[vertex] = np.nextafter(image, -np.inf), np.nextafter(image, np.inf)
    order = np.argsort(low, kind="stable")
    reach = np.maximum.accumulate(high[order])
    opens = np.concatenate([[True], low[order][1:] > reach[:-1]])  # begins a run of overlapping intervals
    run = np.cumsum(opens) - 1
    has_zero = (low[order] <= 0) & (high[order] >= 0)
    alone = (np.bincount(run)[run] == 1) & ~has_zero & np.isfinite(low[order]) & np.isfinite(high[order])
    close = order[~alone]
    unknown = np.setdiff1d(close, np.fromiter(values, dtype=np.int64, count=len(values)))
    values |= zip(unknown.tolist(), _exact_values(complex_, index, unknown, absolute), strict=True)
    exact = [values[vertex] for vertex in close.tolist()]
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


def _at_infinity(complex_: PolyhedralComplex, index: int, absolute: bool) -> Iterator[tuple[int, Value]]:
    ids = np.arange(complex_.f_vector[0], complex_.counts[0])
    return zip(ids.tolist(), _exact_values(complex_, index, ids, absolute), strict=True)


def _exact_values(
    complex_: PolyhedralComplex, index: int, ids: NDArray[np.int64], absolute: bool
) -> list[Value]:
    result = []
    outputs = _core.vertex_outputs(complex_.core, complex_.network.core, np.ascontiguousarray(ids))
    for finite, infinite, bottom in outputs:
        slope, rest = infinite[index], Fraction(finite[index], bottom)
        if absolute:
            slope, rest = abs(slope), abs(rest)
        result.append(((slope > 0) - (slope < 0), rest if slope == 0 else Fraction(0)))
    return result


def _rounded(sign: int, rest: Fraction) -> float:
    if sign:
        return sign * float("inf")
    try:
        return float(rest)
    except OverflowError:
        return float("inf") if rest > 0 else -float("inf")
