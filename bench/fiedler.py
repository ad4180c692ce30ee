"""Measure Fiedler partitions on one thread, in CPU seconds.

Each answer is checked first: a small graph against dense eigensolvers, the operators unweighted and mass on
large ones by residuals, by the orthogonality of v_2 and v_3, and where no mass is 0 against scipy's own
shift-invert. Exit code 1: an answer is wrong, and nothing is printed about its speed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

import frozen
import numpy as np
import scipy.linalg
from scipy.sparse import diags_array
from scipy.sparse.linalg import eigsh

import relutope
from relutope.spectral import OPERATORS

#: CPU seconds up to so many regions: 0.5 at about 12,000, 20 at about 120,000.
GOALS = ((15_000, 0.5), (150_000, 20.0))
#: (network, half-width of the box): about 8,000 regions, 12,000, 40,000 and 120,000.
COMPLEXES = (("2,64,64,64", 1.0), ("2,128,128,128", 0.38), ("2,128,128,128", 1.0), ("2,256,256,256", 0.85))
SMALL = "2,32,32,32"
QUICK = COMPLEXES[:2]
N_POINTS = 2000
LARGEST_RESIDUAL = 1e-11


class WrongAnswerError(Exception):
    """A partition is not what another method finds."""


def make(name: str, half: float) -> tuple[relutope.PolyhedralComplex, relutope.DualGraph, np.ndarray]:
    """The complex on [-half, half]^2, its dual graph, and weights from uniform points."""
    network = relutope.Network.from_arrays(*zip(*frozen.build(name), strict=True))
    complex_ = relutope.polyhedral_complex(network, (-half, half), n_threads=1)
    X = np.random.default_rng(0).uniform(-half, half, (N_POINTS, complex_.dim))
    weights = complex_.count_points(X, n_threads=1).counts.astype(np.float64)
    return complex_, complex_.dual_graph(), weights


def check_dense(name: str) -> None:
    """The operators unweighted and mass, with epsilon and without, against dense matrices."""
    _, graph, w = make(name, 1.0)
    laplacian = np.diag(graph.degrees.astype(float)) - graph.adjacency.toarray()
    occupied, empty = w > 0, w == 0
    inner = np.linalg.solve(laplacian[np.ix_(empty, empty)], laplacian[np.ix_(empty, occupied)])
    schur = laplacian[np.ix_(occupied, occupied)] - laplacian[np.ix_(occupied, empty)] @ inner
    cases = (
        ("unweighted", 0.0, laplacian, np.ones(len(w))),
        ("mass", 0.5, laplacian, w + 0.5),
        ("mass", 0.0, schur, w[occupied]),
    )
    for operator, epsilon, stiffness, mass in cases:
        expected = scipy.linalg.eigh(stiffness, np.diag(mass), eigvals_only=True, subset_by_index=[1, 2])
        found = relutope.fiedler_partition(graph, weights=w, operator=operator, epsilon=epsilon)
        if not np.allclose(found.eigenvalues, expected, rtol=1e-7):
            raise WrongAnswerError(f"{name}, {operator}: {found.eigenvalues}; dense: {expected}")


def check(name: str, graph: relutope.DualGraph, found: relutope.FiedlerPartition) -> None:
    """Residuals, orthogonality, and scipy's own shift-invert for the pencil L, W."""
    if not (found.residuals <= LARGEST_RESIDUAL).all():
        raise WrongAnswerError(f"{name}, {found.operator}: residuals {found.residuals}")
    mass = np.ones(graph.n_nodes) if found.operator == "unweighted" else found.weights + found.epsilon
    vectors = np.column_stack([np.ones(graph.n_nodes) / np.sqrt(mass.sum()), found.vectors])
    gram = vectors.T @ (mass[:, None] * vectors)
    if np.abs(gram - np.eye(3)).max() > 1e-7:
        raise WrongAnswerError(f"{name}, {found.operator}: vectors are not orthogonal")
    if mass.all():
        laplacian = diags_array(graph.degrees.astype(float)) - graph.adjacency.astype(float)
        shift = -found.lambda_2
        expected = eigsh(
            laplacian.tocsc(), 3, diags_array(mass).tocsc(), sigma=shift, return_eigenvectors=False
        )
        if not np.allclose(np.sort(expected)[1:], found.eigenvalues, rtol=1e-6):
            raise WrongAnswerError(f"{name}, {found.operator}: {found.eigenvalues}; scipy: {expected}")


def seconds_of(graph: relutope.DualGraph, repeat: int, **options: Any) -> float:
    times = []
    for _ in range(repeat):
        start = time.process_time()
        relutope.fiedler_partition(graph, **options)
        times.append(time.process_time() - start)
    return min(times)


def measure(name: str, half: float, repeat: int) -> None:
    complex_, graph, weights = make(name, half)
    start = time.process_time()
    complex_.dual_graph()
    building = time.process_time() - start
    print(
        f"{name} on [-{half}, {half}]^2: {graph.n_nodes:,} regions; dual graph {building:.3f} s", flush=True
    )
    goal = next((seconds for most, seconds in GOALS if graph.n_nodes <= most), GOALS[-1][1])
    cases = [("unweighted", 0.0), ("mass", 0.0), ("mass", 0.5), *((name, 0.5) for name in OPERATORS)]
    for operator, epsilon in dict.fromkeys(cases):
        if operator == "unweighted" and epsilon:
            continue
        options: dict[str, Any] = {"weights": weights, "operator": operator, "epsilon": epsilon}
        found = relutope.fiedler_partition(graph, **options)
        if operator in ("unweighted", "mass"):
            check(name, graph, found)
        seconds = seconds_of(graph, repeat, **options)
        verdict = "ok" if seconds <= goal else "slower"
        print(
            f"  {operator:13} epsilon {epsilon:3g}  {seconds:8.3f} s (goal: at most {goal:g}: {verdict})"
            f"  residual {found.residual:.1e}, gap {found.relative_gap:.3f} {' '.join(found.flags)}",
            flush=True,
        )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the smaller complexes only")
    parser.add_argument("--repeat", type=int, default=3, help="best of so many runs")
    options = parser.parse_args(argv)
    try:
        check_dense(SMALL)
        for name, half in QUICK if options.quick else COMPLEXES:
            measure(name, half, options.repeat)
    except WrongAnswerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
