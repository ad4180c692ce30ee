"""Published counts on exact complexes: regions of networks and of slices, Betti numbers of boundaries.

One hidden layer of m neurons has sum_i C(m, i) regions; fits of quadratic functions have a distribution of
counts; planes through networks for digits; decision boundaries of random networks; Rips complexes of Hamming
distances. Nothing is chosen, so both halves of the seeds are one sample.

    python bench/papers/bosca2025/counts.py [--seeds 10] [--full] [--out FOLDER]
"""

from __future__ import annotations

import math
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
from common import Trained, arguments, halves, initial, interval, rate, shown, train
from common import write_json as write
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

import relutope

EVERYWHERE = relutope.AllSpace()
#: Name: hidden widths, input dimension, published counts in the cube [-1, 1]^d and everywhere.
FITS = {"quadratic 2-3-3-1": ((3, 3), 2, 25, 27), "quadratic 3-10-10-10-1": ((10, 10, 10), 3, 1858, 3331)}
DIGIT_NETWORKS = ((16, 16), (32, 32), (16, 16, 16, 16), (32, 32, 32), (64,))
BOUNDARIES = ((2, (4,)), (2, (8,)), (2, (16,)), (2, (4, 4)), (2, (8, 8)), (2, (16, 16)), (2, (8, 8, 8)),
              (3, (4, 4)), (3, (8, 8)))  # fmt: skip
PER_SEED = 5


def one_layer(seeds: list[int]) -> dict[str, Any]:
    """Regions of R^d by one layer of m neurons, after 20 steps on three Gaussian blobs."""
    result = {}
    for d in (2, 3, 4, 5):
        for m in (4, 8, 16):
            X, y = zip(*(blobs(d, seed) for seed in seeds), strict=True)
            trained = train(np.stack(X), np.stack(y), (m,), seeds, steps=20, lr=0.01, regression=True)
            right = sum(math.comb(m, i) for i in range(d + 1))
            found = [
                relutope.polyhedral_complex(trained.network(20, i), EVERYWHERE).n_regions
                for i in range(len(seeds))
            ]
            result[f"d = {d}, m = {m}"] = {
                "formula": right,
                "least": min(found),
                "largest": max(found),
                "right": rate(np.array(found) == right),
            }
    return result


