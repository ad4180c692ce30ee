"""The command line: what it prints and writes, and one line for every error."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import relutope
from relutope.cli import main
from relutope.cli_options import build_parser, join_box
from relutope.data import read_data

KEYS = {
    "input_dim",
    "neurons",
    "domain",
    "f_vector",
    "regions",
    "bounded_regions",
    "euler_characteristic",
    "exact_signs",
    "seconds",
}


@pytest.fixture
def model(tmp_path: Path, arrays: tuple[list[np.ndarray], list[np.ndarray]]) -> str:
    named = {f"W{i}": weight for i, weight in enumerate(arrays[0])}
    named |= {f"b{i}": bias for i, bias in enumerate(arrays[1])}
    np.savez(tmp_path / "m.npz", **named)
    return str(tmp_path / "m.npz")


@pytest.fixture
def points(tmp_path: Path) -> str:
    (tmp_path / "p.csv").write_text("a,b,y\n0,0,1\n1,-1,0\n0.5,2e-1,1\n")
    return str(tmp_path / "p.csv")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def error_line(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    try:
        result: int | str | None = main(arguments)
    except SystemExit as exit_:
        result = exit_.code
    assert result == code
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    return output.err


# relutope complex


def test_json(capsys: pytest.CaptureFixture[str], model: str, network: relutope.Network) -> None:
    result = json.loads(run(capsys, "complex", model, "--box", "-1", "1", "--json"))
    assert result.keys() >= KEYS
    complex_ = relutope.polyhedral_complex(network, (-1, 1))
    assert result["f_vector"] == list(complex_.f_vector)
    assert result["regions"] == result["bounded_regions"] == complex_.n_regions
    assert (result["input_dim"], result["neurons"], result["euler_characteristic"]) == (2, 11, 1)
    assert result["domain"] == {"type": "box", "lo": [-1, -1], "hi": [1, 1]}
    assert result["model_hash"] == network.hash
    result = json.loads(run(capsys, "complex", "--all-space", "--json", model))
    assert result["domain"] == {"type": "all_space"}
    assert result["f_vector"] == list(relutope.polyhedral_complex(network, relutope.AllSpace()).f_vector)


@pytest.mark.parametrize("command", ["complex", "boundary", "regions"])
def test_notes_are_shown_once(capsys: pytest.CaptureFixture[str], moons: Path, command: str) -> None:
    assert main([command, str(moons), "--box", "-1", "1"]) == 0
    output = capsys.readouterr()
    assert output.out.count("assumed: ReLU between") == output.out.count("\n  note: ") == 1
    assert output.err == ""
    assert main([command, str(moons), "--box", "-1", "1", "--json"]) == 0
    output = capsys.readouterr()
    result = json.loads(output.out)
    assert "assumed: ReLU between" in result["notes"][0]
    assert result["network"].startswith("Network(2 -> ")
    assert output.err == ""


def test_box_may_stand_anywhere(capsys: pytest.CaptureFixture[str], model: str) -> None:
    for arguments in (
        ["--box", "-1e-3", "1", model],
        [model, "--box", "-1E-3", "+1.0"],
        ["--json", "--box", "-.001", "1", "--threads", "1", model],
        [model, "--box=-1e-3,1"],
        [model, "--box", "-1e-3", "1", "-1e-3", "1"],
    ):
        if "--json" not in arguments:
            arguments.append("--json")
        result = json.loads(run(capsys, "complex", *arguments))
        assert result["domain"] == {"type": "box", "lo": [-0.001, -0.001], "hi": [1, 1]}
    result = json.loads(run(capsys, "complex", model, "--box", "-1", "1", "-2", "5", "--json"))
    assert result["domain"] == {"type": "box", "lo": [-1, -2], "hi": [1, 5]}


def test_box_around_data(capsys: pytest.CaptureFixture[str], model: str, points: str) -> None:
    result = json.loads(run(capsys, "complex", "--box", "data", model, "--data", points, "--json"))
    box = relutope.Box.around([[0, 0], [1, -1], [0.5, 0.2]])
    assert result["domain"] == {"type": "box", "lo": box.lo.tolist(), "hi": box.hi.tolist()}


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes")
@pytest.mark.parametrize("words", [["complex", "--json"], ["complex"]])
def test_a_reader_that_is_gone(moons: Path, words: list[str]) -> None:
    command = [sys.executable, "-m", "relutope", *words, str(moons), "--box", "0", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert b"error" not in process.stderr.read().lower()
    process.stderr.close()
    assert process.wait() == 141


def test_box_of_the_file(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    with np.load(model) as archive:
        np.savez(tmp_path / "boxed.npz", **archive, lo=[-1, -1], hi=[1, 2])
    result = json.loads(run(capsys, "complex", str(tmp_path / "boxed.npz"), "--json"))
    assert result["domain"] == {"type": "box", "lo": [-1, -1], "hi": [1, 2]}
    error = error_line(capsys, "complex", model)
    assert "holds no lo and hi; legal: --data FILE, whose box is taken, --box LO HI, or --all-space" in error


def test_readable_output_and_save(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    target = tmp_path / "c.npz"
    text = run(capsys, "complex", model, "--box", "-1", "1", "--save", str(target), "--progress")
    complex_ = relutope.PolyhedralComplex.load(target)
    assert f"regions: {complex_.n_regions:,}, bounded: {complex_.n_regions:,}" in text
    assert "box [-1, 1] x [-1, 1]" in text
    assert str(target) in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--box", "1", "0"], "lo = 1.0 and hi = 0.0"),
        (["--box", "1", "1"], "legal: lo < hi"),
        (["--box", "0", "inf"], "AllSpace"),
        (["--box", "nan", "1"], "lo is nan"),
        (["--box", "0", "1", "2"], "3 numbers; legal: 2 for every axis, or 4"),
        (["--box"], "--box"),
        (["--box", "a", "b"], "--box: 'a'; legal: numbers or the word data"),
        (["--box", "1", "-1"], "--box is 1 -1: lo = 1.0 and hi = -1.0; legal: lo < hi"),
        (["--box", "0", "1", "2", "2"], "--box is 0 1 2 2: lo[1] = 2.0 and hi[1] = 2.0"),
        (["--box", "data"], "--data FILE"),
        (["--box", "0", "1", "--all-space"], "not allowed with"),
        (["--box", "0", "1", "--threads", "0"], "--threads"),
        (["--box", "0", "1", "--max-cells", "x"], "--max-cells"),
        (["--box", "0", "1", "--max-bytes", "-5G"], "--max-bytes"),
        (["--box", "0", "1", "--max-seconds", "nan"], "--max-seconds"),
        (["--box", "0", "1", "--order", "a,b"], "order is given"),
        (["--box", "0", "1", "--data", "none.csv"], "none.csv"),
        (["--box", "0", "1", "--save", "/nonexistent folder/c.npz"], "nonexistent folder"),
        (["--unknown"], "unrecognized arguments"),
    ],
)
def test_bad_options_are_one_line(
    capsys: pytest.CaptureFixture[str], model: str, arguments: list[str], message: str
) -> None:
    assert message in error_line(capsys, "complex", model, *arguments)


def test_bad_models_are_one_line(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    assert "No such file" in error_line(capsys, "complex", str(tmp_path / "none.npz"), "--all-space")
    (tmp_path / "cut.npz").write_bytes(Path(model).read_bytes()[:200])
    assert "cut.npz" in error_line(capsys, "complex", str(tmp_path / "cut.npz"), "--all-space")
    np.savez(tmp_path / "wide.npz", W0=np.ones((2, 784)), W1=np.ones((1, 2)))
    error = error_line(capsys, "complex", str(tmp_path / "wide.npz"), "--box", "0", "1")
    assert "784 inputs; legal: at most 10" in error
    assert "--allow-high-dimension" in error
    assert "COMMAND" in error_line(capsys)


def test_limits(capsys: pytest.CaptureFixture[str], model: str) -> None:
    error = error_line(capsys, "complex", model, "--box", "-1", "1", "--max-cells", "9", code=3)
    assert "max_cells = 9" in error
    assert re.search(r"hidden layer \d of 2 .* \([\d.e-]+ s, [\d,]+ bytes\)", error)
    options = build_parser().parse_args(["complex", model, "--max-bytes", "1.5G"])
    assert options.max_bytes == 3 << 29
    assert build_parser().parse_args(["complex", model, "--max-bytes", "2MiB"]).max_bytes == 2 << 20


def test_join_box_leaves_the_rest() -> None:
    assert join_box(["a", "--", "--box", "1"]) == ["a", "--", "--box", "1"]
    assert join_box(["--box", "data", "1.npz"]) == ["--box=data", "1.npz"]
    assert join_box(["--box", "1", "2", "--box", "3", "4"]) == ["--box=1,2", "--box=3,4"]


def test_module_and_version() -> None:
    command = [sys.executable, "-m", "relutope", "--version"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == relutope.__version__


# relutope analyze


def test_analyze(capsys: pytest.CaptureFixture[str], moons: Path, tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    data = str(moons.with_suffix(".csv"))
    text = run(capsys, "analyze", str(moons), "--data", data, "--box", "data", "--out", str(out))
    names = ["betti_curves.png", "complex.npz", "complex.png", "fiedler.png", "summary.json"]
    assert sorted(path.name for path in out.iterdir()) == names
    summary = json.loads((out / "summary.json").read_text())
    complex_ = relutope.PolyhedralComplex.load(out / "complex.npz")
    assert summary.keys() >= KEYS | {"box", "all_space", "data", "degenerate", "decided", "skipped"}
    assert summary["regions"] == summary["box"]["regions"] == complex_.n_regions
    assert summary["data"]["points"] == 400
    assert summary["data"]["classes"] == 2
    assert summary["skipped"] == {}
    assert "assumed: ReLU between" in summary["notes"][0]
    assert "in the box" in text
    for name in ("betti_curves.png", "complex.png", "fiedler.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    curves = relutope.betti_curves(complex_, "cell_max", n_orderings=20, rng=0)
    assert summary["homology"]["peak_mean"] == curves.peak.mean(axis=0).tolist()
    graph = complex_.dual_graph()
    assert (summary["dual_graph"]["nodes"], summary["dual_graph"]["edges"]) == (graph.n_nodes, graph.n_edges)
    points = read_data(data, 2)
    assert points.y is not None
    report = relutope.fiedler_partition(complex_, points.X).report(points.X, points.y)
    assert summary["fiedler"] == report.to_dict()
    assert str(report) in text


def test_analyze_says_what_it_skipped(
    capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "line.npz", W0=np.ones((3, 1)), b0=[0, 1, 2], W1=np.ones((1, 3)), lo=[-5], hi=[5])
    text = run(capsys, "analyze", str(tmp_path / "line.npz"), "--out", str(tmp_path / "o"))
    assert "skipped complex.png: only complexes of dimension 2 are drawn, this one has dimension 1" in text
    assert "skipped data: no --data was given" in text
    assert "skipped fiedler.png: no --data was given" in text
    assert not (tmp_path / "o" / "complex.png").exists()
    np.savez(tmp_path / "d4.npz", W0=np.ones((1, 4)), b0=[0], W1=np.ones((1, 1)), lo=[-1] * 4, hi=[1] * 4)
    text = run(capsys, "analyze", str(tmp_path / "d4.npz"), "--out", str(tmp_path / "d4"))
    assert "skipped betti_curves.png: a matrix would be reduced in dimension 4" in text
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    text = run(capsys, "analyze", model, "--box", "-1", "1", "--out", str(tmp_path / "o"))
    assert "skipped complex.png: matplotlib is needed to draw a complex: pip install 'relutope[plot]'" in text


def test_analyze_needs_out(capsys: pytest.CaptureFixture[str], model: str) -> None:
    assert "--out" in error_line(capsys, "analyze", model, "--all-space")
    Path(model).with_name("file").write_text("")
    assert "file" in error_line(
        capsys, "analyze", model, "--all-space", "--out", str(Path(model).with_name("file"))
    )


# Data files


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("0,1\n2,3\n", None),
        ("x,y\n0,1\n2,3", None),
        ("\ufeffx1,x2,label\n0,1,a\n\n 2, 3 ,b\n", ["a", "b"]),
        ("0,1,0\r\n2,3,1\r\n", [0, 1]),
    ],
)
def test_csv(tmp_path: Path, text: str, labels: list[object] | None) -> None:
    (tmp_path / "p.csv").write_bytes(text.encode())
    data = read_data(tmp_path / "p.csv", 2)
    assert data.X.tolist() == [[0, 1], [2, 3]]
    assert (None if data.y is None else data.y.tolist()) == labels


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no points"),
        ("x,y\n", "no points"),
        ("1\n2\n", "line 1 has 1 columns; legal: 2, or 3 with labels"),
        ("x,y\n\n1,2,3,4\n1,2\n", "line 3 has 4 columns"),
        ("1,2\n1,2,3\n", "line 2 has 3 columns"),
        ("1,2\n1,b\n", "line 2"),
        ("1.O,2\n3,4\n", "line 1 is '1.O,2'; legal: numbers"),
        ("1,2\n" + "3" * 200_000 + ",4", "field larger"),
        ("x,y\n1,2\n1,nan\n", "line 3 is '1,nan'; legal: finite numbers"),
    ],
)
def test_bad_csv(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        read_data(tmp_path / "p.csv", 2)
    assert "p.csv" in str(caught.value)


def test_npz_data(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", X=np.float32([[0.1, 1]]), y=["a"])
    data = read_data(tmp_path / "p.npz", 2)
    assert data.X.tolist() == np.float32([[0.1, 1]]).tolist()
    assert data.y is not None
    assert data.y.tolist() == ["a"]
    for record, message in (
        ({"Z": [1]}, "legal: X"),
        ({"X": [[1, 2, 3]]}, "X has shape"),
        ({"X": [[1, np.inf]]}, "is inf"),
        ({"X": [[1, 2]], "y": [1, 2]}, "y has shape"),
    ):
        np.savez(tmp_path / "p.npz", **{name: np.array(value) for name, value in record.items()})
        with pytest.raises(ValueError, match=message):
            read_data(tmp_path / "p.npz", 2)
    with pytest.raises(ValueError, match="unknown file type"):
        read_data(tmp_path / "p.txt", 2)
