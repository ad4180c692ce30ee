"""The affine maps that a network is on regions: in float64 with proven bounds, and exactly."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.activation import active_signs
from relutope.arguments import checked_ids

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex

#: Bytes of forms and their bounds that are held at once.
BLOCK_BYTES = 1 << 25


class Forms(NamedTuple):
    """Affine forms: `values` (n, width, d + 1), the constant last, each within `errors` of the exact one.

    A value is 0 with error 0 where all its terms are zeros. The error is inf where float64 overflows.
    """

    values: NDArray[np.float64]
    errors: NDArray[np.float64]


class AffineMaps(NamedTuple):
    """``x -> A[i] @ x + b[i]`` on the i-th region, with elementwise bounds on the errors.

    Attributes
    ----------
    A, A_error : ndarray of shape (n, output_dim, d), float64
    b, b_error : ndarray of shape (n, output_dim), float64
        Exact coefficients lie within the errors; inf where float64 overflows.
    """

    A: NDArray[np.float64]
    b: NDArray[np.float64]
    A_error: NDArray[np.float64]
    b_error: NDArray[np.float64]


def region_ids(complex_: PolyhedralComplex, ids: ArrayLike | None) -> NDArray[np.int64]:
    """The ids as int64, None meaning all regions; errors as `relutope.arguments.checked_ids`."""
    count = complex_.f_vector[-1]
    return checked_ids(np.arange(count) if ids is None else ids, count, "regions")


def form_blocks(
    complex_: PolyhedralComplex, ids: NDArray[np.int64], network: _core.Network | None = None
) -> Iterator[tuple[NDArray[np.int64], list[Forms]]]:
    """Forms of all neurons and outputs on regions, block by block, so that memory stays bounded.

    Parameters
    ----------
    complex_ : PolyhedralComplex
    ids : ndarray of int64
        Legal ids of regions.
    network : _core.Network, optional
        One whose hidden layers are the first that the complex has signs of; default: that of `complex_`.

    Yields
    ------
    ids : ndarray of shape (n,), int64
        The regions of this block, in the order given.
    forms : list of Forms
        One per hidden layer of neurons and, last, one of the outputs.
    """
    network = complex_.network.core if network is None else network
    width = network.n_values
    for block, active in _pattern_blocks(complex_, ids, network, width):
        yield block, _layer_forms(network, active, 0)


def affine_maps(complex_: PolyhedralComplex, ids: ArrayLike | None = None) -> AffineMaps:
    """The network's affine map on each region; see `relutope.Regions.affine_maps`."""
    chosen = region_ids(complex_, ids)
    network, n_outputs = complex_.network.core, complex_.network.output_dim
    values, errors = np.empty((2, len(chosen), n_outputs, complex_.dim + 1))
    first = 0
    for block, active in _pattern_blocks(complex_, chosen, network, n_outputs):
        part = slice(first, first + len(block))
        values[part], errors[part] = _layer_forms(network, active, network.n_layers - 1)[0]
        first += len(block)
    return AffineMaps(values[..., :-1], values[..., -1], errors[..., :-1], errors[..., -1])


def exact_affine_maps(
    complex_: PolyhedralComplex, ids: ArrayLike | None = None
) -> list[tuple[NDArray[np.object_], NDArray[np.object_]]]:
    """The affine map on each region in fractions; see `relutope.Regions.exact_affine_maps`."""
    network = complex_.network.core
    active = active_signs(network, complex_.sign_vectors(complex_.dim, region_ids(complex_, ids)))
    result = []
    for rows, scale in _core.pattern_forms(complex_.network.core, active, complex_.network.core.n_layers - 1):
        table = np.array([[Fraction(value, scale) for value in row] for row in rows], dtype=object)
        result.append((table[:, :-1], table[:, -1]))
    return result


def _pattern_blocks(
    complex_: PolyhedralComplex, ids: NDArray[np.int64], network: _core.Network, width: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Ids in blocks with their patterns, few enough for forms of `width` neurons."""
    step = max(1, BLOCK_BYTES // (16 * (complex_.dim + 1) * width + network.n_signs))
    for first in range(0, len(ids), step):
        block = ids[first : first + step]
        signs = complex_.core.sign_vectors(complex_.dim, block)
        yield block, active_signs(network, signs[:, : network.n_signs])


def _layer_forms(network: _core.Network, active: NDArray[np.bool_], first_layer: int) -> list[Forms]:
    """From that layer on, hidden linear layers left out."""
    kinds = [*network.kinds[first_layer:-1], "output"]
    return [
        Forms(values.transpose(0, 2, 1), errors.transpose(0, 2, 1))
        for kind, (values, errors) in zip(kinds, _core.float_forms(network, active, first_layer), strict=True)
        if kind != "linear"
    ]
