"""Cell complexes, Betti numbers, relative ones and components, against dense ranks and closed forms."""

from __future__ import annotations

import pickle
from collections import deque
from itertools import combinations, pairwise
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import networks
from cell_complexes import (
    KNOWN,
    betti,
    boundary_tables,
    closed,
    dense_betti,
    everything,
    facets_of,
    flags,
    glued_square,
    invariant_factors,
    part,
    projective_plane,
    random_complex,
    rank,
    simplicial,
    slow_rank,
)
from compare import network_of
from relutope import AllSpace, IncompleteError, Network, Polytope, Subcomplex, polyhedral_complex
from relutope.chains import as_cell_complex
from relutope.homology import CellComplex, betti_numbers, components, persistence, relative_betti_numbers

LARGE_PRIME = 2**31 - 1
EDGE = [0, 0, 1], [0, 0, 0, 2], [0, 1]


@pytest.mark.parametrize(("name", "complex_", "rational", "over_2", "over_3"), KNOWN)
def test_known(
    name: str, complex_: CellComplex, rational: list[int], over_2: list[int], over_3: list[int]
) -> None:
    assert betti(complex_, 0) == rational
    assert betti_numbers(complex_) == betti(complex_, 2) == over_2, name
    assert betti_numbers(complex_, field=3) == betti(complex_, 3) == over_3
    for prime in (5, 101, LARGE_PRIME):
        assert betti_numbers(complex_, field=prime) == rational
    for numbers in (rational, over_2, over_3):
        assert complex_.euler_characteristic == sum((-1) ** k * n for k, n in enumerate(numbers))
    assert components(complex_).number == rational[0]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([2, 3, 5, 7]))
def test_random_complexes(seed: int, prime: int) -> None:
    complex_ = random_complex(seed)
    assert betti_numbers(complex_, field=prime) == betti(complex_, prime)


def test_ranks_of_the_oracle() -> None:
    """python-flint against elimination in ints and against the Smith form, with torsion."""
    tables = [table for _, complex_, *_ in KNOWN for table in boundary_tables(complex_)]
    tables += [table for seed in range(12) for table in boundary_tables(random_complex(seed))]
    torsion = 0
    for table in tables:
        factors = invariant_factors(table)
        assert rank(table) == len(factors)
        for prime in (2, 3):
            assert rank(table, prime) == slow_rank(table, prime) == sum(f % prime != 0 for f in factors)
        torsion += max(factors, default=1) > 1
    assert torsion == 2


def test_skeletons_of_simplices() -> None:
    for n in (4, 6):
        for k in range(n - 1):
            complex_ = simplicial(combinations(range(n), k + 1))
            assert complex_.counts == tuple(comb(n, j + 1) for j in range(k + 1))
            # A wedge of comb(n - 1, k + 1) spheres.
            expected = [1] + [0] * k
            expected[k] += comb(n - 1, k + 1)
            assert betti_numbers(complex_) == betti_numbers(complex_, field=3) == expected


@pytest.mark.parametrize("shape", [(1,), (5,), (3, 4), (2, 1, 3), (3, 2, 4), (2, 3, 2, 2)])
def test_grids(shape: tuple[int, ...]) -> None:
    """Cells by dimension, boundaries as products of edges, and no homology but in degree 0."""
    grid = CellComplex.grid(shape)
    polynomial = np.array([1])
    for n in shape:
        polynomial = np.convolve(polynomial, [n, n - 1])
    assert grid.counts == tuple(polynomial[: grid.dim + 1].tolist())
    assert (grid.dim, grid.euler_characteristic) == (sum(n > 1 for n in shape), 1)
    tables = boundary_tables(grid)
    for lower, upper in pairwise(tables):
        assert not (lower @ upper).any()
    assert betti_numbers(grid) == betti(grid) == [1] + [0] * grid.dim
    rebuilt = part(grid, everything(grid))
    assert not rebuilt.fills_ball
    for prime in (2, 3):
        assert betti_numbers(rebuilt, field=prime) == [1] + [0] * grid.dim
    for k in range(1, grid.dim + 1):
        assert {len(facets) for facets in facets_of(grid, k)} == {2 * k}


