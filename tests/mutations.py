"""Changes of saved complexes that a certificate must notice."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from relutope.npz import Record, write_npz
from relutope.storage import record_digest

Mutation = Callable[[Record], None]


def write(path: Path, record: Record) -> None:
    """Write a file whose checksums are right, whatever is in it."""
    put_header(record, digest=record_digest(record))
    write_as_it_is(path, record)


def write_as_it_is(path: Path, record: Record) -> None:
    with open(path, "wb") as stream:
        write_npz(stream, record)


def facets(record: Record, k: int) -> list[list[int]]:
    indptr, indices = record[f"cells.indptr_{k}"].tolist(), record[f"cells.indices_{k}"].tolist()
    return [indices[a:b] for a, b in pairwise(indptr)]


def put_facets(record: Record, k: int, cells: list[list[int]]) -> None:
    record[f"cells.indptr_{k}"] = np.cumsum([0, *map(len, cells)]).astype(np.int32)
    record[f"cells.indices_{k}"] = np.array([f for cell in cells for f in sorted(cell)], dtype=np.int32)


def put_header(record: Record, **fields: Any) -> None:
    header = json.loads(record["header"].tobytes()) | fields
    record["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)


def put_count(record: Record, k: int, step: int) -> None:
    record["cells.f_vector"][k] += step
    put_header(record, f_vector=record["cells.f_vector"].tolist())


def drop_region(record: Record) -> None:
    put_facets(record, 2, facets(record, 2)[1:])
    put_count(record, 2, -1)


def drop_region_and_lonely_edges(record: Record) -> None:
    """Remove a region and the edges that bound nothing any more, and renumber."""
    regions = facets(record, 2)[1:]
    kept = sorted({f for region in regions for f in region})
    new_id = {f: i for i, f in enumerate(kept)}
    edges = facets(record, 1)
    finite = int(record["cells.f_vector"][1])
    put_facets(record, 1, [edges[f] for f in kept])
    put_facets(record, 2, [[new_id[f] for f in region] for region in regions])
    put_count(record, 2, -1)
    put_count(record, 1, sum(f < finite for f in kept) - finite)


def repeat_region(record: Record) -> None:
    put_facets(record, 2, [facets(record, 2)[0], *facets(record, 2)])
    put_count(record, 2, 1)


def merge_regions(record: Record) -> None:
    """Join the two regions at an edge, and remove the edge."""
    regions, edges = facets(record, 2), facets(record, 1)
    shared = next(f for f in range(len(edges)) if sum(f in region for region in regions) == 2)
    first, second = (i for i, region in enumerate(regions) if shared in region)
    merged = sorted((set(regions[first]) | set(regions[second])) - {shared})
    regions = [merged, *(region for i, region in enumerate(regions) if i not in (first, second))]
    put_facets(record, 2, [[f - (f > shared) for f in region] for region in regions])
    put_facets(record, 1, [edge for f, edge in enumerate(edges) if f != shared])
    put_count(record, 2, -1)
    put_count(record, 1, -1)


def swap_region_facets(record: Record) -> None:
    regions = facets(record, 2)
    put_facets(record, 2, [regions[1], regions[0], *regions[2:]])


def renumber_vertices(record: Record) -> None:
    """A true complex with other ids."""
    order = np.arange(len(record["cells.walls"]))
    order[[0, 1]] = [1, 0]
    for name in ("vertices", "vertex_error", "signs", "walls"):
        record[f"cells.{name}"] = record[f"cells.{name}"][order]
    put_facets(record, 1, [[int(order[v]) for v in edge] for edge in facets(record, 1)])


def swap_vertices(record: Record) -> None:
    record["cells.signs"][[0, 1]] = record["cells.signs"][[1, 0]]


def move_vertex(record: Record) -> None:
    record["cells.vertices"][0, 0] += 0.125


def shrink_error(record: Record) -> None:
    inexact = np.nonzero(record["cells.vertex_error"] > 0)[0]
    record["cells.vertex_error"][inexact] = 0


def negate_neuron(record: Record) -> None:
    """Exchange the signs of the first bit everywhere."""
    signs = record["cells.signs"]
    words = signs.shape[1] // 2
    plus, minus = signs[:, 0] & np.uint64(1), signs[:, words] & np.uint64(1)
    signs[:, 0] ^= plus ^ minus
    signs[:, words] ^= plus ^ minus


def zero_neuron(record: Record) -> None:
    words = record["cells.signs"].shape[1] // 2
    record["cells.signs"][:, [0, words]] &= ~np.uint64(1)


def call_constant(record: Record) -> None:
    """Take the last bit away and call its neuron constant."""
    bits = record["cells.code_bit"]
    last = int(bits.max())
    words = record["cells.signs"].shape[1] // 2
    record["cells.signs"][:, [0, words]] &= ~np.uint64(1 << last)
    record["cells.code_constant"][bits == last] = -1
    bits[bits == last] = -1


def move_wall(record: Record) -> None:
    put_header(record, domain={"type": "box", "lo": [-1.0, -1.0], "hi": [1.0, 3.0]})


def reverse_infinity(record: Record) -> None:
    """Exchange lower and upper walls of the first axis."""
    walls = record["cells.walls"]
    walls[:] = (
        (walls & np.uint64(0b1100))
        | (walls & np.uint64(1)) << np.uint64(1)
        | walls >> np.uint64(1) & np.uint64(1)
    )


def drop_member(record: Record) -> None:
    del record["cells.walls"]


def add_member(record: Record) -> None:
    record["cells.extra"] = np.zeros(1)


def add_other_member(record: Record) -> None:
    record["extra"] = np.zeros(1)


def other_weight(record: Record) -> None:
    record["network.W0"][0, 0] = np.nextafter(record["network.W0"][0, 0], 9)


def other_dtype(record: Record) -> None:
    record["cells.walls"] = record["cells.walls"].astype(np.int64)


def other_shape(record: Record) -> None:
    record["cells.vertices"] = record["cells.vertices"].T.copy()


def no_cells(record: Record) -> None:
    for name in list(record):
        if name.startswith("cells.") and "code" not in name and "f_vector" not in name:
            record[name] = record[name][:0]


def broken_statistics(record: Record) -> None:
    record["statistics"] = record["statistics"][:-1]


def put_statistics(record: Record, **fields: Any) -> None:
    statistics = json.loads(record["statistics"].tobytes()) | fields
    record["statistics"] = np.frombuffer(json.dumps(statistics).encode(), dtype=np.uint8)


def add_seconds(record: Record) -> None:
    put_statistics(record, seconds=0.25)


def negative_statistics(record: Record) -> None:
    put_statistics(record, orders={"float": -1, "exact": 0})


def other_statistics(record: Record) -> None:
    put_statistics(record, orders={"float": 10**6, "exact": 0})


MUTATIONS: dict[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (
        drop_region, drop_region_and_lonely_edges, repeat_region, merge_regions, swap_region_facets,
        renumber_vertices, swap_vertices, move_vertex, shrink_error, negate_neuron, zero_neuron,
        call_constant, move_wall, reverse_infinity, drop_member, add_member, add_other_member, other_weight,
        other_dtype, other_shape, no_cells, broken_statistics, add_seconds,
        negative_statistics, other_statistics,
    )
}  # fmt: skip
HEADER: dict[str, Any] = {
    "format": "relutope", "schema_version": 9, "relutope": "0.0.0", "model_hash": "0" * 64, "semantics": "",
    "domain": {"type": "ball"}, "input_dim": 3, "layers": 2, "dtype": 32, "notes": "a",
    "f_vector": [1], "extra": 1,
}  # fmt: skip
#: Legal metadata of another source.
METADATA: dict[str, Any] = {"dtype": "float32", "notes": ["a"]}
