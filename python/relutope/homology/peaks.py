"""Peaks of Betti curves beside the number of cells that they mostly are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.filtrations.random import RANDOM
from relutope.homology.curves import BettiCurves, betti_curves, mean_and_sd

WARNING = (
    "Peaks of a random ordering are, up to about 1/sqrt(number of cells), a constant of the local structure "
    "times the number of cells, and their places are constants too. Test a correlation with a training loss, "
    "or with anything else, against the plain number of cells."
)


@dataclass(frozen=True, eq=False)
class PeakReport:
    """Peaks of Betti numbers along random orderings, per cell; made by `betti_peak_report`.

    Lists and arrays have one entry per dimension k = 0..d.

    Attributes
    ----------
    filtration : str
    counts : tuple of int
        Number of cells of each dimension.
    n_orderings : int
    peak_mean, peak_sd : ndarray of float64
        Of the largest value of each Betti number; the sd is nan for one ordering.
    per_cell, per_cell_sd : ndarray of float64
        The same divided by the number of cells.
    place_mean, place_sd : ndarray of float64
        Of the share of all cells that are in when the peak is first attained.
    fixed_by_f_vector : bool
        True where the peaks are functions of the f-vector alone, as for by_dimension in a ball.
    warning : str
        What must be kept in mind; empty for one ordering that is not random.
    """

    filtration: str
    counts: tuple[int, ...]
    n_orderings: int
    peak_mean: NDArray[np.float64]
    peak_sd: NDArray[np.float64]
    per_cell: NDArray[np.float64]
    per_cell_sd: NDArray[np.float64]
    place_mean: NDArray[np.float64]
    place_sd: NDArray[np.float64]
    fixed_by_f_vector: bool
    warning: str = WARNING

    def __str__(self) -> str:
        lines = [
            f"{self.filtration}: {self.n_orderings} orderings of {sum(self.counts):,} cells {self.counts}",
            "  k        peak          sd   peak per cell          sd   first place          sd",
        ]
        rows = (self.peak_mean, self.peak_sd, self.per_cell, self.per_cell_sd, self.place_mean, self.place_sd)
        for k, (peak, sd, share, share_sd, place, place_sd) in enumerate(zip(*rows, strict=True)):
            lines.append(
                f"{k:3d}{peak:12.1f}{sd:12.2f}{share:16.6f}{share_sd:12.6f}{place:14.6f}{place_sd:12.6f}"
            )
        if self.fixed_by_f_vector:
            lines.append("These peaks and places are functions of the f-vector alone.")
        if self.warning:
            lines.append(self.warning)
        return "\n".join(lines)


def betti_peak_report(complex: Any, filtration: Any = None, **options: Any) -> PeakReport:
    """Peaks of Betti numbers along random orderings, divided by the number of cells.

    Parameters
    ----------
    complex : PolyhedralComplex, Subcomplex, CellComplex or BettiCurves
        `BettiCurves` are taken as they are.
    filtration, **options
        As for `betti_curves`, default "cell_max"; not given beside `BettiCurves`.

    Returns
    -------
    PeakReport

    Raises
    ------
    TypeError, ValueError, relutope.IncompleteError
        As `betti_curves`; TypeError also if options are given beside `BettiCurves`.

    Examples
    --------
    Four times the cells, and the peak per cell stays where it is.

    >>> from relutope.homology import CellComplex, betti_peak_report
    >>> small = betti_peak_report(CellComplex.grid((50, 50)), n_orderings=20)
    >>> large = betti_peak_report(CellComplex.grid((100, 100)), n_orderings=20)
    >>> small.per_cell.round(3), large.per_cell.round(3)
    (array([0.071, 0.041, 0.   ]), array([0.07 , 0.042, 0.   ]))
    """
    if isinstance(complex, BettiCurves):
        if options or filtration is not None:
            raise TypeError(f"options are {[filtration, *sorted(options)]}; legal beside BettiCurves: none")
        curves = complex
    else:
        curves = betti_curves(complex, "cell_max" if filtration is None else filtration, **options)
    return PeakReport(
        curves.filtration,
        curves.counts,
        curves.n_orderings,
        *mean_and_sd(curves.peak),
        *mean_and_sd(curves.normalized_peak),
        *mean_and_sd(curves.first_place),
        fixed_by_f_vector=curves.fills_ball and curves.filtration == "by_dimension",
        warning=WARNING if curves.filtration in RANDOM else "",
    )
