"""Networks whose layers read any earlier values, and plain chains that have the same cells.

A layer is (kind, W, b), "relu", "linear" or "max", with W over all values so far: the inputs, then the
rows of each layer.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference import reference_cells
from relutope import Network, _core
from relutope.coefficients import common_denominator

Row = list[Fraction]  # weights, then the bias
SkipLayer = tuple[str, NDArray[Any], NDArray[Any]]
ChainLayers = list[tuple[list[Row], list[Fraction]]]


def layer_arrays(layer: SkipLayer) -> tuple[Any, ...]:
    """The layer as the core takes it: rows without zeros, rational where no float64 holds a coefficient."""
    kind, weights, bias = layer
    indptr, indices, values, rational = [0], [], [], {}
    for i, row in enumerate(weights):
        nonzero = [k for k, value in enumerate(row) if value != 0]
        exact = [Fraction(row[k]) for k in nonzero] + [Fraction(bias[i])]
        if any(Fraction(float(value)) != value for value in exact):
            rational[i] = common_denominator(exact)
        indices += nonzero
        values += [float(value) for value in exact[:-1]]
        indptr.append(len(indices))
    arrays = np.array(indptr), np.array(indices, dtype=np.int64), np.array(values, dtype=np.float64)
    return (kind, *arrays, np.array([float(value) for value in bias]), rational)


def skip_network(input_dim: int, layers: list[SkipLayer]) -> Network:
    return Network(_core.Network.from_layers(input_dim, [layer_arrays(layer) for layer in layers]))


def random_layers(
    rng: np.random.Generator,
    d: int,
    *,
    n_layers: int,
    width: int,
    few_bits: bool,
    density: float,
    maxima: float = 0.0,
) -> list[SkipLayer]:
    """Hidden layers that read some of all earlier values, and a linear output; a share of max layers."""
    layers: list[SkipLayer] = []
    n_values = d
    for place in range(n_layers + 1):
        last = place == n_layers
        if 0 < place < n_layers and rng.random() < maxima:
            windows = random_windows(rng, d, n_values)
            layers.append(("max", windows, np.zeros(len(windows))))
            n_values += len(windows)
            continue
        rows = 1 if last else int(rng.integers(1, width + 1))
        shape = (rows, n_values)
        weights = rng.integers(-4, 5, shape) / 2 if few_bits else rng.normal(0, n_values**-0.5, shape)
        weights = np.where(rng.random(shape) < density, weights, 0.0)
        bias = rng.integers(-3, 4, rows) / 2 if few_bits else rng.normal(0, 0.5, rows)
        kind = "linear" if last or rng.random() < 0.3 else "relu"
        layers.append((kind, weights, bias))
        n_values += rows
    return layers


def random_windows(rng: np.random.Generator, d: int, n_values: int) -> NDArray[np.float64]:
    """Up to three sets of up to four values that are no inputs."""
    windows = np.zeros((int(rng.integers(1, 4)), n_values))
    for row in windows:
        size = min(int(rng.integers(1, 5)), n_values - d)
        row[d + rng.choice(n_values - d, size, replace=False)] = 1
    return windows


def equivalent_chain(input_dim: int, layers: list[SkipLayer], half_width: int) -> ChainLayers:
    """Hidden layers of a chain whose complex on [-half_width, half_width]^d refines that of the network.

    Where there is no max layer, the cells are the same. A value v that later layers may read passes through a
    layer as relu(v + c), where c exceeds |v| on the box, so that this neuron is always positive and cuts
    nothing. A maximum of several values is one of two after the other, m + relu(v - m).
    """
    chain = _Chain(input_dim, half_width)
    for kind, weights, bias in layers[:-1]:
        if kind == "max":
            chain.add_maxima(weights)
            continue
        rows = [chain.combined(row, constant) for row, constant in zip(weights, bias, strict=True)]
        bounds = [chain.bound(row, constant) for row, constant in zip(weights, bias, strict=True)]
        new = chain.relu(rows) if kind == "relu" else rows
        chain.values += new  # relu() has replaced the others
        chain.bounds += bounds
    return chain.layers


class _Chain:
    """Values of the network as affine rows over the outputs of the chain's last layer, and their bounds."""

    def __init__(self, input_dim: int, half_width: int) -> None:
        one = Fraction(1)
        self.layers: ChainLayers = []
        self.values: list[Row] = [
            [one * (i == j) for j in range(input_dim)] + [Fraction(0)] for i in range(input_dim)
        ]
        self.bounds = [Fraction(half_width)] * input_dim

    def combined(self, weights: Any, constant: Any) -> Row:
        total = [Fraction(0)] * len(self.values[0])
        total[-1] = Fraction(constant)
        for weight, row in zip(weights, self.values, strict=True):
            if weight != 0:
                total = [a + Fraction(weight) * b for a, b in zip(total, row, strict=True)]
        return total

    def bound(self, weights: Any, constant: Any) -> Fraction:
        terms = (abs(Fraction(w)) * b for w, b in zip(weights, self.bounds, strict=True))
        return sum(terms, abs(Fraction(constant)))

    def relu(self, rows: list[Row]) -> list[Row]:
        """One more layer of the chain; returns the ReLUs of the rows, the values pass through."""
        shifts = [Fraction(ceil(bound) + 1) for bound in self.bounds]
        passing = [[*row[:-1], row[-1] + c] for row, c in zip(self.values, shifts, strict=True)]
        table = rows + passing
        self.layers.append(([row[:-1] for row in table], [row[-1] for row in table]))
        unit = [[Fraction(i == j) for j in range(len(table))] for i in range(len(table))]
        self.values = [[*unit[len(rows) + i], -c] for i, c in enumerate(shifts)]
        return [[*unit[i], Fraction(0)] for i in range(len(rows))]

    def add_maxima(self, windows: Any) -> None:
        reads = [np.flatnonzero(row).tolist() for row in windows]
        n_before = len(self.values)
        self.values += [self.values[window[0]] for window in reads]
        self.bounds += [max(self.bounds[v] for v in window) for window in reads]
        for turn in range(1, max(map(len, reads))):
            playing = [i for i, window in enumerate(reads) if turn < len(window)]
            rows = [_less(self.values[reads[i][turn]], self.values[n_before + i]) for i in playing]
            for i, gain in zip(playing, self.relu(rows), strict=True):
                current = self.values[n_before + i]
                self.values[n_before + i] = [a + b for a, b in zip(current, gain, strict=True)]


