"""Betti numbers of closed sets of cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.compressed import rows_of
from relutope.subcomplex import Subcomplex

KINDS = ("ordinary", "borel_moore", "one_point")

Boundary = tuple[NDArray[np.int32], NDArray[np.int32]]


def betti(subcomplex: Subcomplex, kind: Any = "ordinary") -> list[int]:
    """See `Subcomplex.betti`."""
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; legal: {', '.join(KINDS)}")
    numbers = _core.betti_numbers(*chains(subcomplex, at_infinity=kind == "ordinary"))
    if kind == "one_point":
        numbers[0] += 1
    return numbers


def chains(subcomplex: Subcomplex, *, at_infinity: bool) -> tuple[list[int], list[Boundary]]:
    """Numbers of cells, and boundary matrices over Z/2 from dimension 1 up, compressed by columns.

    Without the cells at infinity these are the chains of the set relative to what lies at infinity.
    """
    if at_infinity:
        counts = [len(ids) for ids in subcomplex.ids]
        return counts, [subcomplex.facets(k) for k in range(1, len(counts))]
    finite = list(subcomplex.finite_counts)
    boundaries = []
    for k in range(1, len(finite)):
        indptr, indices = rows_of(*subcomplex.facets(k), np.arange(finite[k]))
        kept = indices < finite[k - 1]
        before = np.concatenate([np.zeros(1, np.int32), np.cumsum(kept, dtype=np.int32)])
        boundaries.append((before[indptr], indices[kept]))
    return finite, boundaries
