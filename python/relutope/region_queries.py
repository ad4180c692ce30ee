"""Questions to a complex about its regions and about points in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex
    from relutope.dual_graph import DualGraph
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex
    from relutope.network import Network
    from relutope.regions import Regions
    from relutope import _core
    from relutope.complex import PolyhedralComplex
    from relutope.location import OnBoundary, PointCounts


class RegionQueries:
    """The part of `PolyhedralComplex` that speaks of regions."""

    def dual_graph(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        volumes: bool = False,
        flips: bool = False,
        angles: bool = False,
    ) -> DualGraph:
        """Which regions share a facet.

        This is the connectivity graph of Gaines and Bi (Characterizing the discrete geometry of ReLU
        networks, 2026). Only true facets count: in deep networks regions whose activation patterns differ in
        one neuron need not touch, and in degenerate ones neighbours may differ in several neurons.

        Parameters
        ----------
        X : array_like of shape (n, d), optional
            Data points, counted in the region whose interior they lie in.
        y : array_like of shape (n,), optional
            Their labels, for counts by class.
        volumes : bool, default False
            Give nodes their volume and edges the (d-1)-volume of the facet.
        flips : bool, default False
            Give edges the neurons whose signs differ between the two regions.
        angles : bool, default False
            Give edges the angle, between 0 and pi, by which the graph of the function bends there: that
            between the upward normals of the graphs of the two affine maps. It is 0 only where the maps are
            equal, which is decided exactly.

        Returns
        -------
        DualGraph

        Raises
        ------
        ValueError
            If `X` or `y` has the wrong shape, `y` comes without `X`, or `angles` is asked for of a network
            with several outputs.
    network: Network

    def regions(self, ids: ArrayLike | None = None) -> Regions:
        """Regions as an object that answers for all of them at once; see `relutope.Regions`.

        Parameters
        ----------
        ids : array_like of int, optional
            Default: all regions.
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
            If an id is out of range or no int.
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
        >>> graph = complex_.dual_graph([[0.5, 0.5], [0.2, 0.1], [0, 1]])
        >>> graph, graph.nodes["count"].max(), graph.n_not_counted
        (DualGraph(4 regions, 4 edges), np.int64(2), 1)
        """
        from relutope.dual_graph import dual_graph

        return dual_graph(cast("PolyhedralComplex", self), X, y, volumes=volumes, flips=flips, angles=angles)
        >>> relutope.polyhedral_complex(network, (-1, 1)).regions([0, 3]).n_facets
        array([4, 4])
        """
        from relutope.affine_maps import region_ids
        from relutope.regions import Regions

        complex_ = cast("PolyhedralComplex", self)
        return Regions(complex_, region_ids(complex_, ids))

    def activation_patterns(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Which hidden neurons are on at points, decided exactly: where their pre-activation is positive.
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
            Points, in the domain or not; float64 numbers taken exactly.

        Returns
        -------
        ndarray of shape (n, network.n_neurons), bool

        Raises
        ------
        ValueError
            If `X` has another shape or holds a value that is not a finite float64.
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
        >>> relutope.polyhedral_complex(network, (-1, 1)).activation_patterns([[0.5, 0]])
        array([[ True, False]])
        """
        return self.network.sign_vectors(X) > 0
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