def test_from_arrays_in_any_order() -> None:
    """Cells may come in any order: ids count those of a dimension as they stand."""
    torus = glued_square(3, flip=False)
    starts = np.cumsum([0, *torus.counts]).tolist()
    rows: list[tuple[int, list[int], list[int]]] = [(0, [], [])] * torus.counts[0]
    signs = torus.known_signs()
    for k in (1, 2):
        indptr = torus.facets(k)[0]
        for cell, facets in enumerate(facets_of(torus, k)):
            own = signs[k - 1][indptr[cell] : indptr[cell + 1]].tolist()
            rows.append((k, [starts[k - 1] + facet for facet in facets], own))
    order = np.random.default_rng(3).permutation(len(rows)).tolist()
    place = {old: new for new, old in enumerate(order)}
    shuffled = [rows[old] for old in order]
    indptr = np.cumsum([0] + [len(facets) for _, facets, _ in shuffled])
    indices = [place[facet] for _, facets, _ in shuffled for facet in facets]
    numbers = [sign for *_, own in shuffled for sign in own]
    complex_ = CellComplex.from_arrays([k for k, *_ in shuffled], indptr, indices, numbers)
    assert complex_.counts == torus.counts
    ids = [[old for old in order if starts[k] <= old < starts[k + 1]] for k in range(3)]
    for k, (mine, given_) in enumerate(
        zip(boundary_tables(complex_), boundary_tables(torus), strict=True), start=1
    ):
        rows_, columns = (np.array(ids[j]) - starts[j] for j in (k - 1, k))
        assert np.array_equal(mine, given_[np.ix_(rows_, columns)])
        assert np.array_equal(complex_.boundary_matrix(k).toarray(), mine)
        assert np.array_equal(complex_.boundary_matrix(k, over="Z/2").toarray(), abs(mine))
    assert betti_numbers(complex_, field=3) == [1, 2, 1]
    copy = pickle.loads(pickle.dumps(complex_))
    assert copy.counts == complex_.counts
    assert betti_numbers(copy, field=3) == [1, 2, 1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([2, 3]))
def test_relative(seed: int, prime: int) -> None:
    """Against dense ranks of the chains outside, and against the long exact sequence of the pair.

    With r_k the rank of H_k(A) -> H_k(X): relative beta_k = beta_k(X) - r_k + beta_{k-1}(A) - r_{k-1}. r_k is
    the rank of cycles of A modulo boundaries of X.
    """
    complex_ = random_complex(seed)
    rng = np.random.default_rng(seed)
    inside = closed(complex_, [rng.random(count) < 0.3 for count in complex_.counts])
    ids = [np.flatnonzero(mask) for mask in inside]
    tables = boundary_tables(complex_)
    found = relative_betti_numbers(complex_, ids, field=prime)
    assert found == dense_betti(tables, [~mask for mask in inside], prime)
    of_all, of_part = betti(complex_, prime), dense_betti(tables, inside, prime)
    images = []
    for k, count in enumerate(of_part):
        cycles = null_space(tables[k - 1][:, inside[k]], prime) if k else np.eye(inside[0].sum(), dtype=int)
        embedded = np.zeros((complex_.counts[k], cycles.shape[1]), dtype=np.int64)
        embedded[inside[k]] = cycles
        above = tables[k] if k < complex_.dim else np.zeros((complex_.counts[k], 0), dtype=np.int64)
        images.append(rank(np.hstack([above, embedded]), prime) - rank(above, prime))
        assert images[k] <= min(count, of_all[k])
    lower = [0, *(a - r for a, r in zip(of_part, images, strict=True))]
    assert found == [b - r + low for b, r, low in zip(of_all, images, lower, strict=False)]


