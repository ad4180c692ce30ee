"""Closed sets of cells of a complex."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex


@dataclass(frozen=True, eq=False, repr=False)
class Subcomplex:
    """A set of cells that contains all faces of its cells.

    Attributes
    ----------
    complex : PolyhedralComplex
        Where its cells are taken from.
    ids : tuple of ndarray of int32
        Per dimension 0..d the ids of its cells, ascending; those at infinity included.
    """

    complex: PolyhedralComplex
    ids: tuple[NDArray[np.int32], ...]

    @cached_property
    def f_vector(self) -> tuple[int, ...]:
        """Number of cells of each dimension 0..d; on R^d those not at infinity."""
        return tuple(
            int(np.searchsorted(ids, count))
            for ids, count in zip(self.ids, self.complex.f_vector, strict=True)
        )

    @property
    def euler_characteristic(self) -> int:
        """Alternating sum of the f-vector."""
        return sum((-1) ** k * count for k, count in enumerate(self.f_vector))
