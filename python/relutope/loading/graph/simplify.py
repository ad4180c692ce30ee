"""Fewer and larger rows: linear rows inlined into their only readers, and what nobody reads dropped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relutope.loading.graph.exact_rows import Rows, rows_from_entries
from relutope.loading.graph.substitution import Definitions, drafted, finished
from relutope.loading.graph.value_graph import GraphLayer, RawLayer

#: Rational coefficients that inlining may make; linear rows that would make more stay layers of their own.
MAX_RATIONAL = 1_000_000

#: Products of coefficients that composing the last linear maps may take.
MAX_PRODUCTS = 4_000_000


def simplified(
    input_dim: int, raw: Sequence[RawLayer], outputs: NDArray[np.int64]
) -> tuple[list[GraphLayer], list[str], NDArray[np.int64]]:
    """The layers of a network with these outputs, and notes.

    Parameters
    ----------
    input_dim : int
    raw : sequence of RawLayer
    outputs : ndarray of int64
        Ids of the outputs; -1 is the constant 0.

    Returns
    -------
    layers : list of GraphLayer
        The last is linear and has one row per output.
    notes : list of str
    ids : ndarray of int64
        By value of the new layers its id before; the outputs come after all values.
    """
    n_outputs = len(outputs)
    last = rows_from_entries(
        n_outputs, np.arange(n_outputs), outputs, np.ones(n_outputs), np.zeros(n_outputs)
    )
    whole = [*((layer.kind, layer.rows, layer.origin) for layer in raw), ("linear", last, "output")]
    simplifier = _Simplifier(input_dim, whole)
    for layer in range(len(whole)):
        simplifier.rewrite(layer)
    return simplifier.result()


class _Simplifier:
    """All layers, rewritten one after another; ids stay what they were until `result` numbers them anew."""

    def __init__(self, input_dim: int, layers: list[tuple[str, Rows, str]]) -> None:
        self.input_dim = input_dim
        self.kinds = [kind for kind, _, _ in layers]
        self.rows = [rows for _, rows, _ in layers]
        self.origins = [[origin] for _, _, origin in layers]
        sizes = [input_dim, *(len(rows) for rows in self.rows)]
        self.starts = np.cumsum(sizes)[:-1].tolist()
        self.n_values = sum(sizes)
        self.live = self._live()
        self.reads = np.zeros(self.n_values, dtype=np.int64)
        self.to_outputs_only = self._to_outputs_only()
        # What may replace a value: anything that is read once, and short rows wherever they are read.
        self.movable = np.zeros(self.n_values, dtype=bool)
        self.short = np.zeros(self.n_values, dtype=bool)
        self.copy_of = np.arange(self.n_values, dtype=np.int64)
        self.size = np.zeros(self.n_values, dtype=np.int64)
        self.cost = np.zeros(self.n_values, dtype=np.int64)
        self.spent = 0

    def _span(self, layer: int) -> slice:
        return slice(self.starts[layer], self.starts[layer] + len(self.rows[layer]))

    def _live(self) -> NDArray[np.bool_]:
        """Which values an output depends on."""
        live = np.zeros(self.n_values, dtype=bool)
        live[self._span(len(self.rows) - 1)] = True
        for layer in reversed(range(len(self.rows))):
            rows = self.rows[layer]
            live[rows.indices[np.repeat(live[self._span(layer)], np.diff(rows.indptr))]] = True
        return live

    def _to_outputs_only(self) -> NDArray[np.bool_]:
        """Which linear values are read by linear rows only, whose values are again read by such rows only.

        Counts the reads of all values on the way.
        """
        only = np.ones(self.n_values, dtype=bool)
        for layer in reversed(range(len(self.rows))):
            rows, span = self.rows[layer], self._span(layer)
            if self.kinds[layer] != "linear":
                only[span] = False
            read = np.repeat(self.live[span], np.diff(rows.indptr))
            np.add.at(self.reads, rows.indices[read], 1)
            only[rows.indices[read & ~np.repeat(only[span], np.diff(rows.indptr))]] = False
        return only

    def rewrite(self, layer: int) -> None:
        """Inline into a layer what may be inlined, and decide which of its rows may move on."""
        span = self._span(layer)
        rows = _restricted(self.rows[layer], self.live[span])
        if self.kinds[layer] == "max":
            copies = self.copy_of[rows.indices]
            # A maximum of equal values lists the value once.
            ones = rows_from_entries(len(rows), rows.row_ids(), copies, np.ones(len(copies)), rows.bias)
            self.rows[layer] = Rows(ones.indptr, ones.indices, np.ones(len(ones.indices)), rows.bias, {})
            return
        rows = self._inlined(layer, rows)
        self.rows[layer] = rows
        sizes = np.diff(rows.indptr)
        self.size[span] = sizes
        self.cost[span][list(rows.rational)] = sizes[list(rows.rational)] + 1
        if self.kinds[layer] == "linear":
            self.short[span] = sizes <= 1
            self.movable[span] = (sizes <= 1) | (self.reads[span] == 1) | self.to_outputs_only[span]
            ends = rows.indptr[1:] - 1
            plain = (sizes == 1) & (rows.bias == 0)
            plain[list(rows.rational)] = False
            places = np.flatnonzero(plain)
            places = places[rows.values[ends[places]] == 1]
            self.copy_of[self.starts[layer] + places] = rows.indices[ends[places]]

    def _inlined(self, layer: int, rows: Rows) -> Rows:
        movable = self.movable[rows.indices]
        if not movable.any():
            return rows
        definitions = Definitions(self.starts[:layer], self.rows[:layer])
        row = rows.row_ids()
        long = movable & ~self.short[rows.indices]
        rational = np.zeros(len(rows), dtype=bool)
        rational[list(rows.rational)] = True
        # Most refusals are known before anything is multiplied: rows that are rational stay so.
        many = long & (self.reads[rows.indices] > 1)
        if int(self.size[rows.indices[many]].sum()) > MAX_PRODUCTS:
            movable &= ~many
            long &= movable
        least = int(self.size[rows.indices[long & rational[row]]].sum())
        if self.spent + least > MAX_RATIONAL + int(self.cost[rows.indices[long]].sum()):
            movable &= ~(long & rational[row])
            long &= movable
        draft = drafted(rows, movable, definitions)
        freed = int(self.cost[rows.indices[movable & (self.reads[rows.indices] == 1)]].sum())
        grown = int(draft.n_rational().sum()) - freed
        if long.any() and self.spent + grown > MAX_RATIONAL:
            movable &= ~(long & draft.inexact[row])
            draft = drafted(rows, movable, definitions)
        else:
            self.spent += grown
        sources = np.searchsorted(self.starts, rows.indices[movable], side="right") - 1
        inner = [origin for source in np.unique(sources).tolist() for origin in self.origins[source]]
        self.origins[layer] = list(dict.fromkeys([*inner, *self.origins[layer]]))
        return finished(draft, rows, movable, definitions)

    def result(self) -> tuple[list[GraphLayer], list[str], NDArray[np.int64]]:
        """The rows that an output depends on, numbered anew."""
        live = self._live()
        live[: self.input_dim] = True
        new_id = np.cumsum(live) - 1
        layers = []
        dropped = {"relu": 0, "max": 0}
        for layer, rows in enumerate(self.rows):
            keep = live[self._span(layer)]
            kind = self.kinds[layer]
            if kind != "linear":
                dropped[kind] += int(np.count_nonzero(~keep))
            if not keep.any():
                continue
            kept = _selected(rows, keep)
            origin = " + ".join(self.origins[layer])
            layers.append(
                GraphLayer(
                    kind, kept.indptr, new_id[kept.indices], kept.values, kept.bias, kept.rational, origin
                )
            )
        names = {"relu": "ReLU neurons", "max": "maxima"}
        notes = [
            f"dropped {count} {names[kind]} that no output depends on"
            for kind, count in dropped.items()
            if count
        ]
        return layers, notes, np.flatnonzero(live)


def _restricted(rows: Rows, live: NDArray[np.bool_]) -> Rows:
    """The same number of rows, those that are not live emptied."""
    if live.all():
        return rows
    sizes = np.where(live, np.diff(rows.indptr), 0)
    keep = np.repeat(live, np.diff(rows.indptr))
    indptr = np.append(0, np.cumsum(sizes))
    rational = {row: exact for row, exact in rows.rational.items() if live[row]}
    return Rows(indptr, rows.indices[keep], rows.values[keep], np.where(live, rows.bias, 0.0), rational)


def _selected(rows: Rows, keep: NDArray[np.bool_]) -> Rows:
    """Some of the rows."""
    if keep.all():
        return rows
    entries = np.repeat(keep, np.diff(rows.indptr))
    indptr = np.append(0, np.cumsum(np.diff(rows.indptr)[keep]))
    new_row = np.cumsum(keep) - 1
    rational = {int(new_row[row]): exact for row, exact in rows.rational.items() if keep[row]}
    return Rows(indptr, rows.indices[entries], rows.values[entries], rows.bias[keep], rational)
