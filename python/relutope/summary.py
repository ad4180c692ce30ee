"""What a complex looks like at a glance: counts, data, degenerate features, and how it was decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.complex import PolyhedralComplex
from relutope.domain import AllSpace
from relutope.domains import domain_text, domain_to_json
from relutope.errors import IncompleteError
from relutope.labels import checked_labels
from relutope.location import lowest_regions
from relutope.network import SEMANTICS
from relutope.refinement import RefinedComplex
from relutope.subdivision import MAX_DIMENSION, polyhedral_complex

#: Bytes of sign vectors that are held at once.
BLOCK_BYTES = 1 << 25


class Summary(dict[str, Any]):
    """The numbers as a plain, JSON-ready dict; `str` shows them as a table."""

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def summarize(
    complex_: PolyhedralComplex,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    all_space: bool = True,
    **limits: Any,
) -> Summary:
    """The summary of a complex; see `PolyhedralComplex.summary`."""
    if y is not None and X is None:
        raise ValueError("y is given without X; legal: labels together with their points")
    network = complex_.network
    statistics = complex_.statistics
    result = Summary(
        network=repr(network),
        model_hash=network.hash,
        notes=list(network.notes),
        semantics=SEMANTICS,
        input_dim=network.input_dim,
        neurons=network.n_neurons,
        domain=domain_to_json(complex_.domain),
        box=None,
        all_space=None,
    )
    if isinstance(complex_.domain, AllSpace):
        result["all_space"] = _counts(complex_)
    else:
        result["box"] = _counts(complex_)
        result["all_space"] = (
            _count_all_space(complex_, limits) if all_space else {"not_computed": "not asked for"}
        )
    if X is not None:
        result["data"] = _data(complex_, X, y)
    result["degenerate"] = _degenerate(complex_)
    result["decided"] = {name: statistics[name] for name in ("signs", "orders", "vertices")}
    result["seconds"] = statistics.get("seconds")
    return result


def _counts(complex_: PolyhedralComplex) -> dict[str, Any]:
    return {
        "f_vector": list(complex_.f_vector),
        "regions": complex_.n_regions,
        "bounded_regions": complex_.n_bounded_regions,
        "euler_characteristic": complex_.euler_characteristic,
    }


def _count_all_space(complex_: PolyhedralComplex, limits: dict[str, Any]) -> dict[str, Any]:
    if complex_.dim > MAX_DIMENSION:
        return {"not_computed": f"{complex_.dim} inputs are more than {MAX_DIMENSION}"}
    if limits.get("max_cells") is None:
        limits = {**limits, "max_cells": 20 * sum(complex_.counts) + 1_000_000}
    try:
        whole = polyhedral_complex(complex_.network, AllSpace(), **limits)
        if isinstance(complex_, RefinedComplex):
            whole = whole.refine(complex_.functionals, **limits)
        return _counts(whole)
    except IncompleteError as error:
        if error.reason == "interrupt":
            raise
        return {"not_computed": str(error)}


def _data(complex_: PolyhedralComplex, X: ArrayLike, y: ArrayLike | None) -> dict[str, Any]:
    ids, dimensions = complex_.locate(X)
    regions = lowest_regions(complex_, ids, dimensions)
    held = regions[regions >= 0]
    occupied, sizes = np.unique(held, return_counts=True)
    data: dict[str, Any] = {
        "points": len(regions),
        "outside_domain": int(np.count_nonzero(dimensions < 0)),
        "on_smaller_cells": int(np.count_nonzero((dimensions >= 0) & (dimensions < complex_.dim))),
        "regions_with_data": len(occupied),
        "most_points_in_a_region": int(sizes.max(initial=0)),
    }
    if y is not None:
        classes, codes = checked_labels(y, len(regions))
        pairs = np.unique(np.stack([held, codes[regions >= 0]]), axis=1)
        _, labels_per_region = np.unique(pairs[0], return_counts=True)
        data["classes"] = len(classes)
        data["regions_with_several_classes"] = int(np.count_nonzero(labels_per_region > 1))
    return data


def _sign_vector_blocks(
    complex_: PolyhedralComplex, k: int, count: int
) -> Iterator[tuple[int, NDArray[np.int8]]]:
    """Sign vectors of the first `count` k-cells in blocks, each with the id of its first cell."""
    step = max(1, BLOCK_BYTES // max(1, complex_.network.n_signs))
    for first in range(0, count, step):
        yield first, complex_.sign_vectors(k, np.arange(first, min(first + step, count)))


def _degenerate(complex_: PolyhedralComplex) -> dict[str, int]:
    census = complex_.network.census
    entries = complex_.network.core.is_entry()
    n_maxima = sum(layer.n_rows for layer in complex_.network.layers if layer.kind == "max")
    zero_regions = sum(
        int(np.count_nonzero((block[:, ~entries] == 0).any(axis=1)))
        for _, block in _sign_vector_blocks(complex_, complex_.dim, complex_.n_regions)
    )
    crowded = 0
    walls = complex_.walls(0)
    for first, block in _sign_vector_blocks(complex_, 0, complex_.f_vector[0]):
        # One entry of each maximum is always zero.
        met = np.count_nonzero(block == 0, axis=1) - n_maxima
        met += np.count_nonzero(walls[first : first + len(block)], axis=1)
        crowded += int(np.count_nonzero(met > complex_.dim))
    return {
        "dead_neurons": census["dead"],
        "constant_neurons": census["constant"],
        "proportional_neurons": census["proportional"],
        "regions_where_a_neuron_is_zero": zero_regions,
        "crowded_vertices": crowded,
    }


def _lines(summary: dict[str, Any]) -> list[str]:
    lines = [summary["network"], *(f"  note: {note}" for note in summary["notes"]), ""]
    if summary["box"] is not None:
        lines.append(domain_text(summary["domain"], summary["input_dim"]))
    lines += _count_lines(summary)
    if "data" in summary:
        lines += ["", *_data_lines(summary["data"])]
    found = summary["degenerate"]
    lines += [
        "",
        "degenerate features",
        f"  dead neurons: {found['dead_neurons']:,}",
        f"  constant neurons: {found['constant_neurons']:,}",
        f"  neurons proportional to an earlier one: {found['proportional_neurons']:,}",
        f"  regions on which a neuron is identically 0: {found['regions_where_a_neuron_is_zero']:,}",
        f"  vertices on more than {summary['input_dim']} neurons and walls: {found['crowded_vertices']:,}",
        "",
    ]
    stages = list(dict.fromkeys(stage for counts in summary["decided"].values() for stage in counts))
    rows = [
        [name, *(f"{counts[stage]:,}" if stage in counts else "-" for stage in stages)]
        for name, counts in summary["decided"].items()
    ]
    return lines + _table([["decided by", *stages], *rows])


def _count_lines(summary: dict[str, Any]) -> list[str]:
    dim = summary["input_dim"]
    place = "in the polytope" if summary["domain"]["type"] == "polytope" else "in the box"
    columns = {place: summary["box"], f"on all of R^{dim}": summary["all_space"]}
    columns = {title: counts for title, counts in columns.items() if counts is not None}
    names = [f"cells of dimension {k}" for k in range(dim)]
    names += [f"regions (dimension {dim})", "bounded regions", "Euler characteristic"]
    values = [_column(counts, len(names)) for counts in columns.values()]
    lines = _table([["", *columns], *map(list, zip(names, *values, strict=True))])
    for title, counts in columns.items():
        if "not_computed" in counts:
            lines.append(f"{title}: not computed: {counts['not_computed']}")
    if summary["box"] is not None:
        lines.append(
            "A count depends on its domain: another one meets other regions and cuts others with its walls."
        )
    return lines


def _column(counts: dict[str, Any], length: int) -> list[str]:
    if "not_computed" in counts:
        return ["-"] * length
    numbers: list[int] = [*counts["f_vector"], counts["bounded_regions"], counts["euler_characteristic"]]
    return [f"{value:,}" for value in numbers]


def _data_lines(data: dict[str, Any]) -> list[str]:
    lines = [
        f"data: {data['points']:,} points in {data['regions_with_data']:,} regions",
        f"  most points in one region: {data['most_points_in_a_region']:,}",
        f"  points on smaller cells: {data['on_smaller_cells']:,}",
        f"  points outside the domain: {data['outside_domain']:,}",
    ]
    if "classes" in data:
        several = data["regions_with_several_classes"]
        lines.append(f"  classes: {data['classes']:,}; regions with several: {several:,}")
    return lines


def _table(rows: list[list[str]]) -> list[str]:
    """Rows with aligned columns, the first to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
