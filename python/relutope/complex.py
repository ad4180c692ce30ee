"""The canonical polyhedral complex of a network on a domain."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.domain import AllSpace, Domain
from relutope.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relutope.summary import Summary

SEMANTICS = (
    "the real-valued function of the stored coefficients, each float taken as the dyadic rational it is"
)


@dataclass(frozen=True, eq=False, repr=False)
class PolyhedralComplex:
    """All cells of a network on a domain, by dimension; built by `polyhedral_complex`. Immutable.

    Cells of dimension k have ids 0, 1, ...; they depend on the network, the domain and the version of
    relutope only. On all of R^d the cells at infinity (those of the sphere that closes R^d to a ball) come
    last in each dimension: ``f_vector[k]`` counts the cells of R^d, ``counts[k]`` all that are stored.

    Attributes
    ----------
    core : relutope._core.Complex
        The compiled complex.
    network : Network
    domain : Box or AllSpace
    """

    core: _core.Complex
    network: Network
    domain: Domain
    stored_statistics: dict[str, Any] | None = None

    @property
    def dim(self) -> int:
        """The dimension d of the domain."""
        return self.core.dim

    @cached_property
    def f_vector(self) -> tuple[int, ...]:
        """Number of cells of each dimension: on a box all cells, on R^d those not at infinity."""
        return tuple(self.core.f_vector)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Number of stored cells of each dimension, those at infinity included."""
        return tuple(self.core.counts)

    @property
    def n_regions(self) -> int:
        """Number of regions, the cells of dimension d."""
        return self.f_vector[-1]

    @cached_property
    def n_bounded_regions(self) -> int:
        """Number of regions that are bounded sets; on a box all of them."""
        return int(np.count_nonzero(self.core.bounded(self.dim)))

    @property
    def euler_characteristic(self) -> int:
        """Alternating sum of the f-vector: 1 on a box, (-1)^d on R^d."""
        return sum((-1) ** k * count for k, count in enumerate(self.f_vector))

    @property
    def vertices(self) -> NDArray[np.float64]:
        """Coordinates, float64 of shape (counts[0], d), each within `vertex_error`; nan at infinity."""
        return self.core.vertices

    @property
    def vertex_error(self) -> NDArray[np.float32]:
        """Bound on the error of each vertex in the max norm, float32 of shape (counts[0],)."""
        return self.core.vertex_error

    @property
    def rays(self) -> NDArray[np.float64]:
        """Directions of the vertices at infinity, float64 of shape (counts[0] - f_vector[0], d)."""
        return self.core.rays

    def exact_vertices(self, ids: ArrayLike | None = None) -> list[tuple[Fraction, ...]]:
        """Coordinates of vertices as fractions.

        Parameters
        ----------
        ids : array_like of int, optional
            Default: all vertices not at infinity; only these are legal.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[3]], [[1]]], [[-1], [0]])
        >>> relutope.polyhedral_complex(network, (0, 1)).exact_vertices()
        [(Fraction(0, 1),), (Fraction(1, 1),), (Fraction(1, 3),)]
        """
        chosen = (
            np.arange(self.f_vector[0])
            if ids is None
            else self._ids(ids, self.f_vector[0], "vertices not at infinity")
        )
        return [
            tuple(Fraction(value, denominator) for value in numerators)
            for numerators, denominator in self.core.exact_vertices(chosen)
        ]

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
        ValueError
            If k is out of range.
        """
        return self.core.facets(self._dimension(k, lowest=1))

    def sign_vectors(self, k: int, ids: ArrayLike | None = None) -> NDArray[np.int8]:
        """Sign vectors of k-cells, computed on request.

        Parameters
        ----------
        k : int
            0 <= k <= d.
        ids : array_like of int, optional
            Default: all k-cells, those at infinity included.

        Returns
        -------
        ndarray of shape (n, network.n_neurons), int8
            -1, 0 or 1 for each hidden neuron, layer by layer.
        """
        k = self._dimension(k)
        return self.core.sign_vectors(
            k, None if ids is None else self._ids(ids, self.counts[k], f"cells of dimension {k}")
        )

    def walls(self, k: int) -> NDArray[np.int8]:
        """The walls of the box that each k-cell lies on, int8 of shape (counts[k], d).

        Per axis: -1 on the lower wall, 1 on the upper wall, 0 on none. On R^d the walls are those at
        infinity.
        """
        return self.core.walls(self._dimension(k))

    def bounded(self, k: int) -> NDArray[np.bool_]:
        """Which k-cells are bounded sets, bool of shape (counts[k],)."""
        return self.core.bounded(self._dimension(k))

    @property
    def statistics(self) -> dict[str, Any]:
        """How it was computed: signs and orders decided by each stage, seconds, bytes, per layer. A copy."""
        return self.core.statistics() if self.stored_statistics is None else dict(self.stored_statistics)

    def validate(self, exact: bool = True) -> None:
        """Check the structure of the complex; with `exact`, also that exact vertices satisfy their
        hyperplanes.

        Raises
        ------
        RuntimeError
            If an invariant is broken, which is a bug in relutope.
        """
        self.core.validate(exact)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the complex and its network to `path`, an uncompressed ``.npz`` without pickle."""
        from relutope.storage import save_complex

        save_complex(self, path)

    @staticmethod
    def load(path: str | PathLike[str]) -> PolyhedralComplex:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If the file is damaged, of another kind, or of a newer schema version.
        """
        from relutope.storage import load_complex

        return load_complex(path)

    def summary(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        all_space: bool = True,
        verbose: bool = True,
        **limits: Any,
    ) -> Summary:
        """Print and return the counts, the regions that hold data, the degenerate features and the stages
        that decided.

        Parameters
        ----------
        X : array_like of shape (n, d), optional
            Data points.
        y : array_like of shape (n,), optional
            Their labels.
        all_space : bool, default True
            On a box: also count on all of R^d, for comparison.
        verbose : bool, default True
            Print it.
        **limits
            `n_threads`, `max_cells`, `max_seconds`, `max_bytes` or `progress` of that second count, as for
            `polyhedral_complex`. By default at most 20 times the cells of this complex plus a million.

        Returns
        -------
        Summary
            A dict; ``print`` shows it as a table.
        """
        from relutope.summary import summarize

        result = summarize(self, X, y, all_space=all_space, **limits)
        if verbose:
            print(result)
        return result

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw a complex of dimension 2 with matplotlib; see `relutope.plot.plot_complex` for the options."""
        from relutope.plot import plot_complex

        return plot_complex(self, ax, **options)

    def _dimension(self, k: int, lowest: int = 0) -> int:
        if isinstance(k, (bool, np.bool_)) or not isinstance(k, (int, np.integer)):
            raise TypeError(f"k is {k!r}; legal: an int from {lowest} to {self.dim}")
        if not lowest <= k <= self.dim:
            raise ValueError(f"k is {k}; legal: {lowest} <= k <= {self.dim}")
        return int(k)

    def _ids(self, ids: ArrayLike, count: int, kind: str) -> NDArray[np.int64]:
        array = np.atleast_1d(np.asarray(ids))
        if array.size == 0:
            array = array.astype(np.int64)
        if array.dtype.kind not in "iu" or array.ndim != 1:
            raise TypeError(f"ids has dtype {array.dtype} and shape {array.shape}; legal: a sequence of ints")
        if array.size and (array.min() < 0 or array.max() >= count):
            wrong = array[(array < 0) | (array >= count)][0]
            raise ValueError(f"ids contains {wrong}; legal: 0 <= id < {count}, the number of {kind}")
        return np.ascontiguousarray(array, dtype=np.int64)

    def __repr__(self) -> str:
        widths = " -> ".join(
            map(str, (self.network.input_dim, *self.network.hidden_widths, self.network.output_dim))
        )
        where = f"R^{self.dim}" if isinstance(self.domain, AllSpace) else repr(self.domain)
        return f"PolyhedralComplex({widths} on {where}: {self.n_regions} regions, f_vector {self.f_vector})"

    def __reduce__(self) -> tuple[Any, ...]:
        from relutope.storage import complex_from_record, complex_to_record

        return complex_from_record, (complex_to_record(self),)
