"""A limit on the sizes of tensors, so that a few bytes of a file do not ask for all memory."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

#: Elements that a tensor may have which is computed, or that is the input.
MAX_ELEMENTS = 2**25

#: Elements that a stored tensor may have; how many there are is known from the bytes in the file.
MAX_STORED = 2**31


def check_size(shape: Iterable[int], what: str, limit: int = MAX_ELEMENTS) -> None:
    """Refuse shapes of too many elements."""
    sizes = [int(size) for size in shape]
    if any(size < 0 for size in sizes) or prod(sizes) > limit:
        raise ValueError(f"{what} would have the shape {tuple(sizes)}; legal: up to {limit} elements")
