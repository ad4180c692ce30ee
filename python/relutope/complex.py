"""The canonical polyhedral complex of a network on a domain."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.arguments import checked_ids
from relutope.domain import AllSpace
from relutope.domains import Domain
from relutope.exchange import Exchange
from relutope.faces import FacePoset
from relutope.level_set_queries import LevelSetQueries
from relutope.network import Network
from relutope.region_queries import RegionQueries
from relutope.slices import Slice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relutope.summary import Summary


@dataclass(frozen=True, eq=False, repr=False)
class PolyhedralComplex(FacePoset, RegionQueries, LevelSetQueries, Exchange):
    """All cells of a network on a domain, by dimension; built by `polyhedral_complex`. Immutable.

    Cells of dimension k have ids 0, 1, ...; they depend on the network, the domain and the version of
    relutope only. On all of R^d the cells at infinity (those of the sphere that closes R^d to a ball) come
    last in each dimension: ``f_vector[k]`` counts the cells of R^d, ``counts[k]`` all that are stored.

    Attributes
    ----------
    core : relutope._core.Complex
        The compiled complex.
    network : Network
        On a slice: the network as a function of the slice's coordinates t.
    domain : Box, AllSpace or Polytope
    slice : Slice or None
        The slice of a larger input space whose coordinates t the points are.
    stored_statistics : dict or None
        The statistics of a complex that was read from a file: those that are the same in every run.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
    >>> complex_ = relutope.polyhedral_complex(network, relutope.Box(-1, 1))
    >>> complex_
    PolyhedralComplex(2 -> 2 -> 1 on Box([-1.0, -1.0], [1.0, 1.0]): 4 regions, f_vector (9, 12, 4))
    >>> sorted(complex_.vertices[:, 0].tolist())
    [-1.0, -1.0, -1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    """

    core: _core.Complex
    network: Network
    domain: Domain
    stored_statistics: dict[str, Any] | None = None
    slice: Slice | None = None

    @property
    def n_regions(self) -> int:
        """Number of regions, the cells of dimension d.

        Of the definitions that Stargalla, Hertrich and Reichman (NeurIPS 2025) tell apart, these are the
        proper activation regions, unless a neuron is identically 0 on some of them.
        """
        return self.f_vector[-1]

    @cached_property
    def n_bounded_regions(self) -> int:
        """Number of regions that are bounded sets; on a box all of them."""
        return int(np.count_nonzero(self.core.bounded(self.dim)))

    @property
    def euler_characteristic(self) -> int:
        """Alternating sum of the f-vector: 1 on a bounded domain, (-1)^d on R^d."""
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

        Returns
        -------
        list of tuple of fractions.Fraction
            d coordinates per vertex.

        Raises
        ------
        ValueError, TypeError
            If an id is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[3]], [[1]]], [[-1], [0]])
        >>> sorted(relutope.polyhedral_complex(network, (0, 1)).exact_vertices())
        [(Fraction(0, 1),), (Fraction(1, 3),), (Fraction(1, 1),)]
        """
        count = self.f_vector[0]
        chosen = checked_ids(np.arange(count) if ids is None else ids, count, "vertices not at infinity")
        return [
            tuple(Fraction(value, denominator) for value in numerators)
            for numerators, denominator in self.core.exact_vertices(chosen)
        ]

    @property
    def statistics(self) -> dict[str, Any]:
        """How it was computed, a new dict.

        ``signs``, ``orders`` and ``vertices`` count what each stage decided: ``float`` by a proven error
        bound, ``row`` by the tighter bound of one neuron, ``exact`` in integers. ``folded`` counts the hidden
        layers that were worked through with folding, all or none, and the signs that bounds decided there
        for the whole domain. These are the same in every run. ``bytes`` is the size of the complex,
        ``peak_bytes`` what its computation held at most, ``seconds``, ``cpu_seconds`` and ``layer_seconds``
        (one entry per hidden layer) how long it took; files do not hold these five, so a complex that was
        read or unpickled does not have them.
        """
        return self.core.statistics() if self.stored_statistics is None else deepcopy(self.stored_statistics)

    def validate(self, exact: bool = True) -> None:
        """Check the structure of the complex.

        Parameters
        ----------
        exact : bool, default True
            Check also that the exact vertices satisfy their hyperplanes, which takes longer.

        Raises
        ------
        RuntimeError
            If an invariant is broken: a bug in relutope, or a file that was changed.
        """
        self.core.validate(exact)

    def summary(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        all_space: bool = True,
        verbose: bool = True,
        **limits: Any,
    ) -> Summary:
        """Print and return what the complex looks like at a glance.

        Counts on the domain and on all of R^d, regions that hold data, degenerate features, and which stage
        decided how often.

        Parameters
        ----------
        X : array_like of shape (n, d), optional
            Data points; one on a boundary counts for the region of lowest id around it.
        y : array_like of shape (n,), optional
            Their labels.
        all_space : bool, default True
            On every other domain: also count on all of R^d (of a slice: for all t), for comparison.
        verbose : bool, default True
            Print it.
        **limits
            `n_threads`, `max_cells`, `max_seconds`, `max_bytes` or `progress` of that second count, as for
            `polyhedral_complex`. By default at most 20 times the cells of this complex plus a million.

        Returns
        -------
        Summary
            A dict; ``print`` shows it as a table.

        Raises
        ------
        ValueError
            If `X` or `y` has the wrong shape, `X` holds a value that is not a finite float64, or `y` comes
            without `X`.
        TypeError
            If the values of `X` are not real numbers, or an option is none.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
        >>> complex_.summary([[0.5, 0.5]], verbose=False)["data"]["regions_with_data"]
        1
        """
        from relutope.summary import summarize

        result = summarize(self, X, y, all_space=all_space, **limits)
        if verbose:
            print(result)
        return result

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw a complex of dimension 2; options and errors as of `relutope.plot.plot_complex`.

        They are ``color, data, cmap, edge_color, linewidth, point_size, window``. Returns the Axes, by
        default those of a new figure.

        Raises
        ------
        ValueError
            If the complex is not of dimension 2 or an option is not legal.
        TypeError
            If `ax` is none, or an option has the wrong type.
        MissingExtraError
            If matplotlib is not installed.

        Examples
        --------
        >>> import relutope
        >>> from matplotlib.figure import Figure
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> ax = relutope.polyhedral_complex(network, (-1, 1)).plot(Figure().subplots())
        >>> ax.get_xlim() == (-1, 1)
        True
        """
        from relutope.plot import plot_complex

        return plot_complex(self, ax, **options)

    def __repr__(self) -> str:
        widths = " -> ".join(
            map(str, (self.network.input_dim, *self.network.hidden_widths, self.network.output_dim))
        )
        where = f"R^{self.dim}" if isinstance(self.domain, AllSpace) else repr(self.domain)
        return f"PolyhedralComplex({widths} on {where}: {self.n_regions} regions, f_vector {self.f_vector})"

    def __reduce__(self) -> tuple[Any, ...]:
        from relutope.storage import complex_from_record, complex_to_record

        return complex_from_record, (complex_to_record(self),)
