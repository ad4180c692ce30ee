"""Limits and interrupts: one typed exception with progress, soon, and nothing lost."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from networks import gaussian_layer
from relutope import AllSpace, IncompleteError, Network, PolyhedralComplex, polyhedral_complex

KEYS = {"layer", "n_layers", "dimension", "cells", "bytes", "seconds"}

#: Generous: a limit has to end a run within a second on an idle machine.
SOON = 15.0

#: Bounds what a run takes if a limit under test fails to end it.
SAFE: dict[str, Any] = {"max_bytes": 1 << 30, "max_seconds": 120}


def random_network(*widths: int) -> Network:
    rng = np.random.default_rng(0)
    layers = [gaussian_layer(rng, n_in, n_out) for n_in, n_out in pairwise(widths)]
    return Network.from_arrays([weights for weights, _ in layers], [biases for _, biases in layers])


@pytest.fixture(scope="module")
def small() -> Network:
    return random_network(3, 16, 12, 1)


@pytest.fixture(scope="module")
def huge() -> Network:
    """Hundreds of millions of cells, most of them made in the second layer."""
    return random_network(5, 32, 32, 1)


def assert_incomplete(error: IncompleteError, reason: str) -> None:
    assert error.reason == reason
    assert error.progress.keys() == KEYS
    assert 0 <= error.progress["layer"] < error.progress["n_layers"] == 2
    assert 0 <= error.progress["dimension"] <= 5
    assert min(error.progress["cells"], error.progress["bytes"], error.progress["seconds"]) >= 0
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.reason, copy.progress) == (str(error), error.reason, error.progress)


def ended(network: Network, reason: str, **options: Any) -> IncompleteError:
    """The exception of a run that has to end soon."""
    begin = time.monotonic()
    with pytest.raises(IncompleteError) as caught:
        polyhedral_complex(network, AllSpace(), **(SAFE | options))
    assert time.monotonic() - begin < SOON
    assert_incomplete(caught.value, reason)
    return caught.value


def content(complex_: PolyhedralComplex) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in complex_.core.to_arrays().items()}


@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize(
    ("reason", "limit", "text"),
    [
        ("max_cells", 100_000, "max_cells = 100000 exceeded"),
        ("max_seconds", 0.25, "max_seconds = 0.25"),
        ("max_bytes", 1 << 24, "max_bytes = 16777216 would be exceeded"),
    ],
)
def test_each_limit(
    huge: Network, small: Network, n_threads: int, reason: str, limit: float, text: str
) -> None:
    before = content(polyhedral_complex(small, AllSpace()))
    error = ended(huge, reason, n_threads=n_threads, **{reason: limit})
    assert text in str(error)
    if reason == "max_cells":
        assert error.progress["cells"] > limit
    elif reason == "max_seconds":
        assert error.progress["seconds"] > limit
    else:
        assert error.progress["bytes"] <= limit
    assert content(polyhedral_complex(small, AllSpace())) == before


def test_a_limit_that_is_just_enough(small: Network) -> None:
    for domain in (AllSpace(), (-1, 1)):
        complex_ = polyhedral_complex(small, domain, n_threads=1)
        n_cells, n_bytes = sum(complex_.counts), complex_.statistics["peak_bytes"]
        enough = polyhedral_complex(small, domain, n_threads=1, max_cells=n_cells, max_bytes=n_bytes)
        assert content(enough) == content(complex_)
        # With less than the peak a run reserves less ahead; it cannot do with less than its result.
        for limit in ({"max_cells": n_cells - 1}, {"max_bytes": complex_.statistics["bytes"] - 1}):
            with pytest.raises(IncompleteError):
                polyhedral_complex(small, domain, n_threads=1, **limit)


def test_seconds_limit_off_the_main_thread(huge: Network) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(ended, huge, "max_seconds", max_seconds=0.25, n_threads=1) for _ in range(2)]
        assert all("max_seconds" in str(run.result()) for run in runs)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_interrupt_from_outside(huge: Network, small: Network, n_threads: int) -> None:
    timer = threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    try:
        error = ended(huge, "interrupt", n_threads=n_threads)
    finally:
        timer.join()
    assert "interrupted" in str(error)
    polyhedral_complex(small, (-1, 1)).validate()


@pytest.mark.parametrize("name", ["sign_vectors", "evaluate"])
@pytest.mark.parametrize("zeros", [False, True])
def test_interrupt_of_evaluations(name: str, zeros: bool) -> None:
    """Where the first layer vanishes, signs are decided in integers, which takes longer."""
    network = random_network(2, 256, 256, 256, 1)
    if zeros:
        network = Network.from_arrays([weight for weight, _ in network.exact_layers()])
    points = np.zeros((1_000_000, 2)) if zeros else np.random.default_rng(1).normal(size=(1_000_000, 2))
    timer = threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,))
    start = time.perf_counter()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        getattr(network, name)(points)
    timer.join()
    assert time.perf_counter() - start < SOON


def test_interrupt_in_the_callable(huge: Network) -> None:
    def interrupt(_: dict[str, Any]) -> None:
        signal.raise_signal(signal.SIGINT)

    ended(huge, "interrupt", progress=interrupt)


def test_a_signal_handler_of_the_caller_speaks_for_itself(huge: Network) -> None:
    class AlarmError(Exception):
        pass

    def ring(*_: object) -> None:
        raise AlarmError

    before = signal.signal(signal.SIGINT, ring)
    timer = threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,))
    try:
        timer.start()
        with pytest.raises(AlarmError):
            polyhedral_complex(huge, AllSpace(), **SAFE)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="this system cannot interrupt one process alone")
def test_interrupt_of_another_process() -> None:
    code = (
        "import numpy as np, relutope\n"
        "rng = np.random.default_rng(0)\n"
        "weights = [rng.normal(size=shape) for shape in ((32, 5), (32, 32), (1, 32))]\n"
        "network = relutope.Network.from_arrays(weights)\n"
        "started = lambda _: print('running', flush=True)\n"
        "try:\n"
        "    relutope.polyhedral_complex(network, relutope.AllSpace(), progress=started,\n"
        "                                max_seconds=120, max_bytes=1 << 30)\n"
        "except relutope.IncompleteError as error:\n"
        "    print(error.reason)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=120)
        assert time.monotonic() - begin < SOON
        assert process.returncode == 0
        assert output.splitlines()[-1] == "interrupt"


def test_progress_grows(huge: Network) -> None:
    states: list[dict[str, Any]] = []
    ended(huge, "max_seconds", max_seconds=1, progress=states.append)
    assert len(states) >= 2
    assert all(state.keys() == KEYS for state in states)
    places = [(state["layer"], state["dimension"], state["cells"], state["seconds"]) for state in states]
    assert places == sorted(places)


def test_exception_of_the_callable(huge: Network, small: Network) -> None:
    class OwnError(Exception):
        pass

    def fail(_: dict[str, Any]) -> None:
        raise OwnError("of the caller")

    for n_threads in (1, 2):
        with pytest.raises(OwnError, match="of the caller"):
            polyhedral_complex(huge, AllSpace(), n_threads=n_threads, progress=fail, **SAFE)
    polyhedral_complex(small, (-1, 1)).validate()


def test_other_python_threads_run_meanwhile(huge: Network) -> None:
    """The count of a second thread grows between calls of the callable, which need the interpreter's lock."""
    count, counts, over = [0], [0], threading.Event()

    def work() -> None:
        while not over.is_set():
            count[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        ended(huge, "max_seconds", max_seconds=1, n_threads=1, progress=lambda _: counts.append(count[0]))
    finally:
        over.set()
        thread.join()
    assert len(counts) >= 3
    assert counts[-1] > counts[1] > 0


def test_runs_at_the_same_time(small: Network) -> None:
    def run(n_threads: int) -> dict[str, bytes]:
        return content(polyhedral_complex(small, AllSpace(), n_threads=n_threads))

    expected = run(1)
    with ThreadPoolExecutor(4) as pool:
        assert all(result == expected for result in pool.map(run, [1, 2, 3, 1, 2, 3]))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_forked_workers() -> None:
    """After a run with two threads a forked worker computes too, by default with one thread of its own."""
    code = (
        "import multiprocessing, numpy as np, relutope, threading, os\n"
        "from relutope.memory import default_threads\n"
        "rng = np.random.default_rng(0)\n"
        "weights = [rng.normal(size=shape) for shape in ((16, 3), (12, 16), (1, 12))]\n"
        "network = relutope.Network.from_arrays(weights)\n"
        "def run(n_threads):\n"
        "    complex_ = relutope.polyhedral_complex(network, (-1, 1), n_threads=n_threads)\n"
        "    return default_threads(), complex_.f_vector\n"
        "if __name__ == '__main__':\n"
        "    _, expected = run(2)\n"
        "    with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "        assert pool.map(run, [None, None, 2]) == [(1, expected)] * 3\n"
        "    assert run(2)[1] == expected\n"
        "    print('equal')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (run.returncode, run.stdout) == (0, "equal\n"), run.stderr


def allowed(compute: Callable[[], object]) -> bool:
    try:
        compute()
    except IncompleteError:
        return False
    return True


def test_memory_limit_holds_before_the_box_is_made() -> None:
    """3^10 faces of a box in ten dimensions are refused by a small limit, and fit a larger one."""
    network = Network.from_arrays([np.ones((1, 10)), np.ones((1, 1))])
    assert not allowed(lambda: polyhedral_complex(network, (0, 1), max_bytes=1 << 16))
    assert allowed(lambda: polyhedral_complex(network, (0, 1), max_bytes=1 << 29))


def test_cells_of_a_box_that_nothing_cuts() -> None:
    dead = Network.from_arrays([np.zeros((1, 7)), np.ones((1, 1))])
    with pytest.raises(IncompleteError) as caught:
        polyhedral_complex(dead, (-1, 1), max_cells=3**7 - 1)
    assert caught.value.reason == "max_cells"
    assert sum(polyhedral_complex(dead, (-1, 1), max_cells=3**7).f_vector) == 3**7


@pytest.mark.parametrize("kind", ["parallel", "concurrent"])
def test_memory_does_not_depend_on_the_order_of_neurons(kind: str) -> None:
    """Lines in sorted order, where cutting by the first neuron first would hold all edges once per line."""
    n = 600
    angles = np.linspace(0.01, 3.1, n)
    if kind == "parallel":
        weights, biases = np.tile([1.0, 0.0], (n, 1)), np.linspace(-0.9, 0.9, n)
    else:
        weights, biases = np.stack([np.cos(angles), np.sin(angles)], axis=1), np.zeros(n)
    network = Network.from_arrays([weights, np.ones((1, n))], [biases, np.zeros(1)])
    complex_ = polyhedral_complex(network, (-1, 1), max_bytes=20 << 20)
    assert complex_.n_regions == (n + 1 if kind == "parallel" else 2 * n)
    complex_.validate(exact=False)
