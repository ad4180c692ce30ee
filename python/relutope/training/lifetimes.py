"""Regions followed through training by their activation patterns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relutope.compressed import rows_of
from relutope.domains import Domain
from relutope.slices import Slice
from relutope.training.overlap import Rows, overlap_volumes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relutope.training.series import Series

NO_OVERLAPS = (
    "overlap volumes are computed on bounded domains of dimension 1 and 2; elsewhere they are nan (the "
    "smaller of two volumes is only a bound)"
)


@dataclass(frozen=True, eq=False, repr=False)
class Lifetimes:
    """Bars of activation patterns along a series; made by `Series.lifetimes`.

    A bar is a largest run of successive checkpoints at which some region has a certain pattern; a pattern
    that comes back gets a new bar. Successive means: among the checkpoints that were measured.

    Attributes
    ----------
    steps : ndarray of shape (m,), int64
    domain : Box, AllSpace, Polytope or Slice
        A pattern that is born or dies may have come in or gone out across its walls.
    packed_patterns : ndarray of shape (n_patterns, ceil(n_neurons / 8)), uint8
        The distinct patterns, lexicographic; see `activation_patterns`.
    n_neurons : int
    pattern : ndarray of shape (n_bars,), int64
        The pattern of each bar. Bars are sorted by birth, then pattern.
    first, last : ndarray of shape (n_bars,), int64
        Places in `steps` of the first and the last checkpoint that has it.
    indptr : ndarray of shape (n_bars + 1,), int64
        Bar i has the entries ``indptr[i]:indptr[i + 1]`` of the next two, one per checkpoint.
    volumes : ndarray of float64
        Volume of the pattern at each checkpoint; inf where it is unbounded.
    overlaps : ndarray of float64
        Volume of the intersection with the same pattern at the checkpoint before; nan for the first entry of
        a bar, and where it is not computed.
    note : str
        Why overlaps are not computed; empty where they are.
    """

    steps: NDArray[np.int64]
    domain: Domain | Slice
    packed_patterns: NDArray[np.uint8]
    n_neurons: int
    pattern: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    indptr: NDArray[np.int64]
    volumes: NDArray[np.float64]
    overlaps: NDArray[np.float64]
    note: str = ""

    def __len__(self) -> int:
        return len(self.pattern)

    @property
    def births(self) -> NDArray[np.int64]:
        """Step of the first checkpoint that has the pattern; it appeared after the one before."""
        return self.steps[self.first]

    @property
    def deaths(self) -> NDArray[np.float64]:
        """Step of the first checkpoint that has it no more; inf where the last one still has it."""
        after = np.append(self.steps.astype(np.float64), np.inf)
        return after[self.last + 1]

    def activation_patterns(self) -> NDArray[np.bool_]:
        """Which neurons are on in each distinct pattern, bool of shape (n_patterns, n_neurons)."""
        return np.unpackbits(self.packed_patterns, axis=1, count=self.n_neurons).astype(bool)

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """Per step how many patterns are ``alive``, and ``born`` or ``dead`` since the step before."""
        m = len(self.steps)
        born = np.bincount(self.first, minlength=m)
        dead = np.bincount(self.last + 1, minlength=m + 1)[:m]
        return {"alive": np.cumsum(born - dead), "born": born, "dead": dead}

    def plot(self, ax: Axes | None = None, *, max_bars: int = 2000, scale: str = "linear") -> Axes:
        """Draw the bars over the step axis, by birth and death; colours say the largest volume.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
        max_bars : int, default 2000
            Of more bars those of largest volume are drawn, and the title says so.
        scale : str, default "linear"
            Of the step axis: ``"linear"``, ``"log"`` or ``"symlog"``.

        Raises
        ------
        ValueError, TypeError
            If an argument is not legal.
        relutope.MissingExtraError
            If matplotlib is not installed.
        """
        from relutope.training.plots import plot_lifetimes

        return plot_lifetimes(self, ax, max_bars, scale)

    def __repr__(self) -> str:
        n_patterns, n_steps = len(self.packed_patterns), len(self.steps)
        return f"Lifetimes({len(self)} bars of {n_patterns} patterns over {n_steps} steps)"


class _Snapshot(NamedTuple):
    """The regions at one checkpoint; no two have one pattern."""

    pattern: NDArray[np.int64]
    volumes: NDArray[np.float64]
    corners: Rows


def lifetimes_of(series: Series) -> Lifetimes:
    """See `Series.lifetimes`."""
    if "patterns" not in series.columns:
        raise ValueError(
            "the series has no patterns; legal: one of track(..., lifetimes=True) with a checkpoint that did "
            "not fail"
        )
    there = [place for place, table in enumerate(series["patterns"]) if table is not None]
    sizes = np.unique([int(series["pattern_neurons"][place]) for place in there])
    if len(sizes) > 1:
        raise ValueError(f"the networks have {sizes.tolist()} neurons; legal: equal numbers")
    tables = [series["patterns"][place] for place in there]
    distinct, labels = np.unique(np.concatenate(tables), axis=0, return_inverse=True)
    parts = np.split(labels.reshape(-1), np.cumsum([len(table) for table in tables])[:-1])
    columns = (series[f"pattern_{name}"][there] for name in ("volumes", "corners", "indptr"))
    snapshots = [
        _Snapshot(part, volumes, (indptr, corners))
        for part, volumes, corners, indptr in zip(parts, *columns, strict=True)
    ]
    note = "" if all(len(snapshot.corners[1]) for snapshot in snapshots) else NO_OVERLAPS
    entries = _entries(snapshots, with_overlaps=not note)
    return _bars(series.steps[there], series, distinct, int(sizes[0]), *entries, note)


def _entries(
    snapshots: list[_Snapshot], *, with_overlaps: bool
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Pattern, place, volume and overlap of every pattern at every checkpoint that has it."""
    rows: list[tuple[NDArray[Any], ...]] = []
    for place, now in enumerate(snapshots):
        overlaps = np.full(len(now.pattern), np.nan)
        if place and with_overlaps:
            before = snapshots[place - 1]
            both = np.intersect1d(before.pattern, now.pattern, assume_unique=True, return_indices=True)
            chosen = rows_of(*before.corners, both[1]), rows_of(*now.corners, both[2])
            overlaps[both[2]] = overlap_volumes(*chosen)
        rows.append((now.pattern, np.full(len(now.pattern), place), now.volumes, overlaps))
    pattern, places, volumes, overlaps = (np.concatenate(part) for part in zip(*rows, strict=True))
    order = np.lexsort((places, pattern))
    return pattern[order], places[order], volumes[order], overlaps[order]


def _bars(
    steps: NDArray[np.int64],
    series: Series,
    distinct: NDArray[np.uint8],
    n_neurons: int,
    pattern: NDArray[np.int64],
    places: NDArray[np.int64],
    volumes: NDArray[np.float64],
    overlaps: NDArray[np.float64],
    note: str,
) -> Lifetimes:
    """Entries sorted by pattern and place, cut into runs of successive places."""
    begins = np.flatnonzero(np.append(True, (np.diff(pattern) != 0) | (np.diff(places) != 1)))
    bounds = np.append(begins, len(pattern))
    overlaps[begins] = np.nan
    order = np.lexsort((pattern[begins], places[begins]))
    indptr, entries = rows_of(bounds, np.arange(len(pattern)), order)
    return Lifetimes(
        steps,
        series.domain,
        distinct,
        n_neurons,
        pattern[begins][order],
        places[begins][order],
        places[bounds[1:] - 1][order],
        indptr,
        volumes[entries],
        overlaps[entries],
        note,
    )
