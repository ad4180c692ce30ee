"""Checks of arguments that the functions of homology share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from relutope.errors import IncompleteError
from relutope.memory import default_max_bytes

LARGEST_PRIME = 2**31 - 1


def checked_prime(field: Any) -> int:
    """The prime of a field Z/p, or a TypeError or ValueError."""
    if isinstance(field, bool) or not isinstance(field, (int, np.integer)):
        raise TypeError(f"field is {field!r}; legal: a prime as an int")
    prime = int(field)
    if not 2 <= prime <= LARGEST_PRIME or any(prime % q == 0 for q in range(2, int(prime**0.5) + 1)):
        raise ValueError(f"field is {prime}; legal: a prime from 2 to {LARGEST_PRIME}")
    return prime


@contextmanager
def interruptible(what: str) -> Iterator[None]:
    """Turns Ctrl-C into an IncompleteError that says what was not finished."""
    begin = time.monotonic()
    try:
        yield
    except KeyboardInterrupt:
        seconds = time.monotonic() - begin
        raise IncompleteError(
            f"interrupted after {seconds:.3g} s: {what}", "interrupt", {"seconds": seconds}
        ) from None


def require_bytes(needed: int, max_bytes: int | None, what: str) -> None:
    """IncompleteError, before anything is allocated, if more bytes are needed than allowed.

    Parameters
    ----------
    needed : int
    max_bytes : int or None
        None: 80 % of what is available.
    what : str
        What needs them.
    """
    if max_bytes is not None and (
        isinstance(max_bytes, bool) or not isinstance(max_bytes, (int, np.integer))
    ):
        raise TypeError(f"max_bytes is {max_bytes!r}; legal: an int or None")
    if max_bytes is not None and max_bytes <= 0:
        raise ValueError(f"max_bytes is {max_bytes}; legal: more than 0")
    limit = default_max_bytes() if max_bytes is None else int(max_bytes)
    if needed > limit:
        raise IncompleteError(
            f"{what} needs about {needed:,} bytes and max_bytes is {limit:,}", "max_bytes", {"bytes": 0}
        )
