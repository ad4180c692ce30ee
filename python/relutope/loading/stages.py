"""Seconds that the stages of an import take, recorded only where somebody asks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_RECORD: ContextVar[dict[str, float] | None] = ContextVar("seconds", default=None)


@contextmanager
def recorded_seconds() -> Iterator[dict[str, float]]:
    """A dict that gets the wall seconds of every stage inside the block, and of the block as ``total``.

    Examples
    --------
    >>> from relutope.loading.stages import recorded_seconds, stage
    >>> with recorded_seconds() as seconds:
    ...     with stage("check"):
    ...         pass
    >>> list(seconds)
    ['check', 'total']
    """
    record: dict[str, float] = {}
    token = _RECORD.set(record)
    try:
        with stage("total"):
            yield record
    finally:
        _RECORD.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add the seconds of the block to a stage: read, export, operations, simplify, check or network."""
    start = time.perf_counter()
    try:
        yield
    finally:
        record = _RECORD.get()
        if record is not None:
            record[name] = record.get(name, 0.0) + time.perf_counter() - start
