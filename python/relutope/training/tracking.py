"""Measuring the complexes of many checkpoints, one after the other or side by side."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_executor
from relutope.domains import Domain
from relutope.errors import IncompleteError
from relutope.network import Network
from relutope.progress import Poll, counting
from relutope.slices import Slice
from relutope.subdivision import checked_limits, polyhedral_complex
from relutope.training.checkpoints import read_checkpoints, resolved_domain
from relutope.training.metrics import FAILURES, Context, Metric, measure, resolve_metrics
from relutope.training.records import Folder, Header, Record, any_domain_to_json, checked_data, make_header
from relutope.training.series import Series

#: Checkpoints that run or wait in an executor at any time.
AHEAD = 16
LIMITS = ("max_cells", "max_seconds", "max_bytes", "allow_high_dimension")


def track(
    checkpoints: Iterable[Any],
    metrics: Any,
    *,
    domain: Any,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    executor: Executor | None = None,
    out: Any = None,
    resume: bool = True,
    progress: bool | Poll | None = None,
    n_threads: int | None = None,
    lifetimes: bool = False,
    **limits: Any,
) -> Series:
    """Measure the complex of every checkpoint of a training run.

    Parameters
    ----------
    checkpoints : iterable
        Paths, torch modules, `Network`s, or pairs (step, one of these or a state dict); a generator is read
        as results are wanted. A path without a step has the number that its name ends in, everything else
        its place. Files are never unpickled, see `relutope.load`.
    metrics : str, callable, iterable of these, or mapping of names to these
        Names: ``f_vector, regions, regions_with_data, bounded_regions, effective_regions, betti_statistics,
        boundary_betti, counts_near_data, fiedler, patterns``. A callable ``metric(complex, context)`` returns
        numbers and arrays by key; `relutope.training.Context` says what the context holds.
    domain : Box, AllSpace, Polytope, Slice or a pair (lo, hi)
    X, y : array_like of shape (n, d) and (n,), optional
        Data and labels for the metrics that need them; on a slice X has its coordinates.
    executor : concurrent.futures.Executor, optional
        What runs the checkpoints side by side: threads, processes, or dask's ``client.get_executor()``. To
        processes the metrics are pickled. The results do not depend on it.
    out : path, optional
        Folder that gets a file per checkpoint as soon as it is measured. None: nothing is written.
    resume : bool, default True
        Go on where an earlier run into `out` ended: checkpoints measured there are skipped, those that failed
        or at which a metric did are tried again. False: `out` must hold no series.
    progress : bool or callable, optional
        A callable gets the keys ``checkpoints, n_checkpoints, failed, seconds``; `n_checkpoints` is None for
        a generator, and `failed` counts those that failed in part too.
    n_threads : int, optional
        For each checkpoint. Default: all cores, and 1 with an executor.
    lifetimes : bool, default False
        Measure ``patterns`` too, from which `Series.lifetimes` is made.
    **limits
        `max_cells`, `max_seconds`, `max_bytes` and `allow_high_dimension` of `polyhedral_complex`, for each
        complex that a checkpoint needs.

    Returns
    -------
    Series
        All checkpoints measured, those that `out` held before among them, by step.

    Raises
    ------
    ValueError, TypeError
        If an argument is not legal; if `out` holds a series with other metrics, data or another domain, or
        another network at a step; or if no checkpoint could be read.
    relutope.IncompleteError
        If the executor broke (reason ``"executor"``) or at Ctrl-C (``"interrupt"``); `progress` says how many
        checkpoints are done. Those are in `out`.

    Notes
    -----
    A checkpoint that cannot be read or whose complex runs into a limit is in `Series.failed` with the reason,
    and the others go on. A metric that runs into a limit or raises ValueError, ArithmeticError or OSError is
    in `Series.failed_metrics`, and what the other metrics found there is kept; if all fail the checkpoint
    has. Other exceptions of a metric are bugs and end the run.

    Examples
    --------
    >>> import relutope
    >>> def network(bias):
    ...     return relutope.Network.from_arrays([[[1.0], [1.0]], [[1, 1]]], [[0, -bias], [0]])
    >>> run = [(step, network(step / 10)) for step in (0, 5, 20)]
    >>> series = relutope.track(run, ["regions", "f_vector"], domain=(-1, 1))
    >>> series.steps, series.columns["regions"]
    (array([ 0,  5, 20]), array([2, 3, 2]))
    """
    chosen = resolve_metrics(metrics)
    if lifetimes and all(metric.identity != "patterns" for metric in chosen):
        chosen += resolve_metrics("patterns")
    unknown = sorted(set(limits) - set(LIMITS))
    if unknown:
        raise TypeError(f"track has no argument {unknown[0]!r}; legal limits: {', '.join(LIMITS)}")
    checked_executor(executor)
    checked_limits(n_threads, *(limits.get(name) for name in LIMITS[:3]))
    limits["n_threads"] = 1 if n_threads is None and executor is not None else n_threads
    points, labels = checked_data(X, y, chosen)
    run = _Run(chosen, domain, points, labels, limits, None if out is None else Folder(out), resume)
    total = len(checkpoints) if isinstance(checkpoints, Sized) else None
    with counting(progress, "checkpoints", "n_checkpoints") as poll:
        run.measure(checkpoints, total, executor, poll)
    return run.series()


#: Per checkpoint the arguments of `measure_checkpoint`, its failure, or None where it is done.
Tasks = Iterator[tuple[Any, ...] | Record | None]


class _Run:
    """One call of `track`."""

    def __init__(
        self,
        metrics: list[Metric],
        domain: Any,
        X: NDArray[np.float64] | None,
        y: NDArray[Any] | None,
        limits: dict[str, Any],
        folder: Folder | None,
        resume: bool,
    ) -> None:
        self.metrics, self.domain, self.X, self.y, self.limits = metrics, domain, X, y, limits
        self.folder = folder
        self.records: dict[int, Record] = {}
        self.stored = None if folder is None else folder.read_header()
        if folder is not None and self.stored is not None:
            if not resume:
                raise ValueError(f"{folder.path} holds a series and resume is False; legal: another folder")
            # The domain follows with the first network, which may take long to train.
            self.stored.require_same(make_header(self.stored.domain, metrics, X, y), self._where())
            self.records = {record.step: record for record in folder.records()}
        self.header: Header | None = None
        self.input_dim = 0
        self.place: Domain | Slice | None = None
        self.lock = threading.Lock()
        self.written: set[int] = set()  # in this run
        self.early: list[Record] = []  # failures before the domain was known
        self.finished = self.failed = 0

    def measure(
        self, checkpoints: Iterable[Any], total: int | None, executor: Executor | None, poll: Poll | None
    ) -> None:
        """Measure all checkpoints that are not done."""
        begin = time.monotonic()

        def state() -> dict[str, Any]:
            return {
                "checkpoints": self.finished,
                "n_checkpoints": total,
                "failed": self.failed,
                "seconds": time.monotonic() - begin,
            }

        def stopped(message: str, reason: str) -> IncompleteError:
            of = "" if total is None else f" of {total}"
            return IncompleteError(f"{message}: {self.finished}{of} checkpoints done", reason, state())

        tasks = self._tasks(checkpoints)
        try:
            for record in self._results(tasks, executor):
                if record is not None:
                    self._save(record)
                if poll is not None:
                    poll(state())
        except _BrokenError as error:
            raise stopped(str(error), "executor") from error.__cause__
        except KeyboardInterrupt:
            raise stopped("interrupted", "interrupt") from None
        except IncompleteError as error:
            if error.reason != "interrupt":
                raise
            raise stopped("interrupted", "interrupt") from None
        if self.place is None and self.stored is None:
            reason = f"; the first: {self.early[0].failure}" if self.early else ""
            raise ValueError(f"none of {self.finished} checkpoints could be read{reason}")

    def _results(self, tasks: Tasks, executor: Executor | None) -> Iterator[Record | None]:
        if executor is None:
            return _one_by_one(tasks)
        return _side_by_side(tasks, executor, self._write_result)

    def series(self) -> Series:
        """All records."""
        header = self.header or self.stored
        assert header is not None
        return Series.from_records(header, [self.records[step] for step in sorted(self.records)])

    def _tasks(self, checkpoints: Iterable[Any]) -> Tasks:
        for step, network, failure in read_checkpoints(checkpoints):
            known = self.records.get(step)
            kept = known is not None and not known.failure
            done = known is not None and known.done
            if network is not None:
                self._begin(network)
                if network.input_dim != self.input_dim:
                    failure = f"it has {network.input_dim} inputs; legal: {self.input_dim}, as the first"
                    network = None
                elif known is not None and kept and network.hash != known.model_hash:
                    raise ValueError(
                        f"step {step} of the series in {self._where()} is of another network (hash "
                        f"{known.model_hash[:12]}, now {network.hash[:12]}); legal: the same checkpoints to "
                        "resume, or another folder"
                    )
            if done or (kept and network is None):
                self.finished += 1
                yield None
            elif network is None:
                yield Record(step, failure=failure or "unknown")
            else:
                yield step, network, self.place, self.metrics, self.X, self.y, self.limits

    def _begin(self, network: Network) -> None:
        """The first network tells the domain: compare it with the one on disk, or write the header."""
        if self.place is not None:
            return
        place, dim = resolved_domain(self.domain, network)
        if self.X is not None and self.X.shape[1] != dim:
            raise ValueError(f"X has shape {self.X.shape}; legal: (n, {dim}), the coordinates of the domain")
        header = make_header(any_domain_to_json(place), self.metrics, self.X, self.y)
        if self.stored is not None:
            self.stored.require_same(header, self._where())
        if self.folder is not None:
            self.folder.write_header(header)
        self.header, self.place, self.input_dim = header, place, network.input_dim
        for record in self.early:
            self._write(record)

    def _save(self, record: Record) -> None:
        self.records[record.step] = record
        self.finished += 1
        self.failed += not record.done
        if self.place is None:
            self.early.append(record)
        else:
            self._write(record)

    def _write(self, record: Record) -> None:
        """Write a record, once; an executor's thread may have done so already."""
        if self.folder is not None and self.place is not None:
            with self.lock:
                if record.step not in self.written:
                    self.folder.write(record, any_domain_to_json(self.place))
                    self.written.add(record.step)

    def _write_result(self, future: Future[Record]) -> None:
        """Write what an executor has ready while this thread waits for the next checkpoint to be trained."""
        # What goes wrong here is logged and forgotten, so errors are left to the thread that waits.
        if not future.cancelled() and future.exception() is None:
            with contextlib.suppress(OSError):
                self._write(future.result())

    def _where(self) -> str:
        return "" if self.folder is None else str(self.folder.path)


