"""Region counts in boxes around data that grow."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relutope.domain import Box
from relutope.subdivision import polyhedral_complex

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex
    from relutope.training.metrics import Context

#: Half-widths of the boxes, that of the data being 1.
HALF_WIDTHS = (1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 1024.0)


@dataclass(frozen=True)
class NearData:
    """The metric ``counts_near_data`` with other half-widths: regions that meet boxes around the data.

    A box has the centre of the data's bounding box and so many times its half-widths; an axis on which the
    data do not vary has the largest half-width of the others, or 1. The domain of the series plays no role.

    Keys: ``half_widths``; ``near_data_regions``, the region count in each box; ``regions_in_data_box`` and
    ``regions_in_huge_box``, the first and the last of these. The count in a box rises when regions move
    in, and the one in a huge box when they are created: always look at both.

    Attributes
    ----------
    half_widths : tuple of float
        Ascending, in units of the half-widths of the data.

    Examples
    --------
    >>> import relutope
    >>> from relutope.training import NearData
    >>> network = relutope.Network.from_arrays([[[1], [1]], [[1, 1]]], [[0, -5], [0]])  # kinks at 0 and 5
    >>> metric = {"near": NearData((1, 10))}
    >>> relutope.track([network], metric, domain=(-1, 1), X=[[-1], [1]]).columns["near_data_regions"]
    array([[2, 3]])
    """

    half_widths: tuple[float, ...] = HALF_WIDTHS

    def __post_init__(self) -> None:
        widths = tuple(map(float, self.half_widths))
        if not widths or widths[0] <= 0 or any(a >= b for a, b in pairwise(widths)):
            raise ValueError(f"half_widths is {self.half_widths}; legal: numbers > 0, ascending")
        object.__setattr__(self, "half_widths", widths)

    def __call__(self, complex_: PolyhedralComplex, context: Context) -> dict[str, Any]:
        """The values of the metric."""
        assert context.X is not None
        counts = [
            polyhedral_complex(complex_.network, box, **context.limits).n_regions
            for box in boxes_around(context.X, self.half_widths)
        ]
        return {
            "half_widths": np.array(self.half_widths),
            "near_data_regions": np.array(counts, dtype=np.int64),
            "regions_in_data_box": counts[0],
            "regions_in_huge_box": counts[-1],
        }


def boxes_around(X: NDArray[np.float64], half_widths: tuple[float, ...]) -> list[Box]:
    """Boxes around points.

    Examples
    --------
    >>> import numpy as np
    >>> from relutope.training.near_data import boxes_around
    >>> boxes_around(np.array([[0.0, 3.0], [4.0, 3.0]]), (1.0, 2.0))
    [Box([0.0, 1.0], [4.0, 5.0]), Box([-2.0, -1.0], [6.0, 7.0])]
    """
    low, high = X.min(axis=0), X.max(axis=0)
    centre, half = low / 2 + high / 2, high / 2 - low / 2
    half = np.where(half > 0, half, half.max() or 1.0)
    return [Box(centre - factor * half, centre + factor * half) for factor in half_widths]
