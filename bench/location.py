"""Measure point location on frozen networks, on one thread, each checked against sign vectors first.

Exit code 1: an answer is wrong, and nothing is printed about its speed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import frozen
import numpy as np
from numpy.typing import NDArray

import relutope

#: Points whose answers are compared with the names of the cells.
CHECKED = 5000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", default=["2,256,256,256"], metavar="NAME", help="frozen networks")
    parser.add_argument("--points", type=int, default=10**6, help="uniform random in the box")
    parser.add_argument("--repeat", type=int, default=5, help="best of so many runs")
    options = parser.parse_args()
    return max(measure(name, options.points, options.repeat) for name in options.names)


def measure(name: str, n_points: int, repeat: int) -> int:
    network = relutope.Network.from_arrays(*zip(*frozen.build(name), strict=True))
    build = min(seconds(lambda: polyhedral_complex(network)) for _ in range(repeat))
    points = np.random.default_rng(0).uniform(-1, 1, (n_points, network.input_dim))
    structure = min(seconds(locate, polyhedral_complex(network), points[:1]) for _ in range(repeat))
    complex_ = polyhedral_complex(network)
    ids, dimensions = locate(complex_, points)
    inside = np.flatnonzero(dimensions == complex_.dim)[:CHECKED]
    if not np.array_equal(
        complex_.sign_vectors(complex_.dim, ids[inside]), network.sign_vectors(points[inside])
    ):
        print(f"{name}: a point is not in the region of its signs", file=sys.stderr)
        return 1
    best = min(seconds(locate, complex_, points) for _ in range(repeat))
    print(
        f"{name}: {complex_.n_regions:,} regions built in {build:.3f} CPU s, what is searched in in "
        f"{structure:.3f} ({structure / build:.2f} times); {n_points / best / 1e6:.2f} million points/s, "
        f"{n_points - np.count_nonzero(dimensions == complex_.dim):,} points on smaller cells"
    )
    return 0


def polyhedral_complex(network: relutope.Network) -> relutope.PolyhedralComplex:
    return relutope.polyhedral_complex(network, (-1, 1), n_threads=1)


def locate(
    complex_: relutope.PolyhedralComplex, points: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    return complex_.locate(points, n_threads=1)


def seconds(call: Callable[..., object], *arguments: object) -> float:
    """CPU seconds of one call; to free what it returns is not counted."""
    start = time.process_time()
    kept = call(*arguments)
    elapsed = time.process_time() - start
    del kept
    return elapsed


if __name__ == "__main__":
    sys.exit(main())
