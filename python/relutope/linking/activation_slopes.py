"""Bounds on the derivatives of activations over intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relutope.linking.bounded_values import SMALLEST, UNIT, Floats

#: More than what a few operations and a call of the math library lose here: less than 16 (2 + FAR) 2^-53.
PAD = 2.0**-40

#: Beyond it slopes of GELU and SiLU differ by less than 2^-60 from 0 or 1.
FAR = 50.0


class Slopes(NamedTuple):
    """Bounds of the slopes of a function over intervals, and of the rate at which they change.

    Attributes
    ----------
    least, largest : ndarray
        All difference quotients lie between them.
    change : ndarray
        A Lipschitz constant of the derivative, infinite where there may be a kink.
    """

    least: Floats
    largest: Floats
    change: Floats

    @property
    def steepest(self) -> Floats:
        """A Lipschitz constant."""
        return np.maximum(np.abs(self.least), np.abs(self.largest))


#: From the ends of intervals to `Slopes`.
SlopesOver = Callable[[Floats, Floats], Slopes]


def kinked(negative: float) -> SlopesOver:
    """Of x for x > 0 and negative x for x < 0, exactly."""

    def over(lo: Floats, hi: Floats) -> Slopes:
        left, right = np.where(lo < 0, negative, 1.0), np.where(hi > 0, 1.0, negative)
        least, largest = np.minimum(left, right), np.maximum(left, right)
        known = ~(np.isnan(lo) | np.isnan(hi))
        change = np.where((left == right) & known, 0.0, np.inf)
        low, high = min(negative, 1.0), max(negative, 1.0)
        return Slopes(np.where(known, least, low), np.where(known, largest, high), change)

    return over


def exponential(lo: Floats, hi: Floats) -> Slopes:
    """Of exp."""
    with np.errstate(all="ignore"):
        least, most = np.exp(lo) * (1 - PAD), np.exp(hi) * (1 + PAD) + SMALLEST
    known = ~(np.isnan(least) | np.isnan(most))
    most = np.where(known, most, np.inf)
    return Slopes(np.where(known, np.maximum(least - 2 * SMALLEST, 0.0), 0.0), most, most)


def _sizes(lo: Floats, hi: Floats) -> tuple[Floats, Floats]:
    """The smallest and the largest |x| of an interval."""
    smallest = np.where((lo <= 0) & (hi >= 0), 0.0, np.minimum(np.abs(lo), np.abs(hi)))
    return smallest, np.maximum(np.abs(lo), np.abs(hi))


def _logistic(x: Floats) -> Floats:
    value: Floats = 0.5 * (1 + np.tanh(x / 2))
    return value


def _normal(x: Floats) -> Floats:
    value: Floats = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    return value


def tanh_slope(x: Floats) -> Floats:
    """1 - tanh(x)^2."""
    value: Floats = np.tanh(x)
    return 1 - value * value


def _tanh_change(smallest: Floats, largest: Floats) -> Floats:
    """Of |2 tanh(x) (1 - tanh(x)^2)|, whose largest value is 4 / (3 sqrt 3) < 0.77."""
    return np.minimum(2 * np.tanh(largest) * tanh_slope(smallest), 0.77)


def sigmoid_slope(x: Floats) -> Floats:
    """s (1 - s), s = 1 / (1 + exp(-x))."""
    return 0.25 * tanh_slope(x / 2)


def _sigmoid_change(smallest: Floats, largest: Floats) -> Floats:
    return 0.125 * _tanh_change(smallest / 2, largest / 2)


def gelu_slope(x: Floats) -> Floats:
    """P(x) + x p(x), with the density p and the distribution function P of the normal distribution."""
    from scipy.special import ndtr

    x = np.clip(x, -FAR, FAR)
    value: Floats = ndtr(x) + x * _normal(x)
    return value


def _gelu_change(smallest: Floats, largest: Floats) -> Floats:
    """Of |p(x) (2 - x^2)|; the second factor is monotone in |x|, so its largest size is at an end."""
    factor = np.maximum(np.abs(2 - smallest * smallest), np.abs(2 - largest * largest))
    # p(x) |2 - x^2| <= 2 p(0) < 0.8 everywhere: for x^2 > 4 it is below max x^2 p(x) = 2 p(0) / e.
    return np.minimum(_normal(smallest) * factor, 0.8)


def silu_slope(x: Floats) -> Floats:
    """s + x s (1 - s), s = 1 / (1 + exp(-x))."""
    x = np.clip(x, -FAR, FAR)
    return _logistic(x) + x * sigmoid_slope(x)


def _silu_change(smallest: Floats, largest: Floats) -> Floats:
    """Of |s (1 - s) (2 - x tanh(x / 2))|; the last factor falls with |x|; in all at most 1 / 2."""
    ends = (np.abs(2 - x * np.tanh(x / 2)) for x in (smallest, largest))
    return np.minimum(sigmoid_slope(smallest) * np.maximum(*ends), 0.5)


def elu_slope(x: Floats) -> Floats:
    """1 or, for x < 0, exp(x)."""
    value: Floats = np.exp(np.minimum(x, 0))
    return value


def _one(smallest: Floats, largest: Floats) -> Floats:
    return np.ones_like(smallest)


def _sine_change(smallest: Floats, largest: Floats) -> Floats:
    return np.minimum(largest, 1.0)  # |sin x| <= |x|


def _smooth(
    slope: Callable[[Floats], Floats],
    change: Callable[[Floats, Floats], Floats],
    least: float,
    largest: float,
    most_change: float,
) -> SlopesOver:
    """From the slope at the middle of an interval and the bound of its change; the rest are global bounds.

    A change of at most C on an interval of half width r moves the slope by at most C r. An interval whose
    ends are no numbers gets the global bounds.
    """

    def over(lo: Floats, hi: Floats) -> Slopes:
        with np.errstate(all="ignore"):
            rate = change(*_sizes(lo, hi)) * (1 + PAD) + PAD
            rate = np.where(np.isfinite(rate), np.minimum(rate, most_change), most_change)
            middle = lo / 2 + hi / 2
            # From the middle as it is rounded, to either end.
            reach = rate * np.maximum(hi - middle, middle - lo) * (1 + PAD) + PAD
            value = slope(middle)
            low = np.where(np.isfinite(value - reach), np.maximum(value - reach, least), least)
            high = np.where(np.isfinite(value + reach), np.minimum(value + reach, largest), largest)
        return Slopes(low, high, rate)

    return over


#: Global bounds: the slopes of GELU lie in [-0.1290, 1.1290], reached at +-sqrt 2, those of SiLU in
#: [-0.0999, 1.0999].
SMOOTH: dict[str, SlopesOver] = {
    "tanh": _smooth(tanh_slope, _tanh_change, 0.0, 1.0, 0.77),
    "sigmoid": _smooth(sigmoid_slope, _sigmoid_change, 0.0, 0.25, 0.0963),
    "gelu": _smooth(gelu_slope, _gelu_change, -0.13, 1.13, 0.8),
    "silu": _smooth(silu_slope, _silu_change, -0.1, 1.1, 0.5),
    "elu": _smooth(elu_slope, _one, 0.0, 1.0, 1.0),
    "sin": _smooth(np.cos, _sine_change, -1.0, 1.0, 1.0),
}


def smooth_rounding(values: NDArray[np.float64]) -> Floats:
    """More than what torch loses in one of these activations at a float64 x: 32 u max(1, |x|), u = 2^-53.

    Each is a product of x, or of 1, with a function bounded by 1 up to a few roundings; the one assumption
    is that exp, tanh, erf and sin of the math library are within 8 units in the last place, of which they
    promise to lose one or two.
    """
    return 32 * UNIT * np.maximum(1.0, np.abs(values))
