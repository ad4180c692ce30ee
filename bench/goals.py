"""The figures that relutope is to reach, and whether the records of one run reach them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import frozen

Record = dict[str, Any]

THREADS = "3,64,64"

MIN_PER_SECOND = {
    "2,64,64,64": {"regions": 1.0e6},
    "2,128,128,128": {"regions": 0.5e6},
    "3,32,32,32": {"regions": 0.6e6, "cells": 5e6},
    "3,64,64": {"regions": 0.6e6, "cells": 5e6},
    "4,32,32": {"cells": 4.5e6},
    "5,16,16": {"cells": 4e6},
    "6,12,12": {"cells": 3e6},
}
MAX_STORED_BYTES_PER_CELL = 32  # from three dimensions on, as the next one
MAX_PEAK_TO_STORED = 6
MIN_SPEEDUP = 1.4


class Twins(NamedTuple):
    """A degenerate network may cost at most so many times its generic twin."""

    network: str
    twin: str
    figure: str
    cost: Callable[[Record], float]
    most: float


TWINS = (
    Twins(frozen.COPIES, frozen.MERGED, "CPU seconds", lambda r: r["cpu_seconds"]["best"], 2),
    Twins(frozen.EIGHTHS, "2,64,64,64", "CPU per region", lambda r: r["cpu_seconds_per_region"], 5),
    Twins(frozen.UNBIASED, "2,64,64,64", "CPU per region", lambda r: r["cpu_seconds_per_region"], 5),
)


class Goal(NamedTuple):
    """A figure, its bound, and `ratio`, which is 1 or more where the goal is reached."""

    network: str
    figure: str
    reached: float
    bound: str
    ratio: float

    @property
    def verdict(self) -> str:
        return f"{self.ratio:.2f} {'ok' if self.ratio >= 1 else 'below'}"


def at_least(network: str, figure: str, reached: float, least: float) -> Goal:
    return Goal(network, figure, reached, f">= {least:g}", reached / least)


def at_most(network: str, figure: str, reached: float, most: float) -> Goal:
    return Goal(network, figure, reached, f"<= {most:g}", most / reached)


def goals(records: dict[str, Record]) -> Iterator[Goal]:
    """All goals that the measured networks decide."""
    for name, record in records.items():
        for what, least in MIN_PER_SECOND.get(name, {}).items():
            yield at_least(name, f"{what}/s", record[f"{what}_per_second"], least)
        if record["dim"] >= 3:
            stored, peak = record["stored_bytes_per_cell"], record["peak_to_stored"]
            yield at_most(name, "stored bytes/cell", stored, MAX_STORED_BYTES_PER_CELL)
            yield at_most(name, "peak/stored bytes", peak, MAX_PEAK_TO_STORED)
        if name == THREADS:
            speedup = record["wall_seconds"]["speedup"]
            yield at_least(name, "speed of 2 threads/1", speedup, MIN_SPEEDUP)
    for pair in TWINS:
        if pair.network in records and pair.twin in records:
            ratio = pair.cost(records[pair.network]) / pair.cost(records[pair.twin])
            yield at_most(pair.network, f"{pair.figure} / that of {pair.twin}", ratio, pair.most)
