"""``relutope fiedler``: a Fiedler partition of the dual graph, and how far its parts are the classes."""

from __future__ import annotations

import json
from typing import Any

from relutope.cli_input import Job, about, about_lines, compute, resolve
from relutope.cli_options import Options
from relutope.complex import PolyhedralComplex
from relutope.spectral import FiedlerPartition, FiedlerReport, fiedler_partition

#: Keys that need labels; without these they are null.
OF_A_REPORT = ("misclassification", "purity_floor", "baseline")
#: Beyond so many regions, by dimension (the last for all further ones), ``relutope analyze`` draws no random
#: partitions and does not resample.
MOST_REGIONS = (30_000, 30_000, 30_000, 3000)


def fiedler(options: Options) -> int:
    """Print what ``relutope fiedler`` finds, as text or as one JSON object."""
    job = resolve(options)
    if job.data is None and options.operator != "unweighted":
        raise ValueError(
            f"--operator {options.operator} needs the option --data FILE; legal without: unweighted"
        )
    partition = fiedler_partition(
        compute(job, options),
        None if job.data is None else job.data.X,
        operator=options.operator,
        epsilon=options.epsilon,
        threshold=options.threshold,
        n_parts=options.parts,
        include_output=options.include_output,
    )
    report = None
    if job.data is not None and job.data.y is not None:
        report = partition.report(job.data.X, job.data.y, options.seed, progress=options.progress)
    if options.json:
        print(
            json.dumps({**about(job), "seed": options.seed, **_numbers(partition, report)}, allow_nan=False)
        )
        return 0
    lines = about_lines(job)
    lines.append(str(report or partition))
    if report is None:
        lines.append("no labels: no misclassification")
    print("\n".join(lines))
    return 0


def _numbers(partition: FiedlerPartition, report: FiedlerReport | None) -> dict[str, Any]:
    if report is not None:
        return report.to_dict()
    points = {"n_points": partition.n_points, "n_outside": partition.n_outside}
    return {**partition.to_dict(), **points, **dict.fromkeys(OF_A_REPORT)}


def graph_numbers(complex_: PolyhedralComplex) -> dict[str, Any]:
    """The dual graph at a glance, ready for JSON."""
    graph = complex_.dual_graph()
    return {
        "nodes": graph.n_nodes,
        "edges": graph.n_edges,
        "mean_degree": float(graph.degrees.mean()),
        "largest_degree": int(graph.degrees.max()),
        "bipartite": graph.is_bipartite(),
    }


def labelled_partition(job: Job, complex_: PolyhedralComplex) -> tuple[FiedlerPartition, FiedlerReport] | str:
    """The partition by the operator mass and its report, or why there is none."""
    if job.data is None:
        return "no --data was given"
    if job.data.y is None:
        return "the data have no labels"
    most = MOST_REGIONS[min(complex_.dim, len(MOST_REGIONS) - 1)]
    sizes = {"n_null": 0, "n_bootstrap": 0} if complex_.n_regions > most else {}
    try:
        partition = fiedler_partition(complex_, job.data.X)
        return partition, partition.report(job.data.X, job.data.y, **sizes)
    except ValueError as error:
        return str(error)
