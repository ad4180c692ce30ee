"""Networks for the tests, one generator per way of being degenerate.

A generator takes (rng, d, widths), widths of two or more hidden layers, and returns a `Case`;
`cases(name, d)` gives the same twelve of a class each time. Hyperplanes that are to meet in a point have
few-bit dyadic weights, so that the float64 arithmetic that places them is exact.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Layers = list[tuple[Array, Array]]
DIMENSIONS = (1, 2, 3, 4, 5)


class Case(NamedTuple):
    """Layers (W, b) with ReLU between them, the last one linear, and a box."""

    layers: Layers
    lo: Array
    hi: Array

    @property
    def hidden(self) -> Layers:
        return self.layers[:-1]


Generator = Callable[[np.random.Generator, int, tuple[int, ...]], Case]
LayerGenerator = Callable[[np.random.Generator, int, int], tuple[Array, Array]]
RowChange = Callable[[Array], Array]


# Building blocks


def gaussian_layer(rng: np.random.Generator, n_in: int, n_out: int) -> tuple[Array, Array]:
    return rng.normal(0, np.sqrt(2 / n_in), (n_out, n_in)), rng.normal(0, 0.5, n_out)


def few_bit_layer(rng: np.random.Generator, n_in: int, n_out: int) -> tuple[Array, Array]:
    """Multiples of 1/16 of at most 4: small sums, products with 3 and with powers of two are exact."""
    return rng.integers(-32, 33, (n_out, n_in)) / 16, rng.integers(-24, 25, n_out) / 16


def integer_layer(rng: np.random.Generator, n_in: int, n_out: int) -> tuple[Array, Array]:
    """Small integers, or halves of them."""
    scale = rng.choice([1.0, 0.5])
    return rng.integers(-2, 3, (n_out, n_in)) * scale, rng.integers(-2, 3, n_out) * scale


def hidden_layers(
    rng: np.random.Generator, d: int, widths: tuple[int, ...], layer: LayerGenerator = gaussian_layer
) -> Layers:
    return [layer(rng, n_in, n_out) for n_in, n_out in pairwise((d, *widths))]


def unit_box(d: int) -> tuple[Array, Array]:
    return -np.ones(d), np.ones(d)


def finish(rng: np.random.Generator, hidden: Layers, box: tuple[Array, Array] | None = None) -> Case:
    """Append a linear output layer; the box is [-1, 1]^d unless told."""
    d = hidden[0][0].shape[1]
    lo, hi = unit_box(d) if box is None else box
    return Case([*hidden, gaussian_layer(rng, len(hidden[-1][1]), 1)], lo, hi)


def relu_layer(layer: tuple[Array, Array], x: Array) -> Array:
    weights, biases = layer
    return np.maximum(weights @ x + biases, 0)


def change_rows(rng: np.random.Generator, layers: Layers, share: float, change: RowChange) -> Layers:
    """Overwrite a share of every layer's rows (w, b) by the changed copies of other rows of the layer."""
    changed = []
    for weights, biases in layers:
        rows = np.column_stack([weights, biases])
        order = rng.permutation(len(rows))
        n_copies = max(1, round(share * len(rows)))
        for k, target in enumerate(order[:n_copies]):
            originals = order[n_copies:] if n_copies < len(order) else order
            rows[target] = change(rows[originals[k % len(originals)]])
        changed.append((rows[:, :-1].copy(), rows[:, -1].copy()))
    return changed


# The classes


