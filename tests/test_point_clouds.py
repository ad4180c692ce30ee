"""Linking of the cycles of two point clouds."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import combinations, pairwise
from math import gcd
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relutope import _core
from relutope.linking import CloudLinking, cloud_linking, cloud_linking_null, linking_number
from relutope.linking.neighbour_graphs import NeighbourGraph, neighbour_graph
from relutope.linking.point_clouds import principal_axes
from relutope.linking.smith import invariant_factors


def determinant(rows: list[list[int]]) -> int:
    if not rows:
        return 1
    first, *rest = rows
    minors = ([row[:j] + row[j + 1 :] for row in rest] for j in range(len(first)))
    return sum(
        (-1) ** j * value * determinant(minor)
        for j, (value, minor) in enumerate(zip(first, minors, strict=True))
    )


def factors_by_minors(matrix: np.ndarray) -> tuple[int, ...]:
    """Quotients of the gcds of all minors of each size."""
    m, n = matrix.shape
    gcds = [1]
    for size in range(1, min(m, n) + 1):
        minors = (
            determinant([[int(matrix[i, j]) for j in columns] for i in rows])
            for rows in combinations(range(m), size)
            for columns in combinations(range(n), size)
        )
        found = gcd(*minors)
        if found == 0:
            break
        gcds.append(found)
    return tuple(b // a for a, b in pairwise(gcds))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), factor=st.sampled_from([1, 2, 12]), huge=st.booleans())
def test_smith_normal_forms(seed: int, factor: int, huge: bool) -> None:
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 5, 2)
    matrix = factor * rng.integers(-5, 6, (m, n)) * (rng.random((m, n)) < 0.7)
    if huge:
        matrix = matrix.astype(object) * 2**70 + rng.integers(-1, 2, (m, n))
    expected = factors_by_minors(matrix)
    assert invariant_factors(matrix) == expected
    assert invariant_factors(matrix.T) == expected
    assert invariant_factors(np.vstack([matrix, -matrix, 0 * matrix])) == expected
    mixed = matrix.astype(object)
    mixed[0] += 3 * mixed[-1] if m > 1 else 0
    assert invariant_factors(mixed) == expected


def test_smith_normal_forms_of_larger_matrices() -> None:
    flint = pytest.importorskip("flint")
    rng = np.random.default_rng(0)
    for _ in range(5):
        matrix = (
            rng.integers(-2, 3, (30, 25)) @ np.diag(rng.integers(0, 7, 25)) @ rng.integers(-1, 2, (25, 28))
        )
        form = flint.fmpz_mat(matrix.tolist()).snf()
        diagonal = [abs(int(form[i, i])) for i in range(28)]
        assert invariant_factors(matrix) == tuple(value for value in diagonal if value)


def test_smith_normal_forms_of_small_and_bad_matrices() -> None:
    assert invariant_factors(np.zeros((0, 3))) == ()
    assert invariant_factors([[0, 0]]) == ()
    assert invariant_factors([[-7]]) == (7,)
    assert invariant_factors([[2, 0], [0, 3]]) == (1, 6)
    near = 2**31 - 1
    assert invariant_factors([[1, near], [near, 0]]) == (1, near**2)
    for bad in ([1, 2], [[0.5]]):
        with pytest.raises(ValueError, match="matrix has shape"):
            invariant_factors(bad)


def rings(n: int, rng: np.random.Generator, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Two linked circles."""
    t = np.arange(n) * (2 * np.pi / n)
    a = np.column_stack([np.cos(t), np.sin(t), 0 * t])
    b = np.column_stack([1 + np.cos(t), 0 * t, np.sin(t)])
    return a + rng.normal(0, noise, a.shape), b + rng.normal(0, noise, b.shape)


def cloud(rng: np.random.Generator, n: int, lattice: bool) -> np.ndarray:
    return rng.integers(-2, 3, (n, 3)).astype(float) if lattice else rng.normal(size=(n, 3))


def assert_entries(found: CloudLinking) -> None:
    """Every entry is the linking number of two polygons; the edges of a cycle are edges of the graph."""
    for graph, chosen in ((found.a, found.cycles_a), (found.b, found.cycles_b)):
        edges = {tuple(edge) for edge in graph.edges.tolist()}
        for cycle in graph.cycles:
            assert len(set(cycle.tolist())) == len(cycle) >= 3
            pairs = zip(cycle.tolist(), np.roll(cycle, -1).tolist(), strict=True)
            assert {(min(pair), max(pair)) for pair in pairs} <= edges
        assert chosen.tolist() == [
            i for i, cycle in enumerate(graph.cycles) if len(cycle) >= found.min_length
        ]
    for i, row in zip(found.cycles_a, found.matrix, strict=True):
        for j, value in zip(found.cycles_b, row, strict=True):
            first, second = found.a.cycles[i], found.b.cycles[j]
            assert value == linking_number(found.a.points[first], found.b.points[second])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), lattice=st.booleans(), mutual=st.booleans())
