"""``relutope track``: the complexes of the checkpoints of a training run."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from typing import Any

from relutope.cli_input import Job, check_dimension, limits, resolve_network
from relutope.cli_options import Options
from relutope.loading import read_network
from relutope.training import Series, track
from relutope.training.patterns import PATTERN_KEYS

#: Exit code where the table is not whole.
SOME_FAILED = 5


def track_files(options: Options) -> int:
    """Print what ``relutope track`` measures, as a table or as one JSON object."""
    job = _first_job(options)
    check_dimension(job, options)
    X, y = (None, None) if job.data is None else (job.data.X, job.data.y)
    workers = nullcontext() if options.workers is None else _processes(options.workers)
    with workers as executor:
        series = track(
            options.checkpoints,
            options.metrics,
            domain=job.domain,
            X=X,
            y=y,
            executor=executor,
            out=options.out,
            lifetimes=options.lifetimes,
            allow_high_dimension=options.allow_high_dimension,
            **limits(options),
        )
    result = series.to_dict()
    result["columns"] = {key: value for key, value in result["columns"].items() if key not in PATTERN_KEYS}
    if options.lifetimes:
        counts = series.lifetimes().counts()
        result["patterns"] = {key: value.tolist() for key, value in counts.items()}
    result["out"] = options.out
    for note in series.notes:
        print(f"relutope: {note}", file=sys.stderr)
    print(json.dumps(result, allow_nan=False) if options.json else "\n".join(_readable(series, result)))
    return SOME_FAILED if series.failed or series.failed_metrics else 0


def _processes(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


def _first_job(options: Options) -> Job:
    """Domain and data, whose dimension only a network tells: that of the first file that can be read."""
    reasons = []
    for path in options.checkpoints:
        try:
            network = read_network(path)
        except (ValueError, OSError) as error:
            reasons.append(str(error))
        else:
            return resolve_network(options, path, network)
    raise ValueError(f"none of {len(reasons)} checkpoints could be read; the first: {reasons[0]}")


def _readable(series: Series, result: dict[str, Any]) -> list[str]:
    columns = dict(result["columns"])
    half_widths = columns.pop("half_widths", [])
    if "patterns" in result:
        columns |= {f"patterns_{key}": values for key, values in result["patterns"].items()}
    same = _constant(columns) if len(result["steps"]) > 1 else {}
    columns = {key: values for key, values in columns.items() if key not in same}
    rows = [["step", *columns]]
    for place, step in enumerate(result["steps"]):
        rows.append([str(step), *(_cell(values[place]) for values in columns.values())])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [repr(series.domain)]
    if half_widths:
        lines.append(
            f"near_data_regions: in boxes of half-width {_cell(half_widths[0])} times that of the data"
        )
    lines += ["  ".join(map(str.rjust, row, widths)) for row in rows]
    if same:
        lines.append("at every step: " + ", ".join(f"{key} {cell}" for key, cell in same.items()))
    lines += [f"step {step} failed: {reason}" for step, reason in result["failed"].items()]
    lines += [
        f"step {step}: metric {name} failed: {reason}"
        for step, failed in result["failed_metrics"].items()
        for name, reason in failed.items()
    ]
    if result["out"] is not None:
        lines.append(f"written to {result['out']}")
    return lines


def _constant(columns: dict[str, list[Any]]) -> dict[str, str]:
    """The cells of the columns that are the same at every step, but for the first column of the table."""
    cells = {key: {_cell(value) for value in values} for key, values in columns.items()}
    return {key: found.pop() for key, found in list(cells.items())[1:] if len(found) == 1}


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_cell, value))
    return f"{value:.4g}" if isinstance(value, float) else "-" if value is None else str(value)
