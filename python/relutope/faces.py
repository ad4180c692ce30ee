"""The face poset of a complex: which cells are faces of which, by stable ids."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.arguments import checked_cell, checked_dimension, checked_ids, checked_word
from relutope.cells import Cells

if TYPE_CHECKING:
    from networkx import DiGraph
    from scipy.sparse import csc_array

    from relutope.complex import PolyhedralComplex
    from relutope.subcomplex import Subcomplex


class FacePoset(Cells):
    """The part of `PolyhedralComplex` that speaks of faces of faces."""

    def cofacets(self, k: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The (k+1)-cells that have each k-cell as a facet, compressed.

        Parameters
        ----------
        k : int
            0 <= k < d.

        Returns
        -------
        indptr : ndarray of shape (counts[k] + 1,), int32
        indices : ndarray, int32
            ``indices[indptr[i]:indptr[i + 1]]`` are the cofacets of cell i, ascending. Both are read-only.
            Of a (d-1)-cell there are two, or one if it lies on a wall or at infinity.

        Raises
        ------
        ValueError, TypeError
            If k is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1]], [[1]]])
        >>> indptr, indices = relutope.polyhedral_complex(network, (-1, 1)).cofacets(0)
        >>> sorted((indptr[1:] - indptr[:-1]).tolist()), sorted(indices.tolist())
        ([1, 1, 2], [0, 0, 1, 1])
        """
        k = checked_dimension(k, self.dim - 1)
        if k not in self._cofacets:
            self._cofacets[k] = _core.cofacets(self.core, k)
        return self._cofacets[k]

    def incidence(
        self, k: int, m: int, ids: ArrayLike | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The m-cells in the closure of each of some k-cells, compressed.

        Parameters
        ----------
        k : int
            1 <= k <= d.
        m : int
            0 <= m < k; with m = 0 these are the vertices of each cell.
        ids : array_like of int, optional
            Default: all k-cells.

        Returns
        -------
        indptr : ndarray of shape (n + 1,), int32
        indices : ndarray, int32
            ``indices[indptr[i]:indptr[i + 1]]`` are the m-faces of cell ``ids[i]``, ascending. Both are
            read-only.

        Raises
        ------
        ValueError, TypeError
            If k, m or an id is out of range or no int, or there are more than 2^31 - 1 faces in all.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
        >>> complex_.incidence(2, 0)[0]
        array([ 0,  4,  8, 12, 16], dtype=int32)
        """
        k = checked_dimension(k, self.dim, lowest=1)
        m = checked_dimension(m, k - 1, name="m")
        chosen = None if ids is None else checked_ids(ids, self.counts[k], f"cells of dimension {k}")
        return _core.incidence(self.core, k, m, chosen)

    def faces(self, cell: tuple[int, int]) -> Subcomplex:
        """The closure of a cell: itself and all cells in its boundary.

        Parameters
        ----------
        cell : (k, id)
            Dimension and id.

        Returns
        -------
        Subcomplex

        Raises
        ------
        ValueError, TypeError
            If `cell` is no pair of ints or one is out of range.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> relutope.polyhedral_complex(network, (-1, 1)).faces((2, 0)).f_vector
        (4, 4, 1)
        """
        from relutope.closures import closure_of_cell

        return closure_of_cell(cast("PolyhedralComplex", self), *checked_cell(cell, self.counts))

    def star(self, cell: tuple[int, int]) -> tuple[NDArray[np.int32], ...]:
        """The open star of a cell: itself and all cells that have it as a face.

        Parameters
        ----------
        cell : (k, id)

        Returns
        -------
        tuple of ndarray of int32
            Per dimension 0..d the ids, ascending.

        Errors are those of `faces`.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1]], [[1]]])
        >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
        >>> [complex_.star((0, i))[1].size for i in complex_.vertices[:, 0].argsort()]
        [1, 2, 1]
        """
        from relutope.closures import star

        return star(cast("PolyhedralComplex", self), *checked_cell(cell, self.counts))

    def link(self, cell: tuple[int, int]) -> Subcomplex:
        """The cells in the closure of the star of a cell whose own closure does not meet the closed cell.

        For a simplicial complex that is the usual link; in general its cells are opposite to the cell in
        the regions around it.

        Parameters
        ----------
        cell : (k, id)

        Returns
        -------
        Subcomplex

        Errors are those of `faces`.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
        >>> [centre] = (complex_.vertices == 0).all(axis=1).nonzero()[0]
        >>> complex_.link((0, int(centre))).f_vector
        (8, 8, 0)
        """
        from relutope.closures import link

        return link(cast("PolyhedralComplex", self), *checked_cell(cell, self.counts))

    def skeleton(self, k: int) -> Subcomplex:
        """All cells of dimension at most k.

        Parameters
        ----------
        k : int
            0 <= k <= d.

        Returns
        -------
        Subcomplex

        Raises
        ------
        ValueError, TypeError
            If k is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> relutope.polyhedral_complex(network, (-1, 1)).skeleton(1).f_vector
        (9, 12, 0)
        """
        from relutope.closures import skeleton

        return skeleton(cast("PolyhedralComplex", self), checked_dimension(k, self.dim))

    def boundary_matrix(self, k: int, over: Literal["Z", "Z/2"] = "Z") -> csc_array:
        """The boundary matrix from the k-cells to the (k-1)-cells, those at infinity included.

        All cells together fill a closed ball, so its homology is that of a point. Over the integers the
        incidence numbers are -1 and 1: an edge begins (-1) and ends (1); boundary of boundary is 0; and the
        regions are oriented alike, so the sum of their columns is 0 in all rows but those of the walls. The
        orientation is the same for equal complexes.

        Parameters
        ----------
        k : int
            1 <= k <= d.
        over : {"Z", "Z/2"}, default "Z"
            Over Z/2 all entries are 1.

        Returns
        -------
        scipy.sparse.csc_array of shape (counts[k-1], counts[k]), int8
            Its index arrays are the read-only ones of `facets`. Products of int8 matrices overflow beyond
            127: convert with ``astype`` before.

        Raises
        ------
        ValueError, TypeError
            If k is out of range or no int, or `over` is another word.

        References
        ----------
        W. S. Massey, A Basic Course in Algebraic Topology, 1991, chapter IX: incidence numbers of regular
        CW complexes.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
        >>> abs(complex_.boundary_matrix(1) @ complex_.boundary_matrix(2)).sum()
        np.int64(0)
        """
        from scipy.sparse import csc_array

        indptr, indices = self.facets(k)
        if checked_word(over, "over", ("Z", "Z/2")) == "Z":
            data = self._incidence_numbers[k - 1].copy()
        else:
            data = np.ones(len(indices), dtype=np.int8)
        return csc_array((data, indices, indptr), shape=(self.counts[k - 1], self.counts[k]), copy=False)

    def face_poset(self) -> DiGraph[tuple[int, int]]:
        """The Hasse diagram of the face poset as a networkx graph, for small complexes.

        Returns
        -------
        networkx.DiGraph
            Nodes (k, id), edges from each facet to the cells that it is a facet of.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1]], [[1]]])
        >>> graph = relutope.polyhedral_complex(network, (-1, 1)).face_poset()
        >>> graph.number_of_nodes(), graph.number_of_edges()
        (5, 4)
        """
        from relutope.closures import face_poset

        return face_poset(cast("PolyhedralComplex", self))

    @cached_property
    def _cofacets(self) -> dict[int, tuple[NDArray[np.int32], NDArray[np.int32]]]:
        """Those that were asked for, by dimension."""
        return {}

    @cached_property
    def _incidence_numbers(self) -> list[NDArray[np.int8]]:
        """Entry k - 1 belongs to `facets(k)`."""
        return _core.incidence_numbers(self.core)
