"""Checks of the arguments that several methods share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def checked_dimension(k: Any, dim: int, lowest: int = 0, name: str = "k") -> int:
    """A dimension of cells as an int; `name` is that of the argument.

    Raises
    ------
    TypeError
        If it is no int.
    ValueError
        If ``lowest <= k <= dim`` fails.
    """
    if isinstance(k, (bool, np.bool_)) or not isinstance(k, (int, np.integer)):
        raise TypeError(f"{name} is {k!r}; legal: an int from {lowest} to {dim}")
    if not lowest <= k <= dim:
        raise ValueError(f"{name} is {k}; legal: {lowest} <= {name} <= {dim}")
    return int(k)


def checked_ids(ids: ArrayLike, count: int, kind: str) -> NDArray[np.int64]:
    """Ids of cells as a contiguous array; `kind` says in messages what there are `count` of.

    Raises
    ------
    TypeError
        If they are no sequence of ints.
    ValueError
        If ``0 <= id < count`` fails.
    """
    array = np.atleast_1d(np.asarray(ids))
    if array.size == 0:
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise TypeError(f"ids has dtype {array.dtype} and shape {array.shape}; legal: a sequence of ints")
    if array.size and (array.min() < 0 or array.max() >= count):
        wrong = array[(array < 0) | (array >= count)][0]
        raise ValueError(f"ids contains {wrong}; legal: 0 <= id < {count}, the number of {kind}")
    return np.ascontiguousarray(array, dtype=np.int64)


def checked_cell(cell: Any, counts: tuple[int, ...]) -> tuple[int, int]:
    """Dimension and id of one cell of a complex with `counts[k]` cells of dimension k.

    Raises
    ------
    TypeError
        If it is no pair of ints.
    ValueError
        If one is out of range.
    """
    if not isinstance(cell, (tuple, list)) or len(cell) != 2:
        raise TypeError(f"cell is {cell!r}; legal: a pair (k, id)")
    k = checked_dimension(cell[0], len(counts) - 1)
    [index] = checked_ids([cell[1]], counts[k], f"cells of dimension {k}")
    return k, int(index)
