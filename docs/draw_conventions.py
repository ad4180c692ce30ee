"""Draw docs/conventions.png: cells of a small network, and the decision boundary of a trained one."""

from pathlib import Path

import matplotlib
import numpy as np

import relutope

matplotlib.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parent.parent


def draw_cells(ax: plt.Axes) -> None:
    network = relutope.Network.from_arrays([[[1, 2], [2, -1], [1, -1]], [[1, 1, 1]]], [[0, 1, -2], [0]])
    complex_ = relutope.polyhedral_complex(network, relutope.Box(-2, 2))
    complex_.plot(ax, edge_color="0.35", linewidth=1.2)
    x, y = complex_.vertices.T
    ax.plot(x, y, "o", color="black", markersize=5, zorder=4)
    names = {
        "vertex of two\nbent hyperplanes": ((-0.4, 0.2), (-1.85, -1.0)),
        "edge on a\nbent hyperplane": ((0.6, -0.3), (-0.35, -1.2)),
        "vertex that\na wall makes": ((0.5, 2), (0.75, 1.15)),
        "edge on\na wall": ((-1.4, 2), (-1.7, 1.2)),
    }
    for text, (place, label) in names.items():
        ax.annotate(text, place, label, arrowprops={"arrowstyle": "->"}, fontsize=9)
    ax.set_title(f"f_vector {complex_.f_vector}: {complex_.n_regions} regions")


def draw_boundary(ax: plt.Axes) -> None:
    network = relutope.load(ROOT / "examples" / "two_moons.safetensors")
    table = np.loadtxt(ROOT / "examples" / "two_moons.csv", delimiter=",", skiprows=1)
    X, y = table[:, :2], table[:, 2]
    complex_ = relutope.polyhedral_complex(network, relutope.Box.around(X))
    complex_.plot(ax, color="none", linewidth=0.3, data=(X, y), point_size=8)
    boundary = complex_.decision_boundary()
    for line in boundary.polylines():
        ax.plot(*line.points.T, color="black", linewidth=2)
    ax.set_title(f"decision boundary: f_vector {boundary.f_vector}, Betti numbers {tuple(boundary.betti())}")


def main() -> None:
    figure, axes = plt.subplots(1, 2, figsize=(13, 5.6), layout="constrained")
    draw_cells(axes[0])
    draw_boundary(axes[1])
    figure.savefig(ROOT / "docs" / "conventions.png", dpi=90, metadata={"Software": None})


if __name__ == "__main__":
    main()
