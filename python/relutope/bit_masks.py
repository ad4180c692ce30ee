"""Sets of small numbers, one per cell, as rows of words: bit i % 64 of row i // 64 says that i is in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Masks = NDArray[np.uint64]


def packed(members: NDArray[np.bool_]) -> Masks:
    """Shape (words, n), from one row per cell.

    Examples
    --------
    >>> import numpy as np
    >>> from relutope.bit_masks import packed
    >>> packed(np.array([[True, False, True], [False, False, True]]))
    array([[5, 4]], dtype=uint64)
    """
    count, size = members.shape
    masks = np.zeros((-(-size // 64), count), dtype=np.uint64)
    for i in range(size):
        masks[i // 64] |= members[:, i].astype(np.uint64) << np.uint64(i % 64)
    return masks


def unpacked(masks: Masks, size: int) -> NDArray[np.bool_]:
    """The inverse of `packed`, shape (n, size)."""
    octets = np.ascontiguousarray(masks.T.astype("<u8", copy=False)).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=size, bitorder="little").view(np.bool_)


def several(masks: Masks) -> NDArray[np.bool_]:
    """Which sets have two or more members."""
    result: NDArray[np.bool_] = np.bitwise_count(masks).sum(axis=0, dtype=np.int64) > 1
    return result
