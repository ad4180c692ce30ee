"""Exact images of closed polygonal curves under the layers of a piecewise-linear network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_count, checked_dimension
from relutope.coefficients import ExactRow
from relutope.linking.exact_values import ExactLayer
from relutope.linking.polygon import Polygon, rounded
from relutope.linking.subdivision import Subdivision, end_of_piece
from relutope.loading import as_network
from relutope.network import Network
from relutope.progress import interruptible


@dataclass(frozen=True, eq=False, repr=False)
class CurveImage:
    """The image of a closed polygonal curve under a layer of a network: again such a curve, exactly.

    Its vertices are the images of those of the curve, and of the points of the curve where a neuron of a
    layer up to this one changes from one sign to the other or where the largest entries of a maximum change.
    Between two of them the network is affine. Vertices may coincide: repeated points are kept, and pieces of
    the curve may collapse.

    Attributes
    ----------
    network : Network
    layer : int
        Index of the layer in `Network.layers`, -1 for the curve itself; the values are those behind its ReLU
        or maximum.
    segments : ndarray of shape (n,), int64
        Per vertex the segment of the original curve that it lies on; segment i leads from point i to point
        i + 1, the last one to point 0.
    parameters : tuple of Fraction
        Per vertex its place 0 <= t < 1 on that segment: it is the image of (1 - t) p + t q.
    bounded : tuple of two ndarrays of shape (n, dim), float64
        Vertices and bounds: each coordinate is within its bound of the exact one. Not finite on overflow.
    """

    network: Network
    layer: int
    segments: NDArray[np.int64]
    parameters: tuple[Fraction, ...]
    polygon: Polygon
    exact: ExactLayer
    bounded: tuple[NDArray[np.float64], NDArray[np.float64]]

    @property
    def n_segments(self) -> int:
        """Number of vertices, and of segments, of the image."""
        return len(self.parameters)

    @property
    def kind(self) -> str:
        """That of the layer, or "input"."""
        return self.exact.kind

    @property
    def dim(self) -> int:
        """Number of values of the layer."""
        return self.polygon.dim if self.layer < 0 else self.network.layers[self.layer].n_rows

    @cached_property
    def vertices(self) -> NDArray[np.float64]:
        """Vertices of shape (n, dim), each number correctly rounded; infinite beyond float64."""
        return _frozen(rounded(self.rows).reshape(-1, self.dim))

    @cached_property
    def source(self) -> NDArray[np.float64]:
        """The points (n, d) of the original curve whose images the vertices are, correctly rounded."""
        return _frozen(rounded(self._points))

    def exact_vertices(self) -> NDArray[np.object_]:
        """Vertices of shape (n, dim) as `fractions.Fraction`."""
        return fractions(self.rows, self.dim)

    def exact_source(self) -> NDArray[np.object_]:
        """The points (n, d) of the original curve whose images the vertices are, as `fractions.Fraction`."""
        return fractions(self._points, self.polygon.dim)

    @cached_property
    def entering(self) -> list[ExactRow]:
        """Per vertex what enters the layer: pre-activations, or the values that a maximum reads."""
        return [self.exact(*point) for point in self._points]

    @cached_property
    def rows(self) -> list[ExactRow]:
        """The vertices as integer numerators over one denominator each."""
        return [self.exact.activated(row) for row in self.entering]

    @cached_property
    def _points(self) -> list[ExactRow]:
        places = zip(self.segments.tolist(), self.parameters, strict=True)
        return [self.polygon.at(segment, t) for segment, t in places]

    def place(self, segment: int, parameter: Fraction) -> tuple[int, Fraction]:
        """Segment and parameter on the original curve of what maps to a point of a segment of the image."""
        start = self.parameters[segment]
        end = end_of_piece(self.segments, self.parameters, segment)
        return int(self.segments[segment]), start + parameter * (end - start)

    def __len__(self) -> int:
        return self.n_segments

    def __repr__(self) -> str:
        return f"CurveImage(layer {self.layer} ({self.kind}), {self.n_segments} segments in R^{self.dim})"


def image(
    network: Any, curve: ArrayLike, *, layer: int | None = None, max_segments: int | None = None
) -> CurveImage:
    """The exact image of a closed polygonal curve under a layer of a piecewise-linear network.

    Parameters
    ----------
    network : Network, path or torch.nn.Module
    curve : array_like of shape (n, input_dim), n >= 3
        Vertices of the curve, which the last one joins to the first: floats, integers, Fractions or Decimals,
        each taken exactly.
    layer : int, optional
        Index in `Network.layers`; by default the last one, whose values are the outputs.
    max_segments : int, optional
        Most segments that the image may have; their number can double with every layer.

    Returns
    -------
    CurveImage

    Raises
    ------
    ValueError
        If `curve` has another shape or a value that is not finite, or `layer` is out of range.
    TypeError
        If an argument is of another type.
    IncompleteError
        If there are more than `max_segments` segments, or Ctrl-C was pressed.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1], [1, -1]]])
    >>> square = relutope.linking.image(network, [[-1, -2], [2, -2], [2, 1], [-1, 1]], layer=0)
    >>> square
    CurveImage(layer 0 (relu), 8 segments in R^2)
    >>> square.vertices.tolist()
    [[0.0, 0.0], [0.0, 0.0], [2.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
    >>> square.segments[1], square.parameters[1]
    (np.int64(0), Fraction(1, 3))
    """
    network = as_network(network)
    last = len(network.layers) - 1
    chosen = last if layer is None else checked_dimension(layer, last, name="layer")
    for found in images(network, Polygon(curve, network.input_dim), chosen + 1, max_segments):
        result = found
    return result


def images(
    network: Network, polygon: Polygon, n_layers: int, max_segments: int | None = None
) -> Iterator[CurveImage]:
    """The curve itself and its images under the first layers, one after the other; errors as `image`."""
    if max_segments is not None:
        max_segments = checked_count(max_segments, "max_segments")
    subdivision = Subdivision(network, polygon, max_segments)
    state: dict[str, Any] = {"n_layers": n_layers}
    for layer in range(-1, n_layers):
        state |= {"layer": layer, "segments": len(subdivision.parameters)}
        with interruptible("the image of a curve", state):
            if layer >= 0:
                subdivision.add_layer()
        segments = _frozen(subdivision.segments)
        parameters = tuple(subdivision.parameters)
        bounded = subdivision.bounded()
        yield CurveImage(network, layer, segments, parameters, polygon, subdivision.exact, bounded)


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array = array.view()
    array.flags.writeable = False
    return array


def fractions(rows: list[ExactRow], dim: int) -> NDArray[np.object_]:
    """Points (n, dim) of numerators over one denominator each as an object array."""
    values = np.empty((len(rows), dim), dtype=object)
    for i, (tops, bottom) in enumerate(rows):
        values[i] = [Fraction(top, bottom) for top in tops]
    return values
