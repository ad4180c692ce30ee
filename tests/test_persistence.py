"""Bars and their representatives against a naive reduction, dense ranks and gudhi."""

from __future__ import annotations

from typing import Any

import gudhi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import networks
from cell_complexes import (
    KNOWN,
    ORDERS,
    betti,
    boundary_tables,
    everything,
    facets_of,
    filtration_of,
    flags,
    part,
    prefix_betti,
    random_complex,
    rank,
)
from compare import network_of
from relutope import AllSpace, Network, filtrations, polyhedral_complex
from relutope.filtrations import Filtration
from relutope.filtrations.random import RANDOM
from relutope.homology import Barcode, CellComplex, persistence

Place = tuple[int, int, int]  # rank, dimension, id
Pairs = list[list[tuple[int, int]]]

seeds = st.integers(0, 2**32)
primes = st.sampled_from([2, 3, 5])
orders = st.sampled_from(ORDERS)


def naive_pairs(filtration: Filtration, prime: int) -> Pairs:
    """Births and deaths (-1: essential) by dimension: column after column, nothing but dicts."""
    complex_, ranks = filtration.complex, filtration.ranks
    columns: dict[Place, dict[Place, int]] = {}
    for k in range(complex_.dim + 1):
        for cell in range(complex_.counts[k]):
            columns[int(ranks[k][cell]), k, cell] = {}
    for k in range(1, complex_.dim + 1):
        indptr = complex_.facets(k)[0]
        for cell, facets in enumerate(facets_of(complex_, k)):
            signs = complex_.signs[k - 1][indptr[cell] :] if prime != 2 else np.ones(len(facets))
            column = columns[int(ranks[k][cell]), k, cell]
            for facet, sign in zip(facets, signs, strict=False):
                column[int(ranks[k - 1][facet]), k - 1, facet] = int(sign) % prime
    killer: dict[Place, Place] = {}
    for place in sorted(columns):
        column = columns[place]
        while column and max(column) in killer:
            low = max(column)
            other = columns[killer[low]]
            factor = column[low] * pow(other[low], -1, prime)
            for row, value in other.items():
                column[row] = (column.get(row, 0) - factor * value) % prime
                if not column[row]:
                    del column[row]
        if column:
            killer[max(column)] = place
    result: Pairs = [[] for _ in complex_.counts]
    for place in sorted(columns):
        if not columns[place]:
            result[place[1]].append((place[2], killer[place][2] if place in killer else -1))
    return result


def pairs(bars: Any) -> Pairs:
    return [list(zip(births.tolist(), deaths.tolist(), strict=True)) for births, deaths in bars]


def assert_pairs(barcode: Barcode, filtration: Filtration, prime: int) -> None:
    """Those of the library, of its plain reduction and of the naive one."""
    complex_ = filtration.complex
    core = complex_.core(signed=prime != 2)
    plain = core.persistence(filtration.keys, prime, complex_.dim, False)
    found = pairs(zip(barcode.births, barcode.deaths, strict=True))
    assert found == pairs(plain) == naive_pairs(filtration, prime)


def gaps(barcode: Barcode) -> list[list[tuple[float, float]]]:
    return [sorted(map(tuple, diagram.tolist())) for diagram in barcode.diagrams()]


@settings(max_examples=150, deadline=None)
@given(seeds, primes, orders)
def test_pairs(seed: int, prime: int, name: str) -> None:
    complex_ = random_complex(seed)
    filtration = filtration_of(complex_, name, seed)
    assert_pairs(persistence(complex_, filtration, field=prime), filtration, prime)
    for highest in range(complex_.dim + 2):
        barcode = persistence(complex_, filtration, highest, field=prime)
        whole = naive_pairs(filtration, prime)[: highest + 1]
        assert barcode.max_dimension == min(highest, complex_.dim)
        assert pairs(zip(barcode.births, barcode.deaths, strict=True)) == whole


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([(6,), (4, 4), (3, 4, 2), (3, 3, 3), (3, 2, 2, 2)]), seeds, primes, orders)
def test_pairs_with_duality(shape: tuple[int, ...], seed: int, prime: int, name: str) -> None:
    """Grids are known to be balls; the same complex rebuilt is not, until it is looked at."""
    grid = CellComplex.grid(shape)
    filtration = filtration_of(grid, name, seed)
    assert_pairs(persistence(grid, filtration, field=prime), filtration, prime)
    rebuilt = part(grid, everything(grid))
    same = filtrations.from_values(rebuilt, list(filtration.values))
    before = persistence(rebuilt, same, field=prime)
    rebuilt.use_duality()
    for barcode in (before, persistence(rebuilt, same, field=prime)):
        assert pairs(zip(barcode.births, barcode.deaths, strict=True)) == naive_pairs(filtration, prime)


@settings(max_examples=60, deadline=None)
@given(seeds, orders)
def test_duality_is_used_only_where_it_holds(seed: int, name: str) -> None:
    complex_ = random_complex(seed)
    complex_.use_duality()
    filtration = filtration_of(complex_, name, seed)
    assert_pairs(persistence(complex_, filtration), filtration, 2)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known[0])
