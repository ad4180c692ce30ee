"""Measure relutope on frozen networks, each checked against its known answer first.

Every network runs in a process of its own, on one thread. Exit code 1: an answer is wrong, and nothing is
printed about speed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import frozen
from goals import THREADS, Goal, Record, goals

#: --quick leaves out networks with more cells.
QUICK_CELLS = 1_000_000

HEADER = (
    "network", "regions", "cells", "runs", "CPU s best", "median", "M regions/s", "M cells/s",
    "stored B/cell", "peak", "RSS", "exact signs/orders/vertices", "validated", "floor",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    cells = {name: sum(options.expected[name]["f_vector"]) for name in frozen.NAMES}
    most = QUICK_CELLS if options.quick else max(cells.values())
    names = options.only or [name for name in frozen.NAMES if cells[name] <= most]
    machine = describe_machine()
    print("; ".join(f"{key} {value}" for key, value in machine.items()))
    records: dict[str, Record] = {}
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        record = run(name, options)
        if record is None:
            return 1
        records[name] = record
    reached = list(goals(records))
    print(table(records, reached))
    if options.json is not None:
        result = {
            "machine": machine,
            "networks": list(records.values()),
            "goals": [{**goal._asdict(), "ok": goal.ratio >= 1} for goal in reached],
        }
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=frozen.NAMES, metavar="NAME", help="these networks")
    parser.add_argument("--repeat", type=positive_int, help="most runs per network (default 30; quick 5)")
    parser.add_argument("--seconds", type=float, help="time for them (default 20; quick 2); one run is made")
    parser.add_argument("--quick", action="store_true", help="only networks up to a million cells")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument(
        "--expected",
        type=known_answers,
        metavar="FILE",
        default=str(frozen.EXPECTED),
        help="the known answers (default: expected.json here)",
    )
    options = parser.parse_args(argv)
    options.repeat = options.repeat or (5 if options.quick else 30)
    options.seconds = (2 if options.quick else 20) if options.seconds is None else options.seconds
    return options


def positive_int(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}; legal: an int >= 1")
    return int(text)


def known_answers(path: str) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{path!r}: {error}; legal: a file like expected.json") from None
    missing = [name for name in frozen.NAMES if name not in known]
    if missing:
        raise argparse.ArgumentTypeError(f"{path!r} has no answer for {' '.join(missing)}")
    return known


def run(name: str, options: argparse.Namespace) -> Record | None:
    """The record of one network; None, with a message, if its answer is wrong or it failed."""
    command = [sys.executable, str(frozen.HERE / "measure.py"), name, json.dumps(options.expected[name])]
    command += ["--repeat", str(options.repeat), "--seconds", str(options.seconds)]
    command += ["--threads"] if name == THREADS else []
    child = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if child.returncode:
        print(f"{name}: not measured, see above (exit code {child.returncode})", file=sys.stderr)
        return None
    record: Record = json.loads(child.stdout)
    return record


def describe_machine() -> dict[str, Any]:
    """What the figures depend on besides the network."""
    cpu_info = Path("/proc/cpuinfo")
    lines = cpu_info.read_text().splitlines() if cpu_info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "CPU": models[0] if models else platform.processor() or platform.machine(),
        "cores": cores,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "Python": platform.python_version(),
        "numpy": version("numpy"),
        "relutope": version("relutope"),
    }


def table(records: dict[str, Record], reached: list[Goal]) -> str:
    """The figures by network, then the goals."""
    rows = [HEADER]
    for name, record in records.items():
        of_network = [goal for goal in reached if goal.network == name]
        stages = record["stages"]
        rows.append((
            name,
            f"{record['regions']:,}",
            f"{record['cells']:,}",
            str(record["repeats"]),
            f"{record['cpu_seconds']['best']:.4f}",
            f"{record['cpu_seconds']['median']:.4f}",
            f"{record['regions_per_second'] / 1e6:.3f}",
            f"{record['cells_per_second'] / 1e6:.2f}",
            f"{record['stored_bytes_per_cell']:.1f}",
            f"{record['peak_bytes_per_cell']:.0f}",
            f"{record['rss_bytes_per_cell']:.0f}",
            "/".join(str(stages[key]["exact"]) for key in ("signs", "orders", "vertices")),
            record["validated"],
            min(of_network, key=lambda goal: goal.ratio).verdict if of_network else "-",
        ))  # fmt: skip
    lines = ["", *aligned(rows), ""]
    if reached:
        goal_rows = [("network", "goal", "reached", "bound", "floor")]
        goal_rows += [(g.network, g.figure, f"{g.reached:.4g}", g.bound, g.verdict) for g in reached]
        lines += aligned(goal_rows)
    return "\n".join(lines)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns of equal width, the first to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


if __name__ == "__main__":
    sys.exit(main())
