"""Questions to a complex about its regions and about points in them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.activation import active_signs

if TYPE_CHECKING:
    from relutope import _core
    from relutope.complex import PolyhedralComplex
    from relutope.dual_graph import DualGraph
    from relutope.location import OnBoundary, PointCounts
    from relutope.network import Network
    from relutope.region_counts import RegionCount
    from relutope.regions import Regions


class RegionQueries:
    """The part of `PolyhedralComplex` that speaks of regions."""

    network: Network

    def regions(self, ids: ArrayLike | None = None) -> Regions:
        """Regions as an object that answers for all of them at once; see `relutope.Regions`.

        Parameters
        ----------
        ids : array_like of int, optional
            Default: all regions.

        Raises
        ------
        ValueError, TypeError
            If an id is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> relutope.polyhedral_complex(network, (-1, 1)).regions([0, 3]).n_facets
        array([4, 4])
        """
        from relutope.affine_maps import region_ids
        from relutope.regions import Regions

        complex_ = cast("PolyhedralComplex", self)
        return Regions(complex_, region_ids(complex_, ids))

    def activation_patterns(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Which hidden neurons are on at points, decided exactly: where their pre-activation is positive.

        For networks with maxima also which entries attain them.

        Parameters
        ----------
        X : array_like of shape (n, d)
            Points, in the domain or not; float64 numbers taken exactly.

        Returns
        -------
        ndarray of shape (n, network.n_signs), bool

        Raises
        ------
        ValueError
            If `X` has another shape or holds a value that is not a finite float64.
        TypeError
            If the values are not real numbers.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> relutope.polyhedral_complex(network, (-1, 1)).activation_patterns([[0.5, 0]])
        array([[ True, False]])
        """
        return active_signs(self.network.core, self.network.sign_vectors(X))

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

    def count_regions(self, definition: str = "proper_activation", X: ArrayLike | None = None) -> RegionCount:
        """The number of regions, by one of six definitions that the literature uses.

        Stargalla, Hertrich and Reichman (The computational complexity of counting linear regions in ReLU
        neural networks, NeurIPS 2025) tell them apart. From the largest count to the smallest:

        * ``activation``: sets of points with one on/off pattern, of any dimension;
        * ``proper_activation``: those of full dimension;
        * ``convex``: the fewest full-dimensional polyhedra of a polyhedral complex on which the network is
          affine. Their number is hard to find: bounds are given;
        * ``open_connected``: largest open connected sets on which the network is affine;
        * ``closed_connected``: connected components of the union of the closed regions with one affine map;
        * ``affine``: one for each affine map that the network is on a full-dimensional set.

        A neuron is on where its pre-activation is positive; points are those of the closed domain. Affine
        maps are those of all outputs, compared exactly.

        Parameters
        ----------
        definition : str, default "proper_activation"
        X : array_like of shape (n, d), optional
            Data points, for the effective number by data; a point on several closed regions counts for that
            of lowest id.

        Returns
        -------
        RegionCount

        Raises
        ------
        ValueError, TypeError
            If the definition has another name or `X` is not legal.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1], [-1]], [[1, -1]]])
        >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
        >>> complex_.count_regions("activation").count  # on a line: x < 0, x = 0, x > 0
        3
        >>> complex_.count_regions("open_connected").count  # relu(x) - relu(-x) is x
        1
        >>> complex_.count_regions().by_volume
        HillNumbers(order_1=2.0, order_2=2.0)
        """
        from relutope.arguments import checked_word
        from relutope.region_counts import DEFINITIONS, count_definitions

        name = checked_word(definition, "definition", DEFINITIONS)
        return count_definitions(cast("PolyhedralComplex", self), [name], X)[name]

    def count_all_regions(self, X: ArrayLike | None = None) -> dict[str, RegionCount]:
        """The counts of `count_regions` by all six definitions, largest first.

        Raises
        ------
        ValueError, TypeError
            If `X` is not legal.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1], [-1]], [[1, -1]]])
        >>> counts = relutope.polyhedral_complex(network, (-1, 1)).count_all_regions()
        >>> [count.count for count in counts.values()]
        [3, 2, 1, 1, 1, 1]
        """
        from relutope.region_counts import DEFINITIONS, count_definitions

        return count_definitions(cast("PolyhedralComplex", self), DEFINITIONS, X)

    def linear_regions(self) -> NDArray[np.int32]:
        """Labels of the open connected regions, largest open connected sets on which the network is affine.

        Returns
        -------
        ndarray of shape (n_regions,), int32
            Per region of the complex 0, 1, ..., numbered by the lowest region that they hold.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1], [-1]], [[1, -1]]])
        >>> relutope.polyhedral_complex(network, (-1, 1)).linear_regions()
        array([0, 0], dtype=int32)
        """
        from relutope.linear_regions import affine_labels, open_labels

        complex_ = cast("PolyhedralComplex", self)
        return open_labels(complex_, affine_labels(complex_))

    def dual_graph(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        volumes: bool = False,
        flips: bool = False,
        angles: bool = False,
        metric: bool = False,
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
            equal, which is decided exactly. On a slice the graph is that over the slice's coordinates t.
        metric : bool, default False
            On a slice: volumes in the input space, not in the slice's coordinates t.

        Returns
        -------
        DualGraph

        Raises
        ------
        ValueError
            If `X` or `y` has the wrong shape, `X` holds a value that is not a finite float64, `y` comes
            without `X`, or `angles` is asked for of a network with several outputs.
        TypeError
            If the values of `X` are not real numbers.

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

        return dual_graph(
            cast("PolyhedralComplex", self), X, y, volumes=volumes, flips=flips, angles=angles, metric=metric
        )
