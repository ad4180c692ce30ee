"""Homology of cell complexes, filtered or not.

`betti_numbers`, `relative_betti_numbers` and `components` of a complex; `persistence` along a filtration,
with `Barcode`; `betti_curves` along many random orderings, with `betti_peak_report`; `critical_sets` of an
output. They take a `PolyhedralComplex`, a `Subcomplex`, or any regular cell complex as a `CellComplex`.

Examples
--------
>>> from relutope.homology import CellComplex, betti_numbers
>>> betti_numbers(CellComplex.grid((3, 3)))
[1, 0, 0]
"""

from relutope.cell_complex import CellComplex
from relutope.homology.barcode import Barcode, persistence
from relutope.homology.curves import BettiCurves, betti_curves
from relutope.homology.morse import CriticalSet, CriticalSets, critical_sets
from relutope.homology.numbers import betti_numbers, components, relative_betti_numbers
from relutope.homology.peaks import PeakReport, betti_peak_report

__all__ = [
    "Barcode",
    "BettiCurves",
    "CellComplex",
    "CriticalSet",
    "CriticalSets",
    "PeakReport",
    "betti_curves",
    "betti_numbers",
    "betti_peak_report",
    "components",
    "critical_sets",
    "persistence",
    "relative_betti_numbers",
]
