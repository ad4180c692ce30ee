"""Slices on the command line: every command on networks with more inputs than can be subdivided."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import relutope
from relutope import Box, Slice
from relutope.cli import main

POINTS = np.random.default_rng(0).standard_normal((3, 1, 4, 4))
SPAN = POINTS[1:] - POINTS[0]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small convolutional network of images, and slices of their space."""
    folder = tmp_path_factory.mktemp("slices")
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 3, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3, 1))
    program = torch.export.export(module.eval(), (torch.zeros(1, 1, 4, 4),))
    torch.export.save(program, folder / "m.pt2")
    np.savez(folder / "images.npz", points=POINTS)
    np.savez(folder / "rows.npz", points=POINTS.reshape(3, 16))
    np.savez(folder / "spanned.npz", origin=POINTS[0], directions=SPAN)
    np.savez(folder / "flat.npz", origin=POINTS[0].ravel(), directions=SPAN.reshape(2, 16))
    return folder / "m.pt2"


def printed(capsys: pytest.CaptureFixture[str], command: str, model: Path, name: str, *more: str) -> str:
    code = main([command, str(model), "--slice", str(model.parent / name), "--threads", "1", *more])
    assert code == 0
    return capsys.readouterr().out


def complex_on(model: Path, domain: Any = None) -> relutope.PolyhedralComplex:
    return relutope.polyhedral_complex(relutope.load(model), Slice.through(POINTS.reshape(3, 16), domain))


@pytest.mark.parametrize("name", ["images.npz", "rows.npz"])
def test_points_and_their_box(name: str, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = json.loads(printed(capsys, "complex", model, name, "--json"))
    assert result["f_vector"] == list(complex_on(model).f_vector)
    assert result["domain"] == {
        "type": "slice",
        "dim": 2,
        "ambient_dim": 16,
        "domain": {"type": "box", "lo": [-0.5, -0.5], "hi": [1.5, 1.5]},
    }
    assert result["input_dim"] == 16


@pytest.mark.parametrize("name", ["images.npz", "spanned.npz", "flat.npz"])
def test_a_box_in_the_coordinates_of_the_slice(
    name: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "c.npz"
    text = printed(capsys, "complex", model, name, "--box", "0", "1", "-1", "2", "--save", str(saved))
    assert "slice of 2 of 16 dimensions, box [0, 1] x [-1, 2]" in text
    wanted = complex_on(model, Box([0, -1], [1, 2]))
    assert f"regions: {wanted.n_regions:,}" in text
    assert relutope.PolyhedralComplex.load(saved).f_vector == wanted.f_vector
    assert main(["verify", str(saved), str(model)]) == 0


def test_all_of_the_slice(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "complex", model, "spanned.npz", "--all-space")
    wanted = complex_on(model, relutope.AllSpace())
    assert "slice of 2 of 16 dimensions, all of R^2" in text
    assert f"bounded: {wanted.n_bounded_regions:,}" in text


def test_every_command_takes_slices(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data.csv").write_text("a,b,y\n0,0,0\n1,0,1\n0,1,1\n0.5,0.5,0\n")
    data = "--data", str(tmp_path / "data.csv")
    wanted = complex_on(model, Box(0, 1))
    regions = json.loads(printed(capsys, "regions", model, "rows.npz", *data, "--box", "0", "1", "--json"))
    assert regions["proper_activation_regions"] == wanted.count_regions("proper_activation").count
    boundary = json.loads(printed(capsys, "boundary", model, "rows.npz", "--box", "0", "1", "--json"))
    assert boundary["f_vector"] == list(wanted.decision_boundary().f_vector)
    homology = printed(capsys, "homology", model, "rows.npz", "--box", "0", "1", "--orderings", "2")
    assert "Slice(2 of 16 dimensions on Box([0.0, 0.0], [1.0, 1.0]))" in homology
    fiedler = printed(capsys, "fiedler", model, "rows.npz", *data, "--box", "0", "1")
    assert "misclassification" in fiedler
    series = json.loads(printed(capsys, "track", model, "rows.npz", "--box", "0", "1", "--json"))
    assert series["columns"]["regions"] == [wanted.n_regions]
    printed(capsys, "analyze", model, "rows.npz", "--box", "0", "1", "--out", str(tmp_path / "out"))
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["f_vector"] == list(wanted.f_vector)


def test_the_box_of_a_file_is_no_box_of_the_slice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "m.npz", W0=np.eye(3), W1=np.ones((1, 3)), lo=[-1, -1, -1], hi=[1, 1, 1])
    np.savez(tmp_path / "s.npz", origin=[0.0, 0, 1], directions=[[1.0, 0, 0]])
    arguments = "complex", str(tmp_path / "m.npz"), "--slice", str(tmp_path / "s.npz")
    assert main(arguments) == 2
    assert "no domain: " in (error := capsys.readouterr().err)
    assert "s.npz holds no points; legal: --data FILE" in error
    assert main([*arguments, "--box", "-2", "2"]) == 0
    assert "cells of dimension 1: 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"points": POINTS[:, 0]}, "points has shape (3, 4, 4); legal: (k, 16) or (k, 1, 4, 4)"),
        ({"points": POINTS[:1]}, "points has shape (1, 16); legal: (2 to 4, n)"),
        ({"points": POINTS[[0, 1, 1]]}, "points"),
        ({"origin": POINTS[0], "directions": SPAN[[0, 0]]}, "directions[1] is a linear combination"),
        (
            {"origin": POINTS[0], "directions": SPAN[0]},
            "directions has shape (1, 4, 4); legal: (k, 16) or (k, 1, 4, 4)",
        ),
        ({"origin": POINTS[0]}, "holds origin; legal: points, or origin and directions"),
        ({"points": POINTS, "origin": POINTS[0]}, "legal: points, or origin and directions"),
        ({}, "holds nothing; legal: points"),
        ({"points": np.full((2, 16), np.nan)}, "finite"),
        ({"points": np.array(3.0)}, "points has shape (); legal: (k, 16)"),
        ({"origin": POINTS, "directions": SPAN}, "origin has shape (3, 1, 4, 4); legal: (16,) or (1, 4, 4)"),
    ],
)
def test_bad_slices(
    arrays: dict[str, Any], message: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "s.npz", **arrays)
    assert main(["complex", str(model), "--slice", str(tmp_path / "s.npz")]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert "s.npz" in output.err
    assert message in output.err


def test_many_inputs_name_the_option(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complex", str(model), "--box", "0", "1"]) == 2
    assert "the network has 16 inputs; legal: at most 10" in (error := capsys.readouterr().err)
    assert "take a --slice" in error
    missing = str(model.parent / "none.npz")
    assert main(["complex", str(model), "--slice", missing]) == 2
    assert "none.npz" in capsys.readouterr().err
