"""Files that were cut or changed on their way: a ValueError that names the file, or no harm done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

import relutope
from relutope import AllSpace, Network, PolyhedralComplex, polyhedral_complex
from relutope.data import read_data

#: File types with check sums: what loads in spite of a changed byte is unchanged.
WITH_SUMS = {"m.npz", "compressed.npz", "box.npz", "space.npz", "data.npz", "m.pt"}


def read_labelled(path: Path) -> tuple[Any, Any]:
    data = read_data(path, 2)
    return data.X.tolist(), None if data.y is None else data.y.tolist()


def read_complex(path: Path) -> tuple[Any, ...]:
    complex_ = PolyhedralComplex.load(path)
    complex_.validate()
    return complex_.network, complex_.domain, complex_.f_vector, complex_.exact_vertices()


READERS: dict[str, Callable[[Path], Any]] = {
    "m.npz": relutope.load,
    "compressed.npz": relutope.load,
    "m.safetensors": relutope.load,
    "m.pt": relutope.load,
    "old.pth": relutope.load,
    "box.npz": read_complex,
    "space.npz": read_complex,
    "data.npz": read_labelled,
    "data.csv": read_labelled,
}


@pytest.fixture
def folder(
    arrays: tuple[list[np.ndarray], list[np.ndarray]], network: Network, quadrants: Network, tmp_path: Path
) -> Path:
    """A good file of every type."""
    named = {f"W{i}": weight for i, weight in enumerate(arrays[0])}
    named |= {f"b{i}": bias for i, bias in enumerate(arrays[1])}
    np.savez(tmp_path / "m.npz", **named, lo=[-1, -1], hi=[1, 1])
    np.savez_compressed(tmp_path / "compressed.npz", **named)
    state = {f"{i}.weight": weight for i, weight in enumerate(arrays[0])}
    state |= {f"{i}.bias": bias for i, bias in enumerate(arrays[1])}
    save_file(state, tmp_path / "m.safetensors")
    tensors = {name: torch.from_numpy(array) for name, array in state.items()}
    torch.save(tensors, tmp_path / "m.pt")
    torch.save({"model": tensors}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    polyhedral_complex(network, (-1, 1)).save(tmp_path / "box.npz")
    polyhedral_complex(quadrants, AllSpace()).save(tmp_path / "space.npz")
    np.savez(tmp_path / "data.npz", X=[[0.0, 1.0], [2.0, 3.0]], y=[0, 1])
    (tmp_path / "data.csv").write_text("x,y,label\n0.25,1,a\n-2,3e-1,b\n")
    return tmp_path


def outcome(path: Path) -> Any:
    """What the reader of the file gives, or the message of its ValueError."""
    try:
        return READERS[path.name](path)
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize("name", READERS)
def test_cut_file(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    for length in np.linspace(0, len(content), 40, endpoint=False).astype(int).tolist():
        (folder / name).write_bytes(content[:length])
        found = outcome(folder / name)
        # The start of a text is a text.
        assert name == "data.csv" or (isinstance(found, str) and name in found)


@pytest.mark.parametrize("name", READERS)
def test_flipped_bits(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    good = outcome(folder / name)
    assert not isinstance(good, str)
    rng = np.random.default_rng(len(content))
    for place, bit in zip(rng.integers(len(content), size=100), rng.integers(8, size=100), strict=True):
        changed = bytearray(content)
        changed[place] ^= 1 << bit
        (folder / name).write_bytes(changed)
        found = outcome(folder / name)
        assert name in found if isinstance(found, str) else name not in WITH_SUMS or found == good


def test_changed_weight_in_a_torch_file_is_noticed(folder: Path, network: Network) -> None:
    content = (folder / "m.pt").read_bytes()
    weight = network.exact_layers()[0][0]
    stored = np.array([[float(value) for value in row] for row in weight.tolist()]).tobytes()
    place = content.index(stored)
    (folder / "m.pt").write_bytes(content[:place] + b"\x01" + content[place + 1 :])
    with pytest.raises(ValueError, match="damaged"):
        relutope.load(folder / "m.pt")


def test_torch_file_without_check_sums(folder: Path, network: Network) -> None:
    state = torch.load(folder / "m.pt", weights_only=True)
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(state, folder / "m.pt")
    finally:
        torch.serialization.set_crc32_options(True)
    assert relutope.load(folder / "m.pt") == network
