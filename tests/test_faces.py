"""Faces, cofaces, stars, links and boundary matrices against names, definitions and exact ranks."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from compare import complex_on, is_below, network_of
from networks import CLASSES, cases
from relutope import PolyhedralComplex
from relutope.subcomplex import Subcomplex

DIMENSIONS = (1, 2, 3, 4)
DOMAINS = ("box", "all space")


@cache
def small_complex(name: str, d: int, domain: str, place: int = 1) -> PolyhedralComplex:
    case = cases(name, d)[place]
    box = domain == "box"
    return complex_on(
        network_of(case.layers), case.lo.tolist() if box else None, case.hi.tolist() if box else None
    )


def table(lists: tuple[NDArray[np.int32], NDArray[np.int32]], n_columns: int) -> NDArray[np.bool_]:
    """Compressed lists as a table; they ascend and cannot be written."""
    indptr, indices = lists
    assert indptr.dtype == indices.dtype == np.int32
    assert not indptr.flags.writeable
    assert not indices.flags.writeable
    result = np.zeros((len(indptr) - 1, n_columns), dtype=bool)
    for row, (begin, end) in enumerate(itertools.pairwise(indptr)):
        assert (np.diff(indices[begin:end]) > 0).all()
        result[row, indices[begin:end]] = True
    return result


def below(complex_: PolyhedralComplex, m: int, k: int) -> NDArray[np.bool_]:
    """Which m-cells (rows) are faces of which k-cells or equal to them, by their names alone."""
    lower, upper = ((complex_.sign_vectors(i), complex_.walls(i)) for i in (m, k))
    return is_below(lower, upper)


each_network = pytest.mark.parametrize("name", CLASSES)
each_domain = pytest.mark.parametrize("domain", DOMAINS)
each_dimension = pytest.mark.parametrize("d", DIMENSIONS)


@each_domain
@each_dimension
@each_network
def test_incidence_is_the_order_of_names(name: str, d: int, domain: str) -> None:
    complex_ = small_complex(name, d, domain)
    counts = complex_.counts
    for k in range(1, d + 1):
        for m in range(k):
            expected = below(complex_, m, k)
            assert np.array_equal(table(complex_.incidence(k, m), counts[m]), expected.T)
            if m == k - 1:
                assert np.array_equal(table(complex_.cofacets(m), counts[k]), expected)
        chosen = np.arange(counts[k])[::-3]
        assert np.array_equal(
            table(complex_.incidence(k, 0, chosen), counts[0]), below(complex_, 0, k).T[chosen]
        )
    assert complex_.incidence(d, 0, [])[0].tolist() == [0]


@each_domain
@each_dimension
@pytest.mark.parametrize("name", ["random", "concurrent", "duplicate", "wall_touching"])
def test_closures_stars_and_links_by_definition(name: str, d: int, domain: str) -> None:
    complex_ = small_complex(name, d, domain)
    counts = complex_.counts
    order = {(m, k): below(complex_, m, k) for k in range(d + 1) for m in range(k + 1)}
    for k in range(d + 1):
        for index in {0, counts[k] // 2, counts[k] - 1}:
            faces, star = complex_.faces((k, index)), complex_.star((k, index))
            assert isinstance(faces, Subcomplex)
            assert all(ids.dtype == np.int32 for ids in (*faces.ids, *star))
            for m in range(d + 1):
                down = np.flatnonzero(order[m, k][:, index]) if m <= k else []
                up = np.flatnonzero(order[k, m][index]) if m >= k else []
                assert faces.ids[m].tolist() == list(down)
                assert star[m].tolist() == list(up)
            own = set(faces.ids[0].tolist())
            around = [{f for r in star[d] for f in np.flatnonzero(order[m, d][:, r])} for m in range(d + 1)]
            for m, ids in enumerate(complex_.link((k, index)).ids):
                apart = [i for i in around[m] if not own & set(np.flatnonzero(order[0, m][:, i]).tolist())]
                assert ids.dtype == np.int32
                assert ids.tolist() == sorted(apart)


@each_domain
@each_dimension
def test_links_of_inner_vertices_are_spheres(d: int, domain: str) -> None:
    complex_ = small_complex("random", d, domain)
    inner = np.flatnonzero((complex_.walls(0) == 0).all(axis=1))
    assert len(inner) > 0
    for vertex in inner[:10].tolist():
        link = complex_.link((0, vertex))
        euler = sum((-1) ** k * len(ids) for k, ids in enumerate(link.ids))
        assert euler == 1 + (-1) ** (d - 1)
        assert len(link.ids[d]) == 0


@each_domain
@each_dimension
def test_skeletons(d: int, domain: str) -> None:
    complex_ = small_complex("integer", d, domain)
    for k in range(d + 1):
        skeleton = complex_.skeleton(k)
        assert skeleton.f_vector == complex_.f_vector[: k + 1] + (0,) * (d - k)
        assert [ids.tolist() for ids in skeleton.ids] == [
            list(range(count)) if m <= k else [] for m, count in enumerate(complex_.counts)
        ]


@each_domain
@each_dimension
@each_network
def test_boundary_matrices(name: str, d: int, domain: str) -> None:
    complex_ = small_complex(name, d, domain)
    signed = [complex_.boundary_matrix(k) for k in range(1, d + 1)]
    for k, matrix in enumerate(signed, start=1):
        unsigned = complex_.boundary_matrix(k, over="Z/2")
        indptr, indices = complex_.facets(k)
        for stored in (matrix, unsigned):
            assert stored.dtype == np.int8
            assert stored.shape == (complex_.counts[k - 1], complex_.counts[k])
            assert np.shares_memory(stored.indices, indices)
            assert np.shares_memory(stored.indptr, indptr)
        assert (unsigned.data == 1).all()
        assert (np.abs(matrix.data) == 1).all()
    for lower, upper in itertools.pairwise(signed):
        assert abs(lower.astype(int) @ upper.astype(int)).sum() == 0
    if d > 1:
        assert signed[0].data.tolist() == [-1, 1] * complex_.counts[1]
    on_wall = (complex_.walls(d - 1) != 0).any(axis=1)
    chain = signed[-1].astype(int).sum(axis=1)
    assert np.array_equal(np.abs(chain), on_wall.astype(int))
    inner = np.abs(signed[-1].astype(int)).sum(axis=1)
    assert np.array_equal(inner, 2 - on_wall.astype(int))


def rank(matrix: NDArray[np.int64], modulus: int | None) -> int:
    """The rank over Q, or over the field of `modulus` elements, by elimination."""
    rows = [[Fraction(x) if modulus is None else x % modulus for x in row] for row in matrix.tolist()]
    found = 0
    for column in range(matrix.shape[1]):
        pivot = next((r for r in range(found, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for r in range(found + 1, len(rows)):
            if rows[r][column]:
                factor = rows[r][column] / rows[found][column] if modulus is None else 1
                changed = [x - factor * y for x, y in zip(rows[r], rows[found], strict=True)]
                rows[r] = changed if modulus is None else [x % modulus for x in changed]
        found += 1
    return found


@each_domain
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", ["random", "duplicate", "concurrent"])
def test_homology_is_that_of_a_ball(name: str, d: int, domain: str) -> None:
    complex_ = small_complex(name, d, domain, place=0)
    counts = complex_.counts
    for over, modulus in (("Z", None), ("Z/2", 2)):
        matrices = [complex_.boundary_matrix(k, over).toarray().astype(int) for k in range(1, d + 1)]
        ranks = [0, *(rank(matrix, modulus) for matrix in matrices), 0]
        assert [counts[k] - ranks[k] - ranks[k + 1] for k in range(d + 1)] == [1] + [0] * d


def test_an_edge_points_from_its_first_to_its_second_vertex_in_the_plane() -> None:
    """And around each region the edges follow each other, counterclockwise for all or clockwise for all."""
    complex_ = small_complex("random", 2, "box")
    edges, regions = complex_.boundary_matrix(1).astype(int), complex_.boundary_matrix(2).astype(int)
    begin, end = complex_.facets(1)[1].reshape(-1, 2).T
    x, y = complex_.vertices.T
    twice_area = regions.T @ (x[begin] * y[end] - x[end] * y[begin])
    assert (twice_area > 0).all() or (twice_area < 0).all()
    sides = np.prod(np.subtract(complex_.domain.hi, complex_.domain.lo))  # type: ignore[union-attr]
    assert np.isclose(np.abs(twice_area).sum() / 2, sides)
    assert edges.sum() == 0


@each_domain
@pytest.mark.parametrize("d", [1, 2, 3])
def test_face_poset(d: int, domain: str) -> None:
    complex_ = small_complex("scaled", d, domain)
    graph = complex_.face_poset()
    assert set(graph) == {(k, i) for k, count in enumerate(complex_.counts) for i in range(count)}
    expected = {
        ((k - 1, int(f)), (k, int(c)))
        for k in range(1, d + 1)
        for f, c in np.argwhere(below(complex_, k - 1, k))
    }
    assert set(graph.edges) == expected


def test_bad_arguments() -> None:
    complex_ = small_complex("random", 2, "box")
    for call in (
        lambda: complex_.cofacets(2),
        lambda: complex_.cofacets(-1),
        lambda: complex_.incidence(2, 2),
        lambda: complex_.incidence(0, 0),
        lambda: complex_.incidence(2, -1),
        lambda: complex_.incidence(2, 0, [complex_.counts[2]]),
        lambda: complex_.faces((3, 0)),
        lambda: complex_.star((0, complex_.counts[0])),
        lambda: complex_.link((0, -1)),
        lambda: complex_.skeleton(3),
        lambda: complex_.boundary_matrix(0),
        lambda: complex_.boundary_matrix(1, over="Q"),  # type: ignore[arg-type]
    ):
        with pytest.raises(ValueError, match="legal"):
            call()
    with pytest.raises(ValueError, match=r"^m is 2; legal: 0 <= m <= 1"):
        complex_.incidence(2, 2)
    for wrong in (0, "00", (0,), (0, 0, 0), (0.0, 0), (0, 0.5), (True, 0)):
        with pytest.raises(TypeError, match="legal"):
            complex_.faces(wrong)  # type: ignore[arg-type]
