"""Peaks and their places on complexes of many thousand cells, against Betti numbers after every value."""

from __future__ import annotations

import numpy as np
import pytest

from relutope import betti_curves, persistence
from relutope.filtrations import Filtration, from_values
from relutope.filtrations.random import RANDOM, random
from relutope.homology import CellComplex

GRIDS = [(3000,), (40, 45), (11, 12, 13), (5, 6, 5, 6)]


def check(filtration: Filtration) -> None:
    """The largest Betti number after any value, and the first and the last value that attain it."""
    curves = betti_curves(filtration.complex, filtration, n_threads=1)
    after = persistence(filtration.complex, filtration).betti_curve(filtration.levels)
    cells = np.searchsorted(np.sort(filtration.keys), np.arange(len(filtration.levels)), side="right")
    for k, column in enumerate(after.T):
        places = np.flatnonzero(column == column.max())
        assert curves.peak[0, k] == column.max()
        assert curves.first_value[0, k] == filtration.levels[places[0]]
        assert curves.last_value[0, k] == filtration.levels[places[-1]]
        assert curves.first_cells[0, k] == cells[places[0]]
        assert curves.last_cells[0, k] == cells[places[-1]]


@pytest.mark.parametrize("shape", GRIDS, ids=str)
@pytest.mark.parametrize("name", RANDOM)
def test_random_orders(shape: tuple[int, ...], name: str) -> None:
    check(random(CellComplex.grid(shape), name, rng=1))


@pytest.mark.parametrize("shape", GRIDS, ids=str)
@pytest.mark.parametrize("n_levels", [1, 2, 7, 60, 900])
def test_many_cells_of_one_value(shape: tuple[int, ...], n_levels: int) -> None:
    values = random(CellComplex.grid(shape), "cell_max", rng=n_levels).values
    check(from_values(CellComplex.grid(shape), [np.floor(n_levels * part) for part in values]))


@pytest.mark.parametrize("shape", GRIDS, ids=str)
def test_small_numbers_over_long_stretches(shape: tuple[int, ...]) -> None:
    """One component that grows along the first axis; with a second one that comes and goes."""
    complex_ = CellComplex.grid(shape)
    along = np.indices(shape)[0].ravel().astype(np.float64)
    for late in (0, 1):
        vertex = along.copy()
        vertex[-1] = late * along.max() / 2
        parts = [vertex]
        for indptr, indices in complex_.boundaries:
            parts.append(np.maximum.reduceat(parts[-1][indices], indptr[:-1]))
        check(from_values(complex_, parts))
