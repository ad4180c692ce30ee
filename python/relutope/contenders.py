"""Which outputs can be the largest, at vertices and on regions, by proven bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.bit_masks import Masks, packed, several, unpacked
from relutope.complex import PolyhedralComplex

#: Vertices whose activations are held at once.
BLOCK = 4096

#: Regions whose vertices are listed at once.
REGIONS = 1 << 18

Floats = NDArray[np.float64]


def contenders(complex_: PolyhedralComplex) -> NDArray[np.bool_]:
    """Which outputs may be the largest somewhere on each closed region; certainly all that are.

    An output is left out where another one is certainly greater at all vertices. On a region that reaches
    infinity none is.

    Returns
    -------
    ndarray of shape (counts[d], output_dim), bool
    """
    return bounded_contenders(complex_)[1]


def bounded_contenders(complex_: PolyhedralComplex) -> tuple[Masks, NDArray[np.bool_]]:
    """Which outputs may be the largest at each vertex, and the answer of `contenders`.

    Those of a vertex are among those of all regions around it.
    """
    low, high = output_bounds(complex_)
    at_vertices = packed(high >= low.max(axis=1, keepdims=True))
    *_, masks = _core.composed(complex_.core, at_vertices, False)
    result = unpacked(masks, low.shape[1])
    # Where one output alone may be the largest at all vertices, it is so on the region.
    unclear = np.flatnonzero(several(masks))
    for first in range(0, len(unclear), REGIONS):
        regions = unclear[first : first + REGIONS]
        result[regions] = ~_surpassed(*complex_.incidence(complex_.dim, 0, regions), low, high)
    return at_vertices, result


def _surpassed(
    indptr: NDArray[np.int32], vertices: NDArray[np.int32], low: Floats, high: Floats
) -> NDArray[np.bool_]:
    """Per region, which outputs are certainly less than another one at all its vertices."""
    used = np.zeros(len(low), dtype=bool)
    used[vertices] = True
    place = (np.cumsum(used) - 1)[vertices]
    low, high = low[used], high[used]
    masks = np.zeros((1, len(indptr) - 1), dtype=np.uint64)
    for i in range(low.shape[1]):
        less = packed(high < low[:, i : i + 1])
        masks = masks | np.bitwise_and.reduceat(less[:, place], indptr[:-1], axis=1)
    return unpacked(masks, low.shape[1])


def output_bounds(complex_: PolyhedralComplex) -> tuple[Floats, Floats]:
    """Lower and upper bounds on the outputs at the exact vertices, float64 of shape (counts[0], output_dim).

    Infinite at infinity and where float64 overflows.
    """
    layers = _layer_images(complex_.network.core)
    shape = complex_.network.output_dim, complex_.counts[0]
    low, high = np.empty(shape).T, np.empty(shape).T  # an output's bounds lie together
    with np.errstate(all="ignore"):
        for first in range(0, len(low), BLOCK):
            block = slice(first, first + BLOCK)
            value = complex_.vertices[block]
            error = complex_.vertex_error[block].astype(np.float64)
            done = [(value, error, np.abs(value.T).max(axis=0) + error)]
            for layer in layers:
                sources = [done[place] for place in layer.reads]
                read = [values for values, _, _ in sources]
                value = read[0] if len(read) == 1 else np.hstack(read)
                value = value if layer.columns is None else value[:, layer.columns]
                error, size = (np.max([source[i] for source in sources], axis=0) for i in (1, 2))
                # Neither maxima nor ReLUs move two numbers apart.
                if layer.maxima is not None:
                    entries, starts = layer.maxima
                    value = np.maximum.reduceat(value[:, entries], starts, axis=1)
                else:
                    value = value @ layer.weight
                    value += layer.bias
                    error, size = _layer_bounds(layer.weight, layer.bias, error, size)
                if layer.is_relu:
                    np.maximum(value, 0.0, out=value)
                done.append((value, error, size))
            low[block], high[block] = value - error[:, None], value + error[:, None]
        unknown = ~np.isfinite(high - low)
    low[unknown], high[unknown] = -np.inf, np.inf
    return low, high


@dataclass(frozen=True, eq=False)
class _LayerImage:
    weight: Floats  # (columns, rows)
    bias: Floats
    reads: list[int]  # what it reads: 0 is the input, l + 1 is layer l
    columns: NDArray[np.intp] | None  # of these, side by side; None for all
    is_relu: bool
    #: Of a max layer: the columns of all rows' entries, and where the rows begin among them.
    maxima: tuple[NDArray[np.intp], NDArray[np.intp]] | None = None


def _layer_images(network: _core.Network) -> list[_LayerImage]:
    layers: list[_LayerImage] = []
    widths = [network.input_dim]
    for kind, ids, image in zip(network.kinds, network.columns(), network.images(), strict=True):
        ends = np.cumsum(widths)
        place = np.searchsorted(ends, ids, side="right")
        reads = np.unique(place) if len(ids) else np.array([0])
        starts = np.zeros(len(widths), dtype=np.int64)
        starts[reads] = np.cumsum([0, *(widths[read] for read in reads[:-1])])
        columns = (ids - (ends - widths)[place] + starts[place]).astype(np.intp)
        whole = len(columns) == sum(widths[read] for read in reads)
        weight = np.ascontiguousarray(image[:, :-1].T)
        layer = _LayerImage(weight, image[:, -1], reads.tolist(), None if whole else columns, kind == "relu")
        if kind == "max":
            rows, entries = np.nonzero(image[:, :-1])
            layer = replace(layer, maxima=(entries, np.searchsorted(rows, np.arange(len(image)))))
        layers.append(layer)
        widths.append(len(image))
    return layers


def _layer_bounds(weight: Floats, bias: Floats, error: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Bounds on the errors and sizes of all that a layer computes, from those of what it reads, per vertex.

    `error` e bounds the errors of the inputs, `size` Y absolute values of the exact and the computed ones. R
    is the largest sum of absolute weights of a row, B the largest absolute bias.

    Let u = 2^-53, n = columns. A sum of n + 1 terms, in any order and with or without fused operations, is
    off by at most gamma = (n + 1) u / (1 - (n + 1) u) times the sum of absolute terms, which is at most
    S = R Y + B. The float64 image of a coefficient is off by at most u of itself. So the error is at most
    R e + (gamma + u) S, and the size (1 + gamma) S. Every term below is computed with a relative error of at
    most gamma; the factor 4 (n + 4) u is more than twice what is needed, and so covers also one rounding of
    computed value plus or minus error. What underflows is less than the smallest normal number times the
    number of operations, or times the other factor.
    """
    columns = len(weight)
    share = 4 * (columns + 4) * 2.0**-53
    row_sum = np.abs(weight).sum(axis=0).max()
    total = row_sum * size + np.abs(bias).max()
    lost = np.finfo(np.float64).tiny * (columns + 1) * (size + row_sum + 4)
    return (row_sum * error + share * total + lost) * (1 + share), total * (1 + share) + lost
