"""`relutope.load` of weights with an architecture, of ONNX files and exported programs; `relutope info`."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import relutope
from conftest import EXAMPLES
from relutope import Network
from relutope.cli import main
from relutope.loading.stages import recorded_seconds
from relutope.network_info import float32_pass


def module_of(dtype: torch.dtype = torch.float32) -> nn.Sequential:
    torch.manual_seed(2)
    return (
        nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3)
        )
        .to(dtype)
        .eval()
    )


EXAMPLE = torch.zeros(1, 1, 6, 6)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_weights_with_an_architecture(tmp_path: Path, suffix: str, prefix: str) -> None:
    module = module_of()
    expected = Network.from_torch(module, EXAMPLE)
    state = {prefix + name: tensor for name, tensor in module.state_dict().items()}
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pt":
        torch.save({"model": state, "epoch": 3}, path)
    else:
        save_file(state, path)
    template = nn.Sequential(*[type(part)(*_arguments(part)) for part in module])
    before = {name: tensor.clone() for name, tensor in template.state_dict().items()}
    for arch in (template, lambda: template):
        network = relutope.load(path, arch=arch, example_input=EXAMPLE)
        assert network == expected
        assert network.input_shape == (1, 6, 6)
    assert all(torch.equal(tensor, before[name]) for name, tensor in template.state_dict().items())
    assert template.training


def _arguments(part: nn.Module) -> tuple[Any, ...]:
    if isinstance(part, nn.Conv2d):
        return part.in_channels, part.out_channels, part.kernel_size
    if isinstance(part, nn.BatchNorm2d):
        return (part.num_features,)
    if isinstance(part, nn.Linear):
        return part.in_features, part.out_features
    return (2,) if isinstance(part, nn.MaxPool2d) else ()


def test_weights_keep_their_type(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).double()
    torch.save(module.state_dict(), tmp_path / "m.pt")
    arch = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    assert relutope.load(tmp_path / "m.pt", arch=arch) == Network.from_torch(module)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"arch": nn.Linear(2, 2)}, ValueError, "does not fit arch"),
        ({"arch": "resnet"}, TypeError, "arch is 'resnet'"),
        ({"arch": lambda: 3}, TypeError, "arch is 3"),
        ({"arch": nn.Linear(2, 1), "order": ["a"]}, ValueError, "order is"),
        ({"example_input": EXAMPLE}, ValueError, "without arch takes none"),
        ({"input_shape": (1, 2)}, ValueError, "input_shape is"),
    ],
)
def test_bad_arguments(
    tmp_path: Path, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    torch.save(nn.Linear(2, 1).state_dict(), tmp_path / "m.pt")
    with pytest.raises(error, match=message):
        relutope.load(tmp_path / "m.pt", **arguments)


def test_exported_programs_and_onnx(tmp_path: Path) -> None:
    module = module_of()
    expected = Network.from_torch(module, EXAMPLE)
    torch.export.save(torch.export.export(module, (EXAMPLE,)), tmp_path / "m.pt2")
    assert relutope.load(tmp_path / "m.pt2") == expected
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's age
        torch.onnx.export(module, (EXAMPLE,), tmp_path / "m.onnx", dynamo=False)
    network = relutope.load(tmp_path / "m.onnx")
    points = np.random.default_rng(0).uniform(-1, 1, (5, 36))
    assert np.abs(network(points) - expected(points)).max() < 1e-5  # the exporter folds batch norm in float32
    with pytest.raises(ValueError, match="arch is"):
        relutope.load(tmp_path / "m.onnx", arch=module)


def test_info(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.export.save(torch.export.export(module_of(), (EXAMPLE,)), tmp_path / "m.pt2")
    assert main(["info", str(tmp_path / "m.pt2"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [layer["kind"] for layer in found["layers"]] == ["relu", "max", "linear"]
    assert found["neurons"] == 32
    assert found["signs"] == 64
    assert found["input_shape"] == [1, 6, 6]
    assert 0 < found["float32_difference"] < 1e-5 * found["float32_scale"]
    assert "correctly rounded" in found["semantics"]
    seconds = found["import_seconds"]
    assert list(seconds) == ["read", "operations", "simplify", "check", "network", "total"]
    assert 0 < sum(seconds.values()) - seconds["total"] <= seconds["total"]
    assert main(["info", str(EXAMPLES / "two_moons.safetensors")]) == 0
    printed = capsys.readouterr().out
    assert "float32 forward pass: off by at most" in printed
    assert "64 ReLU neurons" in printed
    assert re.fullmatch(r"seconds of the import: \d+\.\d\d", printed.splitlines()[-1])


def test_seconds_of_the_stages_of_a_module() -> None:
    with recorded_seconds() as seconds:
        Network.from_torch(module_of(), EXAMPLE)
        with pytest.raises(ValueError, match="not piecewise linear"):
            Network.from_torch(nn.Sequential(nn.Linear(2, 1), nn.Tanh()))
    assert list(seconds) == ["export", "operations", "simplify", "check", "network", "total"]
    assert all(spent > 0 for spent in seconds.values())
    before = dict(seconds)
    Network.from_torch(module_of(), EXAMPLE)
    assert seconds == before


def test_float32_pass_is_that_of_torch() -> None:
    module = module_of()
    network = Network.from_torch(module, EXAMPLE)
    points = np.random.default_rng(1).uniform(-1, 1, (7, 36)).astype(np.float32)
    with torch.no_grad():
        theirs = module(torch.from_numpy(points).reshape(7, 1, 6, 6)).numpy()
    assert np.abs(float32_pass(network, points.astype(np.float64)) - theirs).max() < 1e-5


def test_summary_in_html() -> None:
    network = Network.from_torch(module_of(), EXAMPLE)
    assert network._repr_html_().count("<tr>") == 4
    assert "conv2d at &#x27;0&#x27;" in network._repr_html_()
