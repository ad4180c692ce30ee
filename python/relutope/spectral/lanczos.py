"""Dominant eigenvectors of a symmetric operator by Lanczos iteration with thick restarts (Wu and Simon 2000).

Not ARPACK: its sums along vectors go to BLAS, whose threads cost more here than they give.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from relutope.spectral.operators import Floats

#: Vectors that are held, beside those wanted.
EXTRA = 20
#: Restarts that are tried; after how many a residual at the level of rounding is enough; that level, over the
#: largest eigenvalue.
MOST_RESTARTS, PATIENCE, ROUNDING = 2000, 100, 2.0**-50
#: A new direction shorter than this times the image that it is from is none.
VANISHING = 2.0**-50


def dominant(apply: Callable[[Floats], Floats], start: Floats, count: int, tolerance: float) -> Floats | None:
    """Orthonormal vectors, shape (n, count), of the largest eigenvalues, the dominant first.

    Parameters
    ----------
    apply : callable
        The operator, on vectors of shape (n,).
    start : ndarray of shape (n,)
    count : int
    tolerance : float
        Bound on the residual of a vector over its eigenvalue.

    Returns
    -------
    ndarray, or None if they are not found.
    """
    n = len(start)
    size = min(n, 2 * count + EXTRA)
    basis, projected = np.zeros((size + 1, n)), np.zeros((size, size))
    fresh = np.random.default_rng(n)
    basis[0] = start / _length(start)
    held = 0
    for restart in range(MOST_RESTARTS):
        for j in range(held, size):
            image = apply(basis[j])
            shares = np.einsum("ij,j->i", basis[: j + 1], image)
            projected[j, : j + 1] = projected[: j + 1, j] = shares
            rest, length = _orthogonal(basis[: j + 1], image)
            if length <= VANISHING * _length(image) and j + 1 < n:
                # The space is invariant: go on from any direction outside, which has no part in the image.
                rest, new = _orthogonal(basis[: j + 1], fresh.standard_normal(n))
                length, rest = 0.0, rest / new
            elif length:
                rest /= length
            basis[j + 1] = rest
        values, turn = np.linalg.eigh(projected)
        values, turn = values[::-1], turn[:, ::-1]
        residuals = length * np.abs(turn[-1])
        floor = ROUNDING * abs(values[0]) if restart >= PATIENCE else 0.0
        done = (residuals[:count] <= np.maximum(tolerance * np.abs(values[:count]), floor)).all()
        held = count if done else count + (size - count) // 2
        basis[:held] = np.einsum("ji,jk->ik", turn[:, :held], basis[:size])
        if done:
            return basis[:count].T.copy()
        basis[held] = basis[size]
        projected[:] = 0
        projected[np.arange(held), np.arange(held)] = values[:held]
    return None


def _orthogonal(basis: Floats, vector: Floats) -> tuple[Floats, float]:
    """What is left of a vector orthogonal to an orthonormal basis, and how long it is; twice is enough."""
    for _ in range(2):
        vector = vector - np.einsum("ij,i->j", basis, np.einsum("ij,j->i", basis, vector))
    return vector, _length(vector)


def _length(vector: Floats) -> float:
    return float(np.sqrt(np.einsum("i,i->", vector, vector)))
