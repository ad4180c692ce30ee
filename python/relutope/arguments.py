"""Checks of the arguments that several methods share."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from numbers import Real
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


def checked_count(value: Any, name: str, least: int = 1) -> int:
    """A number of things as an int.

    Raises
    ------
    TypeError
        If it is no int.
    ValueError
        If it is smaller than `least`.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} is {value!r}; legal: an int >= {least}")
    if value < least:
        raise ValueError(f"{name} is {value}; legal: an int >= {least}")
    return int(value)


def checked_flag(value: Any, name: str) -> bool:
    """A bool.

    Raises
    ------
    TypeError
        If it is none.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {value!r}; legal: a bool")
    return bool(value)


def checked_rng(rng: Any) -> np.random.Generator:
    """A generator of random numbers that can spawn; of a generator itself, of a SeedSequence by a copy.

    Raises
    ------
    TypeError
        If it is no generator and no seed.
    ValueError
        If a seed is negative.
    """
    legal = "a numpy.random.Generator, a seed (an int >= 0), or None"
    if isinstance(rng, np.random.SeedSequence):  # spawning changes it, and it is the user's
        rng = np.random.SeedSequence(rng.entropy, spawn_key=rng.spawn_key, pool_size=rng.pool_size)
    try:
        found = np.random.default_rng(rng)
    except TypeError:
        raise TypeError(f"rng is {rng!r}; legal: {legal}") from None
    except ValueError:
        raise ValueError(f"rng is {rng!r}; legal: {legal}") from None
    if not hasattr(found.bit_generator.seed_seq, "spawn"):  # such as that of a RandomState
        raise TypeError(f"rng is a {type(rng).__name__} that cannot spawn; legal: {legal}")
    return found


def checked_word(word: Any, name: str, legal: Iterable[str]) -> str:
    """One of a few words; `name` is that of the argument.

    Raises
    ------
    TypeError
        If it is no str.
    ValueError
        If it is another word.
    """
    words = list(legal)
    if not isinstance(word, str) or word not in words:
        *most, last = map(repr, words)
        error = ValueError if isinstance(word, str) else TypeError
        raise error(f"{name} is {word!r}; legal: {', '.join(most)} or {last}")
    return word


def checked_pad(pad: Any) -> float:
    """How far a box reaches beyond points.

    Raises
    ------
    TypeError
        If it is no real number.
    ValueError
        If it is negative or not finite.
    """
    if isinstance(pad, (bool, np.bool_)) or not isinstance(pad, Real):
        raise TypeError(f"pad is {pad!r}; legal: a finite number >= 0")
    try:
        value = float(pad)
    except OverflowError:
        value = inf
    if not 0 <= value < inf:
        raise ValueError(f"pad is {pad}; legal: a finite number >= 0")
    return value


def checked_axes(ax: Any) -> None:
    """Refuse what can be no Axes of matplotlib, which must be installed.

    Raises
    ------
    TypeError
        If it is neither Axes nor None.
    """
    from matplotlib.axes import Axes

    if ax is not None and not isinstance(ax, Axes):
        raise TypeError(f"ax is {ax!r}; legal: matplotlib.axes.Axes, or None")


def checked_executor(executor: Any) -> None:
    """Refuse what can run no tasks.

    Raises
    ------
    TypeError
        If it is neither None nor has the interface of `concurrent.futures.Executor`.
    """
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise TypeError(f"executor is {executor!r}; legal: a concurrent.futures.Executor, or None")


def checked_ids(ids: ArrayLike, count: int, kind: str) -> NDArray[np.int64]:
    """Ids of cells as a contiguous array; `kind` says in messages what there are `count` of.

    Raises
    ------
    TypeError
        If they are no sequence of ints.
    ValueError
        If ``0 <= id < count`` fails.
    """
    try:
        array = np.atleast_1d(np.asarray(ids))
    except ValueError:
        raise TypeError("ids is ragged; legal: a sequence of ints") from None
    if array.size == 0:
        array = array.astype(np.int64)
    if array.dtype == object and all(type(value) is int for value in array.ravel()):
        array = np.clip(array, -1, count).astype(np.int64)  # out of range as they were
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