def random(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """Generic weights, a box with its own random bounds on every axis."""
    box = -rng.uniform(0.3, 2, d), rng.uniform(0.3, 2, d)
    return finish(rng, hidden_layers(rng, d, widths), box)


def zero_bias(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """All biases zero: all kinks are cones from the origin, which lies inside, on a wall or in a corner.

    On the line that leaves at most five cells, so wide networks keep the biases of all layers but the first.
    """
    layers = hidden_layers(rng, d, widths)
    n_zeroed = 1 if d == 1 and widths[0] >= 60 else len(layers)
    for _, biases in layers[:n_zeroed]:
        biases[:] = 0
    lo, hi = unit_box(d)
    lo[rng.random(d) < 0.15] = 0
    return finish(rng, layers, (lo, hi))


def pruned(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """70 % of the weights are zero, in a quarter of the networks all biases too."""
    layers = [(np.where(rng.random(w.shape) < 0.7, 0, w), b) for w, b in hidden_layers(rng, d, widths)]
    if rng.random() < 0.25:
        layers = [(weights, np.zeros_like(biases)) for weights, biases in layers]
    return finish(rng, layers)


def integer(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """Small integers and half-integers."""
    return finish(rng, hidden_layers(rng, d, widths, integer_layer))


def duplicate(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """A third of the neurons are copies of others."""
    return finish(rng, change_rows(rng, hidden_layers(rng, d, widths), 1 / 3, lambda row: row))


def negated(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """A third of the neurons are the negatives of others."""
    return finish(rng, change_rows(rng, hidden_layers(rng, d, widths), 1 / 3, lambda row: -row))


def scaled(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """A third of the neurons are exact multiples of others: powers of two, or 3 with few-bit weights."""
    if rng.random() < 0.5:
        layer, factors = gaussian_layer, [2.0, 0.5, 2.0**-40, -1024.0]
    else:
        layer, factors = few_bit_layer, [3.0, -3.0, 0.75, 6.0]
    layers = hidden_layers(rng, d, widths, layer)
    return finish(rng, change_rows(rng, layers, 1 / 3, lambda row: row * rng.choice(factors)))


def dead(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """A quarter of the neurons have no weights and a zero, positive or negative bias."""

    def without_weights(row: Array) -> Array:
        return np.append(np.zeros(len(row) - 1), rng.choice([0.0, 0.5, -0.5]))

    return finish(rng, change_rows(rng, hidden_layers(rng, d, widths), 1 / 4, without_weights))


def wall_touching(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """First-layer hyperplanes are walls or pass through corners; second-layer kinks lie on walls too."""
    lo, hi = -rng.integers(2, 9, d) / 4, rng.integers(2, 9, d) / 4
    layers = hidden_layers(rng, d, widths, few_bit_layer)
    weights, biases = layers[0]
    for i in range(len(biases)):
        corner = np.where(rng.random(d) < 0.5, lo, hi)
        if i % 3 == 0:
            weights[i] = 0
            weights[i, (i // 3) % d] = rng.choice([1.0, -1.0, 2.0])
        if i % 3 != 2:
            biases[i] = -weights[i] @ corner
    for i in range(0, widths[1], 3):
        corner = np.where(rng.random(d) < 0.5, lo, hi)
        layers[1][1][i] = -layers[1][0][i] @ relu_layer(layers[0], corner)
    layers[1][0][0] = np.eye(widths[0])[0]
    layers[1][1][0] = 0
    return finish(rng, layers, (lo, hi))


def concurrent(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """Most first-layer hyperplanes pass through one of two points, second-layer zeros through them or 0."""
    points = rng.integers(-12, 13, (2, d)) / 16
    layers = hidden_layers(rng, d, widths, few_bit_layer)
    weights, biases = layers[0]
    n_through = max(1, (3 * widths[0]) // 4)
    for i in range(n_through):
        biases[i] = -weights[i] @ points[int(i >= (2 * n_through) // 3)]
    targets = [*points, np.zeros(d)]
    for i in range(widths[1] - 1):
        layers[1][1][i] = -layers[1][0][i] @ relu_layer(layers[0], targets[i % 3])
    return finish(rng, layers)


def coincident_layers(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """Second-layer neurons that vanish along first-layer kinks, on one side of one, or on an orthant."""
    layers = hidden_layers(rng, d, widths)
    (first, first_bias), (second, second_bias) = layers[:2]
    pairs = max(1, widths[0] // 3)
    first[1 : 2 * pairs : 2] = -first[: 2 * pairs : 2]
    first_bias[1 : 2 * pairs : 2] = -first_bias[: 2 * pairs : 2]
    combinations = [(1.0, -2.0), (1.0, 1.0), (-1.0, 0.0), (-0.5, -1.0)]
    for i in range(max(1, (2 * widths[1]) // 3)):
        z, minus_z = 2 * (i % pairs), 2 * (i % pairs) + 1
        second[i] = 0
        second[i, [z, minus_z]] = combinations[i % 4]
        if i % 5 == 4:
            second[i, -1] = 1
        second_bias[i] = 0
    return finish(rng, layers)


def nearly_parallel(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """A third of the neurons differ from others by about 1e-12."""
    layers = hidden_layers(rng, d, widths)
    return finish(rng, change_rows(rng, layers, 1 / 3, lambda row: row + 1e-12 * rng.normal(size=len(row))))


def proportional_rounded(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """Decimal rows such as (.1, .2) and (.3, .6), each entry the nearest float: nearly proportional."""

    def decimal_layer(rng: np.random.Generator, n_in: int, n_out: int) -> tuple[Array, Array]:
        return rng.integers(-9, 10, (n_out, n_in)) / 10, rng.integers(-7, 8, n_out) / 10

    def decimal_multiple(row: Array) -> Array:
        return rng.choice([3, 7, -3, 11]) * np.rint(10 * row) / 10

    layers = hidden_layers(rng, d, widths, decimal_layer)
    return finish(rng, change_rows(rng, layers, 1 / 3, decimal_multiple))


def one_ulp(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """A third of the neurons differ from others by one unit in the last place of one coefficient."""

    def neighbour(row: Array) -> Array:
        row, place = row.copy(), rng.integers(len(row))
        row[place] = np.nextafter(row[place], rng.choice([-np.inf, np.inf]))
        return row

    return finish(rng, change_rows(rng, hidden_layers(rng, d, widths), 1 / 3, neighbour))


def grid(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """An axis-parallel grid of spacing 1/2; second-layer kinks pass through its vertices."""
    weights = np.array([np.eye(d)[i % d] for i in range(widths[0])]) * rng.choice([1.0, -1.0], (widths[0], 1))
    ticks = np.array([(-1) ** (i // d) * ((i // d + 1) // 2) / 2 for i in range(widths[0])])
    biases = -weights.sum(axis=1) * ticks
    half = np.full(d, abs(ticks).max() + 0.25)
    deeper = [integer_layer(rng, n_in, n_out) for n_in, n_out in pairwise(widths)]
    return finish(rng, [(weights, biases), *deeper], (-half, half))


def braid(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Case:
    """Hyperplanes x_i - x_j = c and x_i = c for c = 0 (the braid arrangement), then 1/4, -1/4, 1/2, ..."""
    padded = np.eye(d, d + 1)  # the last coordinate is the constant 0, so x_i - x_d is x_i
    normals = [padded[:, i] - padded[:, j] for i in range(d) for j in range(i + 1, d + 1)]
    normals.sort(key=lambda normal: -np.count_nonzero(normal))
    n = widths[0]
    weights = np.array([normals[i % len(normals)] for i in range(n)])
    shift = np.array([(-1) ** (i // len(normals)) * ((i // len(normals) + 1) // 2) / 4 for i in range(n)])
    half = np.full(d, max(1.0, abs(shift).max()))
    deeper = [integer_layer(rng, n_in, n_out) for n_in, n_out in pairwise(widths)]
    return finish(rng, [(weights, shift), *deeper], (-half, half))


CLASSES: dict[str, Generator] = {
    generator.__name__: generator
    for generator in (
        random, zero_bias, pruned, integer, duplicate, negated, scaled, dead, wall_touching, concurrent,
        coincident_layers, nearly_parallel, proportional_rounded, one_ulp, grid, braid,
    )
}  # fmt: skip

# Hidden widths of the small and the large networks; at least four of the large ones have over 200 cells.
Widths = dict[int, list[tuple[int, ...]]]
SMALL: Widths = {
    1: [(6, 6), (12, 10), (9, 8, 7), (20, 16)],
    2: [(3, 3), (5, 4), (6, 5), (4, 4, 3)],
    3: [(3, 3), (4, 3), (5, 3), (4, 3, 2)],
    4: [(3, 2), (4, 2), (5, 2), (4, 2, 2)],
    5: [(3, 2), (4, 2), (5, 2), (3, 2, 2)],
}
LARGE: Widths = {
    1: [(60, 150), (100, 100), (50, 90, 60)],
    2: [(12, 10), (10, 8, 6), (14, 8)],
    3: [(8, 5), (7, 5), (6, 5, 3)],
    4: [(7, 3), (6, 4), (5, 3, 3)],
    5: [(7, 2), (6, 3), (6, 2, 2)],
}
# Classes in which many neurons cut nothing new, or all through one point, need more of them.
MORE: Widths = {
    1: [(60, 240), (90, 240), (60, 140, 80)],
    2: [(14, 12), (12, 9, 7), (16, 10)],
    3: [(9, 6), (10, 5), (8, 6, 4)],
    4: [(9, 4), (8, 5), (7, 4, 3)],
    5: [(9, 3), (8, 4), (8, 3, 2)],
}
MANY: Widths = {
    1: [(100, 300), (80, 400), (60, 200, 160)],
    2: [(40, 30), (30, 24, 16), (50, 20)],
    3: [(20, 12), (16, 14), (14, 10, 8)],
    4: [(12, 7), (14, 5), (10, 6, 4)],
    5: [(10, 4), (9, 5), (8, 4, 4)],
}
LARGE_OF: dict[str, Widths] = {
    **dict.fromkeys(("duplicate", "negated", "scaled", "dead", "coincident_layers"), MORE),
    "pruned": MANY,
    "zero_bias": LARGE | {1: MORE[1], 2: MANY[2]},
    "integer": LARGE | {1: MANY[1]},
    **dict.fromkeys(("wall_touching", "concurrent", "proportional_rounded"), LARGE | {1: MORE[1]}),
}


def cases(name: str, d: int) -> list[Case]:
    """The twelve networks of a class in dimension `d`, the same each time."""
    rng = np.random.default_rng([zlib.crc32(name.encode()), d])
    large = LARGE_OF.get(name, LARGE)[d]
    return [CLASSES[name](rng, d, widths) for widths in [*SMALL[d], *SMALL[d][-2:], *large, *large]]
