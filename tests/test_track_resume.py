"""relutope.track on disk: executors, killed runs, resuming, and what is refused."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import relutope
from relutope import Box, PolyhedralComplex
from relutope.training import Context, Series
from training_runs import STEPS, contents, files, layers, n_vertices, network

METRICS = ["f_vector", "effective_regions", "betti_statistics", "regions_with_data", "patterns"]
X = np.random.default_rng(0).uniform(-1, 1, size=(50, 2))


@pytest.fixture
def run() -> list[tuple[int, Any]]:
    return [(step, layers(step)) for step in STEPS]


def measured(run: Any, out: Path, **options: Any) -> Series:
    return relutope.track(run, METRICS, domain=(-1, 1), X=X, out=out, **options)


def same(a: Series, b: Series) -> bool:
    """Whether two series hold the same in every bit."""
    return a.columns.keys() == b.columns.keys() and all(
        np.array_equal(one, two, equal_nan=True) and one.dtype == two.dtype
        for key in a.columns
        for one, two in zip(a[key], b[key], strict=True)
    )


# Executors


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Series, dict[str, bytes]]:
    out = tmp_path_factory.mktemp("alone")
    series = measured([(step, layers(step)) for step in STEPS], out, n_threads=2)
    return series, contents(out)


def test_memory_and_disk_are_the_same(run: list[tuple[int, Any]], alone: Any, tmp_path: Path) -> None:
    series, bytes_ = alone
    kept = relutope.track(run, METRICS, domain=(-1, 1), X=X)
    assert same(series, kept)
    assert sorted(bytes_) == ["series.json", *(f"step-{step:012d}.npz" for step in STEPS)]
    measured(run, tmp_path)
    assert same(Series.load(tmp_path), kept)
    assert (series.to_dict()) == Series.load(tmp_path).to_dict()


@pytest.mark.parametrize("order", [1, -1])
def test_threads(run: list[tuple[int, Any]], alone: Any, tmp_path: Path, order: int) -> None:
    with ThreadPoolExecutor(3) as executor:
        series = measured(run[::order], tmp_path, executor=executor)
    assert same(series, alone[0])
    assert contents(tmp_path) == alone[1]


def test_processes(run: list[tuple[int, Any]], alone: Any, tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        series = measured(run, tmp_path / "a", executor=executor)
        assert same(series, alone[0])
        assert contents(tmp_path / "a") == alone[1]
        # The same workers: what is broken and what fails travels between processes too.
        broken = [*run, (50, {"0.weight": np.full((1, 2), np.nan)}), tmp_path / "gone-60.npz"]
        series = relutope.track(broken, n_vertices, domain=(-1, 1), executor=executor, max_cells=10**6)
        assert series.steps.tolist() == list(STEPS)
        assert list(series.failed) == [50, 60]
        with pytest.raises((AttributeError, TypeError, pickle.PicklingError), match=r"(?i)pickle|local"):
            relutope.track(run, {"a": lambda c, x: {}}, domain=(-1, 1), executor=executor)


@pytest.mark.filterwarnings("ignore")  # those of dask are its own
def test_dask(run: list[tuple[int, Any]], alone: Any, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        workers = client.run(os.getpid)
        assert len({*workers.values(), os.getpid()}) == 3
        series = measured(run, tmp_path, executor=client.get_executor())
    assert same(series, alone[0])
    assert contents(tmp_path) == alone[1]


class Breaking(ThreadPoolExecutor):
    """Breaks at its third task, either when that is submitted or when it runs."""

    def __init__(self, where: str) -> None:
        super().__init__(1)
        self.where, self.count = where, 0

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        self.count += 1
        if self.count == 3 and self.where == "submit":
            raise BrokenExecutor("no more")
        future = super().submit(function, *arguments, **options)
        if self.count == 3:
            future.cancel()
            broken: Future[Any] = Future()
            broken.set_exception(BrokenExecutor("a worker died"))
            return broken
        future.result()
        return future


@pytest.mark.parametrize("where", ["submit", "result"])
def test_an_executor_that_breaks(run: list[tuple[int, Any]], tmp_path: Path, alone: Any, where: str) -> None:
    with Breaking(where) as executor, pytest.raises(relutope.IncompleteError) as caught:
        measured(run, tmp_path, executor=executor)
    assert caught.value.reason == "executor"
    assert "of 4 checkpoints done" in str(caught.value)
    done = caught.value.progress["checkpoints"]
    assert done == len(Series.load(tmp_path)) == 2
    assert same(measured(run, tmp_path), alone[0])
    assert contents(tmp_path) == alone[1]


def die_at_20(complex_: PolyhedralComplex, context: Context) -> dict[str, int]:
    if context.step == 20:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"regions": complex_.n_regions}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_worker_that_is_killed(tmp_path: Path) -> None:
    def run() -> Iterator[tuple[int, Any]]:
        for step in STEPS:
            if step == 20:  # the first two are done by now
                wait_for(tmp_path / "step-000000000010.npz", may_fail=True)
            yield step, layers(step)

    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.raises(relutope.IncompleteError, match="the executor broke") as caught,
    ):
        relutope.track(run(), die_at_20, domain=(-1, 1), out=tmp_path, executor=executor)
    assert caught.value.reason == "executor"
    assert caught.value.progress["n_checkpoints"] is None
    done = Series.load(tmp_path).steps.tolist()
    assert done == [0, 10][: len(done)]
    assert len(done) == caught.value.progress["checkpoints"]


def test_a_closed_executor(run: list[tuple[int, Any]]) -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(relutope.IncompleteError, match="takes no more") as caught:
        relutope.track(run, "regions", domain=(-1, 1), executor=executor)
    assert caught.value.reason == "executor"


def test_an_executor_reads_ahead_a_little_only() -> None:
    read: list[int] = []
    go = threading.Event()

    def run() -> Iterator[tuple[int, Any]]:
        for step in range(100):
            read.append(step)
            yield step, network(0)

    def waiting(complex_: PolyhedralComplex, context: Context) -> dict[str, int]:
        go.wait(10)
        return {"x": 1}

    with ThreadPoolExecutor(1) as executor, ThreadPoolExecutor(1) as other:
        future = other.submit(relutope.track, run(), waiting, domain=(-1, 1), executor=executor)
        time.sleep(0.2)
        assert 1 <= len(read) <= 20
        go.set()
        assert len(future.result()) == 100


def test_results_are_written_while_the_next_checkpoint_is_trained(tmp_path: Path) -> None:
    def run() -> Iterator[tuple[int, Any]]:
        for step in (1, 2):
            yield step, network(0)
            wait_for(tmp_path / f"step-{step:012d}.npz")

    with ThreadPoolExecutor(1) as executor:
        assert len(relutope.track(run(), "regions", domain=(-1, 1), out=tmp_path, executor=executor)) == 2


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "step-000000000005.npz").mkdir()
    (tmp_path / "step-000000000005.npz" / "file").touch()
    for executor in (None, ThreadPoolExecutor(1)):
        with pytest.raises(OSError, match="step-000000000005"):
            relutope.track([(5, network(0))], "regions", domain=(-1, 1), out=tmp_path, executor=executor)
        (tmp_path / "series.json").unlink()


# Killed and resumed


def wait_for(path: Path, may_fail: bool = False) -> None:
    for _ in range(300 if not may_fail else 20):
        if path.exists():
            return
        time.sleep(0.05)
    assert may_fail, path


SCRIPT = """
import sys, time, numpy as np, relutope
sys.path.insert(0, sys.argv[2])
from training_runs import STEPS, layers
from test_track_resume import METRICS, X