@pytest.mark.parametrize("name", ORDERS)
def test_known_complexes(known: Any, name: str) -> None:
    """Bands and shells look like balls from their facets alone, but have homology."""
    complex_ = part(known[1], everything(known[1]))
    filtration = filtration_of(complex_, name, 7)
    assert_pairs(persistence(complex_, filtration, field=3), filtration, 3)
    assert_pairs(persistence(complex_, filtration), filtration, 2)
    complex_.use_duality()
    assert_pairs(persistence(complex_, filtration), filtration, 2)


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([2, 3]), orders)
def test_gudhi_on_barycentric_subdivisions(seed: int, prime: int, name: str) -> None:
    complex_ = random_complex(seed)
    filtration = filtration_of(complex_, name, seed)
    simplices = gudhi.SimplexTree()
    number = {(k, i): i + sum(complex_.counts[:k]) for k, n in enumerate(complex_.counts) for i in range(n)}
    for flag in sorted(flags(complex_), key=len):
        k, cell = flag[-1]
        simplices.insert([number[face] for face in flag], float(filtration.values[k][cell]))
    simplices.compute_persistence(homology_coeff_field=prime, persistence_dim_max=True)
    expected = [simplices.persistence_intervals_in_dimension(k) for k in range(complex_.dim + 1)]
    found = persistence(complex_, filtration, field=prime)
    assert gaps(found) == [sorted(map(tuple, part_.tolist())) for part_ in expected]


@pytest.mark.parametrize("shape", [(60,), (14, 11), (6, 5, 7), (3, 4, 3, 4)])
@pytest.mark.parametrize("levels", [5, 10**6])
@pytest.mark.parametrize("prime", [2, 3])
def test_gudhi_on_images(shape: tuple[int, ...], levels: int, prime: int) -> None:
    """Lower stars of values at points, upper stars of values of the cells of full dimension."""
    rng = np.random.default_rng(levels)
    grid = CellComplex.grid(shape)
    image = rng.integers(0, levels, shape).astype(float)
    values = [image.ravel()]
    for k in range(1, grid.dim + 1):
        values.append(np.array([values[k - 1][facets].max() for facets in facets_of(grid, k)]))
    cells = rng.integers(0, levels, [n - 1 for n in shape]).astype(float)
    upper = [cells.ravel()]
    for k in range(grid.dim, 0, -1):
        lowest = np.full(grid.counts[k - 1], np.inf)
        for value, facets in zip(upper[0], facets_of(grid, k), strict=True):
            lowest[facets] = np.minimum(lowest[facets], value)
        upper.insert(0, lowest)
    for own, theirs in (
        (values, gudhi.CubicalComplex(vertices=image)),
        (upper, gudhi.CubicalComplex(top_dimensional_cells=cells)),
    ):
        theirs.compute_persistence(homology_coeff_field=prime)
        found = gaps(persistence(grid, filtrations.from_values(grid, own), field=prime))
        for k, gap in enumerate(found):
            assert gap == sorted(map(tuple, theirs.persistence_intervals_in_dimension(k).tolist()))


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_polyhedral_complexes(name: str, d: int) -> None:
    """Boxes and R^d, outputs and neurons: union-find and duality against the naive reduction."""
    case = networks.cases(name, d)[0]
    for domain in ((case.lo, case.hi), AllSpace()):
        complex_ = polyhedral_complex(network_of(case.layers), domain)
        for number, key in enumerate(filtrations.NAMES):
            filtration = filtrations.as_filtration(complex_, key, 0)
            prime = (2, 3)[number % 2]
            assert_pairs(persistence(complex_, filtration, field=prime), filtration, prime)


def test_subcomplexes(network: Network) -> None:
    complex_ = polyhedral_complex(network, (-1, 1))
    threshold = float(np.median(network(complex_.vertices)))
    boundary, below = complex_.decision_boundary(threshold), complex_.sublevel(threshold)
    assert len(boundary.ids[1]) > 3
    for cells in (boundary, below):
        for prime in (2, 3):
            for key in RANDOM:
                filtration = filtrations.as_filtration(cells, key, 1)
                barcode = persistence(cells, filtration, field=prime)
                assert_pairs(barcode, filtration, prime)
                assert barcode.betti_numbers() == cells.betti(field=prime)
                chains = [barcode.representative_cycles(k) for k in range(3)]
                assert [len(listed) for listed in chains] == [len(births) for births in barcode.births]
    empty = complex_.decision_boundary(10**6)
    with pytest.raises(ValueError, match="complex is empty; legal: at least one cell"):
        persistence(empty, "cell_max")
    with pytest.raises(ValueError, match="complex is empty; legal: at least one cell"):
        filtrations.from_values(empty, [])


# What a barcode tells