def blobs(d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([11, d, seed])
    y = np.repeat(np.arange(3), 100)
    return rng.uniform(-10, 10, (3, d))[y] + rng.normal(size=(300, d)), y


def quadratic(d: int, X: np.ndarray) -> np.ndarray:
    if d == 2:
        return (X**2).sum(axis=-1) - 2 / 3
    return (X[..., 0] - 1) ** 2 + 2 * X[..., 1] ** 2 + X[..., 2] ** 2 + 1


def fits(seeds: list[int], steps: int) -> tuple[dict[str, Any], Trained]:
    """Counts of networks fitted to quadratic functions, and the last of these fits."""
    result: dict[str, Any] = {}
    for name, (hidden, d, in_box, everywhere) in FITS.items():
        X = np.stack([np.random.default_rng([12, seed]).uniform(-1, 1, (500, d)) for seed in seeds])
        y = quadratic(d, X)
        trained = train(X, y, hidden, seeds, steps=steps, lr=5e-3, glorot=True, regression=True)
        networks = [trained.network(steps, i) for i in range(len(seeds))]
        box = np.array([relutope.polyhedral_complex(n, (-1, 1)).n_regions for n in networks])
        whole = [relutope.polyhedral_complex(n, EVERYWHERE) for n in networks]
        counts = np.array([complex_.n_regions for complex_ in whole])
        bounded = np.array([complex_.n_bounded_regions for complex_ in whole])
        result[name] = {
            "explained_variance": interval(1 - trained.losses[-1] / y.var(axis=1), np.median),
            "published": [in_box, everywhere],
            "box": [int(box.min()), *np.quantile(box, [0.25, 0.5, 0.75]), int(box.max())],
            "everywhere": [int(counts.min()), *np.quantile(counts, [0.25, 0.5, 0.75]), int(counts.max())],
            "bounded": interval(bounded, np.median),
            "published_quantile": [float((box <= in_box).mean()), float((counts <= everywhere).mean())],
            "box_at_most_everywhere": bool((box <= counts).all()),
            "counts": {"box": box, "everywhere": counts},
        }
    return result, trained


def hamming_barcodes(trained: Trained, steps: int, n_networks: int) -> dict[str, Any]:
    """The longest and second bar of degree 1 of patterns along a circle, by Hamming distance (gudhi)."""
    import gudhi

    result: dict[str, Any] = {}
    for n_points in (20, 500):
        rows = []
        t = 2 * np.pi * np.arange(n_points) / n_points
        circle = np.stack([0 * t, np.cos(t), np.sin(t)], axis=1)
        for i in range(n_networks):
            patterns = np.unique(patterns_at(trained.layers(steps, i), circle), axis=0)
            distances = (patterns[:, None] != patterns[None]).sum(axis=2).astype(float)
            tree = gudhi.RipsComplex(distance_matrix=distances).create_simplex_tree(max_dimension=2)
            tree.compute_persistence(homology_coeff_field=2)
            pieces, loops = (tree.persistence_intervals_in_dimension(k) for k in (0, 1))
            lengths = np.sort(np.append(np.diff(loops, axis=1).ravel(), [0, 0]))[::-1]
            connected = pieces[np.isfinite(pieces[:, 1]), 1].max(initial=0)
            rows.append([len(patterns), connected, lengths[0], lengths[1]])
        columns = np.array(rows)
        result[f"{n_points} points"] = {
            "patterns": interval(columns[:, 0], np.median),
            "connected_at": interval(columns[:, 1], np.median),
            "longest": interval(columns[:, 2], np.median),
            "second": interval(columns[:, 3], np.median),
            "twice_the_second": rate((columns[:, 2] > 0) & (columns[:, 2] >= 2 * columns[:, 3])),
        }
    return result


def patterns_at(layers: Any, X: np.ndarray) -> np.ndarray:
    bits, value = [], X
    for weight, bias in layers[:-1]:
        value = value @ weight.T.astype(np.float64) + bias
        bits.append(value > 0)
        value = np.maximum(value, 0)
    return np.concatenate(bits, axis=1)


def slices(seeds: list[int], steps: int) -> dict[str, Any]:
    """Regions of a plane through three digits over N^2, before and after training."""
    X, y = load_digits(return_X_y=True)
    X = (X / 16 - 0.5).astype(np.float32)
    chosen = [np.random.default_rng([13, seed]).choice(len(X), 200, replace=False) for seed in seeds]
    inputs, targets = (np.stack([a[rows] for rows in chosen]) for a in (X, (y % 2).astype(np.float32)))
    result = {}
    for hidden in DIGIT_NETWORKS:
        trained = train(inputs, targets, hidden, seeds, steps=steps, lr=1e-3)
        n = sum(hidden)
        ratios: dict[int, list[float]] = {0: [], steps: []}
        for i in range(len(seeds)):
            plane = relutope.Slice.through(inputs[i, :3])
            whole = relutope.Slice(plane.origin, plane.directions)
            for step, values in ratios.items():
                complex_ = relutope.polyhedral_complex(trained.network(step, i), whole)
                values.append(complex_.n_regions / n**2)
        name = "64-" + "-".join(map(str, hidden)) + "-1"
        result[name] = {
            "neurons": n,
            "start": interval(ratios[0]),
            "trained": interval(ratios[steps]),
            "change": interval(np.array(ratios[steps]) / np.array(ratios[0]) - 1),
            "one_layer_formula": (1 + n + n * (n - 1) / 2) / n**2,
        }
    return result


def boundaries(seeds: list[int]) -> dict[str, Any]:
    """Betti numbers of one-point compactified decision boundaries; an empty one is the added point."""
    result = {}
    numbers = [1000 * seed + place for seed in seeds for place in range(PER_SEED)]
    for d, hidden in BOUNDARIES:
        arrays = [array.detach().numpy() for array in initial((d, *hidden, 1), numbers, math.sqrt(3))]
        rows, empty = [], []
        for i in range(len(numbers)):
            network = relutope.Network.from_arrays(
                [array[i] for array in arrays[::2]], [array[i, 0] for array in arrays[1::2]]
            )
            boundary = relutope.polyhedral_complex(network, EVERYWHERE).decision_boundary()
            empty.append(not sum(boundary.f_vector))
            rows.append(boundary.betti(compactify="one_point") if sum(boundary.f_vector) else [1] + [0] * d)
        columns = np.array([row[:d] for row in rows])
        name = f"{d}-{'-'.join(map(str, hidden))}-1"
        result[name] = {
            "networks": len(rows),
            "empty": rate(empty),
            **{f"betti_{k}": interval(columns[:, k]) for k in range(d)},
        }
    return result


def draw(path: Path, result: dict[str, Any]) -> None:
    figure = Figure(figsize=(13, 7), layout="constrained")
    axes = figure.subplots(2, 2)
    for ax, (name, found) in zip(axes[0], result["fits"].items(), strict=True):
        for key, published, colour in zip(found["counts"], found["published"], ("C0", "C1"), strict=True):
            ax.hist(found["counts"][key], bins=15, color=colour, alpha=0.6, label=f"regions, {key}")
            ax.axvline(published, color=colour, ls="--", label=f"published: {published}")
        ax.set_title(f"{name}, {len(found['counts']['box'])} seeds")
        ax.set_ylim(top=1.35 * ax.get_ylim()[1])  # room for the legend
        ax.legend(fontsize=7, ncols=2, loc="upper center")
    ax = axes[1, 0]
    for shift, key in ((-0.1, "start"), (0.1, "trained")):
        triples = np.array([row[key] for row in result["slices"].values()])
        errors = np.abs(triples[:, 1:] - triples[:, :1]).T
        ax.errorbar(np.arange(len(triples)) + shift, triples[:, 0], errors, fmt="o", label=key)
    ax.axhline(0.5, color="k", ls=":")
    ax.set_xticks(np.arange(len(result["slices"])), list(result["slices"]), fontsize=6)
    ax.set_title("regions of a plane through digits / N^2")
    ax.legend()
    ax = axes[1, 1]
    triples = np.array([row["betti_0"] for row in result["boundaries"].values()])
    loops = np.array([row["betti_1"] for row in result["boundaries"].values()])
    for values, label in ((triples, "b0"), (loops, "b1")):
        ax.errorbar(
            np.arange(len(values)),
            values[:, 0],
            np.abs(values[:, 1:] - values[:, :1]).T,
            fmt="o",
            label=label,
        )
    ax.set_xticks(np.arange(len(triples)), list(result["boundaries"]), fontsize=6, rotation=20)
    ax.set_title("one-point compactified decision boundaries: mean Betti numbers")
    ax.legend()
    figure.savefig(path, dpi=80)


def main(options: Namespace) -> None:
    seeds = [seed for half in halves(options.seeds).values() for seed in half]
    result: dict[str, Any] = {"one_layer": one_layer(seeds)}
    result["fits"], last = fits(seeds, options.steps)
    result["hamming_barcodes"] = hamming_barcodes(last, options.steps, len(seeds))
    result["slices"] = slices(seeds, max(1, options.steps // 10))
    result["boundaries"] = boundaries(seeds)
    draw(options.out / "counts.png", result)
    for name, row in result["one_layer"].items():
        print(f"{name}: formula {row['formula']}, right {shown(row['right'])}")
    for name, row in result["fits"].items():
        print(f"{name}: box {row['box']}, everywhere {row['everywhere']}, published {row['published']}")
    for name, row in result["hamming_barcodes"].items():
        print(f"{name}: " + ", ".join(f"{key} {shown(value)}" for key, value in row.items()))
    for name, row in result["slices"].items():
        print(f"{name}: start {shown(row['start'])}, trained {shown(row['trained'])}")
    for name, row in result["boundaries"].items():
        print(f"{name}: " + ", ".join(f"{k} {shown(v)}" for k, v in row.items() if k != "networks"))
    write(options, "counts", result)


if __name__ == "__main__":
    main(arguments(__doc__, steps=2000, seeds=10))