def test_entries_are_linking_numbers(seed: int, lattice: bool, mutual: bool) -> None:
    rng = np.random.default_rng(seed)
    a, b = cloud(rng, int(rng.integers(2, 16)), lattice), cloud(rng, int(rng.integers(2, 16)), lattice)
    found = cloud_linking(a, b, k=5, quantile=0.9, mutual=mutual, min_length=3)
    assert_entries(found)
    meet = any(value is None for value in found.matrix.ravel())
    if found.form is None:
        assert found.rank is found.invariant_factors is None
    else:
        assert not meet
        assert found.form.tolist() == found.matrix.tolist()
        assert found.invariant_factors == invariant_factors(found.form)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_rank_and_factors_do_not_depend_on_the_order_of_points(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(40, 3)), rng.normal(size=(30, 3))
    found, other = cloud_linking(a, b), cloud_linking(rng.permutation(a), rng.permutation(b))
    swapped = cloud_linking(b, a)
    assert found.invariant_factors == other.invariant_factors == swapped.invariant_factors
    assert found.rank is not None
    assert found.rank > 0


def test_two_rings() -> None:
    rng = np.random.default_rng(3)
    a, b = rings(60, rng, 0.02)
    found = cloud_linking(a, b, k=4, quantile=1)
    assert_entries(found)
    assert (found.rank, found.invariant_factors) == (1, (1,))
    assert {abs(value) for value in found.matrix.ravel()} == {0, 1}
    apart = cloud_linking(a, b + np.array([5, 0, 0]), k=4, quantile=1)
    assert (apart.rank, apart.n_linked, apart.invariant_factors) == (0, 0, ())
    short = cloud_linking(a, b, k=4, quantile=1, min_length=10**6)
    assert short.matrix.shape == (0, 0)
    assert short.rank == 1


def test_a_double_cover_has_the_factor_two() -> None:
    """A curve that runs twice along a ring, its strands apart, and is linked with the other ring twice."""
    t = np.arange(120) * (np.pi / 30)
    a = np.column_stack([np.cos(t), np.sin(t), 0 * t]) * (1 + 0.2 * np.cos(t / 2))[:, None]
    a[:, 2] += 0.2 * np.sin(t / 2)
    edges = np.array(sorted((min(i, (i + 1) % 120), max(i, (i + 1) % 120)) for i in range(120)))
    _, b = rings(30, np.random.default_rng(0), 0.0)
    other = neighbour_graph(b + np.array([0.0, 0.01, 0.003]), 2, 1.0, False)
    found = CloudLinking(NeighbourGraph(a, edges, 1.0), other, np.eye(3), 3)
    assert found.invariant_factors == (2,)
    assert abs(found.matrix).tolist() == [[2]]


def test_clouds_that_share_points_meet() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(12, 3))
    found = cloud_linking(a, a, k=4, quantile=1)
    assert found.form is found.rank is found.invariant_factors is None
    assert found.matrix[0, 0] is None
    assert_entries(found)
    assert "whose edges meet" in repr(found)
    assert found.to_json()["rank"] is None
    assert cloud_linking_null(a, a, "labels", n=3, rng=0, k=4).p_value(found) is None


@pytest.mark.parametrize(
    "points", [np.zeros((5, 3)), np.arange(6)[:, None] * np.ones(3), np.eye(3)[[0, 0, 0, 1]]]
)
def test_degenerate_clouds(points: np.ndarray) -> None:
    """Equal and collinear points; their graphs have cycles of no length and no area."""
    ring, _ = rings(12, np.random.default_rng(0), 0.0)
    found = cloud_linking(points + np.array([0.1, 0.2, 0.3]), ring, quantile=1, min_length=3)
    assert_entries(found)
    assert found.rank == 0
    assert all(edge[0] < edge[1] for edge in found.a.edges.tolist())


def test_graphs_join_nearest_points() -> None:
    points = np.column_stack([[0.0, 1, 3, 7, 15], np.zeros(5), np.zeros(5)])
    assert neighbour_graph(points, 1, 1.0, False).edges.tolist() == [[0, 1], [1, 2], [2, 3], [3, 4]]
    assert neighbour_graph(points, 1, 1.0, True).edges.tolist() == [[0, 1]]
    short = neighbour_graph(points, 1, 0.5, False)
    assert (short.radius, short.edges.tolist()) == (2.0, [[0, 1], [1, 2]])
    assert neighbour_graph(points, 9, 1.0, False).edges.tolist() == [
        list(pair) for pair in combinations(range(5), 2)
    ]


def test_projections() -> None:
    rng = np.random.default_rng(1)
    a, b = rings(40, rng, 0.01)
    basis, _ = np.linalg.qr(rng.normal(size=(7, 7)))
    high = [points @ basis[:3] + 0.001 * rng.normal(size=(40, 7)) for points in (a, b)]
    found = cloud_linking(*high, k=4, quantile=1)
    assert found.rank == 1
    assert np.allclose(found.axes @ found.axes.T, np.eye(3))
    largest = np.take_along_axis(found.axes, np.abs(found.axes).argmax(axis=1)[:, None], axis=1)
    assert (largest > 0).all()
    assert np.array_equal(principal_axes(a), np.eye(3))
    same = cloud_linking(*high, k=4, quantile=1, axes=basis[:3])
    assert same.rank == 1
    null = cloud_linking_null(*high, "projections", n=9, rng=0, k=4)
    assert len(null.ranks) == len(null.n_linked) == 9


