"""Effective numbers of classes: Hill numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class HillNumbers(NamedTuple):
    """Effective numbers of classes of order 1 and 2 (Hill, Diversity and evenness, 1973).

    A number x says that the shares are as diverse as x equal ones: order 1 is the exponential of their
    entropy, order 2 the reciprocal of the sum of their squares.
    """

    order_1: float
    order_2: float


def hill_numbers(weights: ArrayLike, labels: ArrayLike) -> HillNumbers | None:
    """Hill numbers of the shares that classes have in a total weight.

    Parameters
    ----------
    weights : array_like of shape (n,)
        Not negative, such as volumes or numbers of points.
    labels : array_like of int, shape (n,)
        The class of each.

    Returns
    -------
    HillNumbers or None
        None where the total is 0 or not finite.

    Examples
    --------
    >>> from relutope.effective import hill_numbers
    >>> hill_numbers([1, 1, 2], [0, 0, 1])
    HillNumbers(order_1=2.0, order_2=2.0)
    """
    totals = np.bincount(np.asarray(labels), weights=np.asarray(weights, dtype=np.float64))
    total = totals.sum()
    if not 0 < total < np.inf:
        return None
    shares = totals[totals > 0] / total
    entropy = -float(shares @ np.log(shares))
    return HillNumbers(float(np.exp(entropy)), 1 / float(shares @ shares))
