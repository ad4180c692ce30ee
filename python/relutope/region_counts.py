"""Region counts by six definitions, each with effective numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.convexity import ConvexPartition, convex_partition
from relutope.effective import HillNumbers, hill_numbers
from relutope.linear_regions import (
    Labels,
    activation_labels,
    affine_labels,
    closed_labels,
    open_labels,
)

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex

#: From the largest count to the smallest.
DEFINITIONS = (
    "activation",
    "proper_activation",
    "convex",
    "open_connected",
    "closed_connected",
    "affine",
)


@dataclass(frozen=True)
class RegionCount:
    """The number of regions by one definition.

    Attributes
    ----------
    definition : str
    bounds : tuple of int
        ``(lo, hi)``, proven; equal except perhaps for "convex".
    arguments : dict of str
        What proves ``lo`` and ``hi``.
    by_volume : HillNumbers or None
        Effective number of regions by their volumes; None on unbounded domains, and where the total volume
        is 0 or infinite in float64. For "activation" the full-dimensional ones, for "convex" the convex
        polyhedra that prove ``hi``.
    by_data : HillNumbers or None
        The same by the number of data points; None where there are none.
    """

    definition: str
    bounds: tuple[int, int]
    arguments: dict[str, str]
    by_volume: HillNumbers | None
    by_data: HillNumbers | None

    @property
    def count(self) -> int | None:
        """The number of regions; None where the bounds differ."""
        lo, hi = self.bounds
        return lo if lo == hi else None


def count_definitions(
    complex_: PolyhedralComplex, definitions: Sequence[str], X: ArrayLike | None = None
) -> dict[str, RegionCount]:
    """Counts by several definitions; what they share is computed once."""
    volumes = region_volumes(complex_)
    data = None if X is None else np.asarray(complex_.count_points(X).counts)
    classes = _Classes(complex_)
    result = {}
    for definition in definitions:
        labels, bounds, arguments = classes.of(definition)
        result[definition] = RegionCount(
            definition,
            bounds,
            arguments,
            None if volumes is None else hill_numbers(volumes, labels),
            None if data is None else hill_numbers(data, labels),
        )
    return result


def region_volumes(complex_: PolyhedralComplex) -> NDArray[np.float64] | None:
    """Volumes of all regions; None if one is unbounded."""
    if complex_.n_bounded_regions < complex_.n_regions:
        return None
    from relutope.volumes import cell_volumes

    return cell_volumes(complex_, complex_.dim)


class _Classes:
    """Labels of the regions by each definition, computed when first asked for."""

    def __init__(self, complex_: PolyhedralComplex) -> None:
        self.complex_ = complex_

    @cached_property
    def activation(self) -> tuple[Labels, int]:
        return activation_labels(self.complex_)

    @cached_property
    def affine(self) -> Labels:
        return affine_labels(self.complex_)

    @cached_property
    def open_connected(self) -> Labels:
        return open_labels(self.complex_, self.affine)

    @cached_property
    def closed_connected(self) -> Labels:
        return closed_labels(self.complex_, self.affine, self.open_connected)

    @cached_property
    def convex(self) -> ConvexPartition:
        return convex_partition(self.complex_, self.open_connected)

    def of(self, definition: str) -> tuple[Labels, tuple[int, int], dict[str, str]]:
        """Labels, bounds and arguments; `definition` is one of DEFINITIONS."""
        if definition == "convex":
            convex = self.convex
            return convex.labels, (convex.lo, convex.hi), dict(convex.arguments)
        if definition == "activation":
            labels, count = self.activation
            how = "the distinct on/off patterns of all cells that are not at infinity"
        else:
            labels = self.activation[0] if definition == "proper_activation" else getattr(self, definition)
            count = int(labels.max()) + 1
            how = _HOW[definition]
        return labels, (count, count), {"lo": how, "hi": how}


_HOW = {
    "proper_activation": "the distinct on/off patterns of the regions of the complex",
    "open_connected": "regions of the complex with one affine map, joined through facets",
    "closed_connected": "regions of the complex with one affine map, joined where their closures meet",
    "affine": "the distinct affine maps on the regions of the complex",
}
