"""Check one network of the benchmark, then measure it; one JSON object on stdout.

run.py starts this in a process of its own, so that the peak memory is that of the one network.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import frozen
import numpy as np

import relutope

#: Exact vertices are validated up to this many vertices times squared neurons: about ten seconds.
EXACT_WORK = 10**9


class WrongAnswerError(Exception):
    """The network or its complex is not what expected.json says."""


def peak_rss() -> int:
    """The peak of this process's resident memory, in bytes."""
    # Not ru_maxrss on Linux: there it starts at the peak of the process that started this one.
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << (0 if sys.platform == "darwin" else 10)


def build(network: relutope.Network, n_threads: int) -> relutope.PolyhedralComplex:
    return relutope.polyhedral_complex(network, (-1, 1), n_threads=n_threads)


def check(name: str, complex_: relutope.PolyhedralComplex, f_vector: list[int]) -> str:
    """Compare with the known answer and validate; return how thoroughly."""
    if list(complex_.f_vector) != f_vector:
        raise WrongAnswerError(f"{name}: f-vector {list(complex_.f_vector)}; expected {f_vector}")
    exact = complex_.f_vector[0] * complex_.network.n_neurons**2 <= EXACT_WORK
    complex_.validate(exact)
    return "exact" if exact else "structure"


def rounds(repeat: int, seconds: float) -> Iterator[int]:
    """Count to `repeat`, or less far if `seconds` are over, but once at least."""
    end = time.perf_counter() + seconds
    for i in range(repeat):
        if i and time.perf_counter() > end:
            return
        yield i


def timed(clock: Callable[[], float], network: relutope.Network, n_threads: int) -> float:
    """How long one build takes by a clock; to free the complex is not counted."""
    start = clock()
    complex_ = build(network, n_threads)
    elapsed = clock() - start
    del complex_
    return elapsed


def compare_threads(name: str, network: relutope.Network, repeat: int, seconds: float) -> dict[str, float]:
    """Best wall seconds on one and on two threads, taken in turns; their complexes are compared first."""
    one, two = build(network, 1), build(network, 2)
    arrays = [[c.vertices, *(part for k in range(1, c.dim + 1) for part in c.facets(k))] for c in (one, two)]
    if not all(map(np.array_equal, *arrays)):
        raise WrongAnswerError(f"{name}: two threads give another complex than one")
    del one, two, arrays
    wall = [[timed(time.perf_counter, network, n) for n in (1, 2)] for _ in rounds(repeat, seconds)]
    best_one, best_two = map(min, zip(*wall, strict=True))
    return {"one_thread": best_one, "two_threads": best_two, "speedup": best_one / best_two}


def measure(name: str, known: dict[str, Any], repeat: int, seconds: float, threads: bool) -> dict[str, Any]:
    """Everything about one network; see README.md for the keys."""
    layers = frozen.build(name)
    fingerprint = frozen.fingerprint(layers)
    if fingerprint != known["sha256"]:
        raise WrongAnswerError(f"{name}: weights have SHA-256 {fingerprint}; expected {known['sha256']}")
    network = relutope.Network.from_arrays(*zip(*layers, strict=True))
    baseline = peak_rss()
    complex_ = build(network, 1)
    rss = peak_rss() - baseline
    checked = check(name, complex_, known["f_vector"])
    stored, cells, regions = complex_.statistics, sum(complex_.f_vector), complex_.n_regions
    del complex_
    cpu = [timed(time.process_time, network, 1) for _ in rounds(repeat, seconds)]
    best = min(cpu)
    record = {
        "network": name,
        "dim": network.input_dim,
        "f_vector": known["f_vector"],
        "counted_by": known["counted_by"],
        "validated": checked,
        "regions": regions,
        "cells": cells,
        "repeats": len(cpu),
        "cpu_seconds": {"best": best, "median": statistics.median(cpu)},
        "regions_per_second": regions / best,
        "cells_per_second": cells / best,
        "cpu_seconds_per_region": best / regions,
        "stored_bytes_per_cell": stored["bytes"] / cells,
        "peak_bytes_per_cell": stored["peak_bytes"] / cells,
        "rss_bytes_per_cell": rss / cells,
        "peak_to_stored": max(stored["peak_bytes"], rss) / stored["bytes"],
        "stages": {key: stored[key] for key in ("signs", "orders", "vertices")},
    }
    if threads:
        record["wall_seconds"] = compare_threads(name, network, repeat, seconds)
    return record


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=frozen.NAMES, metavar="NAME")
    parser.add_argument("known", type=json.loads, metavar="JSON", help="its entry in expected.json")
    parser.add_argument("--repeat", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--threads", action="store_true", help="also compare two threads with one")
    options = parser.parse_args(argv)
    try:
        record = measure(options.name, options.known, options.repeat, options.seconds, options.threads)
    except WrongAnswerError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(record))
    return 0


if __name__ == "__main__":
    sys.exit(main())
