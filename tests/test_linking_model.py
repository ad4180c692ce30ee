"""``relutope linking CURVES.npz --model MODEL``."""

import json
from pathlib import Path

import numpy as np
import pytest

import relutope
from relutope.cli import main
from relutope.linking import through_layers

EYE = np.eye(3)
SQUARE = np.array([[1.0, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]])
OTHER = np.array([[0.0, 0, 1], [0, 0, -1], [0, 3, -1], [0, 3, 1]])


@pytest.fixture
def curves(tmp_path: Path) -> str:
    np.savez(tmp_path / "curves.npz", square=SQUARE, other=OTHER, far=SQUARE + 9)
    return str(tmp_path / "curves.npz")


@pytest.fixture
def model(tmp_path: Path) -> str:
    np.savez(tmp_path / "model.npz", W0=EYE, b0=[2.0, 2, 2], W1=EYE, b1=[-2.0, 0, 0], W2=-EYE)
    return str(tmp_path / "model.npz")


def test_curves_through_a_model(curves: str, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    network = relutope.load(model)
    expected = through_layers(network, SQUARE, OTHER)
    assert expected.numbers == (-1, -1, None, None)
    capsys.readouterr()
    assert main(["linking", curves, "--model", model, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["linking_matrix"][0][1] == -1
    found = result["through_layers"]
    assert [pair["curves"] for pair in found] == [["square", "other"], ["square", "far"], ["other", "far"]]
    assert found[0] == {"curves": ["square", "other"], **json.loads(json.dumps(expected.to_json()))}
    assert [row["linking_number"] for row in found[1]["rows"]] == [0, 0, 0, 0]
    assert main(["linking", curves, "--model", model]) == 0
    text = capsys.readouterr().out
    assert f"square, other\n{expected}\n" in text
    assert text.startswith("square: 4 segments\n")


def test_without_a_model(curves: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["linking", curves, "--json"]) == 0
    assert "through_layers" not in json.loads(capsys.readouterr().out)
    assert main(["linking", curves, "--order", "a,b"]) == 2
    assert "--order needs the option --model MODEL" in capsys.readouterr().err


def test_models_that_do_not_fit(curves: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "plane.npz", W0=EYE[:, :2])
    assert main(["linking", curves, "--model", str(tmp_path / "plane.npz")]) == 2
    assert "has shape (4, 3); legal: (n, 2)" in capsys.readouterr().err
    assert main(["linking", curves, "--model", str(tmp_path / "none.npz")]) == 2
    assert "none.npz" in capsys.readouterr().err