def null_space(table: np.ndarray, prime: int) -> np.ndarray:
    """Columns that span the kernel over Z/p, by elimination of columns beside an identity."""
    n = table.shape[1]
    work = np.vstack([table % prime, np.eye(n, dtype=np.int64)])
    done = 0
    for row in range(table.shape[0]):
        pivots = np.flatnonzero(work[row, done:])
        if len(pivots) == 0:
            continue
        work[:, [done, done + pivots[0]]] = work[:, [done + pivots[0], done]]
        inverse = pow(int(work[row, done]), -1, prime)
        for column in range(done + 1, n):
            work[:, column] = (work[:, column] - work[row, column] * inverse * work[:, done]) % prime
        done += 1
    return work[table.shape[0] :, done:]


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_a_ball_relative_to_its_sphere(d: int) -> None:
    cube = CellComplex.grid((3,) * d)
    masks = everything(cube)
    masks[-1][:] = False
    outer = [np.ones(count, dtype=bool) for count in cube.counts]
    outer[-1][:] = False
    cofacets = np.bincount(cube.facets(d)[1], minlength=cube.counts[d - 1])
    sphere = closed(cube, [*(np.zeros(n, dtype=bool) for n in cube.counts[:-2]), cofacets == 1, masks[-1]])
    ids = [np.flatnonzero(mask) for mask in sphere]
    for prime in (2, 3):
        assert relative_betti_numbers(cube, ids, field=prime) == [0] * d + [1]
    assert relative_betti_numbers(cube, [np.arange(n) for n in cube.counts]) == [0] * (d + 1)
    assert relative_betti_numbers(cube, [[] for _ in cube.counts]) == [1] + [0] * d


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_relative_subcomplexes(name: str, d: int) -> None:
    """A subcomplex inside another, of complexes on boxes and on R^d; compactifications over Z/3."""
    case = networks.cases(name, d)[0]
    rng = np.random.default_rng(d)
    for domain in ((case.lo, case.hi), AllSpace()):
        complex_ = polyhedral_complex(network_of(case.layers), domain)
        small = Subcomplex.from_cells(complex_, {k: some(rng, complex_.counts[k]) for k in range(d)})
        cells = {k: np.union1d(small.ids[k], some(rng, complex_.counts[k])) for k in range(d + 1)}
        large = Subcomplex.from_cells(complex_, cells)
        chains = as_cell_complex(complex_)
        inside = [
            np.isin(np.arange(count), ids) for count, ids in zip(complex_.counts, large.ids, strict=True)
        ]
        taken = [
            np.isin(np.arange(count), ids) for count, ids in zip(complex_.counts, small.ids, strict=True)
        ]
        finite = [np.arange(c) < n for c, n in zip(complex_.counts, complex_.f_vector, strict=True)]
        tables = boundary_tables(chains)
        for prime in (2, 3):
            between = [a & ~b for a, b in zip(inside, taken, strict=True)]
            assert relative_betti_numbers(large, small, prime) == dense_betti(tables, between, prime)
            outside = [~mask for mask in taken]
            assert relative_betti_numbers(complex_, small, prime) == dense_betti(tables, outside, prime)
            assert betti_numbers(large, "closed", prime) == dense_betti(tables, inside, prime)
            bounded = [a & b for a, b in zip(inside, finite, strict=True)]
            expected = dense_betti(tables, bounded, prime)
            assert betti_numbers(large, "borel_moore", prime) == expected
            expected[0] += 1
            assert betti_numbers(large, "one_point", prime) == expected


def some(rng: np.random.Generator, count: int) -> np.ndarray:
    return np.flatnonzero(rng.random(count) < min(0.2, 12 / count))


