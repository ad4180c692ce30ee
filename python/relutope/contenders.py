"""Which outputs can be the largest on which regions, by proven bounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relutope.complex import PolyhedralComplex
from relutope.network import Network

#: Vertices whose activations are held at once.
BLOCK = 4096


def contenders(complex_: PolyhedralComplex) -> NDArray[np.bool_]:
    """Which outputs may be the largest somewhere on each closed region; certainly all that are.

    An output is left out where its upper bound on the region is below the lower bound of another. On a
    region that reaches infinity none is.

    Returns
    -------
    ndarray of shape (counts[d], output_dim), bool
    """
    low, high = output_bounds(complex_)
    lower, upper = low.T, high.T
    for k in range(1, complex_.dim + 1):
        indptr, indices = complex_.facets(k)
        lower = np.stack([np.minimum.reduceat(row[indices], indptr[:-1]) for row in lower])
        upper = np.stack([np.maximum.reduceat(row[indices], indptr[:-1]) for row in upper])
    result: NDArray[np.bool_] = (upper >= lower.max(axis=0)).T
    return result


def output_bounds(complex_: PolyhedralComplex) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper bounds on the outputs at the exact vertices, float64 of shape (counts[0], output_dim).

    Infinite at infinity and where float64 overflows.
    """
    layers = _float_layers(complex_.network)
    lows, highs = [], []
    with np.errstate(all="ignore"):
        for first in range(0, complex_.counts[0], BLOCK):
            value = complex_.vertices[first : first + BLOCK]
            error = np.empty_like(value)
            error[:] = complex_.vertex_error[first : first + BLOCK, None]
            for place, (weight, bias) in enumerate(layers):
                if place:
                    value = np.maximum(value, 0.0)  # which moves no two numbers apart
                value, error = _layer_bounds(weight, bias, value, error)
            unknown = ~(np.isfinite(value) & np.isfinite(error))
            lows.append(np.where(unknown, -np.inf, np.nextafter(value - error, -np.inf)))
            highs.append(np.where(unknown, np.inf, np.nextafter(value + error, np.inf)))
    return np.concatenate(lows), np.concatenate(highs)


def _layer_bounds(
    weight: NDArray[np.float64],
    bias: NDArray[np.float64],
    value: NDArray[np.float64],
    error: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One layer for values (n, columns) with bounds on their errors.

    Let u = 2^-53, n = columns. A sum of n + 1 terms, in any order and with or without fused operations, is
    off by at most gamma = (n + 1) u / (1 - (n + 1) u) times the sum of absolute terms S = |W| |y| + |b|. The
    float64 image of a coefficient is off by at most u of itself. With e on the inputs this makes
    |W| e + (gamma + u) (|W| (|y| + e) + |b|), of which every term below is computed with a relative error of
    at most gamma; the factors 4 (n + 4) u are more than twice what is needed. What underflows is less than
    the smallest normal number times the number of operations, or times the other factor.
    """
    share = 4 * (weight.shape[1] + 4) * 2.0**-53
    size = np.abs(weight).T
    reach = np.abs(value) + error
    carried = error @ size
    absolute = reach @ size + np.abs(bias)
    lost = reach.sum(axis=1, keepdims=True) + size.sum(axis=0) + 4 * len(size) + 4
    total = (carried + share * absolute + np.finfo(np.float64).tiny * lost) * (1 + share)
    return value @ weight.T + bias, total


def _float_layers(network: Network) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The correctly rounded float64 images of all coefficients."""
    result = []
    for rows in network.core.rows():
        table = np.array([[value / bottom for value in numerators] for numerators, bottom in rows])
        result.append((np.ascontiguousarray(table[:, :-1]), table[:, -1]))
    return result
