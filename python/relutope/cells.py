"""The cells of a complex: how many, their facets and their names."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_dimension, checked_ids

if TYPE_CHECKING:
    from relutope import _core
    from relutope.network import Network


class Cells:
    """The part of `PolyhedralComplex` that speaks of single cells and their facets."""

    core: _core.Complex
    network: Network

    @property
    def dim(self) -> int:
        """The dimension d of the domain."""
        return self.core.dim

    @cached_property
    def f_vector(self) -> tuple[int, ...]:
        """Number of cells of each dimension: on a bounded domain all cells, else those not at infinity."""
        return tuple(self.core.f_vector)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Number of stored cells of each dimension, those at infinity included."""
        return tuple(self.core.counts)

    def facets(self, k: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The (k-1)-cells in the boundary of each k-cell, compressed.

        Parameters
        ----------
        k : int
            1 <= k <= d.

        Returns
        -------
        indptr : ndarray of shape (counts[k] + 1,), int32
        indices : ndarray, int32
            ``indices[indptr[i]:indptr[i + 1]]`` are the facets of cell i, ascending. Both are read-only
            views; with ones as data they are the boundary matrix over Z/2 in scipy's csc format.

        Raises
        ------
        ValueError, TypeError
            If k is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1]], [[1]]])
        >>> indptr, indices = relutope.polyhedral_complex(network, (-1, 1)).facets(1)
        >>> indptr, sorted(indices.tolist())
        (array([0, 2, 4], dtype=int32), [0, 1, 2, 2])
        """
        return self.core.facets(checked_dimension(k, self.dim, lowest=1))

    def sign_vectors(self, k: int, ids: ArrayLike | None = None) -> NDArray[np.int8]:
        """Sign vectors of k-cells, computed on request from those of their vertices.

        A cell is named by its sign vector and its walls; sign vectors compose and order faces as in Masden
        (Algorithmic determination of the combinatorial structure of the linear regions of ReLU neural
        networks, 2022).

        Parameters
        ----------
        k : int
            0 <= k <= d.
        ids : array_like of int, optional
            Default: all k-cells, those at infinity included.

        Returns
        -------
        ndarray of shape (n, network.n_signs), int8
            -1, 0 or 1 for each hidden neuron, layer by layer.

        Raises
        ------
        ValueError, TypeError
            If k or an id is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> sorted(relutope.polyhedral_complex(network, (-1, 1)).sign_vectors(2).tolist())
        [[-1, -1], [-1, 1], [1, -1], [1, 1]]
        """
        k = checked_dimension(k, self.dim)
        return self.core.sign_vectors(
            k, None if ids is None else checked_ids(ids, self.counts[k], f"cells of dimension {k}")
        )

    def walls(self, k: int) -> NDArray[np.int8]:
        """The walls that each k-cell lies on, int8 of shape (counts[k], n_walls).

        On a box and on R^d, where the walls are those at infinity, there is a column per axis: -1 on the
        lower wall, 1 on the upper wall, 0 on none. On a polytope there is a column per row of G: 1 where
        ``G x = h`` on the cell, else 0 (a row of zeros is no wall); on an unbounded one the columns of R^d
        come after them.

        Raises
        ------
        ValueError, TypeError
            If k is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1]], [[1]]])
        >>> sorted(relutope.polyhedral_complex(network, (-1, 1)).walls(0).tolist())
        [[-1], [0], [1]]
        """
        return self.core.walls(checked_dimension(k, self.dim))

    def bounded(self, k: int) -> NDArray[np.bool_]:
        """Which k-cells are bounded sets, bool of shape (counts[k],).

        Raises
        ------
        ValueError, TypeError
            If k is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1], [1]], [[1, 1]]], [[0, 1], [0]])
        >>> sorted(relutope.polyhedral_complex(network, relutope.AllSpace()).bounded(1).tolist())
        [False, False, True]
        """
        return self.core.bounded(checked_dimension(k, self.dim))
