"""Convex regions: bounds on the fewest convex polyhedra on which a network is affine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.linear_regions import Labels, adjacent_regions, components

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex


@dataclass(frozen=True, eq=False)
class ConvexPartition:
    """A polyhedral complex that is coarser than the canonical one, and what it proves.

    Attributes
    ----------
    labels : ndarray of int32, shape (n_regions,)
        The convex polyhedron that each region is part of. The network is affine on each, and any two meet in
        a face of both.
    convex : ndarray of bool
        Which open connected regions have a convex closure.
    lo, hi : int
        Bounds on the fewest convex regions.
    arguments : dict
        What proves ``lo`` and ``hi``.
    """

    labels: Labels
    convex: NDArray[np.bool_]
    lo: int
    hi: int
    arguments: dict[str, str]


def convex_partition(complex_: PolyhedralComplex, open_: Labels) -> ConvexPartition:
    """Merge the regions of each open connected region greedily into convex polyhedra, face to face.

    A convex region lies in one open connected region, since the network is affine on its connected inside;
    one that is not convex needs two of them at least. That gives the lower bound, the polyhedra that were
    found the upper one. Angles at ridges decide both, by exact signs.

    Parameters
    ----------
    complex_ : PolyhedralComplex
    open_ : ndarray of int32
        The labels `open_labels` gives.
    """
    pairs, facets = adjacent_regions(complex_)
    found = []
    for from_last in (False, True):
        convex, erased = _core.merge_convex(complex_.core, open_, from_last)
        found.append(components(complex_.n_regions, pairs[erased[facets]]))
    labels = min(found, key=np.max)
    n_open, n_bent = len(convex), int(np.count_nonzero(~convex))
    lo, hi = n_open + n_bent, int(labels.max()) + 1
    arguments = {
        "lo": f"{n_open} open connected regions, {n_bent} of them not convex: each needs one convex region, "
        "one that is not convex two",
        "hi": "the open connected regions themselves are convex and meet face to face"
        if hi == n_open
        else f"greedy merging of {complex_.n_regions} regions into convex polyhedra that meet face to face, "
        "the better of two orders",
    }
    return ConvexPartition(labels, convex, lo, hi, arguments)
