"""Complexes of the digits CNN on planes, import of a ResNet-18-shaped network and its complex on a plane.

    python bench/architectures.py [--resnet]

The ResNet has the ImageNet stem, random weights and a 3 x 32 x 32 input; its function is compared with the
float64 forward pass of torch. The complexes are validated, and located points agree with direct evaluation:
in the digits CNN their outputs, in the ResNet the signs of all neurons, computed by scipy.
"""

from __future__ import annotations

import argparse
import resource
import runpy
import time
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import nn

import relutope

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions with batch norm, and a sum with the input or its projection."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or n_in != n_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))) + self.shortcut(x))


def resnet18(n_classes: int = 10) -> nn.Sequential:
    """The shape of ResNet-18 with random weights and random batch norm statistics."""
    torch.manual_seed(0)
    widths, blocks, n_in = (64, 128, 256, 512), [], 64
    for stage, width in enumerate(widths):
        blocks += [BasicBlock(n_in, width, 1 if stage == 0 else 2), BasicBlock(width, width, 1)]
        n_in = width
    stem = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
    module = nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, n_classes))
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.normal_(0, 0.1)
                part.running_var.uniform_(0.5, 1.5)
    return module.eval()


def peak_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def import_resnet() -> relutope.Network:
    module = resnet18()
    began, cpu = time.perf_counter(), time.process_time()
    network = relutope.Network.from_torch(module, torch.zeros(1, 3, 32, 32))
    spent, cpu = time.perf_counter() - began, time.process_time() - cpu
    points = np.random.default_rng(0).uniform(0, 1, (2, 3072))
    with torch.no_grad():
        expected = module.double()(torch.from_numpy(points).reshape(2, 3, 32, 32)).numpy()
    difference = np.abs(network(points) - expected).max()
    assert difference < 1e-9 * np.abs(expected).max(), difference
    coefficients = sum(layer.n_coefficients for layer in network.layers)
    print(
        f"ResNet-18: {network.n_neurons:,} neurons, {coefficients:,} coefficients; import {spent:.1f} s, "
        f"{cpu:.1f} CPU s, peak {peak_gib():.2f} GiB; off by {difference:.2g} from torch in float64"
    )
    return network


def direct_signs(network: relutope.Network, point: np.ndarray, margin: float) -> np.ndarray:
    """Signs of all neurons in plain float64, 2 where the pre-activation is too close to 0, 3 for maxima."""
    values, signs = point, []
    for layer in network.layers[:-1]:
        if layer.kind == "max":
            entries = np.split(values[layer.indices], layer.indptr[1:-1])
            values = np.concatenate([values, [row.max() for row in entries]])
            signs.append(np.full(len(layer.indices), 3))
            continue
        matrix = csr_array((layer.values, layer.indices, layer.indptr), shape=(layer.n_rows, len(values)))
        z = matrix @ values + layer.bias
        if layer.kind == "relu":
            signs.append(np.where(abs(z) < margin, 2, np.sign(z)))
            z = np.maximum(z, 0)
        values = np.concatenate([values, z])
    return np.concatenate(signs).astype(int)


def slice_resnet(network: relutope.Network, half_width: float) -> None:
    """The plane through three random images, around their mean; the box is chosen for about 10^5 regions."""
    images = np.random.default_rng(1).uniform(0, 1, (3, 3072)).astype(np.float32).astype(np.float64)
    plane = relutope.Slice(images.mean(0), images[1:] - images[0], (-half_width, half_width))
    wall, cpu = time.perf_counter(), time.process_time()
    complex_ = relutope.polyhedral_complex(network, plane)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    complex_.validate(exact=False)
    points = np.random.default_rng(0).uniform(-half_width, half_width, (50, 2))
    cells, dimensions = complex_.locate(points)
    assert (dimensions == 2).all()
    compared = 0
    for point, signs in zip(points, complex_.sign_vectors(2, cells), strict=True):
        expected = direct_signs(complex_.network, point, 1e-10)
        known = expected < 2
        assert (signs[known] == expected[known]).all()
        compared += known.sum()
    statistics = complex_.statistics
    exact = sum(statistics[decided]["exact"] for decided in ("signs", "orders", "vertices"))
    by_kind = {"linear": 0.0, "relu": 0.0, "max": 0.0}
    for layer, seconds in zip(complex_.network.layers, statistics["layer_seconds"], strict=False):
        by_kind[layer.kind] += seconds
    spent = ", ".join(f"{kind} {total:.1f}" for kind, total in by_kind.items())
    print(
        f"ResNet-18 on a plane, half-width {half_width}: {complex_.n_regions:,} regions, "
        f"{sum(complex_.f_vector):,} cells, {wall:.1f} s, {cpu:.1f} CPU s on all cores, peak "
        f"{peak_gib():.2f} GiB in all; {statistics['folded']['signs']:,} of {network.n_signs:,} signs "
        f"decided by bounds, {exact} exact decisions; {compared:,} signs compared; seconds in layers: {spent}"
    )


def digits(half_width: float) -> None:
    example = runpy.run_path(str(EXAMPLES / "digits_cnn.py"))
    network = example["load_network"]()
    images = np.load(EXAMPLES / "digits.npz")["images"]
    plane = example["plane_through"](images[[3, 5, 8]])
    plane = relutope.Slice(plane.origin, plane.directions, (0.5 - half_width, 0.5 + half_width))
    cpu = time.process_time()
    complex_ = relutope.polyhedral_complex(network, plane, n_threads=1)
    cpu = time.process_time() - cpu
    complex_.validate()
    points = np.random.default_rng(0).uniform(0.5 - half_width, 0.5 + half_width, (200, 2))
    cells, dimensions = complex_.locate(points)
    assert (dimensions == 2).all()
    maps = complex_.regions(cells).affine_maps()
    values = np.einsum("nij,nj->ni", maps.A, points) + maps.b
    assert np.allclose(values, complex_.network(points), rtol=1e-9, atol=1e-9)
    n, exact = complex_.n_regions, complex_.statistics["signs"]["exact"]
    print(
        f"digits CNN, half-width {half_width}: {n:,} regions, {n / cpu:,.0f} regions/s ({exact} exact signs)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--resnet", action="store_true", help="a ResNet-18 as well: 2.5 GiB")
    options = parser.parse_args()
    for half_width in (0.25, 1.0):
        digits(half_width)
    if options.resnet:
        slice_resnet(import_resnet(), 0.0165)


if __name__ == "__main__":
    main()
