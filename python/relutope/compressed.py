"""Tables whose rows have different lengths: row i is ``values[indptr[i]:indptr[i + 1]]``."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value", bound=np.generic)


def rows_of(
    indptr: NDArray[np.signedinteger[Any]], values: NDArray[Value], rows: NDArray[np.signedinteger[Any]]
) -> tuple[NDArray[np.int64], NDArray[Value]]:
    """Chosen rows, one after the other, compressed.

    Examples
    --------
    >>> import numpy as np
    >>> from relutope.compressed import rows_of
    >>> rows_of(np.array([0, 1, 3]), np.array([7, 8, 9]), np.array([1]))
    (array([0, 2]), array([8, 9]))
    """
    lengths = indptr[rows + 1] - indptr[rows]
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    places = np.arange(starts[-1]) + np.repeat(indptr[rows] - starts[:-1], lengths)
    return starts, values[places]
