"""``relutope analyze``: everything about one network, written to a folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from relutope.cli_fiedler import graph_numbers, labelled_partition
from relutope.cli_homology import peaks
from relutope.cli_input import Job, compute, limits, report, resolve
from relutope.cli_options import Options
from relutope.complex import PolyhedralComplex
from relutope.errors import MissingExtraError
from relutope.homology import BettiCurves, betti_curves
from relutope.plot import figure_size
from relutope.spectral import FiedlerPartition
from relutope.summary import summarize

#: Random orderings whose Betti numbers are drawn.
ORDERINGS = 20
#: Up to this dimension union-find suffices for Betti curves.
MAX_DIMENSION = 3


def analyze(options: Options) -> int:
    """Write the files of ``relutope analyze``; print a table, and what was skipped and why."""
    job = resolve(options)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    complex_ = compute(job, options)
    skipped: dict[str, str] = {}
    written = [out / "complex.npz"]
    complex_.save(written[0])
    curves = _curves(complex_, options)
    found = labelled_partition(job, complex_)
    pictures = {
        "complex.png": _draw(job, complex_, out / "complex.png"),
        "betti_curves.png": curves
        if isinstance(curves, str)
        else _draw_curves(job, curves, out / "betti_curves.png"),
        "fiedler.png": found
        if isinstance(found, str)
        else _draw_partition(job, found[0], out / "fiedler.png"),
    }
    for name, picture in pictures.items():
        if isinstance(picture, Path):
            written.append(picture)
        else:
            skipped[name] = picture
    if job.data is None:
        skipped["data"] = "no --data was given"
    X, y = (None, None) if job.data is None else (job.data.X, job.data.y)
    summary = summarize(complex_, X, y, **limits(options))
    for name in ("box", "all_space"):
        if summary[name] is not None and "not_computed" in summary[name]:
            skipped[name] = summary[name]["not_computed"]
    homology = None if isinstance(curves, str) else peaks(complex_, curves)
    content = {
        **report(job, complex_),
        **summary,
        "homology": homology,
        "dual_graph": graph_numbers(complex_),
        "fiedler": None if isinstance(found, str) else found[1].to_dict(),
        "skipped": skipped,
    }
    written.append(_write_json(content, out / "summary.json"))
    print(summary)
    print()
    if homology is not None:
        largest = " ".join(f"{peak:,.1f}" for peak in homology["peak_mean"])
        print(f"largest Betti numbers along {ORDERINGS} orderings ({homology['filtration']}): {largest}")
    if not isinstance(found, str):
        print(f"\n{found[1]}\n")
    for name, reason in skipped.items():
        print(f"skipped {name}: {reason}")
    print("wrote " + ", ".join(map(str, written)))
    return 0


def _draw(job: Job, complex_: PolyhedralComplex, path: Path) -> Path | str:
    """The picture, or why there is none."""
    if complex_.dim != 2:
        return f"only complexes of dimension 2 are drawn, this one has dimension {complex_.dim}"
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return str(MissingExtraError("matplotlib", "plot", "to draw a complex"))
    data = None if job.data is None else (job.data.X, job.data.y)
    figure = Figure(layout="constrained")
    axes = complex_.plot(figure.subplots(), data=data)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    figure.set_size_inches(*figure_size(right - left, top - bottom))
    axes.set_title(f"{os.path.basename(job.model)}: {complex_.n_regions:,} regions")
    figure.savefig(path, dpi=160, metadata={"Software": None})
    return path


def _draw_partition(job: Job, partition: FiedlerPartition, path: Path) -> Path | str:
    """Parts and v_2 side by side, or why they are not drawn."""
    complex_ = partition.complex
    if complex_ is None or complex_.dim != 2:
        return f"only partitions in dimension 2 are drawn, this one has dimension {complex_ and complex_.dim}"
    if complex_.counts[0] > complex_.f_vector[0]:
        return "only partitions on bounded domains are drawn"
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return str(MissingExtraError("matplotlib", "plot", "to draw a partition"))
    figure = Figure(layout="constrained")
    left, right = figure.subplots(1, 2)
    data = None if job.data is None else (job.data.X, job.data.y)
    partition.plot(left, data=data)
    partition.plot(right, color="vector")
    (west, east), (south, north) = left.get_xlim(), left.get_ylim()
    width, height = figure_size(east - west, north - south)
    figure.set_size_inches(2 * width, height)
    left.set_title(f"{os.path.basename(job.model)}: parts by operator {partition.operator}")
    right.set_title(f"v_2, lambda_2 = {partition.lambda_2:.4g}")
    figure.savefig(path, dpi=110, metadata={"Software": None})
    return path


def _curves(complex_: PolyhedralComplex, options: Options) -> BettiCurves | str:
    """The curves, or why there are none."""
    if complex_.dim > MAX_DIMENSION:
        return (
            f"a matrix would be reduced in dimension {complex_.dim}, more than {MAX_DIMENSION}; "
            "relutope homology does that"
        )
    return betti_curves(complex_, n_threads=options.threads, n_orderings=ORDERINGS)


def _draw_curves(job: Job, curves: BettiCurves, path: Path) -> Path | str:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return str(MissingExtraError("matplotlib", "plot", "to draw Betti curves"))
    figure = Figure(layout="constrained")
    axes = curves.plot(figure.subplots())
    axes.set_title(f"{os.path.basename(job.model)}: {axes.get_title()}")
    figure.savefig(path, dpi=160, metadata={"Software": None})
    return path


def _write_json(content: dict[str, Any], path: Path) -> Path:
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n")
    return path
