"""A closed polygonal curve cut where the neurons of a network change their signs, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from relutope.coefficients import ExactRow
from relutope.errors import IncompleteError
from relutope.linking.bounded_values import SMALLEST, UNIT, BoundedLayer, Floats, stacked
from relutope.linking.exact_values import ExactLayer
from relutope.linking.polygon import Polygon, rounded
from relutope.network import Network


class Subdivision:
    """Vertices of a polygon and those that the first layers of a network add to it.

    A vertex is kept as a segment of the polygon and a parameter t on it, a fraction in lowest terms. It is
    the zero of an affine form whose coefficients gain a few words per layer, so t does too; coordinates
    computed from those of a layer before would double their length in every layer. A piece leads from a
    vertex to the next; on it all neurons of the layers so far have one sign each, or 0 at an end, so the
    network is affine.

    Floats tell most signs at vertices by their proven bounds; the others, and all parameters, are found from
    exact values.

    Attributes
    ----------
    segments : ndarray of shape (n,), int64
    parameters : list of Fraction
        0 <= t < 1, rising along each segment.
    n_layers : int
        How many layers of the network have cut.
    exact : ExactLayer
        The last of them.
    """

    def __init__(self, network: Network, polygon: Polygon, max_segments: int | None = None) -> None:
        self.network = network
        self.polygon = polygon
        self.max_segments = max_segments
        self.segments = np.arange(len(polygon), dtype=np.int64)
        self.parameters = [Fraction(0)] * len(polygon)
        self.n_layers = 0
        self.exact = ExactLayer(network.input_dim, ())
        self._bounded: list[BoundedLayer] = []
        self._n_values = network.input_dim
        self._values, self._errors = self._inputs(self.segments, self.parameters)

    def point(self, vertex: int) -> ExactRow:
        """The vertex on the polygon, numerators over one denominator."""
        return self.polygon.at(int(self.segments[vertex]), self.parameters[vertex])

    def add_layer(self) -> None:
        """Cut where signs of the next layer of the network change, or the largest entries of a maximum.

        Raises
        ------
        IncompleteError
            If there are more than `max_segments` pieces.
        """
        layer = self.network.layers[self.n_layers]
        bounded = BoundedLayer(layer, self._n_values)
        self.exact = ExactLayer(self.network.input_dim, self.network.layers[: self.n_layers + 1])
        known: dict[int, ExactRow] = {}
        if layer.kind == "relu":
            self._insert(self._sign_changes(bounded, known))
        elif layer.kind == "max":
            self._insert(self._maximum_changes(bounded, known))
        self._values, self._errors = stacked([bounded], self._values, self._errors)
        self._bounded.append(bounded)
        self._n_values += layer.n_rows
        self.n_layers += 1

    def entering(self, vertex: int, known: dict[int, ExactRow]) -> ExactRow:
        """What enters the last layer at a vertex, exactly; `known` holds what was computed before."""
        if vertex not in known:
            known[vertex] = self.exact(*self.point(vertex))
        return known[vertex]

    def bounded(self) -> tuple[Floats, Floats]:
        """Values (n, width) of the last layer at the vertices, and bounds on their errors."""
        first = -self.network.layers[self.n_layers - 1].n_rows if self.n_layers else 0
        return np.ascontiguousarray(self._values[first:].T), np.ascontiguousarray(self._errors[first:].T)

    def _inputs(self, segments: NDArray[np.int64], parameters: list[Fraction]) -> tuple[Floats, Floats]:
        """Points of the polygon as columns, and bounds on their errors."""
        rows = [self.polygon.at(segment, t) for segment, t in zip(segments.tolist(), parameters, strict=True)]
        values = rounded(rows)
        rounds = np.array([[top != 0 for top in tops] for tops, _ in rows])
        if self.polygon.is_float:
            rounds[[t == 0 for t in parameters]] = False  # not rounded
        with np.errstate(over="ignore"):
            errors = np.where(rounds, 2 * UNIT * np.abs(values) + SMALLEST, 0.0)
        return values.T, errors.T

    def _next(self) -> NDArray[np.int64]:
        return np.roll(np.arange(len(self.segments)), -1)

    def _sign_changes(self, bounded: BoundedLayer, known: dict[int, ExactRow]) -> dict[int, set[Fraction]]:
        """Per piece the places 0 < s < 1 of it where a neuron changes from one sign to the other."""
        values, errors = bounded.affine(self._values, self._errors)
        with np.errstate(invalid="ignore"):
            certain = np.abs(values) > errors
        certain |= (values == 0) & (errors == 0)
        signs = np.sign(np.where(certain, values, 0)).astype(np.int8)
        for vertex in np.flatnonzero(~certain.all(axis=0)).tolist():
            tops, _ = self.entering(vertex, known)
            signs[:, vertex] = [(top > 0) - (top < 0) for top in tops]
        after = self._next()
        rows, pieces = np.nonzero(signs * signs[:, after] < 0)
        places: dict[int, set[Fraction]] = {}
        for row, piece in zip(rows.tolist(), pieces.tolist(), strict=True):
            (first, a), (second, b) = (self.entering(int(v), known) for v in (piece, after[piece]))
            up, down = abs(first[row]) * b, abs(second[row]) * a
            places.setdefault(piece, set()).add(Fraction(up, up + down))
        return places

    def _maximum_changes(self, bounded: BoundedLayer, known: dict[int, ExactRow]) -> dict[int, set[Fraction]]:
        """Per piece the places 0 < s < 1 of it where other entries of a row become the largest."""
        after = self._next()
        places: dict[int, set[Fraction]] = {}
        for window, entries in zip(self.exact.windows, bounded.entries, strict=True):
            leads = _leads(self._values[entries], self._errors[entries])
            for piece in np.flatnonzero(~(leads & leads[:, after]).any(axis=0)).tolist():
                (first, a), (second, b) = (self.entering(int(v), known) for v in (piece, after[piece]))
                changes = largest_changes([first[k] * b for k in window], [second[k] * a for k in window])
                if changes:
                    places.setdefault(piece, set()).update(changes)
        return places

    def _insert(self, places: dict[int, set[Fraction]]) -> None:
        if not places:
            return
        n = len(self.segments) + sum(map(len, places.values()))
        if self.max_segments is not None and n > self.max_segments:
            progress = {"layer": self.n_layers, "n_layers": len(self.network.layers), "segments": n}
            raise IncompleteError(
                f"layer {self.n_layers} cuts the curve into {n} segments, more than max_segments = "
                f"{self.max_segments}",
                "max_segments",
                progress,
            )
        before, parameters = [], []
        for piece in sorted(places):
            t = self.parameters[piece]
            end = end_of_piece(self.segments, self.parameters, piece)
            before += [piece + 1] * len(places[piece])
            parameters += [t + (end - t) * place for place in sorted(places[piece])]
        segments = self.segments[np.array(before, dtype=np.int64) - 1]
        values, errors = stacked(self._bounded, *self._inputs(segments, parameters))
        self._values = np.insert(self._values, before, values, axis=1)
        self._errors = np.insert(self._errors, before, errors, axis=1)
        self.segments = np.insert(self.segments, before, segments)
        for index, parameter in zip(reversed(before), reversed(parameters), strict=True):
            self.parameters.insert(index, parameter)


def end_of_piece(segments: NDArray[np.int64], parameters: Sequence[Fraction], piece: int) -> Fraction:
    """Parameter of the end of a piece on the segment of its beginning."""
    after = piece + 1
    return parameters[after] if after < len(segments) and segments[after] == segments[piece] else Fraction(1)


def _leads(values: Floats, errors: Floats) -> NDArray[np.bool_]:
    """Where an entry (k, n) is certain to be at least as large as all others.

    A comparison of two rounded sums that is strict holds of the sums; nan is never certain.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        lower, upper = values - errors, values + errors
    leads = np.empty(values.shape, dtype=bool)
    for k in range(len(values)):
        equal = (lower[k] == upper) & (errors[k] == 0) & (errors == 0)
        ahead = (lower[k] > upper) | equal
        ahead[k] = True
        leads[k] = ahead.all(axis=0)
    return leads


def largest_changes(first: list[int], second: list[int]) -> list[Fraction]:
    """Where on 0 < s < 1 the set of the largest of the forms (1 - s) first + s second changes.

    Examples
    --------
    >>> from relutope.linking.subdivision import largest_changes
    >>> largest_changes([4, 3, 0], [0, 3, 4])
    [Fraction(1, 4), Fraction(3, 4)]
    """
    changes: list[Fraction] = []
    now = max(range(len(first)), key=lambda k: (first[k], second[k]))
    while True:
        overtaking = [
            (Fraction(first[now] - first[k], first[now] - first[k] + second[k] - second[now]), -second[k], k)
            for k in range(len(first))
            if second[k] > second[now]
        ]
        if not overtaking:
            return changes
        place, _, now = min(overtaking)
        changes.append(place)
