"""The script that checks theorems on linking numbers finds no violation, and would report one."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from relutope.linking import linking_number, through_layers

FOLDER = Path(__file__).resolve().parent.parent / "bench" / "papers" / "ren_lim_2026"


def test_theorems_hold_on_a_sample(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    command = [
        sys.executable,
        str(FOLDER / "theorems.py"),
        "--networks",
        "6",
        "--depth",
        "2",
        "--out",
        str(out),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    results = json.loads(out.read_text())
    assert len(results) == 5
    for name, result in results.items():
        assert result["violations"] == 0
        assert result["layers"] == result["meet"] + result["disjoint"]
        assert f"{name} " in run.stdout
    assert results["leaky ReLU 0.3, random layers"]["disjoint"] == 12
    assert results["leaky ReLU 0.01, singular layers"]["linked"] == 0


def test_samples_and_the_count_of_violations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    import theorems

    for turns in (1, 2, 3):
        assert abs(linking_number(*theorems.torus_link(turns, 24))) == turns
    rng = np.random.default_rng(0)
    for _ in range(20):
        weights, bias = theorems.singular_layer(rng)
        assert theorems.sign_of_determinant(weights) == 0
        weights, bias = theorems.gentle_layer(rng)
        assert theorems.sign_of_determinant(weights) == np.sign(np.linalg.det(weights))
        network = theorems.monotone_network([(weights, bias)], 0.25)
        x = rng.normal(0, 3, (5, 3))
        z = x @ weights.T + bias
        assert np.allclose(network(x), np.where(z > 0, z, 0.25 * z))
    assert theorems.share_below(200) == pytest.approx(1 - 0.025 ** (1 / 200))
    a, b = theorems.torus_link(1, 24)
    rows = through_layers(theorems.monotone_network([(np.eye(3), np.ones(3))], 0.5), a, b, layers=[2]).rows
    counted = theorems.kept([theorems.Step(*rows, sign) for sign in (1, -1)])
    assert (counted["violations"], counted["disjoint"], counted["mirrored"]) == (1, 2, 1)
