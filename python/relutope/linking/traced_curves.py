"""Points of curves inside a model, with bounds on how far the images of segments leave their chords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.linking.activation_slopes import SlopesOver
from relutope.linking.bounded_values import SMALLEST, UNIT, Floats
from relutope.network import Network

#: First value of a part of the network, and the layer that adds it; -1 for the inputs.
Part = tuple[int, int]


class NoBoundError(Exception):
    """Why nothing is known about a value of the model."""


@dataclass(frozen=True)
class CurveValues:
    """The images of closed curves under a part of a model, piece by piece.

    Attributes
    ----------
    values, errors : ndarray of shape (n, d)
        Per vertex its image, within `errors` of the exact one.
    bends : ndarray of shape (n, d)
        Per piece, from a vertex to the following one, how far each coordinate of the exact image may be from
        the chord of the exact images of the two vertices, at equal parameters.
    following : ndarray of shape (n,)
        The vertex after each one; the same for all values of a model.
    part : (int, int) or None
        Where the value stands in `PiecewiseLinear`; None where it is not piecewise linear.
    """

    values: Floats
    errors: Floats
    bends: Floats
    following: NDArray[np.int64]
    part: Part | None

    def standing(self, part: Part | None) -> CurveValues:
        """The same with another place in `PiecewiseLinear`."""
        return replace(self, part=part)

    def reach(self) -> Floats:
        """Per piece, how far a point of the exact image may be from that of the chord of `values`.

        The chord of the exact vertices is within the larger error of the ends of the chord of `values`.
        """
        off = self.bends + np.maximum(self.errors, self.errors[self.following])
        return above(np.sqrt((off * off).sum(axis=1)), off.shape[1] + 4) + 2.0**-500  # squares that underflow

    def step(self) -> Floats:
        """Per piece and coordinate, the most that the exact images of its ends differ."""
        moved = np.abs(self.values[self.following] - self.values)
        return above(moved + self.errors + self.errors[self.following], 4)

    def range(self) -> tuple[Floats, Floats]:
        """Per piece and coordinate, an interval that holds the exact image."""
        other = self.following
        widen = above(self.bends + np.maximum(self.errors, self.errors[other]), 3)
        low, high = (f(self.values, self.values[other]) for f in (np.minimum, np.maximum))
        # A rounded difference is off by u times its size at most, and exact where nothing is taken away.
        return _outward(low, -widen), _outward(high, widen)

    def largest(self) -> Floats:
        """Per piece and coordinate, a bound of the size of the exact image."""
        lo, hi = self.range()
        return np.maximum(np.abs(lo), np.abs(hi))


def above(bound: Floats, n_operations: int) -> Floats:
    """A bound of non-negative terms, computed in floats, put above what it is without rounding.

    Each of k operations loses at most a factor 1 - u, or 2^-1075 where it underflows; 0 stays 0, as only
    exact zeros are terms then, up to what the callers add for underflow.
    """
    return np.where(bound == 0, bound, (1 + 4 * (n_operations + 8) * UNIT) * bound + n_operations * SMALLEST)


def _outward(values: Floats, shift: Floats) -> Floats:
    moved = values + shift
    return np.where(shift == 0, values, moved + np.sign(shift) * (2 * UNIT * np.abs(moved) + SMALLEST))


@dataclass
class PiecewiseLinear:
    """The piecewise-linear part of a model as layers of a network, built while the model runs."""

    input_dim: int
    layers: list[Any] = field(default_factory=list)
    n_values: int = 0

    def __post_init__(self) -> None:
        self.n_values = self.input_dim

    def add(self, kind: str, reads: Sequence[tuple[Part | None, Any]], bias: Any) -> Part | None:
        """A layer whose rows read parts by one matrix each; None where a part is not piecewise linear."""
        from scipy.sparse import coo_array

        if any(part is None for part, _ in reads):
            return None
        blocks = []
        for part, matrix in reads:
            entries = coo_array(matrix)
            columns = entries.col + (0 if part is None else part[0])
            shape = (entries.shape[0], self.n_values)
            blocks.append(coo_array((entries.data, (entries.row, columns)), shape=shape).tocsr())
        total = sum(blocks[1:], blocks[0])
        total.eliminate_zeros()
        total.sort_indices()
        bias = np.ascontiguousarray(bias, dtype=np.float64)
        self.layers.append(
            (kind, total.indptr.astype(np.int64), total.indices.astype(np.int64), total.data, bias, {})
        )
        start, self.n_values = self.n_values, self.n_values + len(bias)
        return start, len(self.layers) - 1

    def network(self, n_layers: int) -> Network:
        """The first layers, and behind them one that is linear, as the last one of a network must be."""
        layers = self.layers[:n_layers]
        last = self.input_dim + sum(len(layer[4]) for layer in layers) - 1
        output: Any = "linear", np.array([0, 1]), np.array([last]), np.ones(1), np.zeros(1), {}
        return Network(_core.Network.from_layers(self.input_dim, [*layers, output]))


def identity(d: int) -> Any:
    """The sparse identity matrix."""
    from scipy.sparse import eye_array

    return eye_array(d, format="csr")


def affine(
    x: CurveValues, result: Floats, weight: Floats, bias: Floats, layers: PiecewiseLinear
) -> CurveValues:
    """W x + b, summed in any order in float64, with or without fused operations.

    A sum of k products and b is within g (sum |w v| + |b|) of the exact one, g = (k + 1) u / (1 - (k + 1) u),
    and k + 1 times the smallest float for underflow (Higham 2002, 3.1).
    """
    k = weight.shape[1] + 1
    size = np.abs(weight).T
    magnitude = np.abs(x.values) @ size + np.abs(bias)
    errors = above(x.errors @ size + 2 * k * UNIT * magnitude + k * SMALLEST, 2 * k + 4)
    bends = above(x.bends @ size + _lost(x.bends, k), k)
    part = layers.add("linear", [(x.part, weight)], bias)
    return CurveValues(result, errors, bends, x.following, part)


def _lost(bends: Floats, k: int) -> Any:
    """What products may lose by underflow; nothing where all of them are 0."""
    return np.where((bends == 0).all(axis=1, keepdims=True), 0.0, k * SMALLEST)


def activated(x: CurveValues, result: Floats, slopes: SlopesOver, rounding: Floats) -> CurveValues:
    """An activation f of each coordinate, computed within `rounding` of f of the float64 values.

    Let y be a coordinate along a piece, c its chord and h how much c changes. f(y) is within L |y - c| of
    f(c), L a Lipschitz constant. f(c) is within C h^2 / 8 of its own chord if C is one of f', and within
    (M - m) h / 4 if the slopes of f lie in [m, M]: the difference is 0 at both ends, and its slopes lie in an
    interval of length (M - m) h that holds 0.
    """
    with np.errstate(all="ignore"):
        over = slopes(*x.range())
        step = x.step()
        curved, kink = over.change * step * step / 8, (over.largest - over.least) * step / 4
        own = np.where(over.change == 0, 0.0, np.fmin(curved, kink) + 8 * SMALLEST)
        bends = above(over.steepest * x.bends + own + _lost(x.bends, 1), 8)
        at = slopes(_outward(x.values, -x.errors), _outward(x.values, x.errors))
        errors = above(at.steepest * x.errors + rounding, 4)
    return CurveValues(result, errors, bends, x.following, None)


def scaled(x: CurveValues, result: Floats, scale: Floats, shift: Floats, rounding: Floats) -> CurveValues:
    """Scale x + shift coordinate by coordinate, computed within `rounding` of that of the float64 values."""
    size = np.abs(scale)
    errors = above(size * x.errors + rounding + 2 * SMALLEST, 4)
    bends = above(size * x.bends + _lost(x.bends, 1), 2)
    return CurveValues(result, errors, bends, x.following, None)


def added(x: CurveValues, y: CurveValues, result: Floats) -> CurveValues:
    """x + y."""
    errors = above(x.errors + y.errors + 2 * UNIT * np.abs(result), 4)
    return CurveValues(result, errors, above(x.bends + y.bends, 2), x.following, None)


def multiplied(x: CurveValues, y: CurveValues, result: Floats) -> CurveValues:
    """x y, coordinate by coordinate.

    With chords c and d, x y - c d = x (y - d) + d (x - c), and along a piece c d is a quadratic function
    whose second derivative is twice the product of the steps: within a quarter of it of its chord.
    """
    with np.errstate(all="ignore"):
        of_x, of_y = x.largest(), y.largest()
        bends = above(of_x * y.bends + of_y * x.bends + x.step() * y.step() / 4 + 8 * SMALLEST, 8)
        sizes = np.abs(x.values) + x.errors, np.abs(y.values) + y.errors
        errors = sizes[0] * y.errors + sizes[1] * x.errors + 2 * UNIT * np.abs(result) + 8 * SMALLEST
    return CurveValues(result, above(errors, 8), bends, x.following, None)
