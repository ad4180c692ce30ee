"""How well parts and classes can be matched, and how well any partition of the regions could do."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[Any]


def matched(table: Counts) -> float:
    """The largest sum of entries of a table, one at most per row and column (Hungarian method)."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(table[rows, columns].sum())


def misclassified(table: Counts) -> float | None:
    """The share outside of the best matching of parts (rows) and classes (columns); None of no points."""
    total = float(table.sum())
    return None if total <= 0 or not np.isfinite(total) else max(0.0, (total - matched(table)) / total)


def contingency(rows: Counts, columns: Counts, shape: tuple[int, int], weights: Any = None) -> Counts:
    """How often, or with how much weight, each pair of labels occurs."""
    return np.bincount(rows * shape[1] + columns, weights, shape[0] * shape[1]).reshape(shape)


def purity_floor(regions: Counts, codes: Counts, n_classes: int) -> float:
    """1 - sum_i max_c n_ic / n: no partition of the regions misclassifies fewer points."""
    _, place = np.unique(regions, return_inverse=True)
    table = contingency(place, codes, (int(place.max()) + 1, n_classes))
    return float((len(codes) - table.max(axis=1).sum()) / len(codes))


def oracle_cut(values: NDArray[np.float64], codes: Counts, n_classes: int) -> float:
    """The least misclassification of a cut along values of points; it knows the labels."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(np.eye(n_classes, dtype=np.int64)[codes[order]], axis=0)
    ends = np.append(np.flatnonzero(np.diff(values[order])), len(order) - 1)
    left, right = below[ends], below[-1] - below[ends]
    best = max(
        int((left[:, a] + right[:, b]).max()) for a in range(n_classes) for b in range(n_classes) if a != b
    )
    return (len(codes) - best) / len(codes)
