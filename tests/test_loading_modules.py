"""Modules that are wrapped, pruned or of another type than their weights: taken as they are, or named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune

import relutope
from relutope import Network


class Scaled(nn.Module):
    """Half precision meets a float32 number that no file holds."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("factor", torch.tensor([[[0.5]], [[-1.5]]]), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor


def convolutional() -> nn.Sequential:
    torch.manual_seed(0)
    parts = nn.Conv2d(1, 2, 2), Scaled(), nn.LeakyReLU(0.25), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2)
    return nn.Sequential(*parts)


def plain() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


EXAMPLE = torch.zeros(1, 1, 3, 3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_types_of_weights_and_example(dtype: torch.dtype, suffix: str, tmp_path: Path) -> None:
    state = {
        name: tensor.to(dtype) if tensor.is_floating_point() else tensor
        for name, tensor in convolutional().state_dict().items()
    }
    (torch.save if suffix == ".pt" else save_file)(state, tmp_path / f"m{suffix}")
    wide = convolutional().double()
    wide.load_state_dict({name: tensor.double() for name, tensor in state.items()})
    wanted = Network.from_torch(wide, EXAMPLE)
    for of_example in (torch.float16, torch.float32, torch.float64):
        network = relutope.load(
            tmp_path / f"m{suffix}", arch=convolutional, example_input=EXAMPLE.to(of_example)
        )
        assert network == wanted
        assert network.dtype == str(dtype).removeprefix("torch.")


def test_types_that_differ_are_named_together(tmp_path: Path) -> None:
    state = plain().state_dict()
    torch.save({**state, "2.weight": state["2.weight"].bfloat16()}, tmp_path / "m.pt")
    assert relutope.load(tmp_path / "m.pt", arch=plain).dtype == "mixed (float32, bfloat16)"


def test_an_example_of_another_type_with_the_module_itself() -> None:
    module = convolutional()
    assert Network.from_torch(module, EXAMPLE.double()) == Network.from_torch(module, EXAMPLE)
    with pytest.raises(ValueError, match=r"type torch\.int64; legal: a floating-point tensor"):
        Network.from_torch(module, EXAMPLE.long())


def test_an_argument_that_does_not_belong_is_named_by_its_class(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"arch is of type Sequential, but .* takes none; legal: None"):
        relutope.load(tmp_path / "m.onnx", arch=plain())
    with pytest.raises(ValueError, match=r"input_shape is \(1, 2\), but"):
        relutope.load(tmp_path / "m.pt", input_shape=(1, 2))


@pytest.mark.parametrize("make", [plain, lambda: nn.Sequential(plain(), nn.ReLU(), nn.Linear(1, 1))])
def test_compiled_modules_are_unwrapped(make: Callable[[], nn.Module], tmp_path: Path) -> None:
    wanted = Network.from_torch(make())
    inside = make()
    for name, part in inside.named_children():
        setattr(inside, name, torch.compile(part))
    parts = list(inside.modules())
    in_place = make()
    in_place.compile()
    for module in (torch.compile(make()), inside, in_place):
        assert Network.from_torch(module) == wanted
        assert relutope.as_network(module) == wanted
        torch.save(module.state_dict(), tmp_path / "m.pt")
        for arch in (module, make()):
            assert relutope.load(tmp_path / "m.pt", arch=arch) == wanted
        assert relutope.load(tmp_path / "m.pt").exact_evaluate([1, 2]) == wanted.exact_evaluate([1, 2])
    assert all(part is before for part, before in zip(inside.modules(), parts, strict=True))
    with pytest.raises(TypeError, match=r"module is of type function; legal: a torch\.nn\.Module"):
        Network.from_torch(torch.compile(torch.relu))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    torch.save(plain().state_dict(), tmp_path / "m.pt")
    scripted, traced = torch.jit.script(plain()), torch.jit.trace(plain(), torch.zeros(1, 2))
    reads: list[Callable[[Any], Any]] = [
        Network.from_torch,
        relutope.as_network,
        lambda module: Network.from_torch(module, torch.zeros(1, 2)),
        lambda module: relutope.load(tmp_path / "m.pt", arch=module),
    ]
    for read in reads:
        for module in (scripted, traced):
            with pytest.raises(ValueError, match=r"\(the module itself\) is TorchScript, .* was made from"):
                read(module)
        with pytest.raises(ValueError, match="Module at '0' is TorchScript"):
            read(nn.Sequential(scripted, nn.ReLU()))
    with pytest.raises(TypeError, match="module is of type ScriptFunction"):
        Network.from_torch(torch.jit.trace(torch.relu, torch.zeros(1)))


def test_exported_programs_are_read_from_their_files() -> None:
    with pytest.raises(TypeError, match=r"type ExportedProgram; .* relutope\.load of the \.pt2 file"):
        Network.from_torch(torch.export.export(plain(), (torch.zeros(1, 2),)))  # type: ignore[arg-type]


@pytest.mark.parametrize("example", [None, torch.zeros(1, 2)])
def test_pruning_has_to_be_made_permanent(example: torch.Tensor | None) -> None:
    module = plain()
    prune.l1_unstructured(module[2], "weight", amount=1)
    prune.l1_unstructured(module[2], "bias", amount=1)
    message = r"Linear at '2' is pruned .* masks 'weight', 'bias' in every call; legal: .*prune\.remove"
    with pytest.raises(ValueError, match=message):
        Network.from_torch(module, example)
    prune.remove(module[2], "weight")
    prune.remove(module[2], "bias")
    assert sorted(Network.from_torch(module, example).exact_layers()[1][0][0].tolist()).count(0) == 1


@pytest.mark.parametrize("pool", [nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d])
def test_pooling_to_nothing(pool: Callable[[int], nn.Module]) -> None:
    message = r"at '1': it has the output_size \[0, 0\]; legal: integers >= 1"
    with pytest.raises(ValueError, match=message):
        Network.from_torch(nn.Sequential(nn.Conv2d(1, 1, 2), pool(0)), EXAMPLE)
