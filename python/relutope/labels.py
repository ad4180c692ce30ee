"""Labels of points: which are legal, and their classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.coefficients import detached

LEGAL = "ints, floats, bools or strs, none of them missing"


def checked_labels(y: ArrayLike, n: int, name: str = "y") -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The distinct labels of n points, ascending, and the number of each point's.

    Raises
    ------
    ValueError
        If there are not n labels, or one is None or not finite.
    TypeError
        If they are neither numbers nor strs, or some of each.

    Examples
    --------
    >>> from relutope.labels import checked_labels
    >>> checked_labels(["b", "a", "b"], 3)
    (array(['a', 'b'], dtype='<U1'), array([1, 0, 1]))
    """
    try:
        labels = np.asarray(detached(y))
    except ValueError:
        raise ValueError(f"{name} is ragged; legal: ({n},), one label per point") from None
    if labels.shape != (n,):
        raise ValueError(f"{name} has shape {labels.shape}; legal: ({n},), one label per point")
    if labels.dtype.kind in "OT":
        labels = _of_objects(labels.tolist(), name)
    elif labels.dtype.kind == "U" and isinstance(y, (list, tuple)):
        labels = _of_objects(list(y), name)  # numpy makes strs of None and numbers among strs
    elif labels.dtype.kind not in "biufU":
        raise TypeError(f"{name} has dtype {labels.dtype}; legal: {LEGAL}")
    if labels.dtype.kind == "f":
        labels = labels.astype(np.float64)
        if not np.isfinite(labels).all():
            raise ValueError(f"{name} holds a value that is not finite; legal: {LEGAL}")
    classes, codes = np.unique(labels, return_inverse=True)
    return classes, codes.astype(np.int64)


def _of_objects(values: list[Any], name: str) -> NDArray[Any]:
    if any(value is None for value in values):
        raise ValueError(f"{name} holds None; legal: {LEGAL}")
    if any(isinstance(value, (float, np.floating)) and not np.isfinite(value) for value in values):
        raise ValueError(f"{name} holds a value that is not finite; legal: {LEGAL}")
    if all(isinstance(value, str) for value in values):
        return np.array(values, dtype=str)
    if all(isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating)) for value in values):
        numbers = np.array(values)
        if numbers.dtype.kind in "biuf":
            return numbers
    types = sorted({type(value).__name__ for value in values})
    raise TypeError(f"{name} holds values of type {', '.join(types)}; legal: {LEGAL}")
