"""Graphs of Hamming distance 1 and regions found by pixels, against exact dual graphs.

Public code finds the regions of a window by its pixels and joins two whose activation patterns differ in one
neuron. Here, per network: pairs joined that share no facet (false), pairs that share one and are not joined
(missed), regions that no pixel hits, and what that does to lambda_2 and to the Fiedler partition. Nothing is
chosen, so both halves of the seeds are one sample.

    python bench/papers/bosca2025/hamming_graphs.py [--seeds 10] [--pixels 1000] [--full] [--out FOLDER]
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
from circles_and_moons import points
from common import Layers, arguments, halves, interval, rate, shown, train
from common import write_json as write
from matplotlib.figure import Figure
from scipy.sparse import coo_array, csr_array

import relutope
from relutope.spectral.matching import contingency, misclassified

WINDOW = 3.0
HIDDEN = ((16,), (8, 8), (16, 16))
OPERATORS = ("unweighted", "mass")


def codes_of(layers: Layers, X: np.ndarray) -> np.ndarray:
    """The activation pattern of each point as one integer, in float64 arithmetic."""
    codes, value, place = np.zeros(len(X), dtype=np.uint64), X, 0
    for weight, bias in layers[:-1]:
        value = value @ weight.T.astype(np.float64) + bias
        for column in value.T:
            codes |= (column > 0).astype(np.uint64) << np.uint64(place)
            place += 1
        value = np.maximum(value, 0)
    return codes


def hamming_pairs(codes: np.ndarray, n_neurons: int) -> np.ndarray:
    """Pairs i < j of sorted codes that differ in one bit, as n i + j, ascending."""
    found = []
    for place in range(n_neurons):
        flipped = codes ^ (np.uint64(1) << np.uint64(place))
        near = np.minimum(np.searchsorted(codes, flipped), len(codes) - 1)
        first = np.flatnonzero((codes[near] == flipped) & (codes < flipped))
        found.append(first * len(codes) + near[first])
    return np.sort(np.concatenate(found))


def graph_of(pairs: np.ndarray, n: int) -> csr_array:
    first, second = pairs // n, pairs % n
    half = coo_array((np.ones(len(pairs)), (first, second)), shape=(n, n))
    return (half + half.T).tocsr()


def second_parts(graph: csr_array, weights: np.ndarray, operator: str) -> relutope.FiedlerPartition | None:
    try:
        return relutope.fiedler_partition(graph, weights=weights, operator=operator)
    except ValueError:  # one region, or all points in one
        return None


def pixel_centres(n: int) -> np.ndarray:
    line = (np.arange(n) + 0.5) / n * 2 * WINDOW - WINDOW
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


def compare(layers: Layers, pixels: np.ndarray, X: np.ndarray) -> dict[str, Any]:
    """What differs between the exact dual graph, the Hamming graph of all regions, and that of pixels."""
    complex_ = relutope.polyhedral_complex(
        relutope.Network.from_arrays(*zip(*layers, strict=True)), (-WINDOW, WINDOW)
    )
    bits = complex_.regions().activation_patterns()
    n, n_neurons = bits.shape
    unsorted = (bits.astype(np.uint64) << np.arange(n_neurons, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
    rank = np.argsort(np.argsort(unsorted))
    codes = np.sort(unsorted)
    if (np.diff(codes) == 0).any():
        raise ValueError("two regions have one activation pattern")
    edges = complex_.dual_graph().edges
    ends = np.sort(np.stack([rank[edges["region_0"]], rank[edges["region_1"]]]), axis=0)
    exact = np.sort(ends[0] * n + ends[1])
    joined = hamming_pairs(codes, n_neurons)
    seen, counts = np.unique(codes_of(layers, pixels), return_counts=True)
    known = np.isin(seen, codes)
    seen, counts = seen[known], counts[known]
    place = np.searchsorted(codes, seen)
    local = hamming_pairs(seen, n_neurons)
    of_pixels = np.sort(place[local // len(seen)] * n + place[local % len(seen)])
    held = codes_of(layers, X)
    held = np.searchsorted(codes, held[np.isin(held, codes)])
    weights = np.bincount(held, minlength=n).astype(float)
    record = {
        "regions": n,
        "facets": len(exact),
        "false": int((~np.isin(joined, exact)).sum()),
        "missed": int((~np.isin(exact, joined)).sum()),
        "regions_missed": 1 - len(seen) / n,
        "pixel_false": int((~np.isin(of_pixels, exact)).sum()),
        "pixel_missed_share": float((~np.isin(exact, of_pixels)).mean()),
        "pixel_patterns_of_no_region": int((~known).sum()),
    }
    others = {
        "hamming": (graph_of(joined, n), np.arange(n)),
        "pixels": (graph_of(local, len(seen)), place),
    }
    record.update(effects(graph_of(exact, n), others, weights, np.bincount(place, counts, n)))
    return record


def effects(
    exact: csr_array, others: dict[str, tuple[csr_array, np.ndarray]], weights: np.ndarray, area: np.ndarray
) -> dict[str, Any]:
    """lambda_2 over the exact one, and the share of the window, by pixels, on the other side."""
    record: dict[str, Any] = {}
    for operator in OPERATORS:
        true = second_parts(exact, weights, operator)
        for name, (graph, place) in others.items():
            found = second_parts(graph, weights[place], operator)
            ratio = moved = np.nan
            if true is not None and found is not None and true.lambda_2 > 0:
                ratio = found.lambda_2 / true.lambda_2
                table = contingency(true.labels[place], found.labels, (2, 2), area[place])
                moved = misclassified(table) or 0.0
            disconnected = found is not None and found.n_components > 1
            record |= {f"{name} {operator} {key}": value for key, value in
                       (("ratio", ratio), ("moved", moved), ("disconnected", disconnected))}  # fmt: skip
    return record


def summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    columns = {key: np.array([record[key] for record in records]) for key in records[0]}
    facets = columns["facets"].sum()
    result: dict[str, Any] = {
        "networks": len(records),
        "regions": interval(columns["regions"], np.median),
        "networks_with_false": rate(columns["false"] > 0),
        "networks_with_missed": rate(columns["missed"] > 0),
        "false_per_facet": interval(columns["false"] / columns["facets"]),
        "false_of_all": [int(columns["false"].sum()), int(facets)],
        "regions_missed": interval(columns["regions_missed"]),
        "facets_missed_by_pixels": interval(columns["pixel_missed_share"]),
        "pixel_patterns_of_no_region": int(columns["pixel_patterns_of_no_region"].sum()),
    }
    for name in ("hamming", "pixels"):
        for operator in OPERATORS:
            key = f"{name} {operator}"
            result[f"{key} ratio"] = interval(columns[f"{key} ratio"], np.median)
            result[f"{key} moved"] = interval(columns[f"{key} moved"])
            result[f"{key} moved_over_5_percent"] = rate(columns[f"{key} moved"] > 0.05)
            result[f"{key} disconnected"] = rate(columns[f"{key} disconnected"])
    return result


def draw(path: Path, found: dict[str, list[dict[str, Any]]], n_pixels: int) -> None:
    figure = Figure(figsize=(13, 7), layout="constrained")
    panels = {
        "false": "pairs at Hamming distance 1 that share no facet",
        "regions_missed": f"share of regions that none of {n_pixels:,} pixels hits",
        "pixels unweighted ratio": "lambda_2 of the pixels' graph over the exact one",
        "pixels unweighted moved": "share of the window that changes its part: pixels",
    }
    for ax, (key, title) in zip(figure.subplots(2, 2).flat, panels.items(), strict=True):
        values = [[r[key] for r in records if np.isfinite(r[key])] for records in found.values()]
        ax.boxplot(values, tick_labels=list(found), showfliers=True)
        ax.set_title(title, fontsize=10)
        ax.tick_params(axis="x", labelsize=7)
    figure.savefig(path, dpi=80)


def main(options: Namespace) -> None:
    seeds = [seed for half in halves(options.seeds).values() for seed in half]
    X, y = (np.stack(arrays) for arrays in zip(*(points("circles", seed) for seed in seeds), strict=True))
    pixels, found = pixel_centres(options.pixels), {}
    for hidden in HIDDEN:
        trained = train(X, y, hidden, seeds, steps=options.steps, lr=5e-3, decay=1e-2)
        for kind, step in (("untrained", 0), ("trained", options.steps)):
            name = f"2-{'-'.join(map(str, hidden))}-1 {kind}"
            found[name] = [compare(trained.layers(step, i), pixels, X[i]) for i in range(len(seeds))]
    result = {name: summary(records) for name, records in found.items()}
    for name, row in result.items():
        print(f"{name}: networks with false edges {shown(row['networks_with_false'])}")
        print(
            f"  false per facet {shown(row['false_per_facet'], 4)}, missed {row['networks_with_missed'][0]}"
        )
        print(f"  regions that pixels miss {shown(row['regions_missed'])}")
        for key in ("hamming unweighted", "pixels unweighted", "pixels mass"):
            print(f"  {key}: lambda_2 {shown(row[f'{key} ratio'])}, moved {shown(row[f'{key} moved'])}")
    write(options, "hamming_graphs", result)
    draw(options.out / "hamming_graphs.png", found, len(pixels))


if __name__ == "__main__":
    main(arguments(__doc__, steps=1500, seeds=10, pixels=1000))
