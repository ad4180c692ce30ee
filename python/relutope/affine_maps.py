"""The affine maps that a network is on regions: in float64 with proven bounds, and exactly."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.arguments import checked_ids

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex

#: Bytes of forms and their bounds that are held at once.
BLOCK_BYTES = 1 << 25

#: What every non-zero factor of an error bound is at least: no product of two underflows.
FLOOR = 2.0**-480


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


class _Layer(NamedTuple):
    """A layer's float64 image, split, and what the bound on its forms needs."""

    sources: list[tuple[int, int]]
    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    weight_bounds: NDArray[np.float64]
    bias_bounds: NDArray[np.float64]
    unit: float


def region_ids(complex_: PolyhedralComplex, ids: ArrayLike | None) -> NDArray[np.int64]:
    """The ids as int64, None meaning all regions; errors as `relutope.arguments.checked_ids`."""
    count = complex_.f_vector[-1]
    return checked_ids(np.arange(count) if ids is None else ids, count, "regions")


def form_blocks(
    complex_: PolyhedralComplex, ids: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], list[Forms]]]:
    """Forms of all neurons and outputs on regions, block by block, so that memory stays bounded.

    Parameters
    ----------
    complex_ : PolyhedralComplex
    ids : ndarray of int64
        Legal ids of regions.

    Yields
    ------
    ids : ndarray of shape (n,), int64
        The regions of this block, in the order given.
    forms : list of Forms
        One per hidden layer and, last, one of the outputs.
    """
    layers = [_prepared(*layer) for layer in _core.layer_images(complex_.network.core)]
    width = sum(len(layer.biases) for layer in layers)
    step = max(1, BLOCK_BYTES // (16 * (complex_.dim + 1) * width))
    for first in range(0, len(ids), step):
        block = ids[first : first + step]
        active = complex_.sign_vectors(complex_.dim, block).T > 0
        yield block, _forms(layers, np.ascontiguousarray(active), complex_.dim)


def affine_maps(complex_: PolyhedralComplex, ids: ArrayLike | None = None) -> AffineMaps:
    """The network's affine map on each region; see `relutope.Regions.affine_maps`."""
    chosen = region_ids(complex_, ids)
    shape = len(chosen), complex_.network.output_dim, complex_.dim + 1
    values, errors = np.empty(shape), np.empty(shape)
    first = 0
    for block, forms in form_blocks(complex_, chosen):
        values[first : first + len(block)], errors[first : first + len(block)] = forms[-1]
        first += len(block)
    return AffineMaps(values[..., :-1], values[..., -1], errors[..., :-1], errors[..., -1])


def exact_affine_maps(
    complex_: PolyhedralComplex, ids: ArrayLike | None = None
) -> list[tuple[NDArray[np.object_], NDArray[np.object_]]]:
    """The affine map on each region in fractions; see `relutope.Regions.exact_affine_maps`."""
    active = complex_.sign_vectors(complex_.dim, region_ids(complex_, ids)) > 0
    result = []
    for rows, scale in _core.pattern_forms(
        complex_.network.core, active, len(complex_.network.hidden_widths)
    ):
        table = np.array([[Fraction(value, scale) for value in row] for row in rows], dtype=object)
        result.append((table[:, :-1], table[:, -1]))
    return result


def _prepared(
    image: NDArray[np.float64], relative_error: float, sources: list[tuple[int, int]]
) -> _Layer:
    m = image.shape[1] - 1
    bounds = _floored(np.abs(image))
    unit = 1.01 * ((m + 4) * 2.0**-53 + relative_error)
    return _Layer(sources, image[:, :-1], image[:, -1], bounds[:, :-1], bounds[:, -1], unit)


def _floored(magnitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Upper bounds that are 0 or at least FLOOR."""
    return np.where(magnitudes == 0, 0.0, magnitudes + FLOOR)


@np.errstate(over="ignore", invalid="ignore")
def _forms(layers: list[_Layer], active: NDArray[np.bool_], d: int) -> list[Forms]:
    """Forms of all layers on n regions; `active` is the pattern (n_neurons, n).

    Bound, with F the computed forms of a layer's m inputs (masked by the pattern) within E of the exact
    ones, R = |F| + E, u = 2^-53, w the image of an exact coefficient W with |W - w| <= kappa |w| + 2^-1074
    (0 if w is 0). A sum of m products and a bias, in any order, products fused or not, errs by at most
    gamma = (m + 1) u / (1 - (m + 1) u) times the sum of magnitudes, and by 2^-1074 for each non-zero product
    that underflows. So
        |computed - exact| <= sum |w| E + (gamma + kappa) (sum |w| R + |b|)
                              + 2^-1074 (1 + sum over non-zero products of (1 + R)).
    With w' = |w| + FLOOR and R' = R + FLOOR where they are not 0, c = 1.01 ((m + 4) u + kappa), this is at most
        sum w' (E + c R') + c b',
    for c w' R' exceeds c |w| R by more than 2^-53 (2^-960 + 2^-480 R) > 2^-1000 (1 + R). No product in it
    underflows: E is 0 where R' is, so each factor is 0 or at least c FLOOR > 2^-535. Rounding makes the sum
    of m + 1 positive terms too small by a factor of at most 1 - (m + 8) u; `inflate` restores that.
    """
    n = active.shape[1]
    values: list[NDArray[np.float64]] = []  # (width, n (d + 1)): one matrix product serves all regions
    errors: list[NDArray[np.float64]] = []
    inputs = np.repeat(np.eye(d, d + 1)[:, None, :], n, axis=1).reshape(d, -1)
    hidden = np.cumsum([0, *(len(layer.biases) for layer in layers[:-1])])
    for layer in layers:
        parts, part_errors = [], []
        for source, _ in layer.sources:
            if source < 0:
                parts.append(inputs)
                part_errors.append(np.zeros_like(inputs))
            else:
                mask = np.repeat(active[hidden[source] : hidden[source + 1]], d + 1, axis=1)
                parts.append(np.where(mask, values[source], 0.0))
                part_errors.append(np.where(mask, errors[source], 0.0))
        form = parts[0] if len(parts) == 1 else np.concatenate(parts)
        error = part_errors[0] if len(parts) == 1 else np.concatenate(part_errors)
        reach = _floored(np.abs(form) + error)
        value = layer.weights @ form
        bound = layer.weight_bounds @ (error + layer.unit * reach)
        value[:, d :: d + 1] += layer.biases[:, None]
        bound[:, d :: d + 1] += layer.unit * layer.bias_bounds[:, None]
        bound *= 1 + 4 * (layer.weights.shape[1] + 8) * 2.0**-53
        bound[~(np.isfinite(value) & np.isfinite(bound))] = np.inf
        values.append(value)
        errors.append(bound)
    return [
        Forms(*(table.reshape(-1, n, d + 1).transpose(1, 0, 2) for table in pair))
        for pair in zip(values, errors, strict=True)
    ]
