"""A limit on the sizes of tensors, so that a few bytes of a file do not ask for all memory."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

#: Elements that a tensor may have.
MAX_ELEMENTS = 2**27


def check_size(shape: Iterable[int], what: str) -> None:
    """Refuse shapes of too many elements."""
    sizes = [int(size) for size in shape]
    if any(size < 0 for size in sizes) or prod(sizes) > MAX_ELEMENTS:
        raise ValueError(f"{what} would have the shape {tuple(sizes)}; legal: up to {MAX_ELEMENTS} elements")
