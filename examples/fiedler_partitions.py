"""Fiedler partitions of the two shipped classifiers, by every operator, beside floor and baseline.

    python examples/fiedler_partitions.py [--out FOLDER]

prints one row per operator and, with --out, draws the partition by the operator mass.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import relutope
from relutope.data import Data, read_data
from relutope.spectral import OPERATORS

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write pictures")
    options = parser.parse_args()
    for name in ("two_circles", "two_moons"):
        network = relutope.load(HERE / f"{name}.safetensors")
        data = read_data(HERE / f"{name}.csv", network.input_dim)
        complex_ = relutope.polyhedral_complex(network, relutope.Box.around(data.X))
        print(f"{name}\n  {'operator':14}  error  floor  baseline  oracle cut  flags")
        for operator in OPERATORS:
            partition = relutope.fiedler_partition(complex_, data.X, operator=operator, include_output=True)
            report = partition.report(data.X, data.y, n_null=0, n_bootstrap=0)
            print(
                f"  {operator:14}  {report.misclassification:.3f}  {report.purity_floor:.3f}  "
                f"{report.baseline:8.3f}  {report.oracle_cut:10.3f}  {' '.join(partition.flags)}"
            )
            if options.out is not None and operator == "mass":
                draw(partition, data, options.out / f"{name}.png")


def draw(partition: relutope.FiedlerPartition, data: Data, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 5), layout="constrained")
    parts, vector, embedding = figure.subplots(1, 3)
    partition.plot(parts, data=(data.X, data.y))
    partition.plot(vector, color="vector")
    partition.plot_embedding(embedding, y=data.y)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
