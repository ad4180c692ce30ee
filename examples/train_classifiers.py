"""Train the classifiers that are shipped here: two moons and two circles.

Run ``python examples/train_classifiers.py`` with the extra ``examples`` installed. It writes beside itself a
checkpoint ``<name>.safetensors`` (float32) and the training points ``<name>.csv`` (columns x1, x2, y). On
another processor the weights may differ in their last digits, since training rounds differently there.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from sklearn.datasets import make_circles, make_moons
from torch import nn

HERE = Path(__file__).resolve().parent
SEED = 0
EPOCHS = 1500


def train(points: np.ndarray, labels: np.ndarray, widths: list[int]) -> nn.Sequential:
    """Return a ReLU network with one logit, trained on all points with Adam."""
    torch.manual_seed(SEED)
    layers: list[nn.Module] = []
    for n_in, n_out in zip([2, *widths], [*widths, 1], strict=True):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    inputs, targets = torch.from_numpy(points), torch.from_numpy(labels).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(model(inputs)[:, 0], targets).backward()
        optimizer.step()
    return model


def main() -> None:
    """Train and write both."""
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    tasks = {
        "two_moons": (make_moons(400, noise=0.1, random_state=SEED), [32, 32]),
        "two_circles": (make_circles(400, noise=0.06, factor=0.5, random_state=SEED), [16, 16, 16]),
    }
    for name, ((points, labels), widths) in tasks.items():
        points = points.astype(np.float32)
        model = train(points, labels, widths)
        with torch.no_grad():
            accuracy = np.mean((model(torch.from_numpy(points))[:, 0].numpy() > 0) == labels)
        save_file(model.state_dict(), HERE / f"{name}.safetensors")
        with open(HERE / f"{name}.csv", "w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(["x1", "x2", "y"])
            writer.writerows([*map(float, point), label] for point, label in zip(points, labels, strict=True))
        print(f"{name}: 2-{'-'.join(map(str, widths))}-1, training accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
