"""Values of all layers at many points in float64, with proven bounds on their errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.network_layers import NetworkLayer

Floats = NDArray[np.float64]

UNIT = 2.0**-53
SMALLEST = 2.0**-1074


class BoundedLayer:
    """A layer in float64 for the values (n_values, n) of n points, each within `errors` of the exact one.

    The bound of an affine row of k entries. Let w', v', b' be the float64 images, |w' - w| <= u |w'| + s and
    |v' - v| <= e, with u = 2^-53 and s = 2^-1074. A sum of k products and b', in any order, is within
    g (sum |w' v'| + |b'|) + k s of the exact sum, g = (k + 1) u / (1 - (k + 1) u) (Higham 2002, 3.1; s for
    underflow). Replacing the images adds at most sum |w'| e + sum (u |w'| + s) (|v'| + e) + u |b'| + s.
    All of it is below A + 2 (k + 4) u M + s (T + k + 1) with A = sum |w'| e, M = sum |w'| (|v'| + e) + |b'|
    and T = sum (|v'| + e), for k < 2^40. Computing that bound in floats loses at most a factor
    1 - 2 (k + 8) u and 3 k + 4 times s, which is put on top. A row that reads zeros only is 0. Where float64
    overflows, the error is infinite or nan.
    """

    def __init__(self, layer: NetworkLayer, n_values: int) -> None:
        from scipy.sparse import csr_array

        self.kind = layer.kind
        shape = (layer.n_rows, n_values)
        parts = layer.indices, layer.indptr
        self.weights = csr_array((layer.values, *parts), shape=shape)
        self.sizes = csr_array((np.abs(layer.values), *parts), shape=shape)
        self.reads = csr_array((np.ones(len(layer.values)), *parts), shape=shape)
        self.bias = layer.bias[:, None]
        self.entries = [layer.indices[a:b] for a, b in zip(layer.indptr[:-1], layer.indptr[1:], strict=True)]

    def affine(self, values: Floats, errors: Floats) -> tuple[Floats, Floats]:
        """W v + b."""
        k = max(map(len, self.entries), default=0)
        with np.errstate(all="ignore"):
            result = self.weights @ values + self.bias
            sizes = np.abs(values) + errors
            magnitude = self.sizes @ sizes + np.abs(self.bias)
            total = self.reads @ sizes
            bound = self.sizes @ errors + 2 * (k + 4) * UNIT * magnitude + SMALLEST * (total + (4 * k + 8))
            error = (1 + 4 * (k + 8) * UNIT) * bound
        return result, np.where((total == 0) & (self.bias == 0), 0.0, error)

    def largest(self, values: Floats, errors: Floats) -> tuple[Floats, Floats]:
        """The largest of the values that each row reads; it moves by no more than one of them."""
        shape = (len(self.entries), values.shape[1])
        result, error = np.empty(shape), np.empty(shape)
        for i, entries in enumerate(self.entries):
            result[i], error[i] = values[entries].max(axis=0), errors[entries].max(axis=0)
        return result, error

    def __call__(self, values: Floats, errors: Floats) -> tuple[Floats, Floats]:
        """The values that the layer adds."""
        if self.kind == "max":
            return self.largest(values, errors)
        result, error = self.affine(values, errors)
        return relu(result, error) if self.kind == "relu" else (result, error)


def relu(values: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """max(0, z): a contraction, and exactly 0 where z cannot be positive."""
    with np.errstate(all="ignore"):
        off = values + errors <= 0  # rounding keeps the sign of a sum of two floats
    return np.where(off, 0.0, np.maximum(values, 0)), np.where(off, 0.0, errors)


def stacked(layers: Sequence[BoundedLayer], values: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """The inputs and below them the values of some first layers."""
    for layer in layers:
        more: Any = layer(values, errors)
        values, errors = np.vstack([values, more[0]]), np.vstack([errors, more[1]])
    return values, errors
