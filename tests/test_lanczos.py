"""The Lanczos iteration against dense eigensolvers."""

from __future__ import annotations

import numpy as np
import pytest

from relutope.spectral.lanczos import dominant

N = 80
RNG = np.random.default_rng(0)
TURN = np.linalg.qr(RNG.standard_normal((N, N)))[0]
START = RNG.standard_normal(N)


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize(
    "values",
    [
        1 / np.arange(1, N + 1) ** 2,
        np.linspace(1, 2, N),
        np.r_[1 + 1e-6, 1, 1 - 1e-6, np.linspace(0, 0.9, N - 3)],
        np.r_[1e12, np.linspace(1, 2, N - 1)],
        np.r_[7.0, 6, 5, 4, 3, np.full(N - 5, -2)],  # the space of one start is invariant after six steps
    ],
)
def test_dominant_vectors(values: np.ndarray, count: int) -> None:
    matrix = TURN * values @ TURN.T
    found = dominant(lambda z: matrix @ z, START, count, 2.0**-48)
    assert found is not None
    assert found.shape == (N, count)
    assert np.allclose(found.T @ found, np.eye(count), atol=1e-13)
    largest = np.sort(values)[::-1][:count]
    quotients = np.einsum("ij,ij->j", found, matrix @ found)
    assert np.allclose(quotients, largest, rtol=1e-10, atol=1e-15 * np.abs(values).max())
    residuals = np.linalg.norm(matrix @ found - found * largest, axis=0)
    assert (residuals <= 1e-13 * np.abs(values).max()).all()


def test_multiples() -> None:
    """All vectors are dominant ones of the identity; of a projection one start sees each value once."""
    found = dominant(lambda z: 3 * z, START, 4, 2.0**-48)
    assert found is not None
    assert np.allclose(found.T @ found, np.eye(4), atol=1e-13)
    flat = np.r_[np.ones(9), np.zeros(N - 9)]
    first = dominant(lambda z: flat * z, START, 1, 2.0**-48)
    assert first is not None
    assert np.linalg.norm(first[:9]) == pytest.approx(1)
