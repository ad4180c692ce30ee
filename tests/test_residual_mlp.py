"""The example of a residual network: its complex against its own values, its boundary, proof and picture."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

import relutope
from conftest import EXAMPLES
from relutope.data import read_data
from relutope.loading.safetensors import read_safetensors


def test_residual_mlp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["residual_mlp.py", "--out", str(tmp_path)])
    example = runpy.run_path(str(EXAMPLES / "residual_mlp.py"), run_name="__main__")
    printed = capsys.readouterr().out
    network, data = example["load_network"](), read_data(EXAMPLES / "two_moons.csv", 2)
    assert [layer.kind for layer in network.layers] == ["linear", "relu"] * 3 + ["linear"]
    assert network.n_neurons == 48
    complex_ = relutope.polyhedral_complex(network, relutope.Box.around(data.X))
    complex_.validate()
    assert f"vertices, edges and regions: {complex_.f_vector}" in printed
    assert complex_.f_vector == (491, 930, 440)
    assert "certified" in printed.splitlines()
    assert "accuracy on the 400 points it was trained on: 1.0000" in printed
    assert (tmp_path / "residual_mlp.png").stat().st_size > 10_000
    assert complex_.n_regions == len(np.unique(complex_.regions().activation_patterns(), axis=0))
    maps, points = complex_.regions().affine_maps(), complex_.regions().interior_points()
    module = example["residual_mlp"]().double()
    weights = read_safetensors(EXAMPLES / "residual_mlp.safetensors")
    module.load_state_dict({name: torch.tensor(tensor.array).double() for name, tensor in weights.items()})
    with torch.no_grad():
        theirs = module(torch.from_numpy(points)).numpy()
    ours, bounds = network.evaluate(points)
    assert np.abs(ours - theirs).max() <= 4 * bounds.max()
    assert np.allclose(np.einsum("nij,nj->ni", maps.A, points) + maps.b, theirs, rtol=1e-9, atol=1e-9)
