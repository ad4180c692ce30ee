"""Measure what a complex answers, on frozen networks and one thread; each answer is checked first.

Exit code 1: an answer is wrong, and nothing is printed about its speed.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import frozen
import numpy as np

import relutope

NETWORKS = ("3,64,64", "3,32,32,32", "2,128,128,128")


class Question(NamedTuple):
    """A call, what its answer must satisfy, and the goal: seconds per million cells, or times building."""

    name: str
    call: Callable[[relutope.PolyhedralComplex], Any]
    is_right: Callable[[relutope.PolyhedralComplex, Any], bool]
    goal: float
    per_build: bool = False


class WrongAnswerError(Exception):
    """An answer is wrong."""


def fresh(complex_: relutope.PolyhedralComplex) -> relutope.PolyhedralComplex:
    """The same complex without what it has kept from earlier questions."""
    return relutope.PolyhedralComplex(complex_.core, complex_.network, complex_.domain)


def boundary_squares_to_zero(complex_: relutope.PolyhedralComplex, matrices: list[Any]) -> bool:
    products = (a.astype(np.int64) @ b.astype(np.int64) for a, b in itertools.pairwise(matrices))
    return all(product.count_nonzero() == 0 for product in products)


def cofacets_are_transposed(complex_: relutope.PolyhedralComplex, lists: list[Any]) -> bool:
    for k, (indptr, indices) in enumerate(lists):
        starts, facets = complex_.facets(k + 1)
        cells = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        order = np.lexsort((cells, facets))
        if not (
            np.array_equal(cells[order], indices) and np.array_equal(np.bincount(facets), np.diff(indptr))
        ):
            return False
    return True


def graph_has_the_shared_facets(complex_: relutope.PolyhedralComplex, graph: relutope.DualGraph) -> bool:
    inner = np.bincount(complex_.facets(complex_.dim)[1]) == 2
    return graph.n_nodes == complex_.n_regions and graph.n_edges == int(np.count_nonzero(inner))


def has_the_sign_zero(complex_: relutope.PolyhedralComplex, found: relutope.LevelSet) -> bool:
    signs = [found.refined.functional_signs(k)[:, 0] for k in range(complex_.dim + 1)]
    return all(np.array_equal(np.flatnonzero(s == 0), ids) for s, ids in zip(signs, found.ids, strict=True))


def median_output(complex_: relutope.PolyhedralComplex) -> float:
    """A threshold that many regions reach."""
    return float(np.median(complex_.network(complex_.vertices[::97])[:, 0]))


def with_classes(layers: list[frozen.Layer], n_classes: int) -> relutope.PolyhedralComplex:
    """The complex of the same hidden layers and other, random outputs; its cells are the same."""
    n_inputs = layers[-1][0].shape[1]
    rng = np.random.default_rng(n_classes)
    outputs = rng.normal(0, np.sqrt(2 / n_inputs), (n_classes, n_inputs)), rng.normal(0, 0.1, n_classes)
    network = relutope.Network.from_arrays(*zip(*layers[:-1], outputs, strict=True))
    return relutope.polyhedral_complex(network, (-1, 1))


def largest_tie(found: relutope.LevelSet) -> bool:
    """Float outputs tie at the vertices of the set and nowhere else, and change their order nowhere else."""
    refined = found.refined
    values = refined.network(refined.vertices)
    second, first = np.sort(values, axis=1)[:, -2:].T
    tied = np.zeros(len(values), dtype=bool)
    tied[found.ids[0]] = True
    ends = refined.facets(1)[1].reshape(-1, 2)
    apart = ends[~tied[ends].any(axis=1)]
    winners = values.argmax(axis=1)[apart]
    return bool(np.all((first - second < 1e-9) == tied) and np.array_equal(winners[:, 0], winners[:, 1]))


def questions(path: Path, classes: relutope.PolyhedralComplex) -> list[Question]:
    """`classes`: a complex with the same cells and ten outputs."""
    return [
        Question(
            "boundary_matrix over Z, every k",
            lambda c: [c.boundary_matrix(k) for k in range(1, c.dim + 1)],
            boundary_squares_to_zero,
            0.5,
        ),
        Question(
            "cofacets, every k",
            lambda c: [c.cofacets(k) for k in range(c.dim)],
            cofacets_are_transposed,
            0.5,
        ),
        Question("dual_graph", lambda c: c.dual_graph(), graph_has_the_shared_facets, 0.5),
        Question(
            "load",
            lambda c: relutope.PolyhedralComplex.load(path),
            lambda c, loaded: loaded.f_vector == c.f_vector,
            0.3,
        ),
        Question(
            "decision_boundary",
            lambda c: c.decision_boundary(median_output(c), n_threads=1),
            has_the_sign_zero,
            2,
            per_build=True,
        ),
        Question(
            "decision_boundary of ten outputs",
            lambda c: fresh(classes).decision_boundary(n_threads=1),
            lambda c, found: largest_tie(found),
            2,
            per_build=True,
        ),
        Question(
            "verify, without rebuilding",
            lambda c: relutope.verify(path, c.network, rebuild=False),
            lambda c, certificate: certificate.ok,
            100,
            per_build=True,
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", default=NETWORKS, metavar="NAME", help="frozen networks")
    parser.add_argument("--repeat", type=int, default=5, help="best of so many runs")
    options = parser.parse_args()
    try:
        for name in options.names:
            measure(name, options.repeat)
    except WrongAnswerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def measure(name: str, repeat: int) -> None:
    layers = frozen.build(name)
    network = relutope.Network.from_arrays(*zip(*layers, strict=True))
    build = min(
        seconds(lambda _: relutope.polyhedral_complex(network, (-1, 1), n_threads=1)) for _ in range(repeat)
    )
    complex_ = relutope.polyhedral_complex(network, (-1, 1))
    cells = sum(complex_.counts)
    print(f"{name}: {cells:,} cells built in {build:.3f} CPU s")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "complex.npz"
        complex_.save(path)
        for question in questions(path, with_classes(layers, 10)):
            if not question.is_right(complex_, question.call(fresh(complex_))):
                raise WrongAnswerError(f"{name}: {question.name} gives a wrong answer")
            best = min(seconds(question.call, fresh(complex_)) for _ in range(repeat))
            ratio = best / build if question.per_build else best / cells * 1e6
            unit = "times building" if question.per_build else "CPU s per million cells"
            print(
                f"  {question.name}: {best:.4f} CPU s, {ratio:.3g} {unit} (goal: at most {question.goal:g})"
            )


def seconds(call: Callable[..., object], *arguments: object) -> float:
    """CPU seconds of one call; to free what it returns is not counted."""
    start = time.process_time()
    kept = call(*(arguments or (None,)))
    elapsed = time.process_time() - start
    del kept
    return elapsed


if __name__ == "__main__":
    sys.exit(main())
