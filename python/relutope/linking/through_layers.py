"""Linking numbers of the images of two curves under all layers of a network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.arguments import checked_dimension
from relutope.linking.bounded_values import SMALLEST, UNIT
from relutope.linking.distances import distance_between, min_distance
from relutope.linking.exact_curves import ExactCurves
from relutope.linking.images import CurveImage, images
from relutope.linking.layer_meetings import LayerMeeting, first_meeting, same_meeting
from relutope.linking.numbers import linking_number
from relutope.linking.polygon import Polygon
from relutope.loading import as_network
from relutope.network import Network
from relutope.progress import interruptible


@dataclass(frozen=True)
class LayerLinking:
    """How the images of two curves under one layer are linked.

    Attributes
    ----------
    layer : int
        Index in `Network.layers`, -1 for the curves themselves.
    kind, origin : str
        That of the layer, "input" for the curves themselves, and what it was in the model that it came from.
    linking_number : int or None
        None where the images have a common point: then there is no linking number.
    meeting : LayerMeeting or None
        Such a point, and the first step of the layer after which there is one.
    min_distance, distance_error : float
        The least distance of the images, and how far off it may be because their vertices are rounded to
        float64; 0 where they meet, infinite beyond float64.
    n_segments : (int, int)
        Numbers of segments of the two images.
    """

    layer: int
    kind: str
    origin: str
    linking_number: int | None
    meeting: LayerMeeting | None
    min_distance: float
    distance_error: float
    n_segments: tuple[int, int]

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        distances = {"min_distance": self.min_distance, "distance_error": self.distance_error}
        return {
            **vars(self),
            "meeting": None if self.meeting is None else self.meeting.to_json(),
            **{name: value if isfinite(value) else None for name, value in distances.items()},
            "n_segments": list(self.n_segments),
        }


@dataclass(frozen=True, repr=False)
class ThroughLayers:
    """What `through_layers` finds; printed as a table.

    Attributes
    ----------
    network : Network
    rows : tuple of LayerLinking
        One per layer of 3 values, after one of the curves themselves if there are 3 inputs.
    skipped : tuple of (int, int)
        The other layers and their numbers of values; -1 stands for the inputs.
    """

    network: Network
    rows: tuple[LayerLinking, ...]
    skipped: tuple[tuple[int, int], ...]

    @property
    def numbers(self) -> tuple[int | None, ...]:
        """The linking numbers of the rows."""
        return tuple(row.linking_number for row in self.rows)

    @property
    def first_meeting(self) -> LayerLinking | None:
        """The first row in which the images meet."""
        return next((row for row in self.rows if row.meeting is not None), None)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; numbers that are not defined are null, fractions strings."""
        skipped = [{"layer": layer, "n_values": n_values} for layer, n_values in self.skipped]
        rows = [row.to_json() for row in self.rows]
        return {"network": self.network.hash, "rows": rows, "skipped": skipped}

    def __repr__(self) -> str:
        lines = ["layer  kind    linking number  min distance       segments  where they meet"]
        for row in self.rows:
            number = "undefined" if row.linking_number is None else str(row.linking_number)
            segments = " + ".join(map(str, row.n_segments))
            name = "" if row.layer < 0 else str(row.layer)
            line = f"{name:>5}  {row.kind:<6}  {number:>14}  {row.min_distance:>12.6g}  {segments:>13}"
            if row.meeting is not None:
                line += f"  {row.meeting.where()}"
            lines.append(line)
        for layer, n_values in self.skipped:
            lines.append(f"{layer if layer >= 0 else 'input':>5}  skipped: {n_values} values")
        return "\n".join(lines)


