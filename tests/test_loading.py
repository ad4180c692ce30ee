"""Networks from .npz and .safetensors files: exact values, forced orders, and what is refused by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import relutope
from relutope import Box, Network

Tensors = Mapping[str, np.ndarray]


def chain(names: list[str], widths: list[int], *, bias: bool = True) -> dict[str, np.ndarray]:
    """A state dict with layers of these names and widths, float32."""
    rng = np.random.default_rng(0)
    tensors = {}
    for name, n_in, n_out in zip(names, widths, widths[1:], strict=False):
        tensors[f"{name}.weight"] = rng.normal(size=(n_out, n_in)).astype(np.float32)
        if bias:
            tensors[f"{name}.bias"] = rng.normal(size=n_out).astype(np.float32)
    return tensors


def expected(tensors: Tensors, names: list[str]) -> Network:
    return Network.from_arrays(
        [tensors[f"{name}.weight"] for name in names], [tensors.get(f"{name}.bias") for name in names]
    )


def write(tmp_path: Path, tensors: Tensors) -> Path:
    save_file(dict(tensors), tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


# .npz


def test_npz(arrays: tuple[list[np.ndarray], list[np.ndarray]], network: Network, tmp_path: Path) -> None:
    named = {f"W{i}": weight for i, weight in enumerate(arrays[0])}
    named |= {f"b{i}": bias for i, bias in enumerate(arrays[1])}
    np.savez(tmp_path / "m.npz", **named, lo=[-1, -2], hi=[1, 2], meta="text is ignored")
    loaded = relutope.load(tmp_path / "m.npz")
    assert loaded == network
    assert loaded.box == Box([-1, -2], [1, 2])
    assert relutope.polyhedral_complex(str(tmp_path / "m.npz")).domain == loaded.box
    np.savez(tmp_path / "n.npz", W0=named["W0"].astype(np.float16))
    assert relutope.load(tmp_path / "n.npz").dtype == "float16"
    assert relutope.load(tmp_path / "n.npz").box is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W2": np.ones((1, 1))}, "W1 is missing"),
        ({"c0": np.ones(1)}, "also holds c0"),
        ({"b7": np.ones(1)}, "also holds b7"),
        ({"lo": np.zeros(1)}, "one of lo and hi"),
        ({"lo": np.ones(1), "hi": np.zeros(1)}, "lo"),
        ({"lo": np.zeros(3), "hi": np.ones(3)}, "3 axes"),
        ({"b0": np.ones(5)}, r"biases\[0\]"),
        ({"W0": np.full((1, 1), np.nan)}, r"weights\[0\]\[0, 0\] is nan"),
        ({"W1": np.ones((1, 4))}, r"weights\[1\]"),
    ],
)
def test_npz_refusals_name_the_file(tmp_path: Path, change: Tensors, message: str) -> None:
    np.savez(tmp_path / "bad.npz", **{"W0": np.ones((1, 1)), **change})
    with pytest.raises(ValueError, match=message) as caught:
        relutope.load(tmp_path / "bad.npz")
    assert "bad.npz" in str(caught.value)


def test_npz_that_is_damaged_or_pickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", W0=np.ones((50, 50)))
    content = (tmp_path / "m.npz").read_bytes()
    for length in (0, 3, 100, len(content) - 5):
        (tmp_path / "cut.npz").write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"cut\.npz"):
            relutope.load(tmp_path / "cut.npz")
    np.savez(tmp_path / "o.npz", W0=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"o\.npz"):
        relutope.load(tmp_path / "o.npz")


def test_saved_complex_names_its_reader(quadrants: Network, tmp_path: Path) -> None:
    relutope.polyhedral_complex(quadrants, (-1, 1)).save(tmp_path / "c.npz")
    with pytest.raises(ValueError, match=r"PolyhedralComplex\.load"):
        relutope.load(tmp_path / "c.npz")


def test_unknown_file_types(tmp_path: Path) -> None:
    for name in ("m.tflite", "m", "m.h5"):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(ValueError, match=r"unknown file type .*\.npz, \.safetensors, \.pt, \.pth"):
            relutope.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        relutope.load(tmp_path / "none.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(ValueError, match="is a folder"):
        relutope.load(tmp_path / "folder.npz")


def test_as_network(network: Network, moons: Path) -> None:
    assert relutope.as_network(network) is network
    assert relutope.as_network(moons) == relutope.load(str(moons))
    with pytest.raises(TypeError, match="legal: Network, a path, or a torch"):
        relutope.as_network(3)


# .safetensors


def test_shipped_checkpoint(moons: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = relutope.load(moons)
    assert (network.input_dim, network.hidden_widths, network.output_dim) == (2, (32, 32), 1)
    assert network.dtype == "float32"
    assert "assumed: ReLU between the layers 0, 2, 4, the last one linear" in network.notes[0]
    assert network.notes[0] in capsys.readouterr().err


def test_bfloat16_and_float16_are_exact(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file as save_torch

    values = torch.tensor([[0.1, -3.3e38, 1e-40]])
    for dtype in (torch.bfloat16, torch.float16, torch.float32, torch.float64):
        weight = (values if dtype != torch.float16 else values.clamp(-6e4, 6e4)).to(dtype)
        save_torch({"a.weight": weight}, tmp_path / "m.safetensors")
        network = relutope.load(tmp_path / "m.safetensors")
        assert network.dtype == str(dtype).removeprefix("torch.")
        exact = [Fraction(value) for value in weight.double()[0].tolist()]
        assert network.exact_layers()[0][0][0].tolist() == exact


@pytest.mark.parametrize(
    ("names", "widths"),
    [
        (["0", "2", "10"], [2, 4, 4, 1]),
        (["layers.2", "layers.10", "layers.11"], [3, 3, 3, 3]),
        (["fc1", "fc2", "fc3"], [2, 2, 2, 2]),
        (["0", "1.0", "1.2", "3"], [2, 2, 2, 2, 2]),
        (["block.0.lin", "block.1.lin"], [2, 2, 2]),
        (["net.0", "net.2", "head"], [2, 5, 5, 1]),
        (["out", "fc1", "fc2"], [3, 5, 4, 7]),
        (["module._orig_mod.a"], [2, 1]),
        (["module.0", "module.1"], [2, 2, 2]),
    ],
)
@pytest.mark.parametrize("bias", [True, False])
def test_order_of_layers(tmp_path: Path, names: list[str], widths: list[int], bias: bool) -> None:
    tensors = chain(names, widths, bias=bias)
    assert relutope.load(write(tmp_path, tensors)) == expected(tensors, names)


@pytest.mark.parametrize(
    ("names", "widths"),
    [(["a", "b"], [2, 2, 2]), (["in", "mid", "out"], [2, 2, 2, 1]), (["l0", "head"], [3, 3, 3])],
)
def test_order_that_is_not_forced_is_asked_for(tmp_path: Path, names: list[str], widths: list[int]) -> None:
    tensors = chain(names, widths)
    path = write(tmp_path, tensors)
    with pytest.raises(ValueError, match="pass order="):
        relutope.load(path)
    assert relutope.load(path, order=names) == expected(tensors, names)
    assert relutope.load(path, order=[f"{name}.weight" for name in names]) == expected(tensors, names)
    for wrong in (names[:1], [*names, names[0]], [*names[:-1], "x"]):
        with pytest.raises(ValueError, match="order is"):
            relutope.load(path, order=wrong)


def test_many_equal_layers_end_the_search(tmp_path: Path) -> None:
    letters = [chr(97 + i) for i in range(16)]
    tensors = chain(letters, [3] * 17) | chain(["zz"], [5, 6])
    with pytest.raises(ValueError, match="order"):
        relutope.load(write(tmp_path, tensors))


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"bn.running_mean": np.ones(4)}, r"bn\.running_mean of shape \(4,\) is no part"),
        ({"bn.weight": np.ones(4)}, r"bn\.weight of shape \(4,\)"),
        ({"conv.weight": np.ones((4, 4, 3, 3))}, r"conv\.weight"),
        ({"scale": np.ones(())}, "scale"),
        ({"z.bias": np.ones(2)}, r"z\.bias has no z\.weight"),
        ({"9.weight": np.ones((2, 1), dtype=np.int8)}, "int8"),
        ({"9.weight": np.full((2, 1), np.inf, dtype=np.float32)}, "is inf"),
    ],
)
def test_what_belongs_to_no_layer_is_refused(tmp_path: Path, extra: Tensors, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        relutope.load(write(tmp_path, chain(["0", "2"], [2, 4, 1]) | dict(extra)))
    assert "m.safetensors" in str(caught.value)


def test_wrong_shapes(tmp_path: Path) -> None:
    tensors = chain(["0", "2"], [2, 4, 1])
    swapped = {name: array.T.copy() for name, array in tensors.items()}
    with pytest.raises(ValueError, match="pass their transposes"):
        relutope.load(write(tmp_path, swapped))
    unbiased = {name: array for name, array in swapped.items() if name.endswith("weight")}
    with pytest.raises(ValueError, match="pass their transposes"):
        relutope.load(write(tmp_path, unbiased))
    named = {"first.weight": np.ones((2, 4)), "second.weight": np.ones((3, 9))}
    with pytest.raises(ValueError, match="no order of its layers"):
        relutope.load(write(tmp_path, named))
    with pytest.raises(ValueError, match=r"legal: \(n_out, 4\)"):
        relutope.load(write(tmp_path, {**tensors, "2.weight": np.ones((1, 3), dtype=np.float32)}))


def damaged(content: bytes, header: dict[str, object] | None = None) -> bytes:
    """The file with another header."""
    length = int.from_bytes(content[:8], "little")
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


def test_damaged_safetensors(tmp_path: Path) -> None:
    path = write(tmp_path, chain(["0"], [2, 1]))
    content = path.read_bytes()
    entry = {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}
    bad = [content[:length] for length in (0, 7, 20, len(content) - 1)]
    bad += [b"\xff" * 8 + content[8:], content[:8] + b"{" * 40 + content[48:]]
    bad += [damaged(content, {"0.weight": {**entry, "dtype": "F8_E4M3"}})]
    bad += [damaged(content, {"0.weight": {**entry, "shape": [1, 3]}})]
    bad += [damaged(content, {"0.weight": {**entry, "shape": [-1, -2]}})]
    bad += [damaged(content, {"0.weight": {**entry, "data_offsets": [8, 0]}})]
    bad += [damaged(content, {"0.weight": {**entry, "data_offsets": [0, 800]}})]
    bad += [damaged(content, {"0.weight": {"shape": [1, 2]}}), damaged(content, {"0.weight": 3})]
    for text in bad:
        path.write_bytes(text)
        with pytest.raises(ValueError, match=r"m\.safetensors"):
            relutope.load(path)
    path.write_bytes(damaged(content, {"__metadata__": {"a": "b"}, "0.weight": entry}))
    assert relutope.load(path).input_dim == 2
    path.write_bytes(damaged(content, {}))
    with pytest.raises(ValueError, match="no weights"):
        relutope.load(path)
