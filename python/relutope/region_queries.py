"""Questions to a complex about its regions and about points in them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from relutope import _core
    from relutope.complex import PolyhedralComplex
    from relutope.location import OnBoundary, PointCounts


class RegionQueries:
    """The part of `PolyhedralComplex` that speaks of regions."""

    @cached_property
    def _locator(self) -> _core.Locator:
        from relutope.location import make_locator

        return make_locator(cast("PolyhedralComplex", self))

    def locate(
        self, X: ArrayLike, *, n_threads: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """The cell whose relative interior contains each point, decided exactly.

        A point on the boundary of regions lies in one of their faces, and that cell is its answer. The
        float64 coordinates are taken as exact. The first call builds what later ones search in.

        Parameters
        ----------
        X : array_like of shape (n, d)
        n_threads : int, optional
            As for `polyhedral_complex`. The result does not depend on it.

        Returns
        -------
        ids : ndarray of shape (n,), int64
            -1 for a point outside the domain.
        dimensions : ndarray of shape (n,), int8
            Dimension of that cell; -1 for a point outside the domain.

        Raises
        ------
        ValueError, TypeError
            If `X` has another shape or holds a value that is not a finite float64, or `n_threads` is not
            legal.

        Notes
        -----
        In bounded regions nearly all points are decided by proven error bounds of a few float64 products.
        All others, those of unbounded regions among them, cost an evaluation of the network.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
        >>> ids, dimensions = complex_.locate([[0.5, -0.5], [0, 0.5], [0, 0], [1, 1], [2, 0]])
        >>> dimensions
        array([ 2,  1,  0,  0, -1], dtype=int8)
        >>> complex_.sign_vectors(2, ids[:1])
        array([[ 1, -1]], dtype=int8)
        """
        from relutope.location import locate
        from relutope.subdivision import checked_threads

        return locate(cast("PolyhedralComplex", self), X, checked_threads(n_threads))

    def count_points(
        self, X: ArrayLike, on_boundary: OnBoundary = "lowest", *, n_threads: int | None = None
    ) -> PointCounts:
        """How many points each region holds.

        Points outside the domain are in no region. For a point on a cell of lower dimension, a wall of the
        domain for instance, a rule decides.

        Parameters
        ----------
        X : array_like of shape (n, d)
        on_boundary : {"lowest", "split", "error"}
            "lowest": it counts for the region of lowest id among those whose closure holds it. "split": it
            counts 1/m for each of these m regions, and the counts are floats. "error": ValueError.
        n_threads : int, optional
            As for `polyhedral_complex`. The result does not depend on it.

        Returns
        -------
        PointCounts
            Its ``total`` is the sum of the counts: ``n_points - n_outside``, for "split" up to rounding.

        Raises
        ------
        ValueError, TypeError
            As for `locate`, or if `on_boundary` is none of these, or if the rule is "error" and a point
            lies on a boundary; the message says how many do and which is the first.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
        >>> points = [[0.5, 0.5], [0.5, 0.25], [0, 0], [2, 0]]
        >>> counted = complex_.count_points(points)
        >>> counted.total, counted.n_outside, counted.n_on_boundary
        (3, 1, 1)
        >>> sorted(complex_.count_points(points, on_boundary="split").counts.tolist())
        [0.25, 0.25, 0.25, 2.25]
        """
        from relutope.location import count_points
        from relutope.subdivision import checked_threads

        complex_ = cast("PolyhedralComplex", self)
        return count_points(complex_, X, on_boundary, checked_threads(n_threads))
