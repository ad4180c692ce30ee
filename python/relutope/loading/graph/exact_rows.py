"""Sparse rows with exact coefficients: float64 where they are, else integers over one denominator per row."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

import numpy as np
from numpy.typing import NDArray

from relutope.coefficients import ExactRow
from relutope.loading.graph.numbers import (
    Numbers,
    exact_group_sums,
    rounded,
    split_numbers,
)


@dataclass(frozen=True, eq=False)
class Rows:
    """Affine forms of earlier values, compressed by rows.

    Attributes
    ----------
    indptr : ndarray of int64, shape (n_rows + 1,)
    indices : ndarray of int64
        Value ids, ascending within a row.
    values, bias : ndarray of float64
        Correctly rounded coefficients, none of the values stored twice.
    rational : dict of int to (list of int, int)
        For each row that is not all float64 the numerators of its nonzeros in order and then of its bias,
        and their denominator > 0.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    values: NDArray[np.float64]
    bias: NDArray[np.float64]
    rational: dict[int, ExactRow]

    def __len__(self) -> int:
        return len(self.bias)

    def row_ids(self) -> NDArray[np.int64]:
        """The row of every nonzero."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.indptr))

    def exact_row(self, row: int) -> ExactRow:
        """Numerators of a row's nonzeros and of its bias, and their denominator."""
        known = self.rational.get(row)
        if known is not None:
            return known
        values = self.values[self.indptr[row] : self.indptr[row + 1]].tolist()
        return integers_of(values, float(self.bias[row]))


