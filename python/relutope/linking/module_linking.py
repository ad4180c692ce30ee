"""Linking numbers of two curves behind every module of a torch model, with what is proven about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np

from relutope import _core
from relutope.errors import IncompleteError
from relutope.linking.bounded_values import Floats
from relutope.linking.distances import min_distance
from relutope.linking.layer_meetings import LayerMeeting
from relutope.linking.module_trace import Output, run
from relutope.linking.numbers import linking_number
from relutope.linking.places import Places
from relutope.linking.through_layers import LayerLinking, through_layers
from relutope.linking.traced_curves import CurveValues, PiecewiseLinear


@dataclass(frozen=True)
class ModuleLinking:
    """How the images of two curves behind one module are linked.

    Attributes
    ----------
    module, kind : str
        Its name in the model and its class; "input" for the curves themselves.
    linking_number : int or None
        None where the images meet, or where refined polygons do that nothing is proven about.
    certified : bool
        Whether `linking_number` is proven to be that of the exact images.
    reason : str
        Why, or why not.
    min_distance, distance_error : float
        The least distance of the images, and how far off it may be at most: infinite where no bound is known.
    meeting : LayerMeeting or None
        Where the images meet, if that is proven.
    n_segments : (int, int)
        Numbers of segments of the polygons that were looked at.
    places : tuple of two `Places`, or None
        Their vertices, as parameters on the segments of the two curves. None for exact images, of which
        `relutope.linking.image` knows them.
    """

    module: str
    kind: str
    linking_number: int | None
    certified: bool
    reason: str
    min_distance: float
    distance_error: float
    meeting: LayerMeeting | None
    n_segments: tuple[int, int]
    places: tuple[Places, Places] | None = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object, without the places."""
        distances = {"min_distance": self.min_distance, "distance_error": self.distance_error}
        return {
            **{key: value for key, value in vars(self).items() if key != "places"},
            "meeting": None if self.meeting is None else self.meeting.to_json(),
            **{name: value if isfinite(value) else None for name, value in distances.items()},
            "n_segments": list(self.n_segments),
        }