def measure_checkpoint(
    step: int,
    network: Network,
    domain: Domain | Slice,
    metrics: list[Metric],
    X: NDArray[np.float64] | None,
    y: NDArray[Any] | None,
    limits: dict[str, Any],
) -> Record:
    """The record of one checkpoint; the task of an executor, which may be another process."""
    try:
        complex_ = polyhedral_complex(network, domain, **limits)
        values, failures = measure(metrics, complex_, Context(step, domain, X, y, dict(limits)))
    except FAILURES as error:
        if isinstance(error, IncompleteError) and error.reason == "interrupt":
            raise
        return Record(step, network.hash, network.notes, failure=str(error) or type(error).__name__)
    if failures and not values:
        failure = "; ".join(f"metric {name!r}: {reason}" for name, reason in failures.items())
        return Record(step, network.hash, network.notes, failure=failure)
    return Record(step, network.hash, network.notes, values, metric_failures=failures)


def _one_by_one(tasks: Tasks) -> Iterator[Record | None]:
    for task in tasks:
        yield measure_checkpoint(*task) if isinstance(task, tuple) else task


class _BrokenError(Exception):
    """The executor will give no more results."""


def _side_by_side(
    tasks: Tasks, executor: Executor, when_ready: Callable[[Future[Record]], None]
) -> Iterator[Record | None]:
    """Records in the order in which they are ready."""
    pending: list[Future[Record]] = []
    try:
        for task in tasks:
            if not isinstance(task, tuple):
                yield task
                continue
            try:
                pending.append(executor.submit(measure_checkpoint, *task))
            except (BrokenExecutor, RuntimeError) as error:
                yield from _ready(pending, block=False, ignore_errors=True)
                raise _BrokenError(f"the executor takes no more checkpoints ({error})") from error
            pending[-1].add_done_callback(when_ready)
            yield from _ready(pending, block=len(pending) >= AHEAD)
        while pending:
            yield from _ready(pending, block=True)
    finally:
        for future in pending:
            future.cancel()


def _ready(pending: list[Future[Record]], *, block: bool, ignore_errors: bool = False) -> Iterator[Record]:
    """Take out of `pending` what is done; at an error all that is well comes first."""
    if not pending:
        return
    wait(pending, timeout=None if block else 0, return_when=FIRST_COMPLETED)
    done = [future for future in pending if future.done()]
    pending[:] = [future for future in pending if future not in done]
    errors = []
    for future in done:
        try:
            record = future.result()
        except Exception as error:
            errors.append(error)
        else:
            yield record
    if errors and not ignore_errors:
        yield from _ready(pending, block=False, ignore_errors=True)
        first = errors[0]
        if _is_of_executor(first):
            text = f"{type(first).__name__}: {first}".rstrip(": ")
            raise _BrokenError(f"the executor broke ({text})") from first
        raise first


def _is_of_executor(error: BaseException) -> bool:
    """Whether an exception says that workers died or were told to stop, not what went wrong in a task."""
    return isinstance(error, (BrokenExecutor, CancelledError)) or type(error).__module__.startswith(
        "distributed."
    )
