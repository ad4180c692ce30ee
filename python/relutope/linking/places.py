"""Points on closed polygonal curves, kept as parameters on segments, and halved where that is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relutope.linking.bounded_values import SMALLEST, UNIT, Floats

#: Parameters are multiples of 2^-40, so that t, 1 - t and halves of pieces are exact.
DEEPEST = 2.0**-40


@dataclass(frozen=True)
class Places:
    """Points of a closed curve in order, all its vertices among them.

    Attributes
    ----------
    segments : ndarray of shape (n,), int64
        The segment of each; segment i leads from vertex i to vertex i + 1, the last one to vertex 0.
    parameters : ndarray of shape (n,), float64
        The place 0 <= t < 1 on it: (1 - t) p + t q.
    """

    segments: NDArray[np.int64]
    parameters: Floats

    @staticmethod
    def of_vertices(n: int) -> Places:
        """The vertices of a curve alone."""
        return Places(np.arange(n), np.zeros(n))

    def __len__(self) -> int:
        return len(self.segments)

    def lengths(self) -> Floats:
        """Per piece, from a point to the next one, the difference of the parameters."""
        ends = np.where(np.roll(self.segments, -1) == self.segments, np.roll(self.parameters, -1), 1.0)
        ends[-1] = 1.0  # also where the curve has one segment
        return ends - self.parameters

    def halved(self, chosen: NDArray[np.bool_]) -> Places:
        """With the middle of each chosen piece that is not too short to be halved."""
        lengths = self.lengths()
        pieces = np.flatnonzero(chosen & (lengths > DEEPEST))
        middles = self.parameters[pieces] + lengths[pieces] / 2
        return Places(
            np.insert(self.segments, pieces + 1, self.segments[pieces]),
            np.insert(self.parameters, pieces + 1, middles),
        )

    def points(self, curve: Floats) -> tuple[Floats, Floats]:
        """The points of shape (n, d) in float64, and bounds on their errors; vertices are exact.

        1 - t is exact; a product loses u of its size and 2^-1075, the sum u of its own.
        """
        t = self.parameters[:, None]
        begin, end = curve[self.segments], curve[(self.segments + 1) % len(curve)]
        points = np.where(t == 0, begin, (1 - t) * begin + t * end)
        size = (1 - t) * np.abs(begin) + t * np.abs(end)
        return points, np.where(t == 0, 0.0, 4 * UNIT * size + 4 * SMALLEST)
