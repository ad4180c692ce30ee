"""A small residual CNN for 8 x 8 digits, and its complex on planes through three of them.

    python examples/digits_cnn.py --train   # writes digits_cnn.safetensors and digits.npz; needs scikit-learn
    python examples/digits_cnn.py           # reads them; needs torch for the module alone

The network has batch norm, max pooling and two residual blocks; everything is represented exactly.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn

import relutope

HERE = Path(__file__).resolve().parent
WEIGHTS, IMAGES = HERE / "digits_cnn.safetensors", HERE / "digits.npz"


class Block(nn.Module):
    """``relu(x + norm(conv(relu(norm(conv(x))))))``."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(x + self.second_norm(self.second(inner)))


def digits_cnn(channels: int = 4) -> nn.Sequential:
    """The module, untrained."""
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.MaxPool2d(2),
        Block(channels),
        Block(channels),
        nn.Flatten(),
        nn.Linear(16 * channels, 10),
    )


def load_network() -> relutope.Network:
    """The trained network, from its weights and the module that they belong to."""
    return relutope.load(WEIGHTS, arch=digits_cnn, example_input=torch.zeros(1, 1, 8, 8))


def plane_through(images: np.ndarray) -> relutope.Slice:
    """x = a + s (b - a) + t (c - a) with s, t in [-0.5, 1.5], for three images a, b, c."""
    a, b, c = images.reshape(3, -1)
    return relutope.Slice(a, np.stack([b - a, c - a]), (-0.5, 1.5))


def train(epochs: int = 30) -> None:
    """Train on scikit-learn's digits, pixels scaled to [0, 1], and write weights and ten images."""
    from safetensors.torch import save_file
    from sklearn.datasets import load_digits

    torch.manual_seed(0)
    torch.set_num_threads(1)
    digits = load_digits()
    X = torch.tensor(digits.images[:, None] / 16, dtype=torch.float32)
    y = torch.tensor(digits.target)
    module, rng = digits_cnn(), np.random.default_rng(0)
    held_out = 360
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.01, weight_decay=0.01)
    for _ in range(epochs):
        for batch in np.array_split(rng.permutation(len(X) - held_out), 20):
            loss = nn.functional.cross_entropy(module(X[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    module.eval()
    accuracy = (module(X[-held_out:]).argmax(1) == y[-held_out:]).double().mean().item()
    print(f"accuracy on {held_out} held-out digits: {accuracy:.3f}")
    state = {name: tensor for name, tensor in module.state_dict().items() if tensor.is_floating_point()}
    save_file(state, WEIGHTS)
    first = [int(np.flatnonzero(digits.target == label)[0]) for label in range(10)]
    np.savez(IMAGES, images=digits.images[first] / 16, labels=np.arange(10))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--train", action="store_true", help="train and write the weights first")
    parser.add_argument("--digits", nargs=3, type=int, default=[3, 5, 8], metavar="D", help="three of 0 to 9")
    options = parser.parse_args()
    if options.train:
        train()
    network = load_network()
    print(network.summary())
    images = np.load(IMAGES)["images"][options.digits]
    complex_ = relutope.polyhedral_complex(network, plane_through(images))
    print(f"f-vector {complex_.f_vector}, {complex_.statistics['seconds']:.2f} s")
    boundary = complex_.decision_boundary()
    print(f"decision boundary: f-vector {boundary.f_vector}")
    print(f"largest outputs at the digits: {network(images.reshape(3, -1)).argmax(axis=1)}")


if __name__ == "__main__":
    main()
