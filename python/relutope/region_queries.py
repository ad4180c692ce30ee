"""Questions to a complex about its regions and about points in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex
    from relutope.region_counts import RegionCount


class RegionQueries:
    """The part of `PolyhedralComplex` that speaks of regions."""

    def count_regions(self, definition: str = "proper_activation", X: ArrayLike | None = None) -> RegionCount:
        """The number of regions, by one of six definitions that the literature uses.

        Stargalla, Hertrich and Reichman (On the complexity of counting the regions of ReLU networks,
        NeurIPS 2025) tell them apart. From the largest count to the smallest:

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
        ValueError
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
        from relutope.region_counts import checked_definition, count_definitions

        name = checked_definition(definition)
        return count_definitions(cast("PolyhedralComplex", self), [name], X)[name]

    def count_all_regions(self, X: ArrayLike | None = None) -> dict[str, RegionCount]:
        """The counts of `count_regions` by all six definitions, largest first.

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
