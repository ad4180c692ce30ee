"""Series: comparison, tables, pictures, and the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import relutope
from relutope.cli import main
from relutope.training import Context, Series
from training_runs import STEPS, files, layers

mpl.use("Agg")
RUN = [(step, layers(step)) for step in STEPS]
OTHER = [(step, layers(step + 30)) for step in STEPS[1:]]
X = np.random.default_rng(0).uniform(-1, 1, size=(30, 2))


@pytest.fixture(scope="module")
def series() -> Series:
    metrics = ["f_vector", "regions", "boundary_betti", "counts_near_data"]
    return relutope.track(RUN, metrics, domain=(-1, 1), X=X, lifetimes=True)


def test_access(series: Series) -> None:
    assert len(series) == 4
    assert series["regions"] is series.columns["regions"]
    with pytest.raises(KeyError, match="'area'; legal: f_vector"):
        series["area"]
    assert repr(series).startswith("Series(4 steps on Box([-1.0, -1.0], [1.0, 1.0]): f_vector, regions")


def test_difference(series: Series) -> None:
    other = relutope.track(OTHER, ["regions", "f_vector"], domain=(-1, 1))
    found = series.difference(other)
    assert found.keys() == {"steps", "regions", "f_vector"}
    assert found["steps"].tolist() == list(STEPS[1:])
    assert found["regions"].tolist() == (series["regions"][1:] - other["regions"]).tolist()
    assert found["f_vector"].tolist() == (series["f_vector"][1:] - other["f_vector"]).tolist()


@pytest.mark.parametrize("domain", [(-1, 2), relutope.AllSpace(), relutope.Box([-1, -2], 1)])
def test_series_on_different_domains_are_never_compared(series: Series, domain: Any) -> None:
    other = relutope.track(OTHER, "regions", domain=domain)
    for compare in (series.difference, series.require_same_domain, lambda one: series.plot(others=[one])):
        with pytest.raises(ValueError, match=r"the series are on Box.*legal: series on one domain"):
            compare(other)
    with pytest.raises(TypeError, match="other is a int"):
        series.difference(3)


def test_to_dict(series: Series) -> None:
    content = json.loads(json.dumps(series.to_dict(), allow_nan=False))
    assert content["domain"] == {"type": "box", "lo": [-1, -1], "hi": [1, 1]}
    assert content["columns"]["f_vector"] == series["f_vector"].tolist()
    assert content["steps"] == list(STEPS)
    assert content["data"]["points"] == 30
    assert len(content["columns"]["patterns"][0]) == series["regions"][0]


def test_numbers_and_arrays_under_one_key(tmp_path: Path) -> None:
    found = {0: 3, 10: [1, 2.5], 20: np.nan, 40: [[True], [False]]}

    def mixed(complex_: object, context: Context) -> dict[str, Any]:
        return {"mixed": found[context.step]} | ({} if context.step == 10 else {"late": [context.step]})

    series = relutope.track(RUN, mixed, domain=(-1, 1), out=tmp_path)
    for one in (series, Series.load(tmp_path)):
        content = json.loads(json.dumps(one.to_dict(), allow_nan=False))["columns"]
        assert content == {
            "mixed": [3, [1, 2.5], None, [[True], [False]]],
            "late": [[0], [None], [20], [40]],
        }
        assert one["mixed"][0] == 3
        assert one["mixed"][1].tolist() == [1, 2.5]
        assert one.shown_keys() == ["late"]
    pytest.importorskip("pandas")
    assert series.to_pandas()["mixed"].iloc[0] == 3


def test_to_pandas(series: Series) -> None:
    pytest.importorskip("pandas")
    frame = series.to_pandas()
    assert frame.index.tolist() == list(STEPS)
    assert frame["regions"].tolist() == series["regions"].tolist()
    assert frame["f_vector[1]"].tolist() == series["f_vector"][:, 1].tolist()
    assert "Box" in frame.attrs["domain"]


def test_missing_extras(series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(relutope.MissingExtraError, match=r"relutope\[pandas\]"):
        series.to_pandas()
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    for draw in (series.plot, series.plot_counts_near_data, series.lifetimes().plot):
        with pytest.raises(relutope.MissingExtraError, match=r"relutope\[plot\]"):
            draw()


# Pictures


def test_plot_has_one_row_per_key_and_one_step_axis(series: Series) -> None:
    rows = series.plot()
    drawn = ["f_vector", "regions", "boundary_betti", "near_data_regions"]
    drawn += ["regions_in_data_box", "regions_in_huge_box"]
    assert [ax.get_title(loc="left") for ax in rows] == [key.replace("_", " ") for key in drawn]
    assert all(rows[0].get_shared_x_axes().joined(rows[0], ax) for ax in rows)
    for ax, key in zip(rows, drawn, strict=True):
        lines = np.array([line.get_ydata() for line in ax.get_lines()])
        assert lines.T.reshape(series[key].shape).tolist() == series[key].tolist()
        assert all(line.get_xdata().tolist() == list(STEPS) for line in ax.get_lines())


def test_counts_near_data_are_named_by_their_half_widths(series: Series) -> None:
    [ax] = series.plot("near_data_regions", axes=Figure().subplots())
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == [f"{width} x data box" for width in (1, 2, 4, 8, 16, 64, 1024)]


def test_plot_options(series: Series) -> None:
    other = relutope.track(OTHER, ["regions", "f_vector"], domain=(-1, 1))
    axes = Figure().subplots(2)
    rows = series.plot(["regions", "f_vector"], others=[other], labels=["a", "b"], axes=axes, scale="symlog")
    assert list(rows) == list(axes)
    assert [line.get_label() for line in rows[0].get_lines()] == ["a", "b"]
    assert rows[0].get_xscale() == "symlog"
    assert len(rows[1].get_lines()) == 6
    assert len(series.plot("regions", axes=Figure().subplots())) == 1
    assert [ax.get_title(loc="left") for ax in other.plot(others=[series])] == ["regions", "f vector"]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"keys": "area"}, ValueError, "keys has 'area'"),
        ({"keys": "patterns"}, ValueError, "keys has 'patterns'"),
        ({"keys": []}, ValueError, "nothing to draw"),
        ({"labels": ["a", "b"]}, ValueError, "labels has 2"),
        ({"scale": "cubic"}, ValueError, "scale is 'cubic'"),
        ({"keys": "regions", "axes": 3}, TypeError, "ax is 3"),
        ({"others": [3]}, TypeError, "other is a int"),
    ],
)
def test_bad_plots(series: Series, options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        series.plot(**options)
    with pytest.raises(ValueError, match="axes has 2"):
        series.plot("regions", axes=Figure().subplots(2))


def test_counts_near_data_are_drawn(series: Series) -> None:
    ax = series.plot_counts_near_data(Figure().subplots())
    lines = ax.get_lines()[:4]
    assert [line.get_ydata().tolist() for line in lines] == series["near_data_regions"].tolist()
    assert [line.get_xdata().tolist() for line in lines] == series["half_widths"].tolist()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [f"step {step}" for step in STEPS]
    without = relutope.track(OTHER, "regions", domain=(-1, 1))
    with pytest.raises(ValueError, match="counts_near_data"):
        without.plot_counts_near_data()


# The command line


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    np.savez(tmp_path / "data.npz", X=X, y=X[:, 0] > 0)
    return [str(path) for path in files(tmp_path / "in", RUN)]


def run(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["track", *words]) == code
    return capsys.readouterr().out


def test_track_on_the_command_line(
    capsys: pytest.CaptureFixture[str], paths: list[str], tmp_path: Path, series: Series
) -> None:
    data, out = str(tmp_path / "data.npz"), str(tmp_path / "out")
    metrics = "f_vector,regions,boundary_betti,counts_near_data"
    words = [*paths, "--metrics", metrics, "--box", "-1", "1", "--data", data, "--out", out, "--lifetimes"]
    result = json.loads(run(capsys, *words, "--json"))
    expected = series.to_dict()
    assert result["steps"] == list(STEPS)
    for key in series.shown_keys():
        assert result["columns"][key] == expected["columns"][key]
    assert "patterns" not in result["columns"]
    counts = series.lifetimes().counts()
    assert result["patterns"] == {key: value.tolist() for key, value in counts.items()}
    assert Series.load(out).columns.keys() == series.columns.keys()
    assert json.loads(run(capsys, *words, "--json")) == result
    text = run(capsys, *words)
    for step, regions in zip(STEPS, series["regions"], strict=True):
        assert any(
            line.split()[0] == str(step) and str(regions) in line.split() for line in text.splitlines()[3:7]
        )
    assert f"written to {out}" in text
    assert "half-width 1,2,4,8,16,64,1024 times" in text
    assert main(["track", *words[:-1], "--metrics", "regions"]) == 2
    assert "another folder" in capsys.readouterr().err


def test_defaults_workers_and_failures(
    capsys: pytest.CaptureFixture[str], paths: list[str], tmp_path: Path, series: Series
) -> None:
    Path(paths[0]).write_bytes(b"no archive")
    words = [*paths, "--box", "data", "--data", str(tmp_path / "data.npz")]
    text = run(capsys, *words, code=5)
    assert "step 0 failed: " in text
    result = json.loads(run(capsys, *words, "--workers", "2", "--json", code=5))
    assert list(result["failed"]) == ["0"]
    assert result["columns"].keys() == {"f_vector", "regions"}
    box = relutope.Box.around(X)
    assert result["domain"]["lo"] == box.lo.tolist()
    expected = [relutope.polyhedral_complex(path, box).n_regions for path in paths[1:]]
    assert result["columns"]["regions"] == expected
    capsys.readouterr()
    everywhere = json.loads(run(capsys, *paths[1:], "--all-space", "--json"))
    assert everywhere["domain"] == {"type": "all_space"}


def test_metrics_that_fail(capsys: pytest.CaptureFixture[str], paths: list[str], tmp_path: Path) -> None:
    dead = {name: np.zeros_like(value) for name, value in layers(0).items()}
    np.savez(paths[1], **dead)
    words = [*paths, "--metrics", "fiedler,regions", "--data", str(tmp_path / "data.npz")]
    text = run(capsys, *words, code=5)
    # What is the same at every step stands below the table.
    assert "\nat every step: fiedler_boundary_followed -, fiedler_hausdorff -\n" in text
    assert "fiedler_hausdorff" not in text.splitlines()[1]
    assert "step 10: metric fiedler failed: the graph has 1 region; legal: two at least" in text
    result = json.loads(run(capsys, *words, "--json", code=5))
    assert result["columns"]["regions"][1] == 1
    assert result["columns"]["fiedler_lambda_2"][1] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--metrics", "area", "--all-space"], "'area'; legal"),
        ([], "no domain"),
        (["--box", "1", "0"], "lo < hi"),
        (["--metrics", "regions_with_data", "--all-space"], "needs X"),
        (["--box", "data"], "--data"),
    ],
)
def test_bad_options(
    capsys: pytest.CaptureFixture[str], paths: list[str], words: list[str], message: str
) -> None:
    assert main(["track", *paths, *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert main(["track", "gone.npz", "--all-space"]) == 2
    assert "none of 1 checkpoints" in capsys.readouterr().err
