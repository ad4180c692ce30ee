"""Questions to a complex about its regions and about points in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex
    from relutope.dual_graph import DualGraph
import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex
    from relutope.network import Network
    from relutope.regions import Regions


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

        Raises
        ------
        ValueError, TypeError
            If an id is out of range or no int.

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

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> relutope.polyhedral_complex(network, (-1, 1)).activation_patterns([[0.5, 0]])
        array([[ True, False]])
        """
        return self.network.sign_vectors(X) > 0