class Following:
    """Two curves followed through a model.

    Parameters
    ----------
    model : torch.nn.Module
    state : dict
        Its parameters and buffers in float64.
    a, b : ndarray of shape (n, d)
    max_segments : int
        Most segments that a polygon is refined to.
    """

    def __init__(self, model: Any, state: dict[str, Any], a: Floats, b: Floats, max_segments: int) -> None:
        self.model, self.state = model, state
        self.curves = a, b
        self.max_segments = max_segments
        self.rows: dict[int, ModuleLinking] = {}

    def run(self) -> tuple[tuple[ModuleLinking, ...], tuple[tuple[str, tuple[int, ...]], ...]]:
        """Rows in the order of the calls, and the calls that were skipped with the shapes per point."""
        places = Places.of_vertices(len(self.curves[0])), Places.of_vertices(len(self.curves[1]))
        outputs, layers = self._outputs(places)
        skipped = tuple((output.module, output.shape[1:]) for output in outputs if not _in_space(output))
        self._exact_rows(outputs, layers)
        with np.errstate(all="ignore"):  # what overflows is not certified
            self._refine(places, outputs)
        return tuple(self.rows[k] for k in sorted(self.rows)), skipped

    def _refine(self, places: tuple[Places, Places], outputs: list[Output]) -> None:
        """The other rows, from polygons that are refined until they are certified or the limit is reached."""
        calls = [(output.module, output.kind) for output in outputs]
        while True:
            wishes = [np.zeros(len(part), dtype=bool) for part in places]
            for k, output in enumerate(outputs):
                if _in_space(output) and k not in self.rows:
                    self._look_at(k, output, places, wishes)
            refined = places[0].halved(wishes[0]), places[1].halved(wishes[1])
            if all(len(new) == len(old) for new, old in zip(refined, places, strict=True)):
                break
            places = refined
            outputs, _ = self._outputs(places)
            if [(output.module, output.kind) for output in outputs] != calls:
                raise ValueError("model calls other modules at other points; legal: one order of calls")

    def _outputs(self, places: tuple[Places, Places]) -> tuple[list[Output], PiecewiseLinear]:
        points = [part.points(curve) for part, curve in zip(places, self.curves, strict=True)]
        values, errors = (np.vstack(arrays) for arrays in zip(*points, strict=True))
        n, total = len(places[0]), len(values)
        self.following = np.arange(1, total + 1)
        self.following[n - 1], self.following[-1] = 0, n
        x = CurveValues(values, errors, np.zeros_like(values), self.following, (0, -1))
        outputs, layers = run(self.model, self.state, x)
        whole = Output("input", "input", values.shape, values, x, "")
        return [whole, *outputs], layers

    def _exact_rows(self, outputs: list[Output], layers: PiecewiseLinear) -> None:
        """Rows of the curves themselves and of what is piecewise linear, from the exact images."""
        parts = {
            k: output.bounded.part[1]
            for k, output in enumerate(outputs)
            if _in_space(output) and output.bounded is not None and output.bounded.part is not None
        }
        if not parts:
            return
        exact: dict[int, LayerLinking] = {}
        network = layers.network(max(parts.values()) + 1)
        wanted = {layer for layer in parts.values() if layer >= 0}
        for chosen in (
            wanted,
            set[int](),
        ):  # the curves themselves alone, where images have too many segments
            try:
                found = through_layers(network, *self.curves, layers=chosen, max_segments=self.max_segments)
            except IncompleteError as error:
                if error.reason == "interrupt":
                    raise
                continue
            exact = {row.layer: row for row in found.rows}
            break
        for k, layer in parts.items():
            if layer in exact:
                self.rows[k] = _exact_row(outputs[k], exact[layer])

    def _look_at(self, k: int, output: Output, places: tuple[Places, Places], wishes: list[Any]) -> None:
        """Make a row of an output, or wish for shorter pieces."""
        assert output.values is not None
        n = len(places[0])
        if not np.isfinite(output.values).all():
            self.rows[k] = _row(output, places, None, False, "values are not finite", (np.nan, np.inf))
            return
        polygons = np.ascontiguousarray(output.values[:n]), np.ascontiguousarray(output.values[n:])
        bounded = output.bounded
        # Without a bound, pieces are halved until they are short beside the distance of the polygons.
        steps = np.linalg.norm(output.values[self.following] - output.values, axis=1)
        reach = steps if bounded is None else bounded.reach()
        most = float(reach[:n].max()), float(reach[n:].max())
        radius = np.nextafter(most[0] + most[1], np.inf)
        if np.isfinite(radius) and _core.apart(*polygons, radius):
            reason = f"the polygons are farther apart than the images are from them, {radius:.3g}"
            self._finish(k, output, places, polygons, bounded is not None, reason, radius)
            return
        distance = min_distance(*polygons).value
        fixed = 0 * reach if bounded is None else np.linalg.norm(bounded.errors, axis=1)
        largest = max(most)
        # Twice a third suffices. Where the distance says little yet, the worst pieces are the first ones.
        limit = max(distance / 3, largest / 8) if np.isfinite(largest) else distance / 3
        chosen = (reach > limit) & (reach > 4 * np.maximum(fixed, fixed[self.following]))
        chosen |= ~np.isfinite(reach)
        halves = [part.halved(mask) for part, mask in zip(places, (chosen[:n], chosen[n:]), strict=True)]
        stuck = all(len(new) == len(old) for new, old in zip(halves, places, strict=True))
        full = any(len(new) > self.max_segments for new in halves)
        if stuck or full:
            cause = "rounding errors" if stuck else f"max_segments = {self.max_segments}"
            reason = f"the polygons are {distance:.3g} apart, the bound is {radius:.3g}: {cause}"
            self._finish(k, output, places, polygons, False, reason, radius)
            return
        wishes[0] |= chosen[:n]
        wishes[1] |= chosen[n:]

    def _finish(
        self, k: int, output: Output, places: Any, polygons: Any, certified: bool, reason: str, radius: float
    ) -> None:
        number, distance = linking_number(*polygons), min_distance(*polygons).value
        if output.bounded is None:
            reason, radius = output.reason, np.inf
        self.rows[k] = _row(output, places, number, certified, reason, (distance, radius))


def _in_space(output: Output) -> bool:
    return output.values is not None and output.values.shape[1] == 3


def _row(
    output: Output,
    places: tuple[Places, Places],
    number: int | None,
    certified: bool,
    reason: str,
    distance: tuple[float, float],
) -> ModuleLinking:
    segments = len(places[0]), len(places[1])
    return ModuleLinking(
        output.module, output.kind, number, certified, reason, *distance, None, segments, places
    )


def _exact_row(output: Output, row: LayerLinking) -> ModuleLinking:
    reason = "exact images" if row.meeting is None else f"exact images meet {row.meeting.where()}"
    return ModuleLinking(
        output.module,
        output.kind,
        row.linking_number,
        True,
        reason,
        row.min_distance,
        row.distance_error,
        row.meeting,
        row.n_segments,
        None,
    )