def slow():
    for step in STEPS:
        yield step, layers(step)
        if step == 10:
            print("two are done", flush=True)
            time.sleep(60)

relutope.track(slow(), METRICS, domain=(-1, 1), X=X, out=sys.argv[1])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_killed_run_resumes(
    run: list[tuple[int, Any]], alone: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "two are done\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert Series.load(tmp_path).steps.tolist() == [0, 10]
    # What a run leaves that dies while it writes:
    (tmp_path / ".step-000000000020.npz.1.part").write_bytes(b"PK")
    stamps = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("step-*.npz")}
    steps: list[int] = []
    original = relutope.training.tracking.polyhedral_complex

    def counting(network: Any, *arguments: Any, **options: Any) -> PolyhedralComplex:
        steps.append(1)
        return original(network, *arguments, **options)

    monkeypatch.setattr(relutope.training.tracking, "polyhedral_complex", counting)
    series = measured(run, tmp_path)
    assert len(steps) == 2
    assert same(series, alone[0])
    assert contents(tmp_path) == alone[1]
    assert all((tmp_path / name).stat().st_mtime_ns == stamp for name, stamp in stamps.items())


BUSY = """
import sys, relutope
sys.path.insert(0, sys.argv[2])
from training_runs import layers

run = ((step, layers(step)) for step in range(100000))
relutope.track(run, ["f_vector", "patterns"], domain=(-1, 1), out=sys.argv[1])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize("delay", [0.0, 0.0173, 0.0391])
def test_a_run_that_is_killed_while_it_writes(tmp_path: Path, delay: float) -> None:
    out = tmp_path / "killed"
    command = [sys.executable, "-c", BUSY, str(out), str(Path(__file__).parent)]
    with subprocess.Popen(command) as process:
        wait_for(out / "step-000000000003.npz")
        time.sleep(delay)
        process.kill()
    done = Series.load(out).steps.tolist()
    assert done == list(range(len(done)))
    assert len(done) >= 4
    run = [(step, layers(step)) for step in range(len(done) + 2)]
    for folder in (out, tmp_path / "alone"):
        relutope.track(run, ["f_vector", "patterns"], domain=(-1, 1), out=folder)
    assert contents(out) == contents(tmp_path / "alone")


def test_more_checkpoints_extend_a_series(run: list[tuple[int, Any]], alone: Any, tmp_path: Path) -> None:
    assert measured(run[2:], tmp_path).steps.tolist() == [20, 40]
    assert same(measured(run[:2], tmp_path), alone[0])


def test_files_may_be_gone_when_a_series_resumes(run: list[tuple[int, Any]], tmp_path: Path) -> None:
    paths = files(tmp_path / "in", run)
    out = tmp_path / "out"
    series = relutope.track(paths[:3], "regions", domain=(-1, 1), out=out)
    paths[0].unlink()
    again = relutope.track(paths, "regions", domain=(-1, 1), out=out)
    assert again.steps.tolist() == list(STEPS)
    assert again.failed == {}
    assert again["regions"][:3].tolist() == series["regions"].tolist()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"metrics": ["f_vector", "regions"]},
            "with metrics .*f_vector.* and this one has metrics .*regions",
        ),
        ({"metrics": [n_vertices]}, "with metrics"),
        ({"domain": (-1, 2)}, "with domain"),
        ({"domain": relutope.AllSpace()}, "with domain"),
        ({"X": X + 1}, "with data"),
        ({"y": np.ones(len(X))}, "with data"),
        ({"X": None, "y": None}, "with data"),
        ({"resume": False}, "resume is False"),
        ({"checkpoints": [(0, layers(1))]}, "step 0 .*another network"),
    ],
)
def test_other_runs_are_refused(run: list[tuple[int, Any]], tmp_path: Path, change: Any, words: str) -> None:
    arguments: dict[str, Any] = {
        "checkpoints": run,
        "metrics": ["f_vector"],
        "domain": (-1, 1),
        "X": X,
        "y": np.zeros(len(X)),
        "out": tmp_path,
    }
    relutope.track(**arguments)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=words) as caught:
        relutope.track(**arguments | change)
    assert str(tmp_path) in str(caught.value)
    assert contents(tmp_path) == before
    if change.keys() & {"metrics", "X", "y"}:  # before a generator has begun to train
        with pytest.raises(ValueError, match=words):
            relutope.track(**arguments | change | {"checkpoints": (1 // 0 for _ in "a")})
    relutope.track(**arguments | {"domain": Box([-1, -1], 1), "metrics": "f_vector"})  # the same
    assert contents(tmp_path) == before


def test_damaged_folders(run: list[tuple[int, Any]], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no series"):
        Series.load(tmp_path)
    measured(run, tmp_path)
    path = tmp_path / "step-000000000010.npz"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    for again in (lambda: Series.load(tmp_path), lambda: measured(run, tmp_path)):
        with pytest.raises(ValueError, match=r"step-000000000010.*remove it to measure again"):
            again()
    np.savez(path, a=1)
    with pytest.raises(ValueError, match=r"no record of a series: .*remove it"):
        Series.load(tmp_path)
    path.unlink()
    assert len(measured(run, tmp_path)) == 4
    (tmp_path / "series.json").write_text('{"schema": "other", "version": 1}')
    with pytest.raises(ValueError, match="no header of a series"):
        Series.load(tmp_path)


def test_executor_is_any_executor(run: list[tuple[int, Any]], alone: Any, tmp_path: Path) -> None:
    class Now(Executor):
        """Runs a task when it is submitted."""

        def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(function(*arguments, **options))
            return future

    assert same(measured(run, tmp_path, executor=Now()), alone[0])