@settings(max_examples=60, deadline=None)
@given(seeds, primes, orders)
def test_betti_numbers_at_values(seed: int, prime: int, name: str) -> None:
    """At levels, between them, before the first and after the last; in any order."""
    complex_ = random_complex(seed)
    filtration = filtration_of(complex_, name, seed)
    barcode = persistence(complex_, filtration, field=prime)
    levels = filtration.levels
    chosen = np.unique(np.linspace(0, len(levels) - 1, 12).astype(int))
    tables = boundary_tables(complex_)
    expected = []
    for r in chosen:
        masks = [ranks <= r for ranks in filtration.ranks]
        betti = [int(mask.sum()) for mask in masks]
        for k, table in enumerate(tables, start=1):
            found = rank(table[np.ix_(masks[k - 1], masks[k])], prime)
            betti[k] -= found
            betti[k - 1] -= found
        expected.append(betti)
        assert barcode.betti_numbers(at=float(levels[r])) == betti
        assert barcode.betti_numbers(at=np.nextafter(levels[r], np.inf)) == betti
    order = np.random.default_rng(seed).permutation(len(chosen))
    curve = barcode.betti_curve(levels[chosen][order])
    assert curve.dtype == np.int64
    assert curve.tolist() == [expected[i] for i in order]
    zero = [0] * (complex_.dim + 1)
    assert barcode.betti_curve([-np.inf, np.nextafter(levels[0], -np.inf)]).tolist() == [zero, zero]
    assert barcode.betti_numbers() == barcode.betti_numbers(at=np.inf) == expected[-1]


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([2, 3]))
def test_betti_numbers_after_each_rank(seed: int, prime: int) -> None:
    complex_ = random_complex(seed)
    filtration = filtration_of(complex_, "tied", seed)
    curve = persistence(complex_, filtration, field=prime).betti_curve(filtration.levels)
    assert curve.tolist() == prefix_betti(complex_, filtration.ranks, prime)


def test_diagrams() -> None:
    """The layout of gudhi, ripser and persim: arrays (n, 2) of float64, inf for essential classes."""
    square = CellComplex.grid((2, 2))
    values = [[0, 1, 1, 5], [1, 5, 1, 5], [np.inf]]
    barcode = persistence(square, filtrations.from_values(square, values))
    assert [diagram.tolist() for diagram in barcode.diagrams()] == [[[0, np.inf]], [[5, np.inf]], []]
    whole = barcode.diagrams(zero_length=True)
    assert [part_.shape for part_ in whole] == [(4, 2), (1, 2), (0, 2)]
    assert {part_.dtype for part_ in whole} == {np.dtype(np.float64)}
    assert whole[0].tolist() == [[0, np.inf], [1, 1], [1, 1], [5, 5]]
    # It dies at the infinite rank, which is after 5.
    assert barcode.deaths[1].tolist() == [0]
    assert barcode.death_ranks(1).tolist() == [3]
    assert barcode.birth_ranks(1).tolist() == [2]
    assert barcode.betti_numbers() == [1, 0, 0]
    assert barcode.betti_numbers(at=5) == [1, 1, 0]
    assert barcode.betti_numbers(at=np.inf) == [1, 0, 0]
    assert repr(barcode) == (
        "Barcode('values' over Z/2: 4 bars in dimension 0, 1 in dimension 1, 0 in dimension 2)"
    )
    for k in range(3):
        assert np.array_equal(barcode.intervals(k), whole[k])
    circle = part(square, [*everything(square)[:2], np.zeros(1, dtype=bool)])
    essential = persistence(circle, filtrations.from_values(circle, [0, 1, 1, 5, 1, 5, 1, 5]))
    assert essential.deaths[1].tolist() == [-1]
    assert essential.death_ranks(1).tolist() == [3]
    assert essential.betti_numbers() == betti(circle) == [1, 1]


def test_plots() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    barcode = persistence(CellComplex.grid((3, 3)), "cell_max", rng=0)
    for kind in ("barcode", "diagram"):
        axes = barcode.plot(kind)
        assert len(axes.get_children()) > 10
        matplotlib.pyplot.close(axes.figure)
    with pytest.raises(ValueError, match="kind is 'pie'"):
        barcode.plot("pie")


def test_bad_arguments() -> None:
    square = CellComplex.grid((2, 2))
    barcode = persistence(square, "cell_max", 1, rng=0)
    for k in (-1, 2):
        with pytest.raises(ValueError, match=f"k is {k}; legal: 0 <= k <= 1"):
            barcode.intervals(k)
    for grid in ([[0.0]], [np.nan]):
        with pytest.raises(ValueError, match="grid has shape"):
            barcode.betti_curve(grid)
    with pytest.raises(ValueError, match="grid has shape"):
        barcode.betti_numbers(at=float("nan"))
    for highest, kind in ((-1, ValueError), (True, TypeError), (1.0, TypeError)):
        with pytest.raises(kind, match="max_dimension is"):
            persistence(square, "cell_max", highest)  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match=r"filtration is Filtration\('cell_max'.*; legal: one of CellComplex"
    ):
        persistence(CellComplex.grid((2, 2)), barcode.filtration)