@pytest.mark.parametrize("d", [1, 2, 3])
def test_whole_domains(d: int) -> None:
    """Boxes, R^d, a half-space and a slab, at infinity and without."""
    network = Network.from_arrays([np.eye(d), np.ones((1, d))], [np.zeros(d), [0]])
    point, sphere = [1] + [0] * d, [0] * d + [1]
    half_space = Polytope(-np.eye(d)[:1], [1.0])
    for domain, borel_moore in (((-1, 1), point), (AllSpace(), sphere), (half_space, [0] * (d + 1))):
        complex_ = polyhedral_complex(network, domain)
        for prime in (2, 3):
            assert betti_numbers(complex_, "closed", prime) == point
            assert betti_numbers(complex_, "borel_moore", prime) == borel_moore
            one_point = [borel_moore[0] + 1, *borel_moore[1:]]
            assert betti_numbers(complex_, "one_point", prime) == one_point


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_components(seed: int) -> None:
    """Against a walk along edges; labels count from the smallest vertex on and pass to all cofaces."""
    complex_ = random_complex(seed)
    found = components(complex_)
    neighbours: list[list[int]] = [[] for _ in range(complex_.counts[0])]
    for a, b in facets_of(complex_, 1) if complex_.dim else []:
        neighbours[a].append(b)
        neighbours[b].append(a)
    labels = [-1] * complex_.counts[0]
    number = 0
    for start in range(complex_.counts[0]):
        if labels[start] < 0:
            queue = deque([start])
            while queue:
                vertex = queue.popleft()
                if labels[vertex] < 0:
                    labels[vertex] = number
                    queue.extend(neighbours[vertex])
            number += 1
    assert found.number == number
    assert found.labels[0].tolist() == labels
    for flag in flags(complex_):
        (low, first), (high, last) = flag[0], flag[-1]
        assert found.labels[low][first] == found.labels[high][last]


BAD_ARRAYS: list[tuple[Any, type[Exception], str]] = [
    (([], [0], []), ValueError, "dimensions is empty; legal: at least one cell"),
    (([0, 0, 1], [0, 0, 0], [0, 1]), ValueError, "indptr has length 3; legal: 4 numbers"),
    (([0, 0, 1], [0, 0, 0, 3], [0, 1]), ValueError, "indptr has length 4"),
    (([0, 0, 1], [0, 1, 0, 2], [0, 1]), ValueError, "that ascend from 0 to 2"),
    (([0, 0, 1], [0, 0, 0, 2], [0, 3]), ValueError, "indices contains 3; legal: 0 <= facet < 3"),
    (([0, 0, 1], [0, 0, 0, 2], [0, -1]), ValueError, "indices contains -1"),
    (([0, 0, 1], [0, 0, 0, 2], [0, 2]), ValueError, "cell 2 of dimension 1 has facet 2 of dimension 1"),
    (([0, 0, 1], [0, 0, 0, 2], [1, 1]), ValueError, "cell 2 has facet 1 twice; legal: each facet once"),
    (([0, -1], [0, 0, 0], []), ValueError, "dimensions contains -1"),
    (([0, 2, 2], [0, 0, 0, 0], []), ValueError, "cell 1 of dimension 2 has 0 facets; legal: 0 for a vertex"),
    (([0, 0, 1], [0, 0, 0, 1], [0]), ValueError, "cell 2 of dimension 1 has 1 facets"),
    (([1], [0, 0], []), ValueError, "dimensions contains 1"),
    (([0, 10**12], [0, 0, 0], []), ValueError, "dimensions contains 1000000000000"),
    (([0, 1.0], [0, 0, 0], []), TypeError, "dimensions has dtype float64"),
    (([[0]], [0, 0], []), TypeError, "dimensions has dtype int64 and shape"),
    ((*EDGE, [1]), ValueError, r"signs has shape \(1,\); legal: 2 numbers -1 or 1"),
    ((*EDGE, [1, 0]), ValueError, r"legal: 2 numbers -1 or 1"),
    ((*EDGE, [1.0, -1.0]), TypeError, "signs has dtype float64"),
]


@pytest.mark.parametrize(("arrays", "kind", "message"), BAD_ARRAYS)
def test_bad_arrays(arrays: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        CellComplex.from_arrays(*arrays)


def test_boundary_of_boundary() -> None:
    """A cell is named; a sign that is wrong shows over the integers only."""
    dimensions, indptr = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2], [0, 0, 0, 0, 0, 2, 4, 6, 8, 11, 14]
    indices = [0, 1, 1, 2, 0, 2, 2, 3, 4, 5, 6, 4, 5, 7]
    message = "the boundary of the boundary of cell 1 of dimension 2 is not 0"
    with pytest.raises(ValueError, match=message):
        CellComplex.from_arrays(dimensions, indptr, indices)
    square = [0, 0, 0, 1, 1, 1, 2], [0, 0, 0, 0, 2, 4, 6, 9], [0, 1, 1, 2, 0, 2, 3, 4, 5]
    right = [-1, 1, -1, 1, -1, 1, 1, 1, -1]
    assert betti_numbers(CellComplex.from_arrays(*square, right), field=3) == [1, 0, 0]
    for place in range(len(right)):
        wrong = list(right)
        wrong[place] = -wrong[place]
        assert CellComplex.from_arrays(*square).counts == (3, 3, 1)
        message = (
            f"signs of edge {3 + place // 2} are equal" if place < 6 else "boundary of cell 0 of dimension 2"
        )
        with pytest.raises(ValueError, match=message):
            CellComplex.from_arrays(*square, wrong)


