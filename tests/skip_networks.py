"""Networks whose layers read any earlier values, and plain chains that have the same cells.

A layer is (kind, W, b), "relu" or "linear", with W over all values so far: the inputs, then the rows of
each layer.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import chain
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    rng: np.random.Generator, d: int, *, n_layers: int, width: int, few_bits: bool, density: float
) -> list[SkipLayer]:
    """Hidden layers of both kinds that read some of all earlier values, and a linear output."""
    layers: list[SkipLayer] = []
    n_values = d
    for place in range(n_layers + 1):
        last = place == n_layers
        rows = 1 if last else int(rng.integers(1, width + 1))
        shape = (rows, n_values)
        weights = rng.integers(-4, 5, shape) / 2 if few_bits else rng.normal(0, n_values**-0.5, shape)
        weights = np.where(rng.random(shape) < density, weights, 0.0)
        bias = rng.integers(-3, 4, rows) / 2 if few_bits else rng.normal(0, 0.5, rows)
        kind = "linear" if last or rng.random() < 0.3 else "relu"
        layers.append((kind, weights, bias))
        n_values += rows
    return layers


def equivalent_chain(
    input_dim: int, layers: list[SkipLayer], half_width: int
) -> tuple[ChainLayers, list[bool]]:
    """Hidden layers of a chain, and which of its neurons are those of the network, in order.

    On the box [-half_width, half_width]^d. A value v that later layers may read passes through a layer as
    relu(v + c), where c exceeds |v| on the box, so that this neuron is always positive and cuts nothing.
    """
    one = Fraction(1)
    # A value as an affine row over the outputs of the last layer of the chain, and a bound of its magnitude.
    values = [[one * (i == j) for j in range(input_dim)] + [Fraction(0)] for i in range(input_dim)]
    bounds = [Fraction(half_width)] * input_dim
    chain_layers: ChainLayers = []
    is_true: list[bool] = []
    for kind, weights, bias in layers[:-1]:
        rows = [_combined(row, constant, values) for row, constant in zip(weights, bias, strict=True)]
        new_bounds = [
            sum((abs(Fraction(w)) * b for w, b in zip(row, bounds, strict=True)), abs(Fraction(constant)))
            for row, constant in zip(weights, bias, strict=True)
        ]
        if kind == "linear":
            values += rows
        else:
            shifts = [Fraction(ceil(bound) + 1) for bound in bounds]
            passing = [[*row[:-1], row[-1] + c] for row, c in zip(values, shifts, strict=True)]
            table = rows + passing
            chain_layers.append(([row[:-1] for row in table], [row[-1] for row in table]))
            is_true += [True] * len(rows) + [False] * len(passing)
            unit = [[one * (i == j) for j in range(len(table))] for i in range(len(table))]
            values = [[*unit[len(rows) + i], -c] for i, c in enumerate(shifts)] + [
                [*unit[i], Fraction(0)] for i in range(len(rows))
            ]
        bounds += new_bounds
    return chain_layers, is_true


def _combined(weights: Any, constant: Any, values: list[Row]) -> Row:
    total = [Fraction(0)] * len(values[0])
    total[-1] = Fraction(constant)
    for weight, row in zip(weights, values, strict=True):
        if weight != 0:
            total = [a + Fraction(weight) * b for a, b in zip(total, row, strict=True)]
    return total


def true_signs(signs: tuple[int, ...], is_true: list[bool]) -> tuple[int, ...]:
    return tuple(sign for sign, true in chain(zip(signs, is_true, strict=True)) if true)
