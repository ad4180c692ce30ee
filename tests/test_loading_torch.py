"""Networks from torch files and modules: exact values, nothing executed, refusals that name the place."""

from __future__ import annotations

import argparse
import itertools
import os
import pickle
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import relutope
from relutope import Network


def mlp(*widths: int, dtype: torch.dtype = torch.float32) -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(widths):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1]).to(dtype)


def saved(tmp_path: Path, content: Any, name: str = "m.pt") -> Path:
    torch.save(content, tmp_path / name)
    return tmp_path / name


# Files


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_state_dict(tmp_path: Path, dtype: torch.dtype, suffix: str) -> None:
    module = mlp(2, 5, 4, 1, dtype=dtype)
    network = relutope.load(saved(tmp_path, module.state_dict(), "m" + suffix))
    assert network == Network.from_torch(module)
    assert network.dtype == str(dtype).removeprefix("torch.")
    assert network.exact_layers()[0][0][0, 0] == Fraction(module[0].weight[0, 0].item())


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "net"])
def test_wrapped_state_dict(tmp_path: Path, key: str) -> None:
    module = mlp(2, 3, 1)
    prefixed = OrderedDict((f"module.{name}", tensor) for name, tensor in module.state_dict().items())
    content = {
        key: prefixed,
        "epoch": 3,
        "loss": np.float64(0.5),
        "history": np.arange(3.0),
        "args": argparse.Namespace(lr=0.1),
        "optimizer": {"state": {}, "param_groups": []},
    }
    network = relutope.load(saved(tmp_path, content))
    assert network == Network.from_torch(module)
    assert f"read the entry '{key}', ignored args, epoch, history, loss, optimizer" in network.notes
    assert relutope.load(saved(tmp_path, {"model": content} if key != "model" else content)) == network


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"epoch": 1, "optimizer": {}}, "'epoch': int"),
        ({"model": {"a.weight": torch.ones(1, 1)}, "net": {"a.weight": torch.ones(1, 1)}}, "exactly one of"),
        (torch.ones(2), "Tensor"),
        ([1, 2], "list"),
        ({}, "no weights"),
        ({"0.weight": torch.ones(1, 1).to_sparse()}, "sparse"),
        ({"0.weight": torch.ones(1, 1, dtype=torch.complex64)}, "complex64"),
        ({"0.weight": torch.ones(1, 1), "0.alpha": torch.ones(1)}, r"0\.alpha"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        relutope.load(saved(tmp_path, content))
    assert "m.pt" in str(caught.value)


class Malicious:
    """Unpickling it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("new_format", [True, False])
def test_malicious_pickle_is_never_run(tmp_path: Path, new_format: bool) -> None:
    target = tmp_path / "made"
    torch.save(
        {"state_dict": Malicious(target)}, tmp_path / "m.pt", _use_new_zipfile_serialization=new_format
    )
    with pytest.raises(ValueError, match="never run") as caught:
        relutope.load(tmp_path / "m.pt")
    assert not target.exists()
    assert "mkdir" in str(caught.value)
    (tmp_path / "p.pt").write_bytes(pickle.dumps(Malicious(target)))
    with pytest.raises(ValueError, match="never run") as caught:
        relutope.load(tmp_path / "p.pt")
    assert "mkdir" in str(caught.value)
    assert not target.exists()


def test_pickled_module_names_what_it_held(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="never run") as caught:
        relutope.load(saved(tmp_path, mlp(2, 3, 1)))
    text = str(caught.value)
    assert "torch.nn.modules.linear.Linear" in text
    assert "Network.from_torch" in text
    assert "argparse" not in text


def test_damaged_torch_file(tmp_path: Path) -> None:
    path = saved(tmp_path, mlp(2, 30, 1).state_dict())
    content = path.read_bytes()
    for cut in (b"", b"hello", content[:100], content[: len(content) // 2], content[:-30]):
        path.write_bytes(cut)
        with pytest.raises(ValueError, match=r"m\.pt"):
            relutope.load(path)
    with pytest.raises(FileNotFoundError):
        relutope.load(tmp_path / "none.pt")


# Modules


def test_nested_sequential() -> None:
    relu = nn.ReLU(inplace=True)
    inner = nn.Sequential(nn.Linear(4, 3, bias=False), relu, nn.Dropout(0.5))
    module = nn.Sequential(
        nn.Flatten(), nn.Linear(2, 4), relu, inner, nn.Sequential(), nn.Identity(), nn.Linear(3, 2)
    )
    network = Network.from_torch(module)
    assert network.hidden_widths == (4, 3)
    assert any("3.2" in note and "eval mode" in note for note in network.notes)
    linears = [part for part in module.modules() if isinstance(part, nn.Linear)]
    biases = [None if part.bias is None else part.bias.detach().numpy() for part in linears]
    assert network == Network.from_arrays([part.weight.detach().numpy() for part in linears], biases)
    assert Network.from_torch(module.eval()).notes == ()


def test_module_is_left_as_it_was() -> None:
    module = mlp(2, 3, 1).train()
    Network.from_torch(module)
    assert module.training
    assert module[0].weight.dtype == torch.float32
    assert module[0].weight.grad is None


@pytest.mark.parametrize("last", [nn.Sigmoid(), nn.Softmax(dim=1), nn.Softmax(dim=-1), nn.LogSoftmax(dim=1)])
def test_final_activation_is_dropped_with_a_note(last: nn.Module) -> None:
    module = mlp(2, 3, 2)
    network = Network.from_torch(nn.Sequential(module, last, nn.Identity()))
    assert network == Network.from_torch(module)
    assert f"dropped the final {type(last).__name__} at '1'" in network.notes[0]


def test_network_that_ends_or_begins_in_relu() -> None:
    linear = nn.Linear(2, 3)
    network = Network.from_torch(nn.Sequential(linear, nn.ReLU(), nn.ReLU()))
    assert network.hidden_widths == (3,)
    assert network.exact_layers()[1][0].tolist() == np.eye(3).tolist()
    assert "ends in a ReLU" in network.notes[0]
    network = Network.from_torch(nn.Sequential(nn.ReLU(), linear))
    assert network.hidden_widths == (2,)
    assert "begins with a ReLU" in network.notes[0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_linear_layers_in_a_row_are_composed_exactly(dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    linears = [nn.Linear(2, 5), nn.Linear(5, 4, bias=False), nn.Linear(4, 3)]
    module = nn.Sequential(*linears, nn.ReLU(), nn.Linear(3, 1)).to(dtype)
    network = Network.from_torch(module)
    assert network.hidden_widths == (3,)
    exact = [Network.from_arrays([m.weight.detach().numpy()]).exact_layers()[0][0] for m in linears]
    weight, bias = network.exact_layers()[0]
    assert (weight == exact[2] @ exact[1] @ exact[0]).all()
    first, last = ([Fraction(value) for value in m.bias.tolist()] for m in (linears[0], linears[2]))
    assert (bias == exact[2] @ exact[1] @ first + last).all()
    assert network.dtype == str(dtype).removeprefix("torch.")


def test_single_linear_and_extreme_weights() -> None:
    assert Network.from_torch(nn.Linear(3, 2)).hidden_widths == ()
    module = mlp(2, 3, 1, dtype=torch.float64)
    with torch.no_grad():
        module[0].weight.mul_(1e300)
        module[2].weight.mul_(1e300)
    assert Network.from_torch(module).exact_layers()[0][0][0, 0] == Fraction(module[0].weight[0, 0].item())


class Subclass(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) ** 2


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (nn.Tanh(), "Tanh at '1.0'"),
        (nn.GELU(), "GELU at '1.0'"),
        (nn.Sigmoid(), "Sigmoid at '1.0'"),
        (nn.Conv2d(1, 1, 3), "example_input is needed, since the module has Conv2d"),
        (Subclass(3, 3), "Subclass at '1.0'"),
        (nn.utils.parametrizations.weight_norm(nn.Linear(3, 3)), "_WeightNorm at '1.0.param"),
        (nn.Linear(7, 3), "takes 7 inputs; legal: 3"),
    ],
)
def test_what_is_not_representable_is_named_with_its_place(part: nn.Module, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Network.from_torch(nn.Sequential(nn.Linear(2, 3), nn.Sequential(part, nn.ReLU()), nn.Linear(3, 1)))


def test_more_refusals() -> None:
    with pytest.raises(TypeError, match="legal: a torch"):
        Network.from_torch("model")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no Linear layer"):
        Network.from_torch(nn.Sequential(nn.ReLU()))
    with pytest.raises(ValueError, match="Softmax at '1'"):
        Network.from_torch(nn.Sequential(nn.Linear(2, 2), nn.Softmax(dim=0)))
    hooked = mlp(2, 3, 1)
    hooked[1].register_forward_hook(lambda _module, _inputs, output: output + 1)
    with pytest.raises(ValueError, match="ReLU at '1' has forward hooks"):
        Network.from_torch(hooked)
    broken = mlp(2, 3, 1)
    with torch.no_grad():
        broken[2].bias.fill_(float("nan"))
    with pytest.raises(ValueError, match="Linear at '2' has a NaN"):
        Network.from_torch(broken)
    changed = mlp(2, 3, 1)
    changed[1].forward = torch.tanh  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="ReLU at '1'"):
        Network.from_torch(changed)


def test_module_where_a_network_is_expected() -> None:
    module = mlp(2, 3, 1)
    assert relutope.as_network(module) == Network.from_torch(module)
    assert relutope.polyhedral_complex(module, (-1, 1)).network == Network.from_torch(module)
