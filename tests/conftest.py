"""Small networks that several tests use."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

import relutope

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture
def quadrants() -> relutope.Network:
    """Two neurons, the coordinates of the plane: 9 cells on R^2, 4 of them regions."""
    return relutope.Network.from_arrays([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]], [[0.0, 0.0], [0.0]])


@pytest.fixture
def arrays() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weights and biases of a random network 2-6-5-1."""
    rng = np.random.default_rng(7)
    widths = [2, 6, 5, 1]
    weights = [rng.normal(size=(n_out, n_in)) for n_in, n_out in itertools.pairwise(widths)]
    return weights, [rng.normal(size=len(weight)) for weight in weights]


@pytest.fixture
def network(arrays: tuple[list[np.ndarray], list[np.ndarray]]) -> relutope.Network:
    """A random network 2-6-5-1."""
    return relutope.Network.from_arrays(*arrays)


@pytest.fixture
def moons() -> Path:
    """The checkpoint of the shipped two-moons classifier."""
    return EXAMPLES / "two_moons.safetensors"
