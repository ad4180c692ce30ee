"""The graph of a network: all its values in one vector, each a row over earlier values.

Ids 0 to d - 1 are the inputs, then come the rows of layer 0, of layer 1, and so on. A tensor is an array of
ids, so that moving elements about (reshape, permute, slice, cat, pad) is numpy indexing and costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from relutope.loading.graph.exact_rows import Rows, rows_from_entries
from relutope.loading.graph.numbers import Numbers
from relutope.network_layers import NetworkLayer

#: The id of the constant 0.
ZERO = -1


@dataclass(frozen=True, eq=False)
class GraphLayer(NetworkLayer):
    """A layer of the network that the graph becomes."""

    @property
    def rows(self) -> Rows:
        """The rows by themselves."""
        return Rows(self.indptr, self.indices, self.values, self.bias, self.rational)


@dataclass(frozen=True, eq=False)
class RawLayer:
    """A layer as an operation made it.

    Attributes
    ----------
    kind, rows, origin
        See `GraphLayer`.
    magnitude : ndarray of float64, shape (n_rows,)
        At least the sum of the magnitudes that were, or that another implementation may have, added up to
        the bias: what the rounding errors of a bias are relative to.
    """

    kind: str
    rows: Rows
    origin: str
    magnitude: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tensor:
    """Value ids in the shape of a tensor, batch axis of length 1 included; id -1 is the constant 0."""

    ids: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the tensor."""
        return self.ids.shape


class ValueGraph:
    """A network while it is built, operation by operation, and its layers afterwards.

    Parameters
    ----------
    input_shape : sequence of int
        Shape of the input with its batch axis of length 1; the inputs are numbered in C order.

    Attributes
    ----------
    input : Tensor
    raw_layers : list of RawLayer
        One per operation, as it was.
    notes : list of str
        What was assumed or dropped.
    place : str
        Where in the module or file the next operations stand; it becomes part of their origin.
    n_values : int
        Number of inputs and rows so far.
    dtype : str
        Type in which the coefficients were stored.

    Examples
    --------
    >>> import numpy as np
    >>> from relutope.loading.graph import linear_ops, piecewise_ops
    >>> from relutope.loading.graph.value_graph import ValueGraph
    >>> graph = ValueGraph((1, 2))
    >>> hidden = linear_ops.linear(graph, graph.input, np.array([[1.0, -1.0]]), np.array([0.5]))
    >>> graph.set_output(piecewise_ops.relu(graph, hidden))
    >>> layers, notes = graph.layers()
    >>> [(layer.kind, layer.values.tolist(), layer.bias.tolist()) for layer in layers]
    [('relu', [1.0, -1.0], [0.5]), ('linear', [1.0], [0.0])]
    """

    def __init__(self, input_shape: Sequence[int]) -> None:
        self.input_shape = tuple(int(size) for size in input_shape)
        self.input_dim = prod(self.input_shape)
        self.input = Tensor(np.arange(self.input_dim, dtype=np.int64).reshape(self.input_shape))
        self.output: Tensor | None = None
        self.raw_layers: list[RawLayer] = []
        self.notes: list[str] = []
        self.place = ""
        self.n_values = self.input_dim
        self.dtype = "float64"
        self._simplified: tuple[list[GraphLayer], NDArray[np.int64]] | None = None

    def add(
        self,
        kind: str,
        rows: Rows,
        shape: Sequence[int],
        name: str,
        magnitude: NDArray[np.float64] | None = None,
    ) -> Tensor:
        """Append a layer and return its values as a tensor.

        Parameters
        ----------
        kind : {"linear", "relu", "max"}
        rows : Rows
            As many as `shape` has elements, in C order.
        shape : sequence of int
        name : str
            Name of the operation, for the origin.
        magnitude : ndarray, optional
            See `RawLayer`; by default that of the bias.
        """
        shape = tuple(int(size) for size in shape)
        if len(rows) != prod(shape):
            raise RuntimeError(f"internal: {name} made {len(rows)} rows for the shape {shape}")
        origin = f"{name} at {self.place!r} {shape}" if self.place else f"{name} {shape}"
        magnitude = np.abs(rows.bias) if magnitude is None else magnitude
        self.raw_layers.append(RawLayer(kind, rows, origin, magnitude))
        ids = np.arange(self.n_values, self.n_values + len(rows), dtype=np.int64).reshape(shape)
        self.n_values += len(rows)
        return Tensor(ids)

    def is_relu(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the values are those of ReLU rows."""
        starts = np.cumsum([0, self.input_dim, *(len(layer.rows) for layer in self.raw_layers)])[:-1]
        kinds = np.array([False, *(layer.kind == "relu" for layer in self.raw_layers)])
        found: NDArray[np.bool_] = kinds[np.searchsorted(starts, ids, side="right") - 1] & (ids != ZERO)
        return found

    def constant(self, numbers: Numbers) -> Tensor:
        """A tensor of constants: rows without nonzeros, and id -1 where they are 0."""
        flat = numbers.ravel()
        places = np.flatnonzero((flat != 0).astype(bool))
        ids = np.full(flat.shape, ZERO, dtype=np.int64)
        if len(places):
            nothing = np.empty(0, dtype=np.int64)
            rows = rows_from_entries(len(places), nothing, nothing, np.empty(0), flat[places])
            ids[places] = self.add("linear", rows, (len(places),), "constant").ids
        return Tensor(ids.reshape(numbers.shape))

    def set_output(self, output: Tensor) -> None:
        """Name the values that are the outputs of the network, in C order."""
        self.output = output
        self._simplified = None

    def layers(self) -> tuple[list[GraphLayer], list[str]]:
        """The simplified layers, of which the last is linear and holds the outputs, and all notes."""
        return self.simplified()[0], list(self.notes)

    def simplified(self) -> tuple[list[GraphLayer], NDArray[np.int64]]:
        """See `relutope.loading.graph.simplify.simplified`; computed once for one output."""
        from relutope.loading.graph.simplify import simplified

        if self.output is None:
            raise RuntimeError("internal: the graph has no output")
        if self._simplified is None:
            self._simplified = simplified(self.input_dim, self.raw_layers, self.output.ids.ravel())
        return self._simplified
