"""Running orderings one after the other or side by side, and summing up what they say."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.cell_complex import CellComplex
from relutope.errors import IncompleteError
from relutope.filtrations import Filtration
from relutope.progress import Poll, counting

#: One ordering: its curve, and its peaks as rows (value, first key, last key, first cells, last cells).
Result = tuple[NDArray[np.int64], NDArray[np.int64]]

#: Orderings per task of an executor.
PER_TASK = 8


@dataclass(frozen=True)
class Ordering:
    """Where keys of cells come from, and what a key means."""

    name: str
    kind: int  # of the random filtrations; -1: fixed keys
    seeds: NDArray[np.uint64]
    per_one: int = 1  # a key means the value key / per_one
    counts_cells: bool = False  # a key is a place 0..n-1 and means the value (key + 1) / per_one
    keys: NDArray[np.uint32] | None = None
    levels: NDArray[np.float64] | None = None

    @classmethod
    def fixed(cls, filtration: Filtration) -> Ordering:
        """The one ordering of a filtration that is given."""
        one = np.zeros(1, dtype=np.uint64)
        return cls(filtration.name, -1, one, keys=filtration.keys, levels=filtration.levels)

    @property
    def count(self) -> int:
        """How many orderings there are."""
        return len(self.seeds)

    def range(self) -> tuple[float, float]:
        """The least and the largest finite value."""
        if self.levels is None:
            return 0.0, 1.0
        finite = self.levels[np.isfinite(self.levels)]
        return (float(finite[0]), float(finite[-1])) if finite.size else (0.0, 0.0)

    def values(self, keys: NDArray[np.int64]) -> NDArray[np.float64]:
        """What keys mean."""
        if self.levels is not None:
            return self.levels[keys]
        return (keys + self.counts_cells) / self.per_one

    def thresholds(self, grid: NDArray[np.float64]) -> NDArray[np.int64]:
        """The largest key whose value, a float, is at most each value of a grid; -1 if there is none."""
        if self.levels is not None:
            return np.searchsorted(self.levels, grid, side="right").astype(np.int64) - 1
        keys = []
        for value in np.clip(grid, -1.0, 2.0).tolist():
            numerator, denominator = Fraction(value).as_integer_ratio()
            steps = numerator * self.per_one // denominator
            # A value that is no float may be rounded down to this one.
            steps += (steps + 1) / self.per_one <= value
            keys.append(max(steps - self.counts_cells, -1))
        return np.array(keys, dtype=np.int64)


class Sums:
    """Sums of curves and of their squares, as integers, so that the order of summation does not matter."""

    def __init__(self, count: int, n_cells: int) -> None:
        self.peaks: list[NDArray[np.int64]] = []
        self._first: NDArray[np.int64] | None = None
        # int64 while no sum can exceed it; Python's integers are slower.
        self._kind: type = np.int64 if count * n_cells**2 < 2**62 else object

    def add(self, result: Result) -> None:
        """One more ordering; those that come first in the count must come first here."""
        curve, peaks = result
        self.peaks.append(peaks)
        if self._first is None:
            self._first = curve
            self._sum: NDArray[Any] = np.zeros(curve.shape, dtype=self._kind)
            self._squares: NDArray[Any] = np.zeros(curve.shape, dtype=self._kind)
            return
        shifted: NDArray[Any] = (curve - self._first).astype(self._kind)
        self._sum += shifted
        self._squares += shifted * shifted

    def mean(self) -> NDArray[np.float64]:
        """Mean over the orderings."""
        assert self._first is not None
        sums = self._sum.astype(object)
        return (self._first + sums / len(self.peaks)).astype(np.float64)

    def std(self) -> NDArray[np.float64]:
        """Standard deviation with one degree of freedom less than orderings; nan for one."""
        n = len(self.peaks)
        if n == 1:
            return np.full(self._sum.shape, np.nan)
        sums, squares = self._sum.astype(object), self._squares.astype(object)
        scatter = n * squares - sums * sums
        result: NDArray[np.float64] = np.sqrt((scatter / (n * (n - 1))).astype(np.float64))
        return result


def run_orderings(
    complex_: CellComplex,
    source: Ordering,
    thresholds: NDArray[np.int64],
    n_threads: int,
    executor: Executor | None,
    progress: bool | Poll | None,
    max_seconds: float | None,
) -> Sums:
    """All orderings; an IncompleteError at a limit or Ctrl-C says how many were done."""
    sums = Sums(source.count, complex_.n_cells)
    begin = time.monotonic()

    def state() -> dict[str, Any]:
        seconds = time.monotonic() - begin
        return {"orderings": len(sums.peaks), "n_orderings": source.count, "seconds": seconds}

    def left(limit: float | None) -> float | None:
        return None if limit is None else max(limit - (time.monotonic() - begin), 0.0)

    def stopped(message: str, reason: str) -> IncompleteError:
        done = f"{len(sums.peaks)} of {source.count} orderings done"
        return IncompleteError(f"{message}: {done}", reason, state())

    with counting(progress, "orderings", "n_orderings") as poll:
        try:
            complex_.use_duality()
            with closing(
                _results(complex_, source, thresholds, n_threads, executor, left(max_seconds))
            ) as results:
                for result in results:
                    sums.add(result)
                    if poll is not None:
                        poll(state())
                    late = max_seconds is not None and time.monotonic() - begin > max_seconds
                    if late and len(sums.peaks) < source.count:
                        raise stopped(f"max_seconds is {max_seconds}", "max_seconds")
        except _CancelledError:
            raise stopped(f"max_seconds is {max_seconds}", "max_seconds") from None
        except KeyboardInterrupt:
            raise stopped("interrupted", "interrupt") from None
    return sums


class _CancelledError(Exception):
    """An ordering was ended by a time limit."""


def _results(
    complex_: CellComplex,
    source: Ordering,
    thresholds: NDArray[np.int64],
    n_threads: int,
    executor: Executor | None,
    seconds: float | None,
) -> Generator[Result]:
    """A time limit ends orderings of this process in their matrix reductions; others between two of them."""
    n_threads = min(n_threads, source.count)
    if executor is not None:
        alone = replace(source, seeds=source.seeds[:0])
        tasks = (
            (complex_, alone, source.seeds[first : first + PER_TASK].tolist(), thresholds)
            for first in range(0, source.count, PER_TASK)
        )
        for batch in _in_order(executor, _batch, tasks, ahead=64):
            yield from batch
        return
    machines = _Machines(complex_)
    orderings = ((machines, source, int(seed), thresholds) for seed in source.seeds)
    clock = None if seconds is None else threading.Timer(seconds, machines.cancel)
    if clock is not None:
        clock.daemon = True
        clock.start()
    try:
        if n_threads == 1:  # here, so that Ctrl-C ends it
            for ordering in orderings:
                yield _threaded(*ordering)
            return
        with ThreadPoolExecutor(n_threads) as threads:
            try:
                yield from _in_order(threads, _threaded, orderings, ahead=4 * n_threads)
            finally:
                machines.cancel()
    finally:
        if clock is not None:
            clock.cancel()


def _in_order(
    executor: Executor, function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]], ahead: int
) -> Iterator[Any]:
    """Results in the order of the tasks, a few of which run or wait at any time."""
    pending: deque[Any] = deque()
    try:
        for task in tasks:
            pending.append(executor.submit(function, *task))
            if len(pending) >= ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


class _Machines:
    """One working memory per thread."""

    def __init__(self, complex_: CellComplex) -> None:
        self._core = complex_.core(signed=False)
        self._local = threading.local()
        self._all: list[_core.BettiCurves] = []
        self.cancelled = False

    def get(self) -> _core.BettiCurves:
        machine: _core.BettiCurves | None = getattr(self._local, "machine", None)
        if machine is None:
            machine = self._local.machine = _core.BettiCurves(self._core)
            self._all.append(machine)
        if self.cancelled:
            machine.cancel()
        return machine

    def cancel(self) -> None:
        """Ends what is running now, and all that comes after."""
        self.cancelled = True
        for machine in self._all:
            machine.cancel()


def _threaded(machines: _Machines, source: Ordering, seed: int, thresholds: NDArray[np.int64]) -> Result:
    try:
        return _one(machines.get(), source, seed, thresholds)
    except RuntimeError:
        if machines.cancelled:
            raise _CancelledError from None
        raise


def _batch(
    complex_: CellComplex, source: Ordering, seeds: list[int], thresholds: NDArray[np.int64]
) -> list[Result]:
    """A task of an executor, which may be another process."""
    complex_.use_duality()
    machine = _core.BettiCurves(complex_.core(signed=False))
    return [_one(machine, source, seed, thresholds) for seed in seeds]


def _one(machine: _core.BettiCurves, source: Ordering, seed: int, thresholds: NDArray[np.int64]) -> Result:
    if source.keys is not None:
        return machine.of_keys(source.keys, thresholds)
    return machine.of_random(source.kind, seed, thresholds)
