"""relutope homology."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import relutope
from relutope.cli import main

KEYS = {"f_vector", "filtration", "orderings", "peak_mean", "peak_sd", "argmax_mean", "argmax_sd"}


@pytest.fixture
def model(tmp_path: Path) -> str:
    rng = np.random.default_rng(0)
    arrays = {"W0": rng.normal(size=(6, 2)), "b0": rng.normal(size=6), "W1": np.ones((1, 6)), "b1": [0.0]}
    np.savez(tmp_path / "model.npz", **arrays)
    return str(tmp_path / "model.npz")


@pytest.mark.parametrize("filtration", ["cell_max", "lower_star", "random_queue"])
@pytest.mark.parametrize("domain", [["--box", "-1", "1"], ["--all-space"]])
def test_json(capsys: pytest.CaptureFixture[str], model: str, filtration: str, domain: list[str]) -> None:
    words = ["homology", model, *domain, "--filtration", filtration, "--orderings", "7", "--seed", "3"]
    assert main([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result.keys() >= KEYS
    box = relutope.AllSpace() if domain == ["--all-space"] else relutope.Box(-1, 1)
    complex_ = relutope.polyhedral_complex(relutope.load(model), box)
    curves = relutope.betti_curves(complex_, filtration, n_orderings=7, rng=3)
    assert result["f_vector"] == list(complex_.f_vector)
    assert (result["filtration"], result["orderings"], result["seed"]) == (filtration, 7, 3)
    assert result["peak_mean"] == pytest.approx(curves.peak.mean(axis=0).tolist())
    assert result["peak_sd"] == pytest.approx(curves.peak.std(axis=0, ddof=1).tolist())
    places = curves.first_cells / sum(complex_.counts)
    assert result["argmax_mean"] == pytest.approx(places.mean(axis=0).tolist())
    assert result["argmax_sd"] == pytest.approx(places.std(axis=0, ddof=1).tolist())


def test_text_and_one_ordering(capsys: pytest.CaptureFixture[str], model: str) -> None:
    assert main(["homology", model, "--box", "-1", "1", "--orderings", "1"]) == 0
    text = capsys.readouterr().out
    assert "cell_max: 1 orderings" in text
    assert "plain number of cells" in text
    assert main(["homology", model, "--box", "-1", "1", "--orderings", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["peak_sd"] == [None, None, None]
    assert main(["homology", model, "--box", "-1", "1", "--filtration", "output", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["orderings"] == 1


@pytest.mark.parametrize(
    "words", [["--orderings", "0"], ["--seed", "-1"], ["--filtration", "best"], ["--filtration", "distance"]]
)
def test_bad_options(capsys: pytest.CaptureFixture[str], model: str, words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["homology", model, "--box", "-1", "1", *words])
    assert caught.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_limits_end_with_code_3(capsys: pytest.CaptureFixture[str], model: str) -> None:
    words = ["homology", model, "--box", "-1", "1", "--orderings", "100000", "--max-seconds", "0.2"]
    assert main(words) == 3
    assert "of 100000 orderings done" in capsys.readouterr().err
