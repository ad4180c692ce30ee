"""Import of a ResNet-18-shaped network, and complexes of the digits CNN on planes.

    python bench/architectures.py [--resnet]

The ResNet has the ImageNet stem, random weights and a 3 x 32 x 32 input; its function is compared with the
float64 forward pass of torch. The complexes are validated, and located points agree with direct evaluation.
"""

from __future__ import annotations

import argparse
import resource
import runpy
import time
from pathlib import Path

import numpy as np
import torch
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


def import_resnet() -> None:
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
    parser.add_argument("--resnet", action="store_true", help="import a ResNet-18 as well: 1.5 GiB")
    options = parser.parse_args()
    for half_width in (0.25, 1.0):
        digits(half_width)
    if options.resnet:
        import_resnet()


if __name__ == "__main__":
    main()
