"""The benchmark refuses wrong answers and reports right ones; how fast they come is not asserted."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import relutope

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
NAME = "2,32,32,32"
CASE = json.loads((ROOT / "tests" / "data" / "cases" / "expected.json").read_text())["r2_32x3"]
EXPECTED = json.loads((BENCH / "expected.json").read_text())

Run = subprocess.CompletedProcess[str]


def script(name: str, *arguments: str) -> Run:
    command = [sys.executable, str(BENCH / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def run_with(tmp_path: Path, **changes: Any) -> Run:
    """Run the benchmark with other known answers for one network."""
    known = tmp_path / "known.json"
    known.write_text(json.dumps({**EXPECTED, NAME: {**EXPECTED[NAME], **changes}}))
    out = str(tmp_path / "out.json")
    return script("run.py", "--only", NAME, "--repeat", "1", "--expected", str(known), "--json", out)


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCH)
    import frozen

    return frozen


def test_run_reports_a_checked_network(tmp_path: Path) -> None:
    run = run_with(tmp_path)
    assert run.returncode == 0, run.stderr
    assert "2,671" in run.stdout
    result = json.loads((tmp_path / "out.json").read_text())
    assert set(result) == {"machine", "networks", "goals"}
    assert set(result["machine"]) == {"CPU", "cores", "load", "Python", "numpy", "relutope"}
    assert result["machine"]["relutope"] == relutope.__version__
    (record,) = result["networks"]
    assert record["network"] == NAME
    assert record["f_vector"] == CASE["f_box"]
    assert (record["regions"], record["cells"]) == (CASE["regions"], sum(CASE["f_box"]))
    assert (record["dim"], record["repeats"], record["validated"]) == (2, 1, "exact")
    assert record["counted_by"] == ["oracle", "floats"]
    assert record["regions_per_second"] * record["cpu_seconds_per_region"] == pytest.approx(1)
    assert set(record["cpu_seconds"]) == {"best", "median"}
    assert set(record["stages"]) == {"signs", "orders", "vertices"}
    for key in ("cells_per_second", "stored_bytes_per_cell", "peak_bytes_per_cell", "rss_bytes_per_cell"):
        assert record[key] > 0, key
    assert record["peak_to_stored"] >= record["peak_bytes_per_cell"] / record["stored_bytes_per_cell"]
    assert result["goals"] == []


def test_run_refuses_a_wrong_answer(tmp_path: Path) -> None:
    wrong = [*CASE["f_box"][:-1], CASE["f_box"][-1] + 1]
    run = run_with(tmp_path, f_vector=wrong)
    assert run.returncode == 1
    assert f"{NAME}: f-vector {CASE['f_box']}; expected {wrong}" in run.stderr
    assert "regions/s" not in run.stdout
    assert not (tmp_path / "out.json").exists()


def test_run_refuses_changed_weights(tmp_path: Path) -> None:
    run = run_with(tmp_path, sha256="0" * 64)
    assert run.returncode == 1
    assert f"expected {'0' * 64}" in run.stderr
    assert not (tmp_path / "out.json").exists()


def test_run_names_its_legal_arguments(tmp_path: Path) -> None:
    assert "legal: an int >= 1" in script("run.py", "--repeat", "0").stderr
    assert "invalid choice: '2,3'" in script("run.py", "--only", "2,3").stderr
    (tmp_path / "empty.json").write_text("{}")
    run = script("run.py", "--expected", str(tmp_path / "empty.json"))
    assert (run.returncode, "has no answer for 2,32,32,32" in run.stderr) == (2, True)


def test_two_threads_must_give_the_same_complex(
    frozen: ModuleType, network: relutope.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    import measure

    wall = measure.compare_threads("name", network, repeat=2, seconds=0)
    assert wall["speedup"] == wall["one_thread"] / wall["two_threads"]
    monkeypatch.setattr(measure, "build", lambda net, n: relutope.polyhedral_complex(net, (-1, n)))
    with pytest.raises(measure.WrongAnswerError, match="name: two threads give another complex"):
        measure.compare_threads("name", network, repeat=1, seconds=0)


def test_every_network_is_frozen(frozen: ModuleType) -> None:
    assert list(EXPECTED) == list(frozen.NAMES)
    for name, known in EXPECTED.items():
        assert frozen.fingerprint(frozen.build(name)) == known["sha256"], name
        assert sum((-1) ** k * count for k, count in enumerate(known["f_vector"])) == 1, name
        assert known["counted_by"], name
    for name, file in frozen.SHARED.items():
        case = json.loads((frozen.CASES / "expected.json").read_text())[file.removesuffix(".npz")]
        assert EXPECTED[name]["f_vector"] == case["f_box"], name


def test_copies_change_no_function_value(frozen: ModuleType) -> None:
    merged, copies = (
        relutope.Network.from_arrays(*zip(*frozen.build(name), strict=True))
        for name in (frozen.MERGED, frozen.COPIES)
    )
    assert merged.census["proportional"] == 0
    assert copies.census["proportional"] == 3 * 13
    for point in ([0, 0], [Fraction(1, 3), Fraction(-2, 7)], [Fraction(-9, 10), Fraction(4, 5)]):
        assert merged.exact_evaluate(point) == copies.exact_evaluate(point)
    assert EXPECTED[frozen.MERGED]["f_vector"] == EXPECTED[frozen.COPIES]["f_vector"]


def test_recount_agrees_by_both_methods() -> None:
    run = script("recount.py", NAME)
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert [(line["method"], line["f_vector"], line["agrees"]) for line in lines] == [
        ("oracle", CASE["f_box"], True),
        ("floats", CASE["f_box"], True),
    ]
    assert lines[1]["smallest_value"] > lines[1]["largest_gap"]


def test_float_count_in_three_dimensions(frozen: ModuleType) -> None:
    from float_count import FloatCount

    case = ROOT / "tests" / "data" / "cases" / "r3_16x2.npz"
    with np.load(case) as file:
        layers = [(file[f"W{i}"], file[f"b{i}"]) for i in range(3)]
    known = json.loads(case.with_name("expected.json").read_text())["r3_16x2"]["f_box"]
    assert FloatCount(layers).f_vector == known


def test_float_count_refuses_degenerate_networks(frozen: ModuleType) -> None:
    from float_count import FloatCount

    three_lines_through_0 = (np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.zeros(3))
    with pytest.raises(ValueError, match="is not generic"):
        FloatCount([three_lines_through_0, (np.ones((1, 3)), np.zeros(1))])


def test_goals_are_reached_at_their_bound(frozen: ModuleType) -> None:
    from goals import Goal, goals

    def verdicts(regions_per_second: float, copies_cost: float) -> list[str]:
        records = {
            "2,64,64,64": {"dim": 2, "regions_per_second": regions_per_second},
            frozen.MERGED: {"dim": 2, "cpu_seconds": {"best": 1.0}},
            frozen.COPIES: {"dim": 2, "cpu_seconds": {"best": copies_cost}},
        }
        reached: list[Goal] = list(goals(records))
        assert [goal.network for goal in reached] == ["2,64,64,64", frozen.COPIES]
        return [goal.verdict for goal in reached]

    assert verdicts(1e6, 2.0) == ["1.00 ok", "1.00 ok"]
    assert verdicts(0.9e6, 4.0) == ["0.90 below", "0.50 below"]


PAPER_SCRIPTS = {
    "circles_and_moons": {"circles", "moons"},
    "hamming_graphs": {"2-16-1 untrained", "2-16-16-1 trained"},
    "counts": {"one_layer", "fits", "hamming_barcodes", "slices", "boundaries"},
    "regression": {"choose", "confirm", "confirmed"},
    "grokking": {"choose", "confirm", "phases"},
}


@pytest.mark.parametrize("name", PAPER_SCRIPTS)
def test_scripts_of_papers_run(name: str, tmp_path: Path) -> None:
    pixels = ("--pixels", "60") if name == "hamming_graphs" else ()
    options = ("--seeds", "1", "--steps", "20", *pixels, "--out", str(tmp_path))
    run = script(f"papers/bosca2025/{name}.py", *options)
    assert run.returncode == 0, run.stderr
    result = json.loads((tmp_path / f"{name}.json").read_text())
    assert set(result) >= PAPER_SCRIPTS[name] | {"settings"}
    assert result["settings"]["seeds"] == {"choose": [0, 0], "confirm": [100, 100]}
    assert list(tmp_path.glob("*.png"))


def test_statistics_of_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCH / "papers" / "bosca2025")
    import common

    assert common.holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert common.rate([True] * 10) == pytest.approx([1, 0.722, 1], abs=1e-3)
    assert common.interval([1.0, np.nan, 1.0]) == [1, 1, 1]
    assert np.isnan(common.rate([])).all()
    assert common.sign_flip_p([-1.0] * 12) < 0.01 < 0.9 < common.sign_flip_p([1.0] * 12)
    wave = np.sin(np.arange(40))
    value, shifted = common.circular_shifts(wave, wave, lambda x, y: float(x @ y))
    assert value > shifted.max()
    assert common.pooled_shift_p([(wave, wave)] * 5, lambda x, y: float(x @ y))[1] < 0.05


def test_points_of_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCH / "papers" / "bosca2025")
    import grokking

    for task in grokking.TASKS.values():
        X, y = grokking.data(0, task.distractors, 1000)
        assert X.shape == (1000, len(task.sides))
        assert (np.abs(X) <= task.sides).all()
        if task.distractors:
            radius = np.hypot(X[:, 0], X[:, 1])
            assert abs(radius[y == 0].mean() - 1) < 0.02
            assert abs(radius[y == 1].mean() - 0.5) < 0.02
    board, colour = grokking.data(0, 0, 1000)
    assert (colour[(np.abs(board) < 1 / 3).all(axis=1)] == 0).all()
    assert (colour[(np.abs(board) < 1 / 3).sum(axis=1) == 1] == 1).all()


def test_networks_of_papers_are_trained_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCH / "papers" / "bosca2025")
    import common

    X = np.random.default_rng(0).normal(size=(3, 10, 2))
    y = (X[..., 0] > 0).astype(float)
    both = common.train(X, y, (4,), [5, 6, 7], steps=5, lr=0.01, decay=0.1)
    alone = common.train(X[1:2], y[1:2], (4,), [6], steps=5, lr=0.01, decay=0.1)
    for step in (0, 5):
        for (weight, bias), (own, own_bias) in zip(both.layers(step, 1), alone.layers(step, 0), strict=True):
            np.testing.assert_allclose(weight, own, atol=1e-6)
            np.testing.assert_allclose(bias, own_bias, atol=1e-6)
    network = both.network(5, 1)
    values = [float(network.exact_evaluate(list(point))[0]) for point in X[1].astype(np.float32).tolist()]
    np.testing.assert_allclose(values, common.outputs(both.layers(5, 1), X[1].astype(np.float32)))