def test_nulls_are_deterministic() -> None:
    a, b = rings(30, np.random.default_rng(5), 0.01)
    found = cloud_linking(a, b, k=4, quantile=1)
    nulls = [cloud_linking_null(a, b, "labels", n=9, rng=7, k=4, quantile=1) for _ in range(2)]
    assert nulls[0] == nulls[1]
    ranks = nulls[0].ranks
    assert any(rank != ranks[0] for rank in ranks)
    reach = sum(rank is not None and rank >= 1 for rank in ranks)
    assert nulls[0].p_value(found) == (1 + reach) / 10


def test_json() -> None:
    a, b = rings(20, np.random.default_rng(5), 0.01)
    found = cloud_linking(a, b, k=2, quantile=1)
    data = json.loads(json.dumps(found.to_json()))
    assert data["n_cycles"] == [len(found.a.cycles), len(found.b.cycles)]
    assert data["linking_matrix"] == found.matrix.tolist()
    assert (data["rank"], data["invariant_factors"], data["min_length"]) == (1, [1], 4)
    assert repr(found) == f"CloudLinking(1 and 1 cycles, {found.n_linked} pairs linked, rank 1)"


BAD: list[tuple[type[Exception], str, dict[str, Any]]] = [
    (ValueError, "k is 0", {"k": 0}),
    (TypeError, "k is 2.5", {"k": 2.5}),
    (ValueError, "quantile is 1.5", {"quantile": 1.5}),
    (ValueError, "quantile is nan", {"quantile": np.nan}),
    (TypeError, "quantile is 'x'", {"quantile": "x"}),
    (TypeError, "mutual is 1", {"mutual": 1}),
    (ValueError, "min_length is 2", {"min_length": 2}),
    (ValueError, r"axes has shape \(2, 3\)", {"axes": np.eye(3)[:2]}),
    (ValueError, r"axes has shape \(3, 2\)", {"axes": np.eye(3)[:, :2]}),
]


@pytest.mark.parametrize(("error", "message", "arguments"), BAD)
def test_bad_settings(error: type[Exception], message: str, arguments: dict[str, Any]) -> None:
    a, b = rings(10, np.random.default_rng(5), 0.01)
    with pytest.raises(error, match=message):
        cloud_linking(a, b, **arguments)


def test_bad_clouds() -> None:
    a, b = rings(10, np.random.default_rng(5), 0.01)
    with pytest.raises(ValueError, match=r"b has shape \(10, 2\); legal: \(n, 3\)"):
        cloud_linking(a, b[:, :2])
    with pytest.raises(ValueError, match=r"a has shape \(1, 3\)"):
        cloud_linking(a[:1], b)
    with pytest.raises(ValueError, match=r"a has shape \(10, 2\)"):
        cloud_linking(a[:, :2], b[:, :2])
    with pytest.raises(ValueError, match=r"b\[0, 0\] is nan"):
        cloud_linking(a, np.full((3, 3), np.nan))
    with pytest.raises(ValueError, match="kind is 'x'"):
        cloud_linking_null(a, b, "x")
    with pytest.raises(ValueError, match="kind is 'projections'"):
        cloud_linking_null(a, b, "projections")
    with pytest.raises(ValueError, match="n is 0"):
        cloud_linking_null(a, b, "labels", n=0)


def test_bad_input_of_the_core() -> None:
    points, edges = np.eye(3), np.array([[0, 1]])
    assert [x.tolist() for x in _core.edge_crossings(points, edges, points, edges)] == [[0], [0], [0]]
    with pytest.raises(ValueError, match="edges_a: point 3"):
        _core.edge_crossings(points, np.array([[0, 3]]), points, edges)
    with pytest.raises(ValueError, match="edges_b: point -1"):
        _core.edge_crossings(points, edges, points, np.array([[-1, 0]]))
    with pytest.raises(ValueError, match="edges_b: must have shape"):
        _core.edge_crossings(points, edges, points, np.array([0, 1]))
    with pytest.raises(ValueError, match="points_b: must be finite"):
        _core.edge_crossings(points, edges, points + np.inf, edges)


def test_crossings_far_from_one() -> None:
    """Products underflow and overflow; integers decide."""
    a, b = rings(12, np.random.default_rng(2), 0.05)
    edges = np.array([[i, (i + 1) % 12] for i in range(12)])
    expected = [x.tolist() for x in _core.edge_crossings(a, edges, b, edges)]
    assert len(expected[0]) > 0
    for factor in (2.0**-700, 2.0**700):
        assert [x.tolist() for x in _core.edge_crossings(a * factor, edges, b * factor, edges)] == expected
    assert sum(expected[2]) == Fraction(linking_number(a, b))
