"""Complexes of imported torch modules, every operation in one of them, against the oracle on plain chains."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import relutope
from conftest import EXAMPLES
from relutope import Network, PolyhedralComplex, Slice, verify
from skip_networks import SkipLayer, expected_cells, skip_network

VECTOR = (1, 2)
IMAGE = (1, 1, 4, 4)


class Residual(nn.Module):
    """x + f(x), then a ReLU."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x + self.inner(x))


class Concatenated(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.inner(x), x], dim=1)


class Called(nn.Module):
    """A function of tensors."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def norm(module: nn.Module) -> nn.Module:
    """Batch norm with statistics as after training."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for tensor in (module.weight, module.bias, module.running_mean):
            tensor.copy_(torch.randn(tensor.shape, generator=generator))
        module.running_var.copy_(torch.rand(module.running_var.shape, generator=generator) + 0.5)
    return module


def between(*parts: nn.Module) -> Callable[[], nn.Module]:
    """Parts on four numbers, between linear layers."""
    return lambda: nn.Sequential(nn.Linear(2, 4), *parts, nn.Linear(4, 1))


MODULES: dict[str, tuple[tuple[int, ...], Callable[[], nn.Module]]] = {
    "leaky_relu": (VECTOR, between(nn.LeakyReLU(0.1))),
    "prelu": (VECTOR, between(nn.PReLU(4, init=-0.5))),
    "rrelu": (VECTOR, between(nn.RReLU())),
    "relu6": (VECTOR, between(nn.ReLU6())),
    "hardtanh": (VECTOR, between(nn.Hardtanh(-0.25, 0.5))),
    "clamp": (VECTOR, between(Called(lambda x: x.clamp(-0.1, 0.3)))),
    "abs": (VECTOR, between(Called(torch.abs))),
    "maximum": (VECTOR, between(Called(lambda x: torch.maximum(x, x.flip(1))))),
    "minimum": (VECTOR, between(Called(lambda x: torch.minimum(x, 0.5 * x.roll(1, 1))))),
    "amax": (VECTOR, lambda: nn.Sequential(nn.Linear(2, 6), Called(lambda x: x.view(1, 2, 3).amax(2)))),
    "batch_norm": (VECTOR, between(norm(nn.BatchNorm1d(4)), nn.ReLU())),
    "residual": (VECTOR, between(Residual(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 4))))),
    "concatenated": (
        VECTOR,
        lambda: nn.Sequential(
            Concatenated(nn.Sequential(nn.Linear(2, 3), nn.ReLU())),
            nn.Linear(5, 3),
            nn.ReLU(),
            nn.Linear(3, 1),
        ),
    ),
    "conv": (IMAGE, lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 1))),
    "strided conv": (IMAGE, lambda: nn.Sequential(nn.Conv2d(1, 2, 2, stride=2), nn.ReLU(), nn.Flatten())),
    "grouped conv": (
        IMAGE,
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 2, groups=2), nn.ReLU()),
    ),
    "conv norm max": (
        IMAGE,
        lambda: nn.Sequential(
            nn.Conv2d(1, 2, 3, padding=1), norm(nn.BatchNorm2d(2)), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
        ),
    ),
    "max pool of overlapping windows": (
        IMAGE,
        lambda: nn.Sequential(nn.Conv2d(1, 1, 2), nn.MaxPool2d(2, stride=1), nn.ReLU(), nn.Flatten()),
    ),
    "max pool of the input": (IMAGE, lambda: nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4, 1))),
    "average pool": (
        IMAGE,
        lambda: nn.Sequential(
            nn.Conv2d(1, 1, 2), nn.ReLU(), nn.AvgPool2d(3), nn.Flatten(), nn.Linear(1, 2), nn.ReLU()
        ),
    ),
    "global average pool": (
        IMAGE,
        lambda: nn.Sequential(
            nn.Conv2d(1, 3, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2), nn.ReLU()
        ),
    ),
}


def restricted(network: Network, seed: int) -> Network:
    """Two inputs as they are, more on a plane of few-bit numbers."""
    if network.input_dim == 2:
        return network
    rng = np.random.default_rng(seed)
    origin, directions = (
        rng.integers(-4, 5, network.input_dim) / 8,
        rng.integers(-4, 5, (2, network.input_dim)) / 4,
    )
    return Slice(origin, directions, (-1, 1)).restrict(network)


