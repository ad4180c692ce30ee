"""Betti curves along random orderings against dense ranks, persistence, duality and closed forms."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import fields
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import networks
from cell_complexes import (
    KNOWN,
    boundary_tables,
    dense_betti,
    everything,
    facets_of,
    flags,
    part,
    prefix_betti,
    random_complex,
    tied_values,
)
from compare import network_of
from relutope import AllSpace, PolyhedralComplex, _core, betti_curves, filtrations, polyhedral_complex
from relutope.chains import as_cell_complex, restricted
from relutope.filtrations import Filtration
from relutope.filtrations.random import ORDERS, RANDOM, seeds
from relutope.homology import BettiCurves, CellComplex, persistence

#: Orderings of which the Euler curve is averaged.
N_EULER = 4000

NO_THRESHOLDS = np.empty(0, dtype=np.int64)


def ordering(complex_: CellComplex, name: str, seed: int) -> list[NDArray[np.int64]]:
    """Keys by dimension of one ordering."""
    keys = complex_.core(signed=False).random_keys(RANDOM.index(name), int(seed))
    return [part_.astype(np.int64) for part_ in complex_.split(keys)]


def value_of(key: int, name: str, n: int) -> float:
    return (key + 1) / n if name in ORDERS else key / 2**32


def groups_of(keys: list[NDArray[np.int64]]) -> tuple[list[int], list[int]]:
    """The keys that occur, and how many cells are in by each."""
    flat = np.sort(np.concatenate(keys))
    distinct = sorted(set(flat.tolist()))
    return distinct, np.searchsorted(flat, distinct, side="right").tolist()


def slow_peaks(rows: list[list[int]], levels: list[Any], cells: list[int]) -> list[tuple[Any, ...]]:
    """Per dimension the maximum, first and last value, first and last number of cells."""
    result = []
    for column in zip(*rows, strict=True):
        at = [i for i, value in enumerate(column) if value == max(column)]
        result.append((max(column), levels[at[0]], levels[at[-1]], cells[at[0]], cells[at[-1]]))
    return result


def found_peaks(curves: BettiCurves, i: int) -> list[tuple[Any, ...]]:
    tables = (curves.peak, curves.first_value, curves.last_value, curves.first_cells, curves.last_cells)
    return list(zip(*(table[i].tolist() for table in tables), strict=True))


def assert_curves(complex_: CellComplex, name: str, rng: int, n: int = 3) -> BettiCurves:
    """Every ordering by dense ranks after each group of equal keys."""
    grid = np.linspace(0, 1, 9)
    curves = betti_curves(complex_, name, n_orderings=n, rng=rng, grid=grid, n_threads=1)
    assert (curves.filtration, curves.counts, curves.n_orderings) == (name, complex_.counts, n)
    table = []
    for i, seed in enumerate(seeds(rng, n)):
        keys = ordering(complex_, name, seed)
        distinct, cells = groups_of(keys)
        place = {key: r for r, key in enumerate(distinct)}
        ranks = [np.array([place[key] for key in part_.tolist()], dtype=np.int64) for part_ in keys]
        rows = prefix_betti(complex_, ranks)
        levels = [value_of(key, name, complex_.n_cells) for key in distinct]
        assert found_peaks(curves, i) == slow_peaks(rows, levels, cells)
        at = np.searchsorted(levels, grid, side="right") - 1
        table.append([rows[r] if r >= 0 else [0] * len(complex_.counts) for r in at])
    assert np.allclose(curves.mean, np.mean(table, axis=0), rtol=1e-13, atol=1e-13)
    if n > 1:
        assert np.allclose(curves.std, np.std(table, axis=0, ddof=1), rtol=1e-12, atol=1e-12)
        assert np.allclose(curves.standard_error, curves.std / np.sqrt(n), rtol=1e-14, atol=0)
    return curves


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(RANDOM))
def test_any_complex(seed: int, name: str) -> None:
    assert_curves(random_complex(seed), name, seed)


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known[0])
def test_known_complexes(known: Any, name: str) -> None:
    """Closed surfaces, bands, shells: which methods apply depends on their homology."""
    curves = assert_curves(known[1], name, 3, n=1)
    assert curves.mean[-1].tolist() == known[3]


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("shape", [(1,), (9,), (5, 4), (3, 3, 3), (3, 2, 2, 3)])
def test_balls(shape: tuple[int, ...], name: str) -> None:
    """By union-find and duality; the same cells of which nothing is known; and by reduction alone."""
    grid = CellComplex.grid(shape)
    curves = assert_curves(grid, name, 11)
    rebuilt = part(grid, everything(grid))
    assert_same(curves, betti_curves(rebuilt, name, n_orderings=3, rng=11, grid=np.linspace(0, 1, 9)))
    general = _core.BettiCurves(part(grid, everything(grid)).core(signed=False))
    for i, seed in enumerate(seeds(11, 3)):
        peaks = general.of_random(RANDOM.index(name), int(seed), NO_THRESHOLDS)[1]
        assert peaks[:, 0].tolist() == curves.peak[i].tolist()
        assert peaks[:, 3].tolist() == curves.first_cells[i].tolist()
        assert peaks[:, 4].tolist() == curves.last_cells[i].tolist()


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize(("d", "where"), [(1, 4), (2, 5), (3, 3), (4, 1), (5, 0)])
def test_networks(d: int, where: int, name: str) -> None:
    """Larger complexes, on boxes and R^d: curves at every group against plain reductions."""
    case = networks.cases(("random", "concurrent", "integer")[RANDOM.index(name) % 3], d)[where]
    for domain in ((case.lo, case.hi), AllSpace()):
        complex_ = polyhedral_complex(network_of(case.layers), domain)
        chains = as_cell_complex(complex_)
        assert chains.fills_ball
        curves = betti_curves(complex_, name, n_orderings=2, rng=d, n_threads=1)
        for i, seed in enumerate(seeds(d, 2)):
            keys = ordering(chains, name, seed)
            distinct, cells = groups_of(keys)
            flat = np.concatenate(keys).astype(np.uint32)
            rows = plain_rows(chains, flat, distinct)
            levels = [value_of(key, name, chains.n_cells) for key in distinct]
            assert found_peaks(curves, i) == slow_peaks(rows, levels, cells)
            single = betti_curves(complex_, name, n_orderings=i + 1, rng=d, grid=levels, n_threads=1)
            if i == 0:
                assert single.mean.tolist() == rows


def plain_rows(complex_: CellComplex, keys: NDArray[np.uint32], distinct: list[int]) -> list[list[int]]:
    """Betti numbers after each key, by the reduction of all columns."""
    bars = complex_.core(signed=False).persistence(keys, 2, complex_.dim, False)
    parts = [*complex_.split(keys.astype(np.int64)), np.zeros(1, dtype=np.int64)]
    columns = []
    for k, (births, deaths) in enumerate(bars):
        born = np.sort(parts[k][births])
        died = np.sort(parts[k + 1][deaths[deaths >= 0]])
        columns.append(np.searchsorted(born, distinct, "right") - np.searchsorted(died, distinct, "right"))
    rows: list[list[int]] = np.column_stack(columns).tolist()
    return rows


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 9))
def test_ties_and_plateaus(seed: int, n_levels: int) -> None:
    """A filtration with few values is one ordering, read after each value only."""
    complex_ = random_complex(seed)
    filtration = filtrations.from_values(
        complex_, tied_values(np.random.default_rng(seed), complex_, n_levels)
    )
    curves = betti_curves(complex_, filtration, n_orderings=5, grid=filtration.levels)
    rows = prefix_betti(complex_, filtration.ranks)
    assert curves.n_orderings == 1
    assert curves.mean.tolist() == rows
    assert np.isnan(curves.std).all()
    distinct, cells = groups_of(list(filtration.ranks))
    assert distinct == list(range(len(filtration.levels)))
    assert found_peaks(curves, 0) == slow_peaks(rows, filtration.levels.tolist(), cells)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_relative_chains(seed: int, n_levels: int) -> None:
    """Chains relative to a subcomplex: edges with one end or none, 2-cells with open boundaries."""
    complex_ = random_complex(seed)
    rng = np.random.default_rng(seed)
    values = tied_values(rng, complex_, n_levels)
    # What is left of a complex without its cells of low value.
    left = [np.flatnonzero(part_ >= n_levels // 3) for part_ in values]
    chains = restricted(complex_, left)
    kept = [part_[ids] for part_, ids in zip(values, left, strict=True)]
    if not chains.n_cells:
        return
    filtration = filtrations.from_values(chains, kept)
    tables = boundary_tables(complex_)
    rows = []
    for level in filtration.levels:
        masks = [(part_ >= n_levels // 3) & (part_ <= level) for part_ in values]
        rows.append(dense_betti(tables, masks))
    assert betti_curves(chains, filtration, grid=filtration.levels).mean.tolist() == rows
    assert persistence(chains, filtration).betti_curve(filtration.levels).tolist() == rows


@pytest.mark.parametrize("name", ["output", "absolute_output", "neuron_order"])
def test_filtrations_of_networks(name: str) -> None:
    """One ordering with values that may be infinite; the grid spans the finite ones."""
    case = networks.cases("integer", 2)[0]
    for domain in ((case.lo, case.hi), AllSpace()):
        complex_ = polyhedral_complex(network_of(case.layers), domain)
        filtration = filtrations.as_filtration(complex_, name)
        curves = betti_curves(complex_, name, grid=33)
        finite = filtration.levels[np.isfinite(filtration.levels)]
        assert (curves.grid[0], curves.grid[-1], len(curves.grid)) == (finite[0], finite[-1], 33)
        barcode = persistence(complex_, filtration)
        assert curves.mean.tolist() == barcode.betti_curve(curves.grid).tolist()
        rows = barcode.betti_curve(filtration.levels).tolist()
        _, cells = groups_of(list(filtration.ranks))
        assert found_peaks(curves, 0) == slow_peaks(rows, filtration.levels.tolist(), cells)
        assert curves.counts == filtration.complex.counts


# Orderings and who computes them


def assert_same(one: BettiCurves, other: BettiCurves) -> None:
    """In everything but what was known beforehand."""
    for field in (field for field in fields(BettiCurves) if field.name != "fills_ball"):
        a, b = getattr(one, field.name), getattr(other, field.name)
        assert type(a) is type(b)
        same = a.tobytes() == b.tobytes() and a.dtype == b.dtype if isinstance(a, np.ndarray) else a == b
        assert same, field.name


@pytest.mark.parametrize("name", RANDOM)
def test_threads_and_executors_agree(name: str, small: PolyhedralComplex) -> None:
    options: dict[str, Any] = {"n_orderings": 21, "rng": 3}
    one = betti_curves(small, name, n_threads=1, **options)
    for n_threads in (2, 5):
        assert_same(one, betti_curves(small, name, n_threads=n_threads, **options))
    with ThreadPoolExecutor(3) as executor:
        assert_same(one, betti_curves(small, name, executor=executor, **options))


def test_processes_agree(small: PolyhedralComplex) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        for cells in (small, random_complex(4), small.decision_boundary(0.25)):
            for filtration in ("cell_max", filtrations.from_values(cells, np.zeros(n_cells(cells)))):
                one = betti_curves(cells, filtration, n_orderings=19, rng=2, n_threads=1)
                other = betti_curves(cells, filtration, n_orderings=19, rng=2, executor=executor)
                assert_same(one, other)


def n_cells(cells: Any) -> int:
    return as_cell_complex(cells).n_cells


@pytest.fixture(scope="module")
def small() -> PolyhedralComplex:
    case = networks.cases("random", 2)[4]
    return polyhedral_complex(network_of(case.layers), (case.lo, case.hi))


@pytest.mark.parametrize("name", RANDOM)
def test_the_first_orderings_do_not_depend_on_their_number(name: str, small: PolyhedralComplex) -> None:
    all_of_them = betti_curves(small, name, n_orderings=23, rng=9)
    for m in (1, 2, 22):
        some = betti_curves(small, name, n_orderings=m, rng=9)
        for table in ("peak", "first_value", "last_value", "first_cells", "last_cells"):
            assert np.array_equal(getattr(some, table), getattr(all_of_them, table)[:m])
    other = betti_curves(small, name, n_orderings=23, rng=10)
    if name != "by_dimension":
        assert not np.array_equal(other.first_cells, all_of_them.first_cells)


# Closed forms


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_by_dimension_says_what_the_f_vector_says(name: str, d: int) -> None:
    case = networks.cases(name, d)[1]
    complex_ = polyhedral_complex(network_of(case.layers), (case.lo, case.hi))
    curves = betti_curves(complex_, "by_dimension", n_orderings=4, rng=0)
    f = complex_.f_vector
    chi = np.cumsum([(-1) ** k * n for k, n in enumerate(f)])
    expected = [f[0]] + [(-1) ** k * (int(chi[k]) - 1) for k in range(1, d + 1)]
    assert curves.peak.tolist() == [expected] * 4
    places = [sum(f[: k + 1]) for k in range(d)] + [1]
    assert curves.first_cells.tolist() == [places] * 4


def below(complex_: CellComplex) -> tuple[list[NDArray[np.int64]], ...]:
    """Per dimension and cell: numbers of vertices, of cells in the closure, of cofaces of dimension d."""
    tables = tuple([np.zeros(n, dtype=np.int64) for n in complex_.counts] for _ in range(3))
    for flag in flags(complex_):
        (low, first), (high, last) = flag[0], flag[-1]
        if len(flag) <= 2:
            tables[0][high][last] += low == 0
            tables[1][high][last] += 1
            tables[2][low][first] += high == complex_.dim
    return tables


@pytest.mark.parametrize("kind", ["grid", "cube", "network", "torn"])
@pytest.mark.parametrize("name", ["lower_star", "cell_max", "upper_star"])
def test_mean_euler_curves(kind: str, name: str, small: PolyhedralComplex) -> None:
    """A cell is in at t with probability t^n, or of upper_star 1 - (1 - t)^n: standard scores of the mean."""
    complex_ = {
        "grid": CellComplex.grid((12, 9)),
        "cube": CellComplex.grid((5, 4, 4)),
        "network": as_cell_complex(small),
        "torn": random_complex(2),
    }[kind]
    numbers = dict(zip(("lower_star", "cell_max", "upper_star"), below(complex_), strict=True))[name]
    if name == "upper_star" and kind == "torn":
        assert min(part_.min() for part_ in numbers) == 0  # faces of smaller cells only obey another law
        return
    t = np.linspace(0.1, 0.95, 9)
    thresholds = np.floor(t * 2**32).astype(np.int64) - 1
    expected = np.zeros(len(t))
    for k, part_ in enumerate(numbers):
        share = 1 - (1 - t[:, None]) ** part_ if name == "upper_star" else t[:, None] ** part_
        expected += (-1) ** k * share.sum(axis=1)
    signs = [(-1) ** k for k in range(complex_.dim + 1)]
    machine = _core.BettiCurves(complex_.core(signed=False))
    drawn = seeds(6, N_EULER).tolist()
    euler = np.array([machine.of_random(RANDOM.index(name), seed, thresholds)[0] @ signs for seed in drawn])
    error = euler.std(axis=0, ddof=1) / np.sqrt(N_EULER)
    assert (abs(euler.mean(axis=0) - expected) < 3.7 * error).all()
    few = betti_curves(complex_, name, n_orderings=50, rng=6, grid=thresholds / 2**32)
    assert np.allclose(few.mean @ signs, euler[:50].mean(axis=0), rtol=1e-9, atol=1e-9)


def dual_of(complex_: CellComplex, filtration: Filtration) -> tuple[CellComplex, list[NDArray[np.float64]]]:
    """Boundary matrices transposed, with one more d-cell, the outside, which is first; the order reversed."""
    d = complex_.dim
    sides: list[list[list[int]]] = [[[] for _ in range(n)] for n in complex_.counts[:-1]]
    for k in range(1, d + 1):
        for cell, facets in enumerate(facets_of(complex_, k)):
            for facet in facets:
                sides[k - 1][facet].append(cell)
    for cell in sides[d - 1]:
        if len(cell) == 1:
            cell.append(complex_.counts[d])
    counts = (complex_.counts[d] + 1, *complex_.counts[d - 1 :: -1])
    starts = np.cumsum([0, *counts])
    dimensions = np.repeat(np.arange(d + 1), counts)
    rows: list[list[int]] = [[] for _ in range(counts[0])]
    for j in range(1, d + 1):
        rows += [[int(starts[j - 1]) + place for place in cell] for cell in sides[d - j]]
    indptr = np.cumsum([0, *map(len, rows)])
    dual = CellComplex.from_arrays(dimensions, indptr, [place for row in rows for place in row])
    values = [-ranks.astype(float) for ranks in filtration.ranks[::-1]]
    values[0] = np.append(values[0], -np.inf)
    return dual, values


def test_alexander_duality() -> None:
    """Reduced beta_k of what is in = reduced beta_{d-1-k} of what is not, exactly, in every ordering."""
    rng = np.random.default_rng(0)
    cells: list[Any] = [CellComplex.grid(shape) for shape in ((9,), (6, 5), (4, 3, 4), (3, 3, 2, 2))]
    for name in ("grid", "zero_bias", "concurrent"):
        for d in (1, 2, 3):
            case = networks.cases(name, d)[2]
            cells.append(polyhedral_complex(network_of(case.layers), AllSpace()))
    for number, each in enumerate(cells):
        complex_ = as_cell_complex(each)
        d = complex_.dim
        own = [filtrations.as_filtration(each, name, number) for name in RANDOM]
        own.append(filtrations.from_values(each, tied_values(rng, complex_, 6)))
        for filtration in own:
            dual, values = dual_of(complex_, filtration)
            assert not dual.fills_ball
            order = filtrations.from_values(dual, values)
            levels = np.arange(len(filtration.levels))
            inside = betti_curves(each, filtration, grid=filtration.levels).mean
            # After rank r the dual cells of rank more than r, that is of value less than -r.
            outside = persistence(dual, order).betti_curve(np.nextafter(-levels.astype(float), -np.inf))
            inside[:, 0] -= 1
            outside[:, 0] -= 1
            assert np.array_equal(inside[:, :d], outside[:, :d][:, ::-1])
            assert not inside[:, d].any()