def through_layers(
    network: Any,
    a: ArrayLike,
    b: ArrayLike,
    *,
    layers: Iterable[int] | None = None,
    max_segments: int | None = None,
) -> ThroughLayers:
    """Exact linking numbers of the images of two closed curves under every layer of a network.

    A layer of 3 values maps the two curves to closed polygons in space (see `image`). Either these are
    disjoint and their linking number is an integer, or they have a common point and there is none; then the
    layer is taken in steps, the affine map W v + b and the ReLUs of its coordinates one after the other, and
    the first step is named after which they meet. Three ReLUs of three values cannot unlink curves that stay
    disjoint (Ren and Lim 2026, Theorem 4.7).

    Parameters
    ----------
    network : Network, path or torch.nn.Module
    a, b : array_like of shape (n, input_dim), n >= 3
        The vertices of two closed curves, each taken exactly, as for `image`.
    layers : iterable of int, optional
        The layers that are looked at, by default all. An activation other than ReLU is several layers, of
        which only the last has its values: see `Network.summary`.
    max_segments : int, optional
        Most segments that an image may have.

    Returns
    -------
    ThroughLayers

    Raises
    ------
    ValueError
        If a curve has another shape or a value that is not finite, or a layer is out of range.
    TypeError
        If an argument is of another type.
    IncompleteError
        If there are more than `max_segments` segments, or Ctrl-C was pressed.

    Examples
    --------
    >>> import relutope
    >>> eye = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    >>> network = relutope.Network.from_arrays([eye, eye], [[2, 2, 2], [-2, -2, -4]])
    >>> square = [[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]]
    >>> other = [[0, 0, 1], [0, 0, -1], [0, 3, -1], [0, 3, 1]]
    >>> relutope.linking.through_layers(network, square, other)
    layer  kind    linking number  min distance       segments  where they meet
           input               -1             1          4 + 4
        0  relu                -1             1          4 + 4
        1  linear              -1             1          4 + 4
    """
    network = as_network(network)
    last = len(network.layers) - 1
    chosen = range(last + 1) if layers is None else _checked_layers(layers, last)
    polygons = Polygon(a, network.input_dim, "a"), Polygon(b, network.input_dim, "b")
    streams = [images(network, polygon, max(chosen, default=-1) + 1, max_segments) for polygon in polygons]
    rows: list[LayerLinking] = []
    skipped: list[tuple[int, int]] = []
    for first, second in zip(*streams, strict=True):
        if first.layer >= 0 and first.layer not in chosen:
            continue
        if first.dim == 3:
            rows.append(_row(first, second, rows[-1].meeting if rows else None))
        else:
            skipped.append((first.layer, first.dim))
    return ThroughLayers(network, tuple(rows), tuple(skipped))


def _row(a: CurveImage, b: CurveImage, earlier: LayerMeeting | None) -> LayerLinking:
    meeting = None if earlier is None else same_meeting(a, b, earlier)
    number, distance, error = None, 0.0, 0.0
    if meeting is None:
        number, distance, error = _number(a, b)
    if number is None and meeting is None:
        meeting = first_meeting(a, b)
    origin = "" if a.layer < 0 else a.network.layers[a.layer].origin
    segments = a.n_segments, b.n_segments
    return LayerLinking(a.layer, a.kind, origin, number, meeting, distance, error, segments)


def _number(a: CurveImage, b: CurveImage) -> tuple[int | None, float, float]:
    """Linking number, and the least distance of float images of the curves with the most that it is off.

    Curves whose vertices move straight from the exact ones to others, each coordinate by at most e, move by
    at most 2 e. If the others are farther apart than both move, the curves do not meet on the way, so all
    have one linking number.
    """
    curves = a.bounded[0], b.bounded[0]
    reach = _reach(a.bounded[1], b.bounded[1])
    finite = isfinite(reach) and all(np.isfinite(values).all() for values in curves)
    if finite and _core.apart(*curves, reach):
        return linking_number(*curves), min_distance(*curves).value, reach
    exact = ExactCurves([a.rows, b.rows])
    with interruptible("the linking number", {}):
        number = exact.core.linking_number(0, 1)
        distance = 0.0 if number is None else distance_between(exact, 0, 1).value
    if number is None:
        return None, 0.0, 0.0
    reach = _reach(*(UNIT * np.abs(values) + SMALLEST for values in (a.vertices, b.vertices)))
    return number, distance, reach


def _reach(*errors: NDArray[np.float64]) -> float:
    """How far two curves move together, rounded up; sqrt(3) is less than 2."""
    return (2 + 8 * UNIT) * sum(float(error.max()) for error in errors)


def _checked_layers(layers: Iterable[int], last: int) -> set[int]:
    if isinstance(layers, (str, bytes)) or not isinstance(layers, Iterable):
        raise TypeError(f"layers is {layers!r}; legal: an iterable of ints from 0 to {last}")
    return {checked_dimension(layer, last, name="layers") for layer in layers}
