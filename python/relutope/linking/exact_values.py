"""Exact values of one layer of a network at rational points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from relutope import _core
from relutope.coefficients import ExactRow
from relutope.network_layers import NetworkLayer


class ExactLayer:
    """What enters layer l of a network: W v + b of its rows, or of a max layer the values that it reads.

    Without any layer it is the point itself, and the kind is "input".

    Parameters
    ----------
    input_dim : int
    layers : sequence of NetworkLayer
        Up to layer l.

    Examples
    --------
    >>> from relutope import Network
    >>> from relutope.linking.exact_values import ExactLayer
    >>> ExactLayer(1, Network.from_arrays([[[2], [4]], [[1, 1]]], [[1, -3], [0]]).layers[:1])([1], 2)
    ([4, -2], 2)
    """

    def __init__(self, input_dim: int, layers: Sequence[NetworkLayer]) -> None:
        self.kind = layers[-1].kind if layers else "input"
        if not layers:
            return
        *before, last = layers
        if last.kind == "max":
            read, place = np.unique(last.indices, return_inverse=True)
            self.windows = [window.tolist() for window in np.split(place, last.indptr[1:-1])]
            n = len(read)
            last = NetworkLayer("linear", np.arange(n + 1), read, np.ones(n), np.zeros(n))
        self._core = _core.Network.from_layers(
            input_dim, [layer.to_core() for layer in [*before, replace(last, kind="linear")]]
        )

    def __call__(self, numerators: list[int], denominator: int) -> ExactRow:
        """The values at one point, numerators over one positive denominator."""
        if self.kind == "input":
            return numerators, denominator
        values = self._core.exact_evaluate(numerators, denominator)
        return [top for top, _ in values], values[0][1] if values else 1

    def activated(self, row: ExactRow) -> ExactRow:
        """The values of the layer from what enters it."""
        values, bottom = row
        if self.kind == "relu":
            return [max(value, 0) for value in values], bottom
        if self.kind == "max":
            return [max(values[k] for k in window) for window in self.windows], bottom
        return row
