"""relutope fiedler."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import relutope
from relutope.cli import main
from relutope.data import read_data
from relutope.spectral import OPERATORS

KEYS = {
    "operator",
    "epsilon",
    "lambda_2",
    "lambda_3",
    "residual",
    "misclassification",
    "purity_floor",
    "baseline",
    "regions",
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_json(capsys: pytest.CaptureFixture[str], moons: Path, operator: str) -> None:
    data = str(moons.with_suffix(".csv"))
    words = [
        "fiedler",
        str(moons),
        "--data",
        data,
        "--box",
        "data",
        "--operator",
        operator,
        "--epsilon",
        "0.5",
    ]
    assert main([*words, "--threshold", "sweep", "--include-output", "--seed", "3", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result.keys() >= KEYS
    points = read_data(data, 2)
    assert points.y is not None
    complex_ = relutope.polyhedral_complex(relutope.load(moons), relutope.Box.around(points.X))
    options = {"operator": operator, "epsilon": 0.5, "threshold": "sweep", "include_output": True}
    partition = relutope.fiedler_partition(complex_, points.X, **options)
    expected = partition.report(points.X, points.y, 3).to_dict()
    assert {key: result[key] for key in expected} == expected
    assert {key: result[key] for key in options} == options
    assert result["regions"] == partition.n_regions > complex_.n_regions
    assert isinstance(result["baseline"], float)


def test_text_and_data_without_labels(
    capsys: pytest.CaptureFixture[str], moons: Path, tmp_path: Path
) -> None:
    assert main(["fiedler", str(moons), "--data", str(moons.with_suffix(".csv")), "--box", "data"]) == 0
    text = capsys.readouterr().out
    for word in ("misclassification", "purity floor", "baseline", "note: a state dict"):
        assert word in text
    np.savez(tmp_path / "p.npz", X=[[0, 0], [1, 0.5], [9, 9]])
    words = ["fiedler", str(moons), "--data", str(tmp_path / "p.npz"), "--box", "-2", "3"]
    assert main([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["misclassification"], result["purity_floor"], result["baseline"]) == (None, None, None)
    assert (result["n_points"], result["n_outside"], result["lambda_3"]) == (3, 1, None)
    assert main(words) == 0
    assert "no labels: no misclassification" in capsys.readouterr().out
    assert main(["fiedler", str(moons), "--box", "-2", "3", "--operator", "unweighted", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["regions"] == 1313


def test_the_domain_is_the_box_of_the_data_by_default(
    capsys: pytest.CaptureFixture[str], moons: Path, tmp_path: Path
) -> None:
    words = [str(moons), "--data", str(moons.with_suffix(".csv"))]
    for command in (
        ["fiedler", "--json"],
        ["track", "--json", "--metrics", "regions"],
        ["complex", "--json"],
    ):
        found = []
        for box in ([], ["--box", "data"]):
            assert main([*command, *words, *box]) == 0
            found.append(json.loads(capsys.readouterr().out))
            found[-1].pop("seconds", None)
        assert found[0] == found[1]
        assert found[0]["domain"]["type"] == "box"
    # A box in the file comes first.
    layers = {"W0": np.eye(2), "b0": np.zeros(2), "W1": np.ones((1, 2)), "b1": np.zeros(1)}
    np.savez(tmp_path / "m.npz", **layers, lo=[-2, -3], hi=[2, 3])
    assert main(["fiedler", str(tmp_path / "m.npz"), *words[1:], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["domain"]["lo"] == [-2, -3]
    with pytest.raises(SystemExit):
        main(["fiedler", "--help"])
    assert "default: lo and hi of the file, else data" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no domain: "),
        (["--box", "-2", "3"], "--operator mass needs the option --data FILE"),
        (["--box", "-2", "3", "--operator", "best"], "--operator"),
        (["--box", "-2", "3", "--epsilon", "-1"], "'-1'; legal: a finite number >= 0"),
        (["--box", "-2", "3", "--epsilon", "nan"], "'nan'; legal: a finite number >= 0"),
        (["--box", "-2", "3", "--parts", "1", "--operator", "unweighted"], "n_parts is 1"),
        (["--box", "5", "6", "--data", "MOONS"], "all 400 points of X lie outside of the domain"),
    ],
)
def test_bad_options(capsys: pytest.CaptureFixture[str], moons: Path, words: list[str], message: str) -> None:
    words = [str(moons.with_suffix(".csv")) if word == "MOONS" else word for word in words]
    try:
        code: int | str | None = main(["fiedler", str(moons), *words])
    except SystemExit as exit_:
        code = exit_.code
    assert code == 2
    assert message in capsys.readouterr().err


def test_analyze_skips_a_partition_that_there_is_not(
    capsys: pytest.CaptureFixture[str], moons: Path, tmp_path: Path
) -> None:
    (tmp_path / "p.csv").write_text("0,0,1\n1,1,1\n")
    words = ["analyze", str(moons), "--box", "-2", "3", "--data", str(tmp_path / "p.csv")]
    assert main([*words, "--out", str(tmp_path / "o")]) == 0
    assert "skipped fiedler.png: y has 1 class, [1.0]; legal: two classes at least" in capsys.readouterr().out
    assert json.loads((tmp_path / "o" / "summary.json").read_text())["fiedler"] is None
    assert not (tmp_path / "o" / "fiedler.png").exists()
