"""The networks of the benchmark, each a deterministic function of its name; all live on the box [-1, 1]^d.

The name of a generic network is its input dimension and hidden widths, "2,64,64,64". Its weights have
standard deviation sqrt(2 / n_in), its biases 0.5. Degenerate networks carry a word behind a colon. numpy does
not promise the stream of a generator for ever, so expected.json holds the fingerprint of each network.
"""

from __future__ import annotations

import zlib
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Layer = tuple[NDArray[np.float64], NDArray[np.float64]]

HERE = Path(__file__).resolve().parent
CASES = HERE.parent / "tests" / "data" / "cases"
EXPECTED = HERE / "expected.json"

#: Networks that the tests know too, with their file there.
SHARED = {
    "2,32,32,32": "r2_32x3.npz",
    "2,64,64,64": "r2_64x3.npz",
    "2,128,128,128": "r2_128x3.npz",
    "3,32,32,32": "r3_32x3.npz",
}
GENERIC = (
    "2,32,32,32",
    "2,64,64,64",
    "2,128,128,128",
    "2,256,256,256",
    "2,512,512",
    "3,32,32,32",
    "3,64,64",
    "3,64,64,64",
    "4,24,24",
    "4,32,32",
    "5,16,16",
    "6,12,12",
    "8,6,6",
    "8,10,10",
)
MERGED = "2,51,51,51"
COPIES = "2,64,64,64:copies"
EIGHTHS = "2,64,64,64:eighths"
UNBIASED = "2,64,64,64:eighths-unbiased"
NAMES = (*GENERIC, MERGED, COPIES, EIGHTHS, UNBIASED)


def build(name: str) -> list[Layer]:
    """The layers (W, b) of a network, ReLU between them, the last one linear.

    Raises
    ------
    ValueError
        If there is no network of this name.
    """
    if name in SHARED:
        with np.load(CASES / SHARED[name]) as file:
            count = sum(key.startswith("W") for key in file.files)
            return [(file[f"W{i}"], file[f"b{i}"]) for i in range(count)]
    if name in GENERIC:
        return gaussian(name)
    if name == MERGED:
        return [(on_grid(weights), on_grid(biases)) for weights, biases in gaussian(MERGED)]
    if name == COPIES:
        return with_copies(build(MERGED), np.random.default_rng(zlib.crc32(COPIES.encode())))
    if name == EIGHTHS:
        return [(np.rint(8 * W) / 8, np.rint(8 * b) / 8) for W, b in build("2,64,64,64")]
    if name == UNBIASED:
        return [(weights, np.zeros_like(biases)) for weights, biases in build(EIGHTHS)]
    raise ValueError(f"name is {name!r}; legal: {' '.join(NAMES)}")


def gaussian(name: str) -> list[Layer]:
    """Random layers of the widths that the name spells, with one output."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    widths = [*map(int, name.split(",")), 1]
    return [
        (rng.normal(0, np.sqrt(2 / n_in), (n_out, n_in)), rng.normal(0, 0.5, n_out))
        for n_in, n_out in pairwise(widths)
    ]


def on_grid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest multiples of 2^-32: sums of a few, and products with small integers, are exact floats."""
    return np.rint(np.ldexp(values, 32)) / 2.0**32


def with_copies(layers: list[Layer], rng: np.random.Generator) -> list[Layer]:
    """The same function with 13 more neurons in every hidden layer, 20 % of 64: 4 duplicated, 5 scaled, 4
    negated, all with weights to the next layer, shuffled among the others.

    A multiple f > 0 takes part c of its original's outgoing column as c / f. Two negated copies of one neuron
    cancel each other, since relu(-z) is no function of relu(z).
    """
    layers = [(weights.copy(), biases.copy()) for weights, biases in layers]
    for place in range(len(layers) - 1):
        weights, biases = layers[place]
        outgoing, next_biases = layers[place + 1]
        chosen = rng.permutation(len(biases))[:11]
        rows, columns, constants = [weights], [outgoing], [biases]

        def add(original: int, factor: float, column: NDArray[np.float64]) -> None:
            rows.append(factor * weights[None, original])  # noqa: B023 (called in this round only)
            constants.append(factor * biases[None, original])  # noqa: B023
            columns.append(column[:, None])  # noqa: B023

        for original, factor in zip(chosen[:9], (1, 1, 1, 1, 2, 3, 5, 0.5, 0.75), strict=True):
            part = on_grid(outgoing[:, original] / (2 * factor))
            add(original, factor, part)
            outgoing[:, original] -= factor * part
        for original in chosen[9:]:
            part = on_grid(rng.normal(0, 0.1, len(outgoing)))
            add(original, -1, part)
            add(original, -2, -part / 2)
        order = rng.permutation(len(biases) + 13)
        layers[place] = (np.vstack(rows)[order], np.concatenate(constants)[order])
        layers[place + 1] = (np.hstack(columns)[:, order], next_biases)
    return layers


def fingerprint(layers: list[Layer]) -> str:
    """SHA-256 of all shapes and coefficients, in hexadecimal."""
    digest = sha256()
    for array in (array for layer in layers for array in layer):
        digest.update(f"{array.shape}".encode())
        digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return digest.hexdigest()
