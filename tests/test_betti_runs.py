"""Betti curves: grids, limits, interrupts, progress, statistics and the report of peaks."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from cell_complexes import random_complex
from relutope import IncompleteError, Network, betti_curves, filtrations, polyhedral_complex
from relutope.filtrations.random import RANDOM
from relutope.homology import CellComplex, betti_peak_report, persistence
from relutope.homology.peaks import WARNING

#: Generous: a limit has to end a run within a second on an idle machine.
SOON = 15.0
ENDLESS = 10**6


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("shape", [(7,), (6, 5), (3, 4, 3)])
def test_curves_are_exact_at_grid_points(name: str, shape: tuple[int, ...]) -> None:
    """At each level, just below it, and beyond; as `persistence` of the same ordering has them."""
    grid = CellComplex.grid(shape)
    barcode = persistence(grid, name, rng=4)
    levels = barcode.filtration.levels
    for values in (levels, np.nextafter(levels, -np.inf), np.nextafter(levels, np.inf), (levels + 0.3) / 1.6):
        curves = betti_curves(grid, name, n_orderings=1, rng=4, grid=values)
        assert curves.grid.tolist() == values.tolist()
        assert curves.mean.tolist() == barcode.betti_curve(values).tolist()
    outside = betti_curves(grid, name, n_orderings=1, rng=4, grid=[-np.inf, -3, -1e-300, 1, 1e300, np.inf])
    zero = [0] * (grid.dim + 1)
    assert outside.mean.tolist() == [zero] * 3 + [barcode.betti_numbers()] * 3
    for place in (curves.first_value, curves.last_value):
        assert set(place[0].tolist()) <= set(levels.tolist())
    peak = curves.peak[0].tolist()
    at_first = [barcode.betti_numbers(at=value) for value in curves.first_value[0].tolist()]
    assert [numbers[k] for k, numbers in enumerate(at_first)] == peak


def test_grids() -> None:
    square = CellComplex.grid((2, 2))
    assert betti_curves(square, n_orderings=1).grid.tolist() == np.linspace(0, 1, 101).tolist()
    assert betti_curves(square, n_orderings=1, grid=3).grid.tolist() == [0, 0.5, 1]
    values = filtrations.from_values(square, [-2, 0, 1, 1, 1, 1, 0, 1, np.inf])
    assert betti_curves(square, values, grid=4).grid.tolist() == [-2, -1, 0, 1]
    assert betti_curves(square, values, grid=[0.5, 0.5]).mean.tolist() == [[1, 0, 0], [1, 0, 0]]
    for grid in (1, 0, -1, 10**13):
        with pytest.raises(ValueError, match=f"grid is {grid}; legal: 2 to "):
            betti_curves(square, grid=grid)
    for bad in ([], [[0.0]], [0.0, np.nan], [1.0, 0.0], True):
        with pytest.raises(ValueError, match="grid has shape"):
            betti_curves(square, grid=bad)


def test_bad_arguments(network: Network) -> None:
    square = CellComplex.grid((2, 2))
    for n in (0, -1, 10**12):
        with pytest.raises(ValueError, match=f"n_orderings is {n}; legal: 1 <= n_orderings"):
            betti_curves(square, n_orderings=n)
    for wrong in (True, 2.0, "3", None):
        with pytest.raises(TypeError, match="legal: an int >= 1"):
            betti_curves(square, n_orderings=wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="n_threads is 0"):
        betti_curves(square, n_threads=0)
    for seconds in (0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="max_seconds is"):
            betti_curves(square, max_seconds=seconds)
    with pytest.raises(ValueError, match="filtration is 'sublevel'"):
        betti_curves(square, "sublevel")
    with pytest.raises(TypeError, match="complex is a list"):
        betti_curves([1, 2])
    with pytest.raises(TypeError, match="legal: True, False or a callable"):
        betti_curves(square, progress=3)  # type: ignore[arg-type]
    empty = polyhedral_complex(network, (-1, 1)).decision_boundary(10**6)
    for name in (*RANDOM, filtrations.Filtration(empty, "none", [], [])):
        with pytest.raises(ValueError, match="complex is empty; legal: at least one cell"):
            betti_curves(empty, name)


def test_memory_is_checked_beforehand() -> None:
    """35 bytes per cell and thread, 100 where a matrix is reduced, and the curves; nothing is built."""
    for shape, each in (((40, 30), 35), ((3, 3, 3, 3), 100)):
        grid = CellComplex.grid(shape)
        for n_threads, n in ((1, 8), (4, 8), (4, 2)):
            needed = (each * grid.n_cells + 64 * 101 * (grid.dim + 1)) * min(n_threads, n)
            with pytest.raises(IncompleteError, match=f"needs about {needed:,} bytes") as caught:
                betti_curves(grid, n_orderings=n, n_threads=n_threads, max_bytes=needed - 1)
            assert caught.value.reason == "max_bytes"
        assert "_unsigned_core" not in grid.__dict__
        assert betti_curves(grid, n_orderings=1, n_threads=4, max_bytes=needed // 2).n_orderings == 1


@pytest.fixture(scope="module")
def large() -> CellComplex:
    """Some milliseconds per ordering."""
    return CellComplex.grid((150, 150))


def ended(complex_: CellComplex, reason: str, **options: Any) -> IncompleteError:
    """The exception of a run that has to end soon after it was told to."""
    begin = time.monotonic()
    with pytest.raises(IncompleteError) as caught:
        betti_curves(complex_, n_orderings=ENDLESS, **options)
    error = caught.value
    assert time.monotonic() - begin < SOON
    assert error.reason == reason
    assert error.progress.keys() == {"orderings", "n_orderings", "seconds"}
    assert 0 <= error.progress["orderings"] < error.progress["n_orderings"] == ENDLESS
    assert f"{error.progress['orderings']} of {ENDLESS} orderings done" in str(error)
    return error


@pytest.mark.parametrize("n_threads", [1, 2])
def test_max_seconds(large: CellComplex, n_threads: int) -> None:
    error = ended(large, "max_seconds", max_seconds=0.2, n_threads=n_threads)
    assert error.progress["orderings"] > 0
    assert error.progress["seconds"] > 0.2
    assert "max_seconds is 0.2" in str(error)
    with ThreadPoolExecutor(2) as executor:
        ended(large, "max_seconds", max_seconds=0.2, executor=executor)
        # What waited was taken back, so the executor is free at once.
        assert executor.submit(int, "7").result(timeout=SOON) == 7
    # A limit that is reached with the last ordering is none.
    assert betti_curves(large, n_orderings=1, max_seconds=1e-9, n_threads=n_threads).n_orderings == 1


@pytest.mark.parametrize("n_threads", [1, 2])
def test_interrupt(large: CellComplex, n_threads: int) -> None:
    timer = threading.Timer(0.2, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    try:
        error = ended(large, "interrupt", n_threads=n_threads)
    finally:
        timer.join()
    assert str(error).startswith("interrupted: ")
    assert error.progress["orderings"] > 0


def test_interrupt_within_one_ordering() -> None:
    """A reduction that takes long ends too; the complex is as good as before."""
    grid = CellComplex.grid((14,) * 4)
    timer = threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    try:
        ended(grid, "interrupt", filtration="by_dimension", n_threads=2)
    finally:
        timer.join()
    assert betti_curves(grid, "lower_star", n_orderings=1).peak.shape == (1, 5)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_progress(n_threads: int) -> None:
    grid = CellComplex.grid((9, 9))
    states: list[dict[str, Any]] = []
    curves = betti_curves(grid, n_orderings=30, n_threads=n_threads, progress=states.append)
    assert [state["orderings"] for state in states] == list(range(1, 31))
    assert {state["n_orderings"] for state in states} == {30}
    seconds = [state["seconds"] for state in states]
    assert seconds == sorted(seconds)
    assert all(state.keys() == {"orderings", "n_orderings", "seconds"} for state in states)
    shown = betti_curves(grid, n_orderings=30, n_threads=n_threads, progress=True)
    assert np.array_equal(shown.peak, curves.peak)

    class OwnError(Exception):
        pass

    def fail(state: dict[str, Any]) -> None:
        if state["orderings"] == 3:
            raise OwnError

    with pytest.raises(OwnError):
        betti_curves(grid, n_orderings=30, n_threads=n_threads, progress=fail)

    def interrupt(state: dict[str, Any]) -> None:
        if state["orderings"] == 5:
            signal.raise_signal(signal.SIGINT)

    assert ended(grid, "interrupt", n_threads=n_threads, progress=interrupt).progress["orderings"] == 5


def test_statistics() -> None:
    complex_ = random_complex(3)
    curves = betti_curves(complex_, "upper_star", n_orderings=9, rng=1)
    assert curves.normalized_peak.tolist() == (curves.peak / complex_.n_cells).tolist()
    assert curves.first_place.tolist() == (curves.first_cells / complex_.n_cells).tolist()
    assert curves.last_place.tolist() == (curves.last_cells / complex_.n_cells).tolist()
    assert (curves.first_cells <= curves.last_cells).all()
    for key, numbers in curves.statistics.items():
        table = np.asarray(getattr(curves, key), dtype=float)
        mean = table.sum(axis=0) / 9
        sd = np.sqrt(((table - mean) ** 2).sum(axis=0) / 8)
        assert np.allclose(numbers["mean"], mean, rtol=1e-12)
        assert np.allclose(numbers["sd"], sd, rtol=1e-9, atol=1e-12)
        assert np.allclose(numbers["se"], sd / 3, rtol=1e-9, atol=1e-12)
    one = betti_curves(complex_, n_orderings=1)
    assert one.statistics["peak"]["sd"] == [None] * (complex_.dim + 1)
    edge = CellComplex.grid((2,))
    infinite = betti_curves(edge, filtrations.from_values(edge, [-np.inf, np.inf, np.inf]))
    assert infinite.statistics["first_value"]["mean"] == [None, None]
    assert infinite.first_value.tolist() == [[-np.inf, -np.inf]]
    assert repr(one) == f"BettiCurves('cell_max': 1 orderings of f_vector {complex_.counts})"


def test_peak_report() -> None:
    grid = CellComplex.grid((12, 11))
    curves = betti_curves(grid, "lower_star", n_orderings=20, rng=3)
    for report in (
        betti_peak_report(curves),
        betti_peak_report(grid, "lower_star", n_orderings=20, rng=3, n_threads=2),
    ):
        assert (report.filtration, report.counts, report.n_orderings) == ("lower_star", grid.counts, 20)
        assert np.array_equal(report.peak_mean, curves.peak.mean(axis=0))
        assert np.array_equal(report.peak_sd, curves.peak.std(axis=0, ddof=1))
        assert np.allclose(report.per_cell, curves.peak.mean(axis=0) / grid.n_cells, rtol=1e-14)
        assert np.allclose(report.per_cell_sd, report.peak_sd / grid.n_cells, rtol=1e-12)
        assert np.array_equal(report.place_mean, curves.first_place.mean(axis=0))
        assert np.array_equal(report.place_sd, curves.first_place.std(axis=0, ddof=1))
        assert not report.fixed_by_f_vector
        text = str(report)
        assert text.startswith(f"lower_star: 20 orderings of {grid.n_cells} cells {grid.counts}\n")
        assert text.endswith(WARNING)
        assert len(text.splitlines()) == 3 + 3
        assert [line.split()[0] for line in text.splitlines()[2:5]] == ["0", "1", "2"]
    assert "plain number of cells" in WARNING
    with pytest.raises(TypeError, match="legal beside BettiCurves: none"):
        betti_peak_report(curves, n_orderings=3)
    fixed = betti_peak_report(grid, "by_dimension", n_orderings=3)
    assert fixed.fixed_by_f_vector
    assert fixed.peak_sd.tolist() == [0, 0, 0]
    assert "functions of the f-vector alone" in str(fixed)
    assert np.isnan(betti_peak_report(grid, n_orderings=1).peak_sd).all()


def test_plot() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    curves = betti_curves(CellComplex.grid((5, 5)), n_orderings=5)
    axes = curves.plot()
    drawn = [line.get_ydata().tolist() for line in axes.get_lines()]
    assert drawn == curves.mean.T[:2].tolist()  # beta_2 is 0 throughout
    matplotlib.pyplot.close(axes.figure)


def test_a_limit_ends_an_ordering() -> None:
    """In four dimensions one ordering reduces a matrix; the limit is looked at while it does."""
    grid = CellComplex.grid((12,) * 4)
    for n, threads in ((1, 1), (3, 2)):
        with pytest.raises(IncompleteError, match=f"0 of {n} orderings done") as caught:
            betti_curves(grid, "by_dimension", n_orderings=n, n_threads=threads, max_seconds=0.01)
        assert caught.value.reason == "max_seconds"


def test_seed_sequences_are_left_alone() -> None:
    sequence = np.random.SeedSequence(7)
    grid = CellComplex.grid((9, 9))
    runs = [betti_curves(grid, n_orderings=3, rng=sequence).peak for _ in range(2)]
    assert np.array_equal(*runs)
    assert sequence.n_children_spawned == 0


def test_threads_of_the_user_share_a_complex() -> None:
    """While one thread looks whether duality holds, others reduce; a shell has none in its highest degree."""
    shape = (6, 6, 6)
    whole = CellComplex.grid(shape)
    for _ in range(10):
        *lower, (indptr, indices) = whole.boundaries
        shell = CellComplex(
            (*whole.counts[:3], whole.counts[3] - 1), (*lower, (indptr[:-1], indices[: indptr[-2]]))
        )
        with ThreadPoolExecutor(4) as pool:
            tasks = [pool.submit(betti_curves, shell, n_orderings=2, rng=0, n_threads=1) for _ in range(8)]
            peaks = [task.result().peak for task in tasks]
        assert all(np.array_equal(peaks[0], other) for other in peaks[1:])
        assert betti_curves(shell, n_orderings=2, rng=0, n_threads=1).mean[-1].tolist() == [1, 0, 1, 0]
