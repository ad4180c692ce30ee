"""Questions to a complex about its regions and about points in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex
    from relutope.network import Network
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
