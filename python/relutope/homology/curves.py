"""Betti numbers along many random orderings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_executor
from relutope.cell_complex import CellComplex
from relutope.chains import as_cell_complex
from relutope.filtrations import Filtration, as_filtration
from relutope.filtrations.random import ORDERS, PER_ONE, RANDOM, seeds
from relutope.filtrations.resolve import check_name, check_not_empty
from relutope.homology.fields import require_bytes
from relutope.homology.orderings import Ordering, run_orderings
from relutope.progress import Poll
from relutope.subdivision import checked_limits

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from matplotlib.axes import Axes

#: Keys, two sorted tables, disjoint sets and ends in the dual graph; and where a matrix is reduced.
BYTES_PER_CELL, BYTES_PER_REDUCED_CELL = 35, 100

#: Values of a curve when nothing is said.
GRID = 101

#: Peaks and places of each ordering, and sums at each value, are kept.
MOST_ORDERINGS, MOST_VALUES = 10**8, 10**7


@dataclass(frozen=True, eq=False)
class BettiCurves:
    """Betti numbers along orderings of the cells of a complex; made by `betti_curves`.

    Arrays have one column per dimension k = 0..d. Cells of equal value enter together, and Betti numbers are
    read only after all of them.

    Attributes
    ----------
    filtration : str
        Its name.
    counts : tuple of int
        Number of cells of each dimension.
    n_orderings : int
    grid : ndarray of shape (n_grid,), float64
        Values of the filtration.
    mean, std : ndarray of shape (n_grid, d + 1), float64
        Over the orderings, of the Betti numbers of all cells of value at most ``grid[i]``; `std` with one
        degree of freedom less than orderings, nan for one ordering.
    peak : ndarray of shape (n_orderings, d + 1), int64
        The largest value of each Betti number along each ordering.
    first_value, last_value : ndarray of shape (n_orderings, d + 1), float64
        The first and the last value of the filtration at which it is attained.
    first_cells, last_cells : ndarray of shape (n_orderings, d + 1), int64
        How many cells are in by then.
    fills_ball : bool
        Whether the complex is known to be a closed ball, as on a box.

    Examples
    --------
    >>> import relutope
    >>> from relutope.homology import CellComplex
    >>> curves = relutope.betti_curves(CellComplex.grid((20, 20)), "lower_star", n_orderings=10, rng=0)
    >>> curves.mean[-1], curves.peak.shape
    (array([1., 0., 0.]), (10, 3))
    """

    filtration: str
    counts: tuple[int, ...]
    n_orderings: int
    grid: NDArray[np.float64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    peak: NDArray[np.int64]
    first_value: NDArray[np.float64]
    last_value: NDArray[np.float64]
    first_cells: NDArray[np.int64]
    last_cells: NDArray[np.int64]
    fills_ball: bool = False

    @property
    def n_cells(self) -> int:
        """Number of cells of all dimensions."""
        return sum(self.counts)

    @property
    def standard_error(self) -> NDArray[np.float64]:
        """Standard error of `mean`."""
        result: NDArray[np.float64] = self.std / np.sqrt(self.n_orderings)
        return result

    @property
    def normalized_peak(self) -> NDArray[np.float64]:
        """`peak` divided by the number of cells."""
        return self.peak / self.n_cells

    @property
    def first_place(self) -> NDArray[np.float64]:
        """`first_cells` as a share of all cells."""
        return self.first_cells / self.n_cells

    @property
    def last_place(self) -> NDArray[np.float64]:
        """`last_cells` as a share of all cells."""
        return self.last_cells / self.n_cells

    @cached_property
    def statistics(self) -> dict[str, dict[str, list[float | None]]]:
        """Mean, standard deviation and standard error over the orderings of peaks and their places.

        Keys ``peak, normalized_peak, first_value, last_value, first_place, last_place``; in each ``mean, sd,
        se``, lists by dimension; None where one ordering tells no spread, or a value is infinite.

        Examples
        --------
        >>> import relutope
        >>> from relutope.homology import CellComplex
        >>> curves = relutope.betti_curves(CellComplex.grid((2, 2)), "by_dimension", n_orderings=3, rng=0)
        >>> curves.statistics["peak"]["mean"]
        [4.0, 1.0, 0.0]
        """
        names = ("peak", "normalized_peak", "first_value", "last_value", "first_place", "last_place")
        return {name: _moments(getattr(self, name)) for name in names}

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the mean curves, one line per dimension, with a band of one standard deviation.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        relutope.MissingExtraError
            If matplotlib is not installed.
        """
        from relutope.homology.curve_plot import plot

        return plot(self, ax)

    def __repr__(self) -> str:
        return f"BettiCurves({self.filtration!r}: {self.n_orderings} orderings of f_vector {self.counts})"


