"""A small residual network on two moons: all its cells, their counts, the decision boundary, the proof.

    python examples/residual_mlp.py --train       # writes residual_mlp.safetensors from two_moons.csv
    python examples/residual_mlp.py [--out FOLDER]  # reads it; needs torch for the module alone

A block adds to its input what two layers make of it. No chain of Linear and ReLU has these weights; the
network reads earlier values instead, exactly.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch
from torch import nn

import relutope
from relutope.data import Data, read_data

HERE = Path(__file__).resolve().parent
WEIGHTS, POINTS = HERE / "residual_mlp.safetensors", HERE / "two_moons.csv"


class Block(nn.Module):
    """``x + second(relu(first(x)))``."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.second(torch.relu(self.first(x)))


def residual_mlp(width: int = 4, hidden: int = 16, blocks: int = 3) -> nn.Sequential:
    """The module, untrained."""
    parts = [Block(width, hidden) for _ in range(blocks)]
    return nn.Sequential(nn.Linear(2, width), *parts, nn.Linear(width, 1))


def load_network() -> relutope.Network:
    """The trained network, from its weights and the module that they belong to."""
    return relutope.load(WEIGHTS, arch=residual_mlp)


def train(epochs: int = 400) -> None:
    """Train on the points of two moons and write the weights."""
    from safetensors.torch import save_file

    torch.manual_seed(0)
    torch.set_num_threads(1)
    data = read_data(POINTS, 2)
    X, y = torch.tensor(data.X, dtype=torch.float32), torch.tensor(data.y, dtype=torch.float32)
    module = residual_mlp()
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.01, weight_decay=0.01)
    for _ in range(epochs):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(module(X)[:, 0], y).backward()
        optimizer.step()
    save_file(module.state_dict(), WEIGHTS)


def draw(complex_: relutope.PolyhedralComplex, data: Data, path: Path) -> None:
    """Regions by the output, and the decision boundary."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5), layout="constrained")
    regions, outputs = figure.subplots(1, 2)
    complex_.plot(regions, data=(data.X, data.y))
    complex_.plot(outputs, color="output")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--train", action="store_true", help="train and write the weights first")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write a picture")
    options = parser.parse_args()
    if options.train:
        train()
    network, data = load_network(), read_data(POINTS, 2)
    print(network.summary())
    accuracy = ((network(data.X)[:, 0] > 0) == data.y).mean()
    complex_ = relutope.polyhedral_complex(network, relutope.Box.around(data.X))
    boundary = complex_.decision_boundary()
    print(f"accuracy on the {len(data.X)} points it was trained on: {accuracy:.4f}")
    print(f"vertices, edges and regions: {complex_.f_vector}")
    for name, count in complex_.count_all_regions().items():
        print(f"  {name} regions: {count.bounds[0]} to {count.bounds[1]}")
    print(f"decision boundary: f-vector {boundary.f_vector}, Betti numbers {boundary.betti()}")
    with tempfile.TemporaryDirectory() as folder:
        complex_.save(Path(folder) / "complex.npz")
        print(relutope.verify(Path(folder) / "complex.npz", network))
    if options.out is not None:
        draw(complex_, data, options.out / "residual_mlp.png")


if __name__ == "__main__":
    main()