def test_bad_arguments() -> None:
    plane = projective_plane()
    bare = CellComplex.from_arrays(*EDGE)
    assert betti_numbers(bare) == [1, 0]
    for field in (-2, 0, 1, 4, 9, 2**31, 2**31 + 11, 46337 * 46337):
        with pytest.raises(ValueError, match=f"field is {field}; legal: a prime from 2 to 2147483647"):
            betti_numbers(plane, field=field)
    for field in (True, 2.0, "2", None):
        with pytest.raises(TypeError, match="legal: a prime as an int"):
            betti_numbers(plane, field=field)  # type: ignore[arg-type]
    for call in (betti_numbers, lambda c, **o: relative_betti_numbers(c, [[0], []], **o), persistence):
        with pytest.raises(ValueError, match="the complex has no signs; legal: chains over Z/2"):
            call(bare, field=3)
        with pytest.raises(ValueError, match="max_bytes is 0; legal: more than 0"):
            call(bare, max_bytes=0)
        with pytest.raises(TypeError, match="legal: an int or None"):
            call(bare, max_bytes=1.5)
        with pytest.raises(IncompleteError, match="max_bytes is 7") as caught:
            call(bare, max_bytes=7)
        assert caught.value.reason == "max_bytes"
        with pytest.raises(TypeError, match="complex is a"):
            call([1])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="compactify is 'open'"):
        betti_numbers(plane, "open")
    with pytest.raises(ValueError, match="lacks a face of its cell 4 of dimension 1"):
        relative_betti_numbers(plane, [[0], [4], []])
    with pytest.raises(TypeError, match="legal: a Subcomplex, or 3 arrays"):
        relative_betti_numbers(plane, [[0]])
    with pytest.raises(ValueError, match="ids contains 6"):
        relative_betti_numbers(plane, [[6], [], []])
    for shape in ((), (0, 2), (2**16, 2**16)):
        with pytest.raises(ValueError, match="shape is"):
            CellComplex.grid(shape)
    with pytest.raises(TypeError, match=r"shape contains 2.0"):
        CellComplex.grid((2.0,))  # type: ignore[arg-type]
    for bad in (0, 3):
        with pytest.raises(ValueError, match=f"k is {bad}"):
            plane.facets(bad)


def test_bad_pairs(quadrants: Network) -> None:
    one, other = (polyhedral_complex(quadrants, (-1, 1)) for _ in range(2))
    inner, outer = (Subcomplex.from_cells(one, {k: [0]}) for k in (0, 2))
    assert relative_betti_numbers(one, outer) == [0, 0, 0]
    assert relative_betti_numbers(inner, inner) == [0, 0, 0]
    with pytest.raises(ValueError, match="subcomplex is one of another complex"):
        relative_betti_numbers(other, inner)
    with pytest.raises(ValueError, match="subcomplex has a cell of dimension 0 outside"):
        relative_betti_numbers(inner, outer)


def test_edges_of_equal_signs_are_refused() -> None:
    triangle = [0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 2, 4, 6], [0, 1, 1, 2, 0, 2]
    with pytest.raises(ValueError, match="signs of edge 3 are equal"):
        CellComplex.from_arrays(*triangle, [1] * 6)
    assert betti_numbers(CellComplex.from_arrays(*triangle, [-1, 1, -1, 1, 1, -1]), field=3) == [1, 1]
