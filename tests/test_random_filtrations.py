"""Random filtrations: what they promise exactly, and their distributions as tests with fixed seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise, permutations
from math import factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from cell_complexes import facets_of, from_rows, random_complex, simplicial
from relutope import AllSpace, Network, Subcomplex, filtrations, polyhedral_complex
from relutope.filtrations import Filtration
from relutope.filtrations.random import ORDERS, RANDOM
from relutope.homology import CellComplex

names = pytest.mark.parametrize("name", RANDOM)

#: How often a distribution is drawn from, each time with its own seed.
DRAWS = 6000


def draw(complex_: Any, name: str, rng: Any) -> Filtration:
    return getattr(filtrations, name)(complex_, rng=rng)


def cofacets_of(complex_: CellComplex, k: int) -> list[list[int]]:
    result: list[list[int]] = [[] for _ in range(complex_.counts[k])]
    if k < complex_.dim:
        for cell, facets in enumerate(facets_of(complex_, k + 1)):
            for facet in facets:
                result[facet].append(cell)
    return result


def assert_fits(observed: Sequence[int], expected: Sequence[float]) -> None:
    """Chi-square; with these fixed seeds a right distribution passes once and for all."""
    assert sum(observed) == pytest.approx(sum(expected))
    assert min(expected) >= 5
    statistic = sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True))
    assert chi2.sf(statistic, len(observed) - 1) > 1e-3


def assert_uniform(values: np.ndarray) -> None:
    assert values.min() >= 0
    assert values.max() < 1
    assert_fits(np.bincount((values * 20).astype(int), minlength=20).tolist(), [len(values) / 20] * 20)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(RANDOM))
def test_definitions(seed: int, name: str) -> None:
    """Faces enter no later; which cells decide for which."""
    complex_ = random_complex(seed)
    filtration = draw(complex_, name, seed)
    values, ranks = filtration.values, filtration.ranks
    assert filtration.name == name
    assert (np.diff(filtration.levels) > 0).all()
    for k in range(1, complex_.dim + 1):
        for cell, facets in enumerate(facets_of(complex_, k)):
            highest = values[k - 1][facets].max()
            assert values[k][cell] == highest if name == "lower_star" else values[k][cell] >= highest
    flat = np.concatenate(ranks)
    n = complex_.n_cells
    if name in ORDERS:
        assert sorted(flat.tolist()) == list(range(n))
        assert filtration.levels.tolist() == [i / n for i in range(1, n + 1)]
    else:
        assert (filtration.levels * 2**32 % 1 == 0).all()
        assert 0 <= filtration.levels[0] <= filtration.levels[-1] < 1
    if name == "by_dimension":
        assert all(a.max() < b.min() for a, b in pairwise(ranks))
    if name == "upper_star":
        for k in range(complex_.dim):
            for cell, above in enumerate(cofacets_of(complex_, k)):
                if above:
                    assert values[k][cell] == values[k + 1][above].min()
    # Each cell that has a number of its own has one that no other has.
    deciding = {
        "lower_star": [values[0]],
        "upper_star": [
            part_[[not above for above in cofacets_of(complex_, k)]] for k, part_ in enumerate(values)
        ],
    }.get(name, [flat] if name in ORDERS else [values[0]])
    own = np.concatenate(deciding)
    assert len(np.unique(own)) == len(own)


@names
def test_seeds(name: str, network: Network) -> None:
    """The same for the same seed, however it is given and wherever the cells come from; else another."""
    complex_ = polyhedral_complex(network, AllSpace())
    boundaries = tuple(complex_.facets(k) for k in (1, 2))
    bare = CellComplex(complex_.counts, boundaries)
    whole = Subcomplex.from_cells(complex_, {2: np.arange(complex_.counts[2])})
    first = draw(complex_, name, 7)
    for cells in (complex_, bare, whole):
        for rng in (7, np.random.default_rng(7), np.random.SeedSequence(7), np.random.PCG64(7)):
            again = draw(cells, name, rng)
            assert np.array_equal(again.keys, first.keys)
            assert np.array_equal(again.levels, first.levels)
    generator = np.random.default_rng(7)
    drawn = [draw(complex_, name, generator).keys.tobytes() for _ in range(3)]
    drawn += [draw(complex_, name, rng).keys.tobytes() for rng in (8, None, None)]
    assert len(set(drawn)) == 6
    assert drawn[0] == first.keys.tobytes()
    for rng in ("seven", 1.5, -1):
        with pytest.raises((TypeError, ValueError)):
            draw(complex_, name, rng)


def test_lower_star_is_uniform() -> None:
    path = CellComplex.grid((4,))
    values = np.array([draw(path, "lower_star", seed).values[0] for seed in range(DRAWS)])
    for vertex in range(4):
        assert_uniform(values[:, vertex])
    pairs = (values[:, :-1] * 5).astype(int) * 5 + (values[:, 1:] * 5).astype(int)
    for column in range(3):
        assert_fits(np.bincount(pairs[:, column], minlength=25).tolist(), [DRAWS / 25] * 25)


def test_numbers_of_many_cells_are_uniform() -> None:
    """Within one draw: single cells, and neighbours in pairs."""
    values = draw(CellComplex.grid((200_000,)), "lower_star", 1).values[0]
    assert_uniform(values)
    cells = (values[::2] * 30).astype(int) * 30 + (values[1::2] * 30).astype(int)
    assert_fits(np.bincount(cells, minlength=900).tolist(), [100_000 / 900] * 900)


def test_upper_star_is_uniform() -> None:
    """On cells of the largest dimension, and on those that are faces of none."""
    rows: list[Any] = [(0, [])] * 4 + [(1, [(0, -1), (1, 1)]), (1, [(1, -1), (2, 1)])]
    complex_ = from_rows(rows)
    drawn = [draw(complex_, "upper_star", seed).values for seed in range(DRAWS)]
    for edge in range(2):
        assert_uniform(np.array([values[1][edge] for values in drawn]))
    assert_uniform(np.array([values[0][3] for values in drawn]))
    # The smallest of two: the square of one minus it is uniform too.
    assert_uniform(np.nextafter((1 - np.array([values[0][1] for values in drawn])) ** 2, 0))


def test_cell_max_has_the_largest_of_the_closure() -> None:
    """P(value <= t) = t^n, with n the number of cells in the closure: the n-th power is uniform."""
    square = CellComplex.grid((2, 2))
    drawn = [draw(square, "cell_max", seed).values for seed in range(DRAWS)]
    for k, size in enumerate((1, 3, 9)):
        assert_uniform(np.array([values[k][0] for values in drawn]) ** size)


def test_by_dimension_is_uniform() -> None:
    """All orders of the vertices, and of the edges, of a triangle are equally likely, independently."""
    triangle = simplicial([(0, 1, 2)])
    counted = Counter(
        tuple(tuple(np.argsort(ranks).tolist()) for ranks in draw(triangle, "by_dimension", seed).ranks[:2])
        for seed in range(DRAWS)
    )
    assert set(counted) == {(a, b) for a in permutations(range(3)) for b in permutations(range(3))}
    assert_fits(list(counted.values()), [DRAWS / 36] * 36)


def queue_order(facets: list[list[int]], queue: Sequence[int]) -> tuple[int, ...]:
    """The queue as the docstring tells it: the first cell enters, or goes to the end."""
    waiting, entered = list(queue), []
    while waiting:
        cell = waiting.pop(0)
        if all(facet in entered for facet in facets[cell]):
            entered.append(cell)
        else:
            waiting.append(cell)
    return tuple(entered)


def test_random_queue_has_the_distribution_of_a_queue() -> None:
    """On a path of two edges: all queues, run as the docstring says, against many draws."""
    path = CellComplex.grid((3,))
    facets = [[], [], [], *facets_of(path, 1)]
    expected = Counter(queue_order(facets, queue) for queue in permutations(range(5)))
    counted = Counter(
        tuple(np.argsort(draw(path, "random_queue", seed).keys).tolist()) for seed in range(DRAWS)
    )
    assert set(counted) == set(expected)
    orders = sorted(expected)
    scale = DRAWS / factorial(5)
    assert len(set(expected.values())) > 1  # not all linear extensions are equally likely
    assert_fits([counted[order] for order in orders], [expected[order] * scale for order in orders])


def test_random_queue_on_a_triangle() -> None:
    """The means of the places of all cells, with dimension 2 too."""
    triangle = simplicial([(0, 1, 2)])
    facets: list[list[int]] = [[], [], []]
    facets += [list(edge) for edge in facets_of(triangle, 1)] + [[3, 4, 5]]
    expected = Counter(queue_order(facets, queue) for queue in permutations(range(7)))
    counted = Counter(
        tuple(np.argsort(draw(triangle, "random_queue", seed).keys).tolist()) for seed in range(DRAWS)
    )
    assert set(counted) <= set(expected)
    # By what enters at each place, vertex or edge.
    kinds, seen = (Counter[Any](), Counter[Any]())
    for table, into, scale in ((expected, kinds, DRAWS / factorial(7)), (counted, seen, 1.0)):
        for order, number in table.items():
            into["".join("vvveeet"[cell] for cell in order)] += number * scale
    patterns = sorted(kinds)
    assert_fits([seen[pattern] for pattern in patterns], [kinds[pattern] for pattern in patterns])
