"""Closed curves in space whose vertices are numerators over one denominator each."""

from __future__ import annotations

from fractions import Fraction

from relutope import _core
from relutope.coefficients import ExactRow
from relutope.linking.closed_curves import ClosedCurves, Point


class ExactCurves(ClosedCurves):
    """As `ClosedCurves`, without making a Fraction of every coordinate.

    Examples
    --------
    >>> from relutope.linking.exact_curves import ExactCurves
    >>> square = [([0, 0, 0], 1), ([2, 0, 0], 1), ([2, 2, 0], 1), ([0, 2, 0], 1)]
    >>> ExactCurves([square, [([1, 1, -1], 2), ([1, 1, 1], 2), ([1, 9, 0], 1)]]).core.linking_number(0, 1)
    1
    """

    def __init__(self, rows: list[list[ExactRow]]) -> None:
        self.rows = rows
        self.core = _core.ClosedCurves.from_rationals(rows)

    def ends(self, curve: int, segment: int) -> tuple[Point, Point]:
        """Where a segment begins and ends."""
        rows = self.rows[curve]
        begin, end = rows[segment], rows[(segment + 1) % len(rows)]
        return _point(begin), _point(end)


def _point(row: ExactRow) -> Point:
    return tuple(Fraction(top, row[1]) for top in row[0])