def skip_layers(network: Network) -> list[SkipLayer]:
    """The layers with matrices over all earlier values."""
    layers: list[SkipLayer] = []
    n_values = network.input_dim
    for layer in network.layers:
        rows = [layer.exact_row(i) for i in range(layer.n_rows)]
        weights = np.zeros((layer.n_rows, n_values), dtype=object)
        for i, (row, _) in enumerate(rows):
            for value, weight in row.items():
                weights[i, value] = weight
        layers.append((layer.kind, weights, np.array([bias for _, bias in rows], dtype=object)))
        n_values += layer.n_rows
    return layers


def keys(complex_: PolyhedralComplex) -> set[object]:
    return {
        (k, tuple(walls), tuple(signs))
        for k in range(complex_.dim + 1)
        for walls, signs in zip(complex_.walls(k).tolist(), complex_.sign_vectors(k).tolist(), strict=True)
    }


@pytest.mark.parametrize("few_bits", [False, True])
@pytest.mark.parametrize("name", MODULES)
def test_complexes_of_imported_modules(name: str, few_bits: bool) -> None:
    shape, make = MODULES[name]
    torch.manual_seed(5)
    module = make().eval()
    if few_bits:  # hyperplanes that meet, equal windows, dead neurons
        with torch.no_grad():
            for part in module.modules():
                if isinstance(part, (nn.Linear, nn.Conv2d)):
                    part.weight.copy_((2 * part.weight).round() / 2)
                    part.bias.copy_((2 * part.bias).round() / 2)
    network = restricted(Network.from_torch(module, torch.zeros(shape)), seed=1)
    complex_ = relutope.polyhedral_complex(network, (-1, 1))
    complex_.validate(exact=True)
    assert keys(complex_) == expected_cells(2, skip_layers(network), 1)


@pytest.mark.parametrize("seed", range(3))
def test_no_order_of_a_maximum_matters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first: SkipLayer = ("linear", rng.integers(-3, 4, (4, 2)) / 2, rng.integers(-2, 3, 4) / 2)
    window = np.concatenate([np.zeros(2), np.ones(4)])[None]
    found = set()
    for order in permutations(range(4)):
        chosen: SkipLayer = ("linear", first[1][list(order)], first[2][list(order)])
        layers: list[SkipLayer] = [
            chosen,
            ("max", window, np.zeros(1)),
            ("linear", np.ones((1, 7)), np.zeros(1)),
        ]
        complex_ = relutope.polyhedral_complex(skip_network(2, layers), (-1, 1))
        complex_.validate(exact=True)
        inverse = np.argsort(order)
        cells = [
            (k, tuple(walls), tuple(signs[inverse]))
            for k in range(3)
            for walls, signs in zip(complex_.walls(k).tolist(), complex_.sign_vectors(k), strict=True)
        ]
        found.add(frozenset(cells))
        assert complex_.network.n_neurons == 0
        assert complex_.network.n_signs == 4
    assert len(found) == 1


def test_digits_cnn(tmp_path: Path) -> None:
    """The shipped network: complex, boundary, regions' affine maps, certificate."""
    import runpy

    example = runpy.run_path(str(EXAMPLES / "digits_cnn.py"))
    network = example["load_network"]()
    images = np.load(EXAMPLES / "digits.npz")["images"]
    outputs = network(images.reshape(10, -1))
    assert (outputs.argmax(axis=1) == np.arange(10)).all()
    plane = example["plane_through"](images[[3, 5, 8]])
    small = Slice(plane.origin, plane.directions, (-0.05, 0.05))
    complex_ = relutope.polyhedral_complex(network, small)
    complex_.validate()
    assert complex_.n_regions > 100
    maps = complex_.regions().affine_maps()
    points = complex_.regions().interior_points()
    values = np.einsum("nij,nj->ni", maps.A, points) + maps.b
    assert np.allclose(values, complex_.network(points), rtol=1e-9, atol=1e-9)
    assert complex_.decision_boundary().f_vector is not None
    complex_.save(tmp_path / "digits.npz")
    assert verify(tmp_path / "digits.npz", network).ok