def _less(row: Row, other: Row) -> Row:
    return [a - b for a, b in zip(row, other, strict=True)]


def signs_at(layers: list[SkipLayer], point: list[Fraction]) -> tuple[tuple[int, ...], list[Fraction]]:
    """By definition: the signs of all hidden layers, of entries of max rows too, and the outputs."""
    values = list(point)
    signs: list[int] = []
    for kind, weights, bias in layers:
        if kind == "max":
            maxima = [max(values[v] for v in np.flatnonzero(row)) for row in weights]
            for row, largest in zip(weights, maxima, strict=True):
                signs += [-int(values[v] < largest) for v in np.flatnonzero(row)]
            values += maxima
            continue
        rows = [
            sum((Fraction(w) * v for w, v in zip(row, values, strict=True) if w != 0), Fraction(b))
            for row, b in zip(weights, bias, strict=True)
        ]
        if kind == "relu":
            signs += [(row > 0) - (row < 0) for row in rows]
            rows = [max(row, Fraction(0)) for row in rows]
        values += rows
    return tuple(signs), rows


def expected_cells(input_dim: int, layers: list[SkipLayer], half_width: int) -> set[Any]:
    """(dimension, walls, signs) of all cells: the chain's, those of equal walls and signs together."""
    chain = equivalent_chain(input_dim, layers, half_width)
    lo, hi = [-half_width] * input_dim, [half_width] * input_dim
    dimensions: dict[tuple[Any, ...], int] = {}
    for (k, walls, _), cell in reference_cells(chain, lo, hi, input_dim).items():
        numerators, denominator = cell.point
        signs, _ = signs_at(layers, [Fraction(value, denominator) for value in numerators])
        dimensions[walls, signs] = max(k, dimensions.get((walls, signs), -1))
    return {(k, *key) for key, k in dimensions.items()}