def mean_and_sd(values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Over the orderings; the sd with one degree of freedom less than orderings, nan for one."""
    with np.errstate(invalid="ignore"):
        mean = values.mean(axis=0)
        sd = values.std(axis=0, ddof=1) if len(values) > 1 else np.full(values.shape[1], np.nan)
    return mean, sd


def _moments(values: NDArray[Any]) -> dict[str, list[float | None]]:
    mean, sd = mean_and_sd(values)
    sd[(values == values[0]).all(axis=0) & (len(values) > 1)] = 0  # which rounding of the mean may hide
    numbers = {"mean": mean, "sd": sd, "se": sd / np.sqrt(len(values))}
    return {key: [float(x) if np.isfinite(x) else None for x in row] for key, row in numbers.items()}


def betti_curves(
    complex: Any,
    filtration: Filtration | str = "cell_max",
    *,
    n_orderings: int = 100,
    rng: Any = 0,
    grid: int | ArrayLike = GRID,
    n_threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | Poll | None = None,
    max_seconds: float | None = None,
    max_bytes: int | None = None,
) -> BettiCurves:
    """Betti numbers along random orderings of the cells of a complex, over Z/2.

    Parameters
    ----------
    complex : PolyhedralComplex, Subcomplex or CellComplex
    filtration : str or Filtration, default "cell_max"
        A random one by name is drawn `n_orderings` times. Another one, by name or as an object, is one
        ordering whatever `n_orderings` says.
    n_orderings : int, default 100
        At least 1.
    rng : None, int, SeedSequence, BitGenerator or Generator, default 0
        As `numpy.random.default_rng` takes it. The first m orderings are the same for every `n_orderings`.
    grid : int or array_like, default 101
        Values at which the curves are taken, ascending, or how many: then evenly from 0 to 1, for a
        filtration that is not random from its least to its largest finite value.
    n_threads : int, optional
        Default: all cores; see `polyhedral_complex`. Memory grows with it.
    executor : concurrent.futures.Executor, optional
        What runs the orderings instead of threads of its own.
    progress : bool or callable, optional
        A callable gets the keys ``orderings, n_orderings, seconds``.
    max_seconds : float, optional
        Time limit. It is looked at between orderings and while a matrix is reduced, not in processes of an
        executor.
    max_bytes : int, optional
        Default: 80 % of what is available. Checked beforehand, at 35 bytes per cell and thread (100 where
        a matrix is reduced).

    Returns
    -------
    BettiCurves
        The same for every number of threads. Its size does not grow with that of the complex.

    Raises
    ------
    TypeError, ValueError
        If an argument is of another kind or out of range, or the complex is empty.
    relutope.IncompleteError
        At a limit or Ctrl-C; its `progress` says how many orderings were done.

    Notes
    -----
    In a complex of dimension at most 3 that fills a ball no matrix is needed: beta_0 by union-find,
    beta_{d-1} by union-find on the dual graph with the outside (Alexander duality), and beta_1 by the Euler
    characteristic. In dimension 4 the middle degree is reduced; in others, and in complexes that fill no
    ball, all degrees but 0.

    Peaks of local random orderings are, up to about 1/sqrt(N), a constant of the local structure times the
    number N of cells, so a correlation of a peak with anything must be compared with that of the number of
    cells; see `betti_peak_report`.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
    >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
    >>> curves = relutope.betti_curves(complex_, "by_dimension", n_orderings=5, rng=0)
    >>> curves.peak[0], curves.first_place[0]
    (array([9, 4, 0]), array([0.36, 0.84, 0.04]))
    """
    checked_executor(executor)
    threads = checked_limits(n_threads, None, max_seconds, None)[0]
    chains, source = _source(complex, filtration, rng, n_orderings)
    points = _checked_grid(grid, source)
    reduced = not chains.fills_ball or chains.dim > 3
    per_cell = BYTES_PER_REDUCED_CELL if reduced else BYTES_PER_CELL
    per_thread = per_cell * chains.n_cells + 64 * len(points) * len(chains.counts)
    require_bytes(per_thread * min(threads, source.count), max_bytes, "sorting the cells")
    found = run_orderings(chains, source, source.thresholds(points), threads, executor, progress, max_seconds)
    peaks = np.stack(found.peaks)
    return BettiCurves(
        filtration=source.name,
        counts=chains.counts,
        n_orderings=source.count,
        grid=points,
        mean=found.mean(),
        std=found.std(),
        peak=peaks[:, :, 0],
        first_value=source.values(peaks[:, :, 1]),
        last_value=source.values(peaks[:, :, 2]),
        first_cells=peaks[:, :, 3],
        last_cells=peaks[:, :, 4],
        fills_ball=chains.fills_ball,
    )


def _source(complex_: Any, filtration: Any, rng: Any, n_orderings: Any) -> tuple[CellComplex, Ordering]:
    if isinstance(n_orderings, bool) or not isinstance(n_orderings, (int, np.integer)):
        raise TypeError(f"n_orderings is {n_orderings!r}; legal: an int >= 1")
    if not 1 <= n_orderings <= MOST_ORDERINGS:
        raise ValueError(f"n_orderings is {n_orderings}; legal: 1 <= n_orderings <= {MOST_ORDERINGS:,}")
    check_not_empty(complex_)
    if not isinstance(filtration, Filtration):
        check_name(filtration)
        if filtration in RANDOM:
            chains = as_cell_complex(complex_)
            per_one = chains.n_cells if filtration in ORDERS else PER_ONE
            kind, drawn = RANDOM.index(filtration), seeds(rng, int(n_orderings))
            return chains, Ordering(filtration, kind, drawn, per_one, filtration in ORDERS)
    order = as_filtration(complex_, filtration)
    return order.complex, Ordering.fixed(order)


def _checked_grid(grid: Any, source: Ordering) -> NDArray[np.float64]:
    if isinstance(grid, (int, np.integer)) and not isinstance(grid, bool):
        if not 2 <= grid <= MOST_VALUES:
            raise ValueError(f"grid is {grid}; legal: 2 to {MOST_VALUES:,} values, or an array of them")
        return np.linspace(*source.range(), int(grid))
    points = np.asarray(grid, dtype=np.float64)
    if points.ndim != 1 or points.size == 0 or np.isnan(points).any() or np.any(np.diff(points) < 0):
        raise ValueError(f"grid has shape {points.shape}; legal: one axis of ascending values, without NaN")
    return points
