"""Regions of a complex: what the network is on them, and what they are as polyhedra."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.activation import active_signs
from relutope.affine_maps import AffineMaps, affine_maps, exact_affine_maps
from relutope.inequalities import Inequalities, finite_facets, inequalities
from relutope.interior_points import exact_interior_points, float_interior_points
from relutope.volumes import cell_volumes

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex

__all__ = ["Regions", "cell_volumes"]


@dataclass(frozen=True, eq=False, repr=False)
class Regions:
    """Some regions of a complex, or all; made by `PolyhedralComplex.regions`. Everything is in their order.

    Attributes
    ----------
    complex : PolyhedralComplex
    ids : ndarray of shape (n,), int64

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
    >>> regions = relutope.polyhedral_complex(network, (-1, 2)).regions()
    >>> regions
    Regions(4 of 4, dimension 2)
    >>> sum(regions.volumes(exact=True))
    Fraction(9, 1)
    """

    complex: PolyhedralComplex
    ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def sign_vectors(self) -> NDArray[np.int8]:
        """Sign vectors, int8 of shape (n, network.n_signs); see `PolyhedralComplex.sign_vectors`."""
        return self.complex.sign_vectors(self.complex.dim, self.ids)

    def activation_patterns(self) -> NDArray[np.bool_]:
        """Which hidden neurons are on, bool of shape (n, network.n_signs): where their sign is 1.

        A neuron that is identically 0 on a region is off there. For networks with maxima also which entries
        attain them, where their sign is 0.
        """
        return active_signs(self.complex.network.core, self.sign_vectors())

    def affine_maps(self) -> AffineMaps:
        """The affine map ``x -> A[i] @ x + b[i]`` that the network is on each region, in float64.

        Returns
        -------
        AffineMaps
            A named tuple ``A`` (n, output_dim, d), ``b`` (n, output_dim), ``A_error``, ``b_error``; the exact
            coefficients lie within the proven errors. Where no neuron that is on leads from an input to an
            output the coefficient is 0 with error 0.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1.0]], [[2.0]]], [[1], [0]])
        >>> maps = relutope.polyhedral_complex(network, (-2, 2)).regions().affine_maps()
        >>> sorted(zip(maps.A.ravel().tolist(), maps.b.ravel().tolist()))
        [(0.0, 0.0), (2.0, 2.0)]
        """
        return affine_maps(self.complex, self.ids)

    def exact_affine_maps(self) -> list[tuple[NDArray[np.object_], NDArray[np.object_]]]:
        """The same maps exactly.

        Returns
        -------
        list of (A, b)
            Per region object arrays of `fractions.Fraction`, of shapes (output_dim, d) and (output_dim,).

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[0.5]], [[3]]])
        >>> regions = relutope.polyhedral_complex(network, (1, 2)).regions()
        >>> regions.exact_affine_maps()[0][0]
        array([[Fraction(3, 2)]], dtype=object)
        """
        return exact_affine_maps(self.complex, self.ids)

    @overload
    def interior_points(self, exact: Literal[False] = False) -> NDArray[np.float64]: ...
    @overload
    def interior_points(self, exact: Literal[True]) -> list[tuple[Fraction, ...]]: ...
    def interior_points(self, exact: bool = False) -> NDArray[np.float64] | list[tuple[Fraction, ...]]:
        """A point in the interior of each region, proven to lie there.

        Parameters
        ----------
        exact : bool, default False
            Give rational points, that exist in every region, however thin.

        Returns
        -------
        ndarray of shape (n, d), float64, or list of tuple of fractions.Fraction
            Near the mean of the vertices; in an unbounded region that mean moved along its rays.

        Raises
        ------
        ValueError
            If no float64 point was found in a region, which happens where it is thinner than their spacing;
            the message names the regions.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1]], [[1]]])
        >>> regions = relutope.polyhedral_complex(network, (-1, 1)).regions()
        >>> sorted(regions.interior_points(exact=True))
        [(Fraction(-1, 2),), (Fraction(1, 2),)]
        """
        find = exact_interior_points if exact else float_interior_points
        return find(self.complex, self.ids)

    def inequalities(self, exact: bool = False) -> Inequalities:
        """The H-representation: for each region one inequality ``a @ x <= b`` per facet, none redundant.

        Parameters
        ----------
        exact : bool, default False
            Give fractions instead of float64 with error bounds.

        Returns
        -------
        Inequalities
            Rows in compressed form, each with its facet and the neuron or wall that it comes from. Facets at
            infinity give no row.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[2]], [[1]]], [[-1], [0]])
        >>> rows = relutope.polyhedral_complex(network, (0, 1)).regions().inequalities(exact=True)
        >>> sorted(rows.b[rows.neurons == 0])
        [Fraction(-1, 1), Fraction(1, 1)]
        >>> sorted(rows.walls.tolist())
        [-1, -1, 0, 1]
        """
        return inequalities(self.complex, self.ids, exact)

    def vertices(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The V-representation: ids of the vertices of each closed region, compressed.

        Returns
        -------
        indptr : ndarray of shape (n + 1,), int64
        ids : ndarray, int32
            ``ids[indptr[i]:indptr[i + 1]]``, ascending. An id v below ``f_vector[0]`` is the point
            ``complex.vertices[v]``; others are at infinity, in the direction of the ray
            ``complex.rays[v - f_vector[0]]``. A region that has a finite vertex is the convex hull of its
            finite vertices plus the cone of its rays; one that has none contains a line.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> indptr, ids = relutope.polyhedral_complex(network, (-1, 1)).regions().vertices()
        >>> indptr.tolist(), len(set(ids.tolist()))
        ([0, 4, 8, 12, 16], 9)
        """
        return _core.cell_vertices(self.complex.core, self.complex.dim, self.ids)

    @property
    def n_facets(self) -> NDArray[np.int64]:
        """Number of facets of each region, those at infinity not counted; int64 of shape (n,)."""
        return np.diff(finite_facets(self.complex, self.ids)[0])

    @property
    def bounded(self) -> NDArray[np.bool_]:
        """Which regions are bounded sets, bool of shape (n,)."""
        return self.complex.bounded(self.complex.dim)[self.ids]

    @overload
    def volumes(self, exact: Literal[False] = False, metric: bool = False) -> NDArray[np.float64]: ...
    @overload
    def volumes(self, exact: Literal[True], metric: bool = False) -> list[Fraction | float]: ...
    def volumes(
        self, exact: bool = False, metric: bool = False
    ) -> NDArray[np.float64] | list[Fraction | float]:
        """Volumes of dimension d; inf, never nan, for unbounded regions.

        Parameters
        ----------
        exact : bool, default False
            Give fractions (and the float inf); see `relutope.volumes.cell_volumes` on the float64 ones.
        metric : bool, default False
            On a slice: volumes in the input space, not in the slice's coordinates t; not exact.

        Returns
        -------
        ndarray of shape (n,), float64, or list of fractions.Fraction

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[3]], [[1]]], [[-1], [0]])
        >>> sorted(relutope.polyhedral_complex(network, (0, 1)).regions().volumes(exact=True))
        [Fraction(1, 3), Fraction(2, 3)]
        """
        return cell_volumes(self.complex, self.complex.dim, self.ids, exact=exact, metric=metric)

    def __repr__(self) -> str:
        return f"Regions({len(self)} of {self.complex.n_regions}, dimension {self.complex.dim})"
