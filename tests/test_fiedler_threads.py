"""Partitions do not depend on the threads of BLAS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import hashlib
import numpy as np
import relutope
from scipy.sparse import csr_array, eye_array, kron
from spectral_oracle import grid, path

flat = grid(110, 130)
deep = csr_array(kron(grid(24, 24), eye_array(24)) + kron(eye_array(576), path(24)))
deep = deep[np.arange(11000)][:, np.arange(11000)]  # so many edges that it is not factorised
for graph, choices in ((flat, ({}, {"operator": "unweighted"}, {"n_parts": 4})), (deep, ({"epsilon": 1.0},))):
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
        assert len(run.stdout.split()) == 4
        printed.add(run.stdout)
    assert len(printed) == 1
