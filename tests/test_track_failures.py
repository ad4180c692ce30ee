"""relutope.track: checkpoints that fail, interrupts, and arguments that are not legal."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import relutope
from relutope import Box, PolyhedralComplex
from relutope.training import Context, NearData, Series
from training_runs import STEPS, files, layers, network


@pytest.fixture
def run() -> list[tuple[int, dict[str, np.ndarray]]]:
    return [(step, layers(step)) for step in STEPS]


def test_corrupt_checkpoints_are_recorded(
    run: list[tuple[int, dict[str, np.ndarray]]], tmp_path: Path
) -> None:
    paths = files(tmp_path / "in", run)
    paths[0].write_bytes(paths[0].read_bytes()[:-200])
    broken = dict(run[2][1]) | {"0.bias": np.full(5, np.nan)}
    wide = layers(0, d=3)
    many = [paths[0], paths[1], tmp_path / "missing-15.npz", (20, broken), (30, wide), paths[3]]
    out = tmp_path / "out"
    series = relutope.track(many, "regions", domain=(-1, 1), out=out)
    assert series.steps.tolist() == [10, 40]
    assert list(series.failed) == [0, 15, 20, 30]
    for step, words in {0: "cannot be read", 15: "missing-15", 20: "NaN", 30: "3 inputs"}.items():
        assert words.lower() in series.failed[step].lower(), series.failed[step]
    assert Series.load(out).failed == series.failed
    assert len(list(out.iterdir())) == 7
    # What failed is tried again, what is done is not.
    files(tmp_path / "in", run)
    measured = []

    def regions(complex_: PolyhedralComplex, context: Context) -> dict[str, int]:
        measured.append(context.step)
        return {"regions": complex_.n_regions}

    other = tmp_path / "other"
    many[2:5] = []
    relutope.track([tmp_path / "gone-0.npz", paths[1]], regions, domain=(-1, 1), out=other)
    series = relutope.track(many, regions, domain=(-1, 1), out=other)
    assert measured == [10, 0, 40]
    assert (series.failed, series.steps.tolist()) == ({}, [0, 10, 40])


def test_pickles_are_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save(SimpleNamespace(a=1), tmp_path / "m-1.pt")
    series = relutope.track([tmp_path / "m-1.pt", (2, network(0))], "regions", domain=(-1, 1))
    assert list(series.failed) == [1]
    assert "never run" in series.failed[1]
    assert series.steps.tolist() == [2]


def test_limits_and_errors_of_metrics_are_failures(run: list[tuple[int, dict[str, np.ndarray]]]) -> None:
    sizes = [sum(relutope.polyhedral_complex(network(step), (-1, 1)).counts) for step in STEPS]
    assert min(sizes) < max(sizes)
    series = relutope.track(run, "regions", domain=(-1, 1), max_cells=max(sizes) - 1)
    assert list(series.failed) == [
        step for step, size in zip(STEPS, sizes, strict=True) if size == max(sizes)
    ]
    assert "max_cells" in next(iter(series.failed.values()))

    def picky(complex_: PolyhedralComplex, context: Context) -> dict[str, int]:
        if context.step == 20:
            raise ZeroDivisionError("no spectrum")
        return {"x": 1}

    series = relutope.track(run, picky, domain=(-1, 1))
    assert series.failed == {20: "metric 'picky': no spectrum"}

    def bug(complex_: PolyhedralComplex, context: Context) -> dict[str, int]:
        raise KeyError("bug")

    with pytest.raises(KeyError, match="bug"):
        relutope.track(run, bug, domain=(-1, 1))


def test_a_metric_that_fails_leaves_the_others(tmp_path: Path) -> None:
    """A dead network has one region, which no Fiedler vector can part."""
    dead = {name: np.zeros_like(value) for name, value in layers(0).items()}
    run = [(0, layers(0)), (1, dead), (2, layers(20))]
    measured = []

    def picky(complex_: PolyhedralComplex, context: Context) -> dict[str, Any]:
        measured.append(context.step)
        if context.step == 1 and not (tmp_path / "well").exists():
            raise ZeroDivisionError
        return {"x": context.step, "row": [1, 2], "table": [[context.step]] * (1 + context.step)}

    options = {
        "domain": (-1, 1),
        "X": np.random.default_rng(0).uniform(-1, 1, (20, 2)),
        "out": tmp_path / "o",
    }
    series = relutope.track(run, ["fiedler", "f_vector", "regions", "patterns", picky], **options)
    assert series.failed == {}
    expected = {1: {"fiedler": "the graph has 1 region; legal: two at least", "picky": "ZeroDivisionError"}}
    assert series.failed_metrics == expected == Series.load(tmp_path / "o").failed_metrics
    assert (series.steps.tolist(), series["regions"].tolist()[1]) == ([0, 1, 2], 1)
    assert series["f_vector"].dtype == np.int64
    assert np.isnan(series["fiedler_lambda_2"]).tolist() == [False, True, False]
    assert str(series["x"].tolist()) == "[0.0, nan, 2.0]"
    assert str(series["row"].tolist()) == "[[1.0, 2.0], [nan, nan], [1.0, 2.0]]"
    assert series["table"][1] is None
    content = json.loads(json.dumps(series.to_dict(), allow_nan=False))
    assert content["failed_metrics"] == {"1": expected[1]}
    assert content["columns"]["x"] == [0, None, 2]
    assert "3 steps, 1 in part on" in repr(series)
    # It is tried again, whatever was kept; a checkpoint that is gone by then takes nothing away.
    gone = [run[0], tmp_path / "gone-1.npz", run[2]]
    again = relutope.track(gone, ["fiedler", "f_vector", "regions", "patterns", picky], **options)
    assert again.to_dict() == series.to_dict()
    with pytest.raises(ValueError, match=r"step 1 of the series in .* is of another network"):
        relutope.track([(1, layers(3))], ["fiedler", "f_vector", "regions", "patterns", picky], **options)
    (tmp_path / "well").touch()
    mended = relutope.track(run, ["fiedler", "f_vector", "regions", "patterns", picky], **options)
    assert measured == [0, 1, 2, 1]
    assert mended.failed_metrics == {1: {"fiedler": expected[1]["fiedler"]}}
    assert mended["x"].tolist() == [0, 1, 2]


def test_lifetimes_leave_out_where_patterns_failed() -> None:
    found = relutope.track([(s, layers(s)) for s in STEPS], "regions", domain=(-1, 1), lifetimes=True)
    for name in [name for name in found.columns if name.startswith("pattern")]:
        column = np.empty(4, dtype=object)
        column[[0, 2, 3]] = [found[name][place] for place in (0, 2, 3)]
        found.columns[name] = column
    without = relutope.track([(s, layers(s)) for s in (0, 20, 40)], "patterns", domain=(-1, 1))
    for attribute in ("steps", "births", "deaths", "volumes", "packed_patterns"):
        values = (getattr(series.lifetimes(), attribute) for series in (found, without))
        assert np.array_equal(*values)


def test_nothing_readable(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none of 1 checkpoints could be read; the first: .*gone"):
        relutope.track([tmp_path / "gone.npz"], "regions", domain=(-1, 1), out=tmp_path / "o")
    with pytest.raises(ValueError, match="none of 0 checkpoints"):
        relutope.track([], "regions", domain=(-1, 1))
    assert not (tmp_path / "o").exists()


def test_interrupt_keeps_what_is_done(run: list[tuple[int, dict[str, np.ndarray]]], tmp_path: Path) -> None:
    def stop(complex_: PolyhedralComplex, context: Context) -> dict[str, int]:
        if context.step == 20:
            raise KeyboardInterrupt
        return {"x": 1}

    with pytest.raises(relutope.IncompleteError, match="interrupted: 2 of 4 checkpoints done") as caught:
        relutope.track(run, stop, domain=(-1, 1), out=tmp_path)
    assert (caught.value.reason, caught.value.progress["checkpoints"]) == ("interrupt", 2)
    assert Series.load(tmp_path).steps.tolist() == [0, 10]


def test_progress(run: list[tuple[int, dict[str, np.ndarray]]]) -> None:
    states: list[dict[str, Any]] = []
    relutope.track(run, "regions", domain=(-1, 1), progress=states.append)
    assert [state["checkpoints"] for state in states] == [1, 2, 3, 4]
    assert all(state["n_checkpoints"] == 4 and state["failed"] == 0 for state in states)


# Arguments


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"metrics": "area"}, ValueError, "'area'; legal: f_vector"),
        ({"metrics": []}, ValueError, "metrics is empty"),
        ({"metrics": 3}, TypeError, "metrics is 3"),
        ({"metrics": [3]}, TypeError, "metrics has 3"),
        ({"metrics": lambda c, x: {}}, TypeError, "no name"),
        ({"metrics": {"": "regions"}}, TypeError, "name ''"),
        ({"metrics": ["regions", "regions"]}, ValueError, "'regions' twice"),
        ({"metrics": {"a": "regions", "b": "regions"}}, TypeError, "'a' and 'b' both return 'regions'"),
        ({"metrics": {"a": lambda c, x: 3}}, TypeError, "returned a int"),
        ({"metrics": {"a": lambda c, x: {"k": "word"}}}, TypeError, "'k' of type str"),
        ({"metrics": {"a": lambda c, x: {3: 4}}}, TypeError, "key 3"),
        ({"metrics": "regions_with_data"}, ValueError, "'regions_with_data' needs X"),
        ({"metrics": {"n": NearData()}}, ValueError, "'n' needs X"),
        ({"y": [1]}, ValueError, "y is given without X"),
        ({"X": [[0, 0]], "y": [1, 2]}, ValueError, "y has shape"),
        ({"X": np.zeros((0, 2))}, ValueError, "X has shape"),
        ({"X": [[0, np.nan]]}, ValueError, "X"),
        ({"X": [[0, 0, 0]]}, ValueError, r"X has shape \(1, 3\); legal: \(n, 2\)"),
        ({"domain": None}, TypeError, "domain is None"),
        ({"domain": Box([0] * 3, [1] * 3)}, ValueError, "3 axes"),
        ({"domain": (1, 0)}, ValueError, "lo < hi"),
        ({"executor": 3}, TypeError, "executor is 3"),
        ({"n_threads": 0}, ValueError, "n_threads is 0"),
        ({"max_cells": -1}, ValueError, "max_cells"),
        ({"max_celsl": 1}, TypeError, "max_celsl"),
        ({"progress": 3}, TypeError, "progress is 3"),
        ({"out": 3}, TypeError, "path is of type int"),
        ({"checkpoints": "model.npz"}, TypeError, "type str"),
        ({"checkpoints": 3}, TypeError, "type int"),
        ({"checkpoints": [3]}, TypeError, "step 0: network is of type int"),
        ({"checkpoints": [layers(0)]}, TypeError, "without a step"),
        ({"checkpoints": [("a", layers(0))]}, TypeError, "step 'a'"),
        ({"checkpoints": [(-1, layers(0))]}, ValueError, "step -1"),
        ({"checkpoints": [(5, layers(0)), (5, layers(0))]}, ValueError, "both have step 5"),
    ],
)
def test_bad_arguments(change: dict[str, Any], error: type[Exception], words: str) -> None:
    arguments = {"checkpoints": [(0, layers(0))], "metrics": "regions", "domain": (-1, 1)} | change
    with pytest.raises(error, match=words):
        relutope.track(**arguments)
