"""The layers of a network as they are stored: sparse rows over all earlier values, exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.coefficients import ExactRow


@dataclass(frozen=True, eq=False)
class NetworkLayer:
    """One layer: affine rows over the inputs and the values of all earlier layers.

    All values of a network stand in one vector: the inputs, then the rows of layer 0, of layer 1, and so on.

    Attributes
    ----------
    kind : str
        "relu", whose values are max(0, W v + b) and whose rows are neurons, or "linear", whose values are
        W v + b. The last layer is linear and holds the outputs.
    indptr, indices, values : ndarray
        W as a sparse matrix by rows: row i reads the values ``indices[indptr[i]:indptr[i + 1]]``, ascending,
        with the float64 coefficients ``values``, correctly rounded where they are not exact.
    bias : ndarray of shape (n_rows,), float64
    rational : dict of int to (list of int, int)
        For each row that float64 does not hold: the numerators of its coefficients and of its bias, and
        their denominator.
    origin : str
        What the layer was in the model that it came from.
    """

    kind: str
    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    values: NDArray[np.float64]
    bias: NDArray[np.float64]
    rational: dict[int, ExactRow] = field(default_factory=dict)
    origin: str = ""

    @property
    def n_rows(self) -> int:
        """Number of values that the layer adds."""
        return len(self.bias)

    @property
    def n_coefficients(self) -> int:
        """Number of coefficients that are not 0, biases left out."""
        return len(self.indices)

    def exact_row(self, i: int) -> tuple[dict[int, Fraction], Fraction]:
        """Row i as a dict from value to coefficient, and its bias."""
        reads = self.indices[self.indptr[i] : self.indptr[i + 1]].tolist()
        if i in self.rational:
            numerators, denominator = self.rational[i]
            row = [Fraction(value, denominator) for value in numerators]
        else:
            stored = self.values[self.indptr[i] : self.indptr[i + 1]].tolist()
            row = [Fraction(value) for value in [*stored, self.bias[i].item()]]
        return dict(zip(reads, row[:-1], strict=True)), row[-1]

    def to_core(self) -> tuple[Any, ...]:
        """The tuple that the compiled network is made from."""
        return self.kind, self.indptr, self.indices, self.values, self.bias, self.rational

    def shifted(self, first: int, by: int) -> NetworkLayer:
        """The layer with `by` added to the ids of the values from `first` on."""
        indices = self.indices + np.where(self.indices >= first, by, 0)
        return NetworkLayer(
            self.kind, self.indptr, indices, self.values, self.bias, self.rational, self.origin
        )

    def digest_parts(self) -> Iterator[str]:
        """Lines that tell everything about the layer but its origin."""
        yield f"{self.kind} {self.n_rows}\n"
        for i in range(self.n_rows):
            row, bias = self.exact_row(i)
            terms = " ".join(f"{value}:{_hexadecimal(weight)}" for value, weight in row.items())
            yield f"{terms} {_hexadecimal(bias)}\n"


def rational_layer(kind: str, first_value: int, rows: list[ExactRow]) -> NetworkLayer:
    """A dense layer of exact rows that reads the values from `first_value` on."""
    width = len(rows[0][0]) - 1
    values = np.array([[value / bottom for value in top] for top, bottom in rows], dtype=np.float64)
    return NetworkLayer(
        kind,
        np.arange(len(rows) + 1, dtype=np.int64) * width,
        np.tile(np.arange(first_value, first_value + width, dtype=np.int64), len(rows)),
        np.ascontiguousarray(values[:, :-1]).reshape(-1),
        np.ascontiguousarray(values[:, -1]),
        dict(enumerate(rows)),
    )


def _hexadecimal(value: Fraction) -> str:
    return f"{value.numerator:x}/{value.denominator:x}"
