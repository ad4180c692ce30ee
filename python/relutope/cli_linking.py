"""``relutope linking``."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

from relutope.cli_options import Options
from relutope.linking.closed_curves import ClosedCurves
from relutope.linking.distances import distance_between
from relutope.linking.numbers import linking_numbers
from relutope.linking.through_layers import ThroughLayers, through_layers
from relutope.loading import load
from relutope.npz import read_npz
from relutope.progress import interruptible


def linking(options: Options) -> int:
    """Print how the curves of a file are linked, as text or as one JSON object."""
    curves = read_npz(options.curves)
    if not curves:
        raise ValueError(f"{options.curves} holds no array; legal: one array of shape (n, 3) per curve")
    if options.order is not None and options.model is None:
        raise ValueError("--order needs the option --model MODEL")
    names = list(curves)
    result = linked(names, ClosedCurves(list(curves.values()), names))
    found = [] if options.model is None else _followed(options, curves)
    if options.json:
        if options.model is not None:
            result["through_layers"] = [{"curves": pair, **table.to_json()} for pair, table in found]
        print(json.dumps(result, allow_nan=False))
        return 0
    tables = [f"\n{pair[0]}, {pair[1]}\n{table}" for pair, table in found]
    print("\n".join([*_readable(result), *tables]))
    return 0


def _followed(options: Options, curves: dict[str, Any]) -> list[tuple[list[str], ThroughLayers]]:
    """Per pair of curves, their names and what becomes of them in the layers of the network."""
    network = load(options.model, order=options.order)
    return [
        ([first, second], through_layers(network, curves[first], curves[second]))
        for first, second in combinations(curves, 2)
    ]


def linked(names: list[str], curves: ClosedCurves) -> dict[str, Any]:
    """Linking numbers and distances of all pairs of curves, JSON-ready; None on the diagonals."""
    n = len(names)
    distances: list[list[float | None]] = [[None] * n for _ in range(n)]
    least: float | None = None
    with interruptible("linking numbers", {}):
        matrix = linking_numbers(curves)
        for i, j in combinations(range(n), 2):
            distance = distance_between(curves, i, j).value
            distances[i][j] = distances[j][i] = distance
            least = distance if least is None else min(least, distance)
    return {
        "names": names,
        "segments": [len(points) for points in curves.points],
        "linking_matrix": matrix.tolist(),
        "distance_matrix": distances,
        "min_distance": least,
    }


def _readable(result: dict[str, Any]) -> list[str]:
    names = result["names"]
    lines = [f"{name}: {n:,} segments" for name, n in zip(names, result["segments"], strict=True)]
    for i, j in combinations(range(len(names)), 2):
        number, distance = result["linking_matrix"][i][j], result["distance_matrix"][i][j]
        found = "they meet" if number is None else f"linking number {number}, distance {distance:.6g}"
        lines.append(f"{names[i]}, {names[j]}: {found}")
    return lines
