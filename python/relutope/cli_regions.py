"""``relutope regions``: region counts by six definitions."""

from __future__ import annotations

import json
from typing import Any

from relutope.cli_input import Job, about, about_lines, compute, resolve
from relutope.cli_options import Options
from relutope.effective import HillNumbers
from relutope.region_counts import RegionCount


def regions(options: Options) -> int:
    """Print the counts, as one JSON object or readably."""
    job = resolve(options)
    counts = compute(job, options).count_all_regions(None if job.data is None else job.data.X)
    print(json.dumps(_report(job, counts)) if options.json else "\n".join(_readable(job, counts)))
    return 0


def _report(job: Job, counts: dict[str, RegionCount]) -> dict[str, Any]:
    return {
        **about(job),
        **{
            f"{name}_regions": list(count.bounds) if name == "convex" else count.count
            for name, count in counts.items()
        },
        "convex_arguments": counts["convex"].arguments,
        "effective": {
            name: {"by_volume": _orders(count.by_volume), "by_data": _orders(count.by_data)}
            for name, count in counts.items()
        },
    }


def _orders(numbers: HillNumbers | None) -> dict[str, float] | None:
    return None if numbers is None else {"1": numbers.order_1, "2": numbers.order_2}


def _readable(job: Job, counts: dict[str, RegionCount]) -> list[str]:
    lines = about_lines(job)
    for name, count in counts.items():
        lo, hi = count.bounds
        number = f"{lo:,}" if lo == hi else f"{lo:,} to {hi:,}"
        lines.append(f"{name.replace('_', ' ')} regions: {number}")
        for weight, numbers in (("volume", count.by_volume), ("data", count.by_data)):
            if numbers is not None:
                orders = f"{numbers.order_1:,.1f} (order 1), {numbers.order_2:,.1f} (order 2)"
                lines.append(f"  effective by {weight}: {orders}")
    arguments = counts["convex"].arguments
    return [*lines, f"convex, at least: {arguments['lo']}", f"convex, at most: {arguments['hi']}"]
