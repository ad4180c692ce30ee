"""``relutope homology``: Betti numbers along random orderings of the cells."""

from __future__ import annotations

import json
from typing import Any

from relutope.cli_input import Job, about, about_lines, compute, resolve
from relutope.cli_options import Options
from relutope.complex import PolyhedralComplex
from relutope.filtrations.random import RANDOM
from relutope.homology import BettiCurves, betti_curves
from relutope.homology.peaks import WARNING


def homology(options: Options) -> int:
    """Print what ``relutope homology`` finds, as text or as one JSON object."""
    job = resolve(options)
    complex_ = compute(job, options)
    curves = betti_curves(
        complex_,
        options.filtration,
        n_orderings=options.orderings,
        rng=options.seed,
        n_threads=options.threads,
        progress=options.progress,
        max_seconds=options.max_seconds,
        max_bytes=options.max_bytes,
    )
    result = {
        **about(job),
        "seed": options.seed,
        **peaks(complex_, curves),
    }
    print(json.dumps(result, allow_nan=False) if options.json else "\n".join(_readable(job, result)))
    return 0


def peaks(complex_: PolyhedralComplex, curves: BettiCurves) -> dict[str, Any]:
    """Peaks and their places, JSON-ready, lists by dimension.

    A place is the share of all cells that are in when the peak is first attained. On R^d the cells at
    infinity, which `counts` and `cells` hold and `f_vector` does not, take part.
    """
    statistics = curves.statistics
    return {
        "f_vector": list(complex_.f_vector),
        "counts": list(curves.counts),
        "cells": curves.n_cells,
        "filtration": curves.filtration,
        "orderings": curves.n_orderings,
        "peak_mean": statistics["peak"]["mean"],
        "peak_sd": statistics["peak"]["sd"],
        "peak_per_cell": statistics["normalized_peak"]["mean"],
        "argmax_mean": statistics["first_place"]["mean"],
        "argmax_sd": statistics["first_place"]["sd"],
    }


def _readable(job: Job, result: dict[str, Any]) -> list[str]:
    lines = about_lines(job)
    lines.append(f"{result['filtration']}: {result['orderings']:,} orderings of {result['cells']:,} cells")
    for k, peak in enumerate(result["peak_mean"]):
        place = result["argmax_mean"][k]
        line = f"largest beta_{k}: {peak:,.1f}{_spread(result['peak_sd'][k], '.2f')}"
        line += f", {result['peak_per_cell'][k]:.5f} per cell"
        lines.append(f"{line}; at {place:.4f}{_spread(result['argmax_sd'][k], '.4f')} of all cells")
    return [*lines, WARNING] if result["filtration"] in RANDOM else lines


def _spread(sd: float | None, form: str) -> str:
    return "" if sd is None else f" +- {sd:{form}}"
