"""Partitions do not depend on the threads of BLAS."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from relutope.spectral.blas import one_blas_thread

PROGRAM = """
import hashlib
import numpy as np
import relutope
from scipy.sparse import csr_array, eye_array, kron
from spectral_oracle import complete, grid, path

flat = grid(110, 130)
deep = csr_array(kron(grid(24, 24), eye_array(24)) + kron(eye_array(576), path(24)))
deep = deep[np.arange(11000)][:, np.arange(11000)]  # so many edges that it is not factorised
cases = (
    (flat, ({}, {"operator": "unweighted"}, {"n_parts": 4})),
    (deep, ({"epsilon": 1.0},)),
    (grid(19, 21), ({"epsilon": 1.0}, {"n_parts": 4})),  # so small that it is solved densely
    (complete(450), ({"epsilon": 1.0},)),
)
for graph, choices in cases:
    weights = np.random.default_rng(0).integers(0, 4, graph.shape[0])
    for options in choices:
        found = relutope.fiedler_partition(graph, weights=weights, **options)
        content = found.vectors.tobytes() + found.eigenvalues.tobytes() + found.labels.tobytes()
        print(hashlib.sha256(content).hexdigest())
"""


def test_bytes_do_not_depend_on_the_threads_of_blas() -> None:
    printed = set()
    for threads in ("1", "2"):
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        environment = os.environ | dict.fromkeys(names, threads)
        paths = [str(Path(__file__).parent), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=True, text=True
        )
        assert len(run.stdout.split()) == 7
        printed.add(run.stdout)
    assert len(printed) == 1


def threads_of_blas() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_the_threads_of_blas_come_back() -> None:
    """After partitions side by side too, whichever ends first."""
    import scipy.linalg  # noqa: F401  # its BLAS is there from the beginning

    def inside(seconds: float) -> set[int]:
        with one_blas_thread():
            time.sleep(seconds)
            return threads_of_blas()

    def failing() -> None:
        with one_blas_thread():
            raise ZeroDivisionError

    before = threads_of_blas()
    with ThreadPoolExecutor(3) as executor:
        assert set.union(*executor.map(inside, (0.1, 0.0, 0.05, 0.0))) <= {1}
    assert threads_of_blas() == before
    with pytest.raises(ZeroDivisionError):
        failing()
    assert threads_of_blas() == before
