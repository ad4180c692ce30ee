"""Cells on which the output of a network is constant."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.complex import PolyhedralComplex
from relutope.contenders import output_bounds


class FlatCells(NamedTuple):
    """Cells on which the output is constant, those at infinity left out."""

    #: Per dimension 0..d their ids, int32, ascending.
    ids: tuple[NDArray[np.int32], ...]
    #: Per dimension the value on each, a `fractions.Fraction`.
    values: tuple[NDArray[np.object_], ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """How many there are of each dimension; the last are the flat regions."""
        return tuple(map(len, self.ids))


def flat_cells(complex_: PolyhedralComplex) -> FlatCells:
    """The flat cells of positive dimension of a network with one output.

    A cell is flat if the exact outputs at all its vertices are equal. They are computed where an edge may be
    flat by the bounds on the outputs, since all edges of a flat cell are flat. A closed cell that has points
    not at infinity has such points between its vertices, so no equal infinite values hold it.
    """
    low, high = (bounds[:, 0] for bounds in output_bounds(complex_))
    ends = complex_.facets(1)[1].reshape(-1, 2)
    candidates = np.unique(ends[low[ends].max(axis=1) <= high[ends].min(axis=1)]).astype(np.int64)
    # Vertices of equal number have equal outputs; those that are not looked at have numbers of their own.
    number = np.arange(complex_.counts[0])
    values: dict[tuple[Fraction, Fraction], int] = {}
    value_of = np.empty(complex_.counts[0], dtype=object)
    outputs = _core.vertex_outputs(complex_.core, complex_.network.core, candidates)
    for vertex, ((finite,), (infinite,), bottom) in zip(candidates.tolist(), outputs, strict=True):
        value_of[vertex] = Fraction(finite, bottom)
        number[vertex] = values.setdefault((value_of[vertex], Fraction(infinite, bottom)), vertex)
    lowest = highest = number
    ids, found = [np.empty(0, dtype=np.int32)], [np.empty(0, dtype=object)]
    for k in range(1, complex_.dim + 1):
        indptr, indices = complex_.facets(k)
        lowest = np.minimum.reduceat(lowest[indices], indptr[:-1])
        highest = np.maximum.reduceat(highest[indices], indptr[:-1])
        flat = np.flatnonzero((lowest == highest)[: complex_.f_vector[k]])
        ids.append(flat.astype(np.int32))
        found.append(value_of[lowest[flat]])
    return FlatCells(tuple(ids), tuple(found))
