"""Theorems of Ren and Lim (2026) on linking numbers through layers, checked exactly on sampled layers.

Each line counts layers that a theorem speaks of and those that contradict it, which must be none. For ReLU
layers the images must stay disjoint, which few random layers allow (their share is the first line); so others
are sampled too, rotations with biases that leave most of the curves alone.

    python bench/papers/ren_lim_2026/theorems.py [--networks 200] [--depth 4] [--seed 0] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import relutope
from relutope import _core
from relutope.linking import LayerLinking, through_layers

Curves = tuple[np.ndarray, np.ndarray]
Layer = tuple[np.ndarray, np.ndarray]  # W, b
LayerMaker = Callable[[np.random.Generator], Layer]


def torus_link(turns: int, n: int) -> Curves:
    """The link T(2, 2 turns), whose linking number is `turns` in absolute value."""
    t = np.arange(n) * (2 * np.pi / n)

    def strand(phase: float) -> np.ndarray:
        radius = 2 + np.cos(turns * t + phase)
        return np.column_stack([radius * np.cos(t), radius * np.sin(t), np.sin(turns * t + phase)])

    return strand(0.0), strand(np.pi)


def random_polygons(rng: np.random.Generator) -> Curves:
    a, b = rng.normal(0, 2, (2, 8, 3))
    return a, b


def links(rng: np.random.Generator) -> Curves:
    """One of a few links, turned at random, or two random polygons."""
    turns = int(rng.integers(0, 4))
    if turns == 0:
        return random_polygons(rng)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    a, b = torus_link(turns, 24)
    return a @ rotation, b @ rotation


def random_layer(rng: np.random.Generator) -> Layer:
    return rng.normal(size=(3, 3)) / np.sqrt(3), rng.normal(size=3)


def gentle_layer(rng: np.random.Generator) -> Layer:
    """A rotation, perhaps with a reflection, and biases that cut off little of curves of radius 3."""
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return rotation * rng.choice([-1, 1], 3), rng.uniform(1.5, 4, 3)


def singular_layer(rng: np.random.Generator) -> Layer:
    """A matrix of small integers and rank 2 at most: the last row is a combination of the others."""
    first, second = rng.integers(-4, 5, (2, 3)).astype(float)
    p, q = rng.integers(-2, 3, 2)
    return np.array([first, second, p * first + q * second]), rng.normal(size=3)


def monotone_network(layers: list[Layer], slope: float) -> relutope.Network:
    """Per layer z = W x + b, r = relu(z) and slope z + (1 - slope) r: its values are layers 2, 5, 8, ..."""
    parts: list[tuple[Any, ...]] = []
    eye = np.eye(3)
    for place, (weights, bias) in enumerate(layers):
        z = 3 + 9 * place
        parts.append(_part("linear", weights, range(z - 3, z), bias))
        parts.append(_part("relu", eye, range(z, z + 3), np.zeros(3)))
        mixed = np.hstack([slope * eye, (1 - slope) * eye])
        parts.append(_part("linear", mixed, range(z, z + 6), np.zeros(3)))
    return relutope.Network(_core.Network.from_layers(3, parts))


def _part(kind: str, weights: np.ndarray, reads: range, bias: np.ndarray) -> tuple[Any, ...]:
    rows, columns = np.nonzero(weights)
    indptr = np.searchsorted(rows, np.arange(len(weights) + 1))
    return kind, indptr, np.array(reads)[columns], weights[rows, columns], bias, {}


def sign_of_determinant(weights: np.ndarray) -> int:
    (a, b, c), (d, e, f), (g, h, i) = [[Fraction(value) for value in row] for row in weights.tolist()]
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (determinant > 0) - (determinant < 0)


class Step(NamedTuple):
    """One layer: how the curves were linked before it and are after it, and the sign of det W."""

    before: LayerLinking
    after: LayerLinking
    sign: int

    @property
    def bends(self) -> bool:
        return any(m > n for m, n in zip(self.after.n_segments, self.before.n_segments, strict=True))


def steps(rng: np.random.Generator, make: LayerMaker, slope: float, n: int, depth: int) -> Iterator[Step]:
    """All layers of n networks before which the images are disjoint."""
    for _ in range(n):
        layers = [make(rng) for _ in range(depth)]
        network = monotone_network(layers, slope)
        rows = through_layers(network, *links(rng), layers=range(2, 3 * depth, 3)).rows
        for before, after, (weights, _) in zip(rows[:-1], rows[1:], layers, strict=True):
            if before.linking_number is not None:
                yield Step(before, after, sign_of_determinant(weights))


def share_below(n: int) -> float:
    """The upper end of the exact 95 % interval of a rate of which none of n trials had one."""
    return 1 - 0.025 ** (1 / n) if n else 1.0


def kept(found: list[Step]) -> dict[str, Any]:
    """The rule of signs on the layers after which the images are disjoint."""
    disjoint = [step for step in found if step.after.linking_number is not None]
    linked = [step for step in disjoint if step.before.linking_number]
    wrong = [step for step in disjoint if step.after.linking_number != step.sign * step.before.linking_number]
    return {
        "layers": len(found),
        "meet": len(found) - len(disjoint),
        "disjoint": len(disjoint),
        "linked": len(linked),
        "linked_and_bent": sum(step.bends for step in linked),
        "mirrored": sum(step.sign < 0 for step in linked),
        "violations": len(wrong),
        "rate_below": share_below(len(disjoint)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=200)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    samples = {
        "ReLU, random layers": (random_layer, 0.0),
        "ReLU, rotations and large biases": (gentle_layer, 0.0),
        "leaky ReLU 0.01, random layers": (random_layer, 0.01),
        "leaky ReLU 0.3, random layers": (random_layer, 0.3),
        "leaky ReLU 0.01, singular layers": (singular_layer, 0.01),
    }
    results: dict[str, Any] = {}
    for place, (name, (make, slope)) in enumerate(samples.items()):
        rng = np.random.default_rng([arguments.seed, place])
        found = list(steps(rng, make, slope, arguments.networks, arguments.depth))
        result = kept(found)
        if slope > 0:  # homeomorphisms if det W is not 0, and then disjoint images stay so
            result["violations"] += sum(
                step.sign != 0 and step.after.linking_number is None for step in found
            )
        first = [step for step in found if step.before.layer < 0 and step.before.linking_number]
        result["linked_inputs"] = len(first)
        result["linked_inputs_that_meet"] = sum(step.after.linking_number is None for step in first)
        results[name] = result
    print(
        f"{'layers of width 3':<34} {'layers':>6} {'meet':>5} {'disjoint':>8} {'linked':>6} {'bent':>5} "
        f"{'det<0':>5} {'wrong':>5}  rate below"
    )
    for name, r in results.items():
        print(
            f"{name:<34} {r['layers']:>6} {r['meet']:>5} {r['disjoint']:>8} {r['linked']:>6} "
            f"{r['linked_and_bent']:>5} {r['mirrored']:>5} {r['violations']:>5}  {r['rate_below']:.4f}"
        )
    for name, r in results.items():
        meet, linked = r["linked_inputs_that_meet"], r["linked_inputs"]
        print(f"{name}: {meet} of {linked} linked pairs meet in the first layer")
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if any(result["violations"] for result in results.values()):
        raise SystemExit("a theorem does not hold")


if __name__ == "__main__":
    main()
