"""Rows with the values that they read replaced by the rows that define these."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import lcm

import numpy as np
from numpy.typing import NDArray

from relutope.coefficients import ExactRow
from relutope.loading.graph.exact_rows import Rows, all_floats, reduced
from relutope.loading.graph.numbers import exact_group_sums, exact_products, rounded_row


@dataclass(frozen=True, eq=False)
class Definitions:
    """Rows by the ids of their values: rows g of `rows[k]` defines value ``starts[k] + g``."""

    starts: list[int]
    rows: list[Rows]

    def exact_row(self, value: int) -> tuple[list[int], ExactRow]:
        """Ids and exact coefficients of the row that defines a value."""
        layer = bisect_right(self.starts, value) - 1
        rows, row = self.rows[layer], value - self.starts[layer]
        return rows.indices[rows.indptr[row] : rows.indptr[row + 1]].tolist(), rows.exact_row(row)


@dataclass(frozen=True, eq=False)
class Draft:
    """Substituted rows in float64, and which of them are not exact that way."""

    row: NDArray[np.int64]
    ids: NDArray[np.int64]
    values: NDArray[np.float64]
    bias: NDArray[np.float64]
    inexact: NDArray[np.bool_]

    def n_rational(self) -> NDArray[np.int64]:
        """By row the number of rational coefficients that it takes, or a little more."""
        sizes = np.bincount(self.row, minlength=len(self.bias)) + 1
        return np.where(self.inexact, sizes, 0)


def drafted(rows: Rows, inlined: NDArray[np.bool_], definitions: Definitions) -> Draft:
    """Substitute in float64, proving where that is exact.

    Parameters
    ----------
    rows : Rows
    inlined : ndarray of bool
        By nonzero of `rows` whether it is replaced.
    definitions : Definitions
    """
    row, n_rows = rows.row_ids(), len(rows)
    inexact = np.zeros(n_rows, dtype=bool)
    inexact[list(rows.rational)] = True
    entries = [(row[~inlined], rows.indices[~inlined], rows.values[~inlined])]
    biases = [(np.arange(n_rows, dtype=np.int64), rows.bias)]
    places = np.flatnonzero(inlined)
    layer_of = np.searchsorted(definitions.starts, rows.indices[places], side="right") - 1
    for layer in np.unique(layer_of).tolist():
        source = definitions.rows[layer]
        mine = places[layer_of == layer]
        local = rows.indices[mine] - definitions.starts[layer]
        sizes = np.diff(source.indptr)[local]
        skipped = np.repeat(source.indptr[local] - np.cumsum(sizes) + sizes, sizes)
        where = skipped + np.arange(len(skipped))
        reader = np.repeat(row[mine], sizes)
        values, exact = exact_products(np.repeat(rows.values[mine], sizes), source.values[where])
        inexact[reader[~exact]] = True
        entries.append((reader, source.indices[where], values))
        constants, exact = exact_products(rows.values[mine], source.bias[local])
        inexact[row[mine][~exact]] = True
        biases.append((row[mine], constants))
        rational = np.zeros(len(source), dtype=bool)
        rational[list(source.rational)] = True
        inexact[row[mine][rational[local]]] = True
    readers, sources, coefficients = map(np.concatenate, zip(*entries, strict=True))
    row, ids, values, wrong = _grouped(readers, sources, coefficients)
    inexact[wrong] = True
    owner, constants = map(np.concatenate, zip(*biases, strict=True))
    keep = (constants != 0) | (np.arange(len(owner)) < n_rows)
    _, _, bias, wrong = _grouped(
        owner[keep], np.zeros(int(keep.sum()), dtype=np.int64), constants[keep], True
    )
    inexact[wrong] = True
    return Draft(row, ids, values, bias, inexact)


def finished(draft: Draft, rows: Rows, inlined: NDArray[np.bool_], definitions: Definitions) -> Rows:
    """The rows of a draft, those that are not exact in float64 computed again in integers."""
    places = np.flatnonzero(draft.inexact)
    exact = [_combined(rows, place, inlined, definitions) for place in places.tolist()]
    n_rows = len(rows)
    keep = ~draft.inexact[draft.row]
    sizes = np.bincount(draft.row[keep], minlength=n_rows)
    sizes[places] = [len(ids) for ids, _ in exact]
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(sizes, out=indptr[1:])
    indices = np.empty(indptr[-1], dtype=np.int64)
    values = np.empty(indptr[-1])
    bias = draft.bias + 0.0
    plain = np.repeat(~draft.inexact, sizes)
    indices[plain], values[plain] = draft.ids[keep], draft.values[keep]
    rational: dict[int, ExactRow] = {}
    for place, (ids, (numerators, denominator)) in zip(places.tolist(), exact, strict=True):
        images = rounded_row(numerators, denominator)
        first, last = indptr[place], indptr[place + 1]
        indices[first:last], values[first:last], bias[place] = ids, images[:-1], images[-1]
        if not all_floats(numerators, denominator):
            rational[place] = numerators, denominator
    return Rows(indptr, indices, values, bias, rational)


def _grouped(
    row: NDArray[np.int64], ids: NDArray[np.int64], values: NDArray[np.float64], keep_zeros: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Entries sorted and added up, zeros dropped, and the rows in which a sum was not exact."""
    step, rise = np.diff(row), np.diff(ids)
    if not ((step > 0) | ((step == 0) & (rise >= 0))).all():
        order = np.lexsort((ids, row))
        row, ids, values = row[order], ids[order], values[order]
        step, rise = np.diff(row), np.diff(ids)
    if len(row) == 0:
        return row, ids, values, row
    starts = np.flatnonzero(np.append(True, (step != 0) | (rise != 0)))
    sums, exact = exact_group_sums(starts, values)
    row, ids = row[starts], ids[starts]
    wrong = row[~exact]
    if not keep_zeros:
        keep = (sums != 0) | ~exact
        row, ids, sums = row[keep], ids[keep], sums[keep]
    return row, ids, sums, wrong


def _combined(
    rows: Rows, place: int, inlined: NDArray[np.bool_], definitions: Definitions
) -> tuple[list[int], ExactRow]:
    """Ids and exact coefficients of one row after the substitution."""
    first, last = int(rows.indptr[place]), int(rows.indptr[place + 1])
    ids = rows.indices[first:last].tolist()
    numerators, denominator = rows.exact_row(place)
    replaced = inlined[first:last].tolist()
    if not any(replaced):
        return ids, (numerators, denominator)
    if len(ids) == 1:  # a multiple of one row and a constant
        inner, (tops, bottom) = definitions.exact_row(ids[0])
        factor, constant = numerators
        multiple = [factor * top for top in tops]
        multiple[-1] += constant * bottom
        return inner, reduced(multiple, denominator * bottom)
    parts = {value: definitions.exact_row(value) for value, is_in in zip(ids, replaced, strict=True) if is_in}
    common = lcm(*(row[1] for _, row in parts.values()))
    terms: dict[int, int] = {}
    constant = numerators[-1] * common
    for value, factor in zip(ids, numerators[:-1], strict=True):
        part = parts.get(value)
        if part is None:
            terms[value] = terms.get(value, 0) + factor * common
            continue
        inner, (tops, bottom) = part
        scale = factor * (common // bottom)
        for inner_value, top in zip(inner, tops[:-1], strict=True):
            terms[inner_value] = terms.get(inner_value, 0) + scale * top
        constant += scale * tops[-1]
    left = sorted(value for value, top in terms.items() if top)
    return left, reduced([*(terms[value] for value in left), constant], denominator * common)