def integers_of(values: list[float], bias: float) -> ExactRow:
    """Floats as integers over one power of two."""
    ratios = [value.as_integer_ratio() for value in (*values, bias)]
    denominator = max(bottom for _, bottom in ratios)  # all are powers of two
    return [top * (denominator // bottom) for top, bottom in ratios], denominator


def rows_from_entries(
    n_rows: int, row: NDArray[np.int64], ids: NDArray[np.int64], coefficients: Numbers, bias: Numbers
) -> Rows:
    """Rows from entries in any order; those of one row and id add up, id -1 is the constant 0.

    Parameters
    ----------
    n_rows : int
    row, ids : ndarray of int64
    coefficients : ndarray of the length of `row`
    bias : ndarray of shape (n_rows,)
    """
    keep = (ids >= 0) & (coefficients != 0).astype(bool)
    if not keep.all():
        row, ids, coefficients = row[keep], ids[keep], coefficients[keep]
    step, rise = np.diff(row), np.diff(ids)
    if not ((step > 0) | ((step == 0) & (rise >= 0))).all():
        order = np.lexsort((ids, row))
        row, ids, coefficients = row[order], ids[order], coefficients[order]
        step, rise = np.diff(row), np.diff(ids)
    values, others = split_numbers(coefficients)
    repeated = (step == 0) & (rise == 0)
    if repeated.any():
        row, ids, values, others = _merged(row, ids, values, others, repeated)
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=n_rows), out=indptr[1:])
    bias_values, bias_others = split_numbers(bias)
    rational: dict[int, ExactRow] = {}
    for place in sorted({int(row[entry]) for entry in others} | set(bias_others)):
        first, last = int(indptr[place]), int(indptr[place + 1])
        exact = [others.get(entry, Fraction(values[entry].item())) for entry in range(first, last)]
        exact.append(bias_others.get(place, Fraction(bias_values[place].item())))
        denominator = lcm(*(value.denominator for value in exact))
        rational[place] = (
            [value.numerator * (denominator // value.denominator) for value in exact],
            denominator,
        )
    return Rows(indptr, ids, values, bias_values + 0.0, rational)


def _merged(
    row: NDArray[np.int64],
    ids: NDArray[np.int64],
    values: NDArray[np.float64],
    others: dict[int, Fraction],
    repeated: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], dict[int, Fraction]]:
    """Add entries of one row and id, and drop those that cancel."""
    starts = np.flatnonzero(np.append(True, ~repeated))
    ends = np.append(starts[1:], len(values))
    sums, exact = exact_group_sums(starts, values)
    group = np.repeat(np.arange(len(starts)), ends - starts)
    exact[group[list(others)]] = False
    left: dict[int, Fraction] = {}
    for place in np.flatnonzero(~exact).tolist():
        members = range(int(starts[place]), int(ends[place]))
        value = sum((others.get(entry, Fraction(values[entry].item())) for entry in members), Fraction(0))
        sums[place] = rounded(value.numerator, value.denominator)
        if Fraction(sums[place].item()) != value:
            left[place] = value
    keep = sums != 0
    keep[list(left)] = True
    new_place = np.cumsum(keep) - 1
    row, ids = row[starts][keep], ids[starts][keep]
    return row, ids, sums[keep], {int(new_place[place]): value for place, value in left.items()}


def rows_from_table(ids: NDArray[np.int64], weight: Numbers, bias: Numbers, positions_first: bool) -> Rows:
    """Every form of a weight table at every position of an id table.

    Parameters
    ----------
    ids : ndarray of int64, shape (n_positions, n_terms)
        The values that enter at each position; -1 is the constant 0.
    weight : ndarray of shape (n_forms, n_terms)
    bias : ndarray of shape (n_forms,)
    positions_first : bool
        Whether row p * n_forms + f or row f * n_positions + p holds form f at position p.

    Returns
    -------
    Rows
    """
    n_positions, n_terms = ids.shape
    n_forms, n_rows = len(weight), len(weight) * n_positions
    order = np.argsort(ids, axis=1, kind="stable")
    ascending = np.take_along_axis(ids, order, axis=1)
    twice = bool(((ascending[:, 1:] == ascending[:, :-1]) & (ascending[:, 1:] >= 0)).any())
    floats = weight.dtype != object and bias.dtype != object
    if floats and not twice and (n_positions == 1 or not positions_first) and (weight != 0).all():
        seen = ascending >= 0  # every form has its nonzeros at the same places
        indptr = np.append(0, np.cumsum(np.tile(np.count_nonzero(seen, axis=1), n_forms)))
        values = weight.take(order[seen], axis=1).ravel()
        return Rows(indptr, np.tile(ascending[seen], n_forms), values, np.repeat(bias, n_positions) + 0.0, {})
    shape = (n_forms, n_positions, n_terms)
    table = weight[:, order]  # (n_forms, n_positions, n_terms)
    ids_table = np.broadcast_to(ascending, shape)
    biases = np.broadcast_to(bias[:, None], (n_forms, n_positions))
    if positions_first:
        table, ids_table, biases = table.swapaxes(0, 1), ids_table.swapaxes(0, 1), biases.T
    if twice or not floats:
        row = np.repeat(np.arange(n_rows, dtype=np.int64), n_terms)
        return rows_from_entries(n_rows, row, ids_table.ravel(), table.ravel(), biases.ravel())
    keep = (table != 0) & (ids_table >= 0)
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(np.count_nonzero(keep, axis=2).ravel(), out=indptr[1:])
    return Rows(indptr, ids_table[keep], table[keep], biases.ravel() + 0.0, {})


def reduced(numerators: list[int], denominator: int) -> ExactRow:
    """The same row over its least denominator."""
    common = gcd(denominator, *numerators)
    if common == 1:
        return numerators, denominator
    return [value // common for value in numerators], denominator // common


def all_floats(numerators: list[int], denominator: int) -> bool:
    """Whether every number of a reduced row is a float64."""
    if denominator & (denominator - 1):
        return False
    if denominator == 1 and all(abs(value) < 2**53 for value in numerators):
        return True
    for value in numerators:
        try:
            top, bottom = (value / denominator).as_integer_ratio()
        except OverflowError:
            return False
        if top * denominator != value * bottom:
            return False
    return True


def concatenated(parts: list[Rows]) -> Rows:
    """The rows of several tables, one after another."""
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *(len(part.indices) for part in parts)])
    indptr = [part.indptr[:-1] + start for part, start in zip(parts, starts.tolist(), strict=False)]
    first_rows = np.cumsum([0, *(len(part) for part in parts)]).tolist()
    rational = {
        first + row: exact
        for part, first in zip(parts, first_rows, strict=False)
        for row, exact in part.rational.items()
    }
    return Rows(
        np.concatenate([*indptr, starts[-1:]]),
        np.concatenate([part.indices for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.bias for part in parts]),
        rational,
    )
