"""Showing how far a computation is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from relutope.errors import IncompleteError

#: Gets the keys ``layer, n_layers, dimension, cells, bytes, seconds`` about ten times a second.
Poll = Callable[[dict[str, Any]], None]


@contextmanager
def reporting(progress: bool | Poll | None) -> Iterator[Poll | None]:
    """The callback that an argument ``progress=`` means, closed at the end.

    Parameters
    ----------
    progress : bool, callable or None
        True shows a bar of tqdm, where that is installed, else a line on stderr. A callable gets the dict
        itself.

    Raises
    ------
    TypeError
        If it is none of these.
    """
    if progress is None or progress is False:
        yield None
    elif callable(progress):
        yield progress
    elif progress is True:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            with _line(sys.stderr) as poll:
                yield poll
        else:
            with _bar(tqdm) as poll:
                yield poll
    else:
        raise TypeError(f"progress is {progress!r}; legal: True, False or a callable that takes a dict")


@contextmanager
def _bar(tqdm: Any) -> Iterator[Poll]:
    bar = tqdm(desc="subdividing", unit="layer", leave=False, file=sys.stderr)

    def show(state: dict[str, Any]) -> None:
        bar.total = state["n_layers"]
        bar.n = min(state["layer"], state["n_layers"])
        bar.set_postfix_str(f"dimension {state['dimension']}, {state['cells']:,} cells")

    try:
        yield show
    finally:
        bar.close()


@contextmanager
def _line(stream: TextIO) -> Iterator[Poll]:
    interactive = stream.isatty()
    written = -float("inf")

    def show(state: dict[str, Any]) -> None:
        nonlocal written
        now = time.monotonic()
        if now - written < (0.2 if interactive else 10.0):
            return
        written = now
        text = (
            f"layer {state['layer']}/{state['n_layers']}, dimension {state['dimension']}: "
            f"{state['cells']:,} cells, {state['seconds']:.1f} s"
        )
        stream.write(f"\r{text:<70}" if interactive else f"{text}\n")
        stream.flush()

    try:
        yield show
    finally:
        if interactive:
            stream.write("\r" + " " * 70 + "\r")
            stream.flush()


@contextmanager
def interruptible(what: str, state: dict[str, Any]) -> Iterator[None]:
    """Make of Ctrl-C what it is everywhere in this library: an IncompleteError that carries progress.

    Parameters
    ----------
    what : str
        What is interrupted.
    state : dict
        The progress, which the body may update; ``seconds`` is added.

    Raises
    ------
    relutope.IncompleteError
        With reason ``"interrupt"``.
    """
    begin = time.monotonic()
    try:
        yield
    except KeyboardInterrupt:
        progress = {**state, "seconds": time.monotonic() - begin}
        raise IncompleteError(f"{what} was interrupted", "interrupt", progress) from None


@contextmanager
def counting(progress: bool | Poll | None, done: str, total: str) -> Iterator[Poll | None]:
    """As `reporting`, for work that consists of so many equal parts.

    Parameters
    ----------
    progress : bool, callable or None
    done, total : str
        Keys of the dict under which the parts done and all parts are, beside ``seconds``.
    """
    if progress is not True:
        with reporting(progress) as poll:
            yield poll
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield lambda state: print(f"{done} {state[done]}/{state[total]}", file=sys.stderr)
        return
    with tqdm(desc=done, leave=False, file=sys.stderr) as bar:

        def show(state: dict[str, Any]) -> None:
            bar.total = state[total]
            bar.update(state[done] - bar.n)

        yield show
