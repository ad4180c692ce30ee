"""Critical sets of outputs: known functions, dense relative homology, Morse inequalities, thresholds."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

import networks
from cell_complexes import boundary_tables, dense_betti
from compare import network_of
from relutope import AllSpace, CellComplex, Network, PolyhedralComplex, filtrations, polyhedral_complex
from relutope.chains import as_cell_complex
from relutope.homology import CriticalSets, betti_numbers, critical_sets, persistence

ALL = pytest.mark.parametrize(
    ("name", "d"), [(name, d) for name in networks.CLASSES for d in (1, 2, 3)], ids=str
)

PAIR = [[1], [-1]]
CROSS = [[1, 0], [-1, 0], [0, 1], [0, -1]]


def sums_of_absolutes(*signs: int) -> Network:
    """s_1 |x_1| + s_2 |x_2| + ..."""
    d = len(signs)
    first = np.kron(np.eye(d), np.array([[1], [-1]]))
    return Network.from_arrays([first, [np.repeat(signs, 2)]])


def norm_and_then(rows: Any, biases: Any, output: Any, constant: float = 0) -> Network:
    """A second layer of |x| + |y|."""
    return Network.from_arrays(
        [CROSS, [[w] * 4 for w in rows], [output]], [[0.0] * 4, list(biases), [constant]]
    )


def monkey_saddle() -> Network:
    """max(a, b, c) + min(a, b, c), times 3, of three forms whose sum is 0: of six signs around 0, in turn.

    The largest is c + relu(max(a, b) - c) and the smallest c - relu(c - min(a, b)), and 3 c is a linear
    combination of b - a and a - c, so that no kink is where it vanishes.
    """
    a, b, c = np.array([2, 0]), np.array([-1, 2]), np.array([-1, -2])
    first = np.array([b - a, a - b, a - c, c - a])
    second = np.array([[1, 0, 1, -1], [0, 1, -1, 1], *np.eye(4, dtype=int)])
    return Network.from_arrays([first, second, [[3, -3, -2, 2, -4, 4]]])


class Known(NamedTuple):
    """A function, where, and its critical sets: value, local Betti numbers, flat, on a wall."""

    name: str
    network: Network
    domain: Any
    sets: list[tuple[float, tuple[int, ...], bool, bool]]
    at_infinity: tuple[int, ...]


KNOWN = [
    Known("|x|", sums_of_absolutes(1), AllSpace(), [(0, (1, 0), False, False)], (0, 0)),
    Known("|x|", sums_of_absolutes(1), (-1, 2), [(0, (1, 0), False, False)], (0, 0)),
    Known(
        "-|x|",
        sums_of_absolutes(-1),
        (-1, 2),
        [(-2, (1, 0), False, True), (-1, (1, 0), False, True), (0, (0, 1), False, False)],
        (0, 0),
    ),
    Known("-|x|", sums_of_absolutes(-1), AllSpace(), [(0, (0, 1), False, False)], (2, 0)),
    Known("norm", sums_of_absolutes(1, 1), AllSpace(), [(0, (1, 0, 0), False, False)], (0, 0, 0)),
    Known("norm", sums_of_absolutes(1, 1, 1), (-1, 1), [(0, (1, 0, 0, 0), False, False)], (0, 0, 0, 0)),
    Known(
        "minus norm",
        sums_of_absolutes(-1, -1),
        (-1, 1),
        [(-2, (1, 0, 0), False, True)] * 4
        + [(-1, (0, 1, 0), False, True)] * 4
        + [(0, (0, 0, 1), False, False)],
        (0, 0, 0),
    ),
    Known(
        "saddle",
        sums_of_absolutes(1, -1),
        (-1, 1),
        [(-1, (1, 0, 0), False, True)] * 2 + [(0, (0, 1, 0), False, False)],
        (0, 0, 0),
    ),
    Known("saddle", sums_of_absolutes(1, -1), AllSpace(), [(0, (0, 1, 0), False, False)], (2, 0, 0)),
    Known(
        "saddle of index 2",
        sums_of_absolutes(1, -1, -1),
        (-1, 1),
        [(-2, (1, 0, 0, 0), False, True)] * 4
        + [(-1, (0, 1, 0, 0), False, True)] * 4
        + [(0, (0, 0, 1, 0), False, False)],
        (0, 0, 0, 0),
    ),
    Known("monkey saddle", monkey_saddle(), AllSpace(), [(0, (0, 2, 0), False, False)], (3, 0, 0)),
    Known(
        "double well",
        Network.from_arrays([PAIR, [[1, 1], [-1, -1]], [[1, 1]]], [[0, 0], [-1, 1], [0]]),
        AllSpace(),
        [(0, (1, 0), False, False)] * 2 + [(1, (0, 1), False, False)],
        (0, 0),
    ),
    Known(
        "double well in the plane",
        Network.from_arrays(
            [CROSS, [[1, 1, 0, 0], [-1, -1, 0, 0], [0, 0, 1, 1]], [[1, 1, 1]]],
            [[0] * 4, [-1, 1, 0], [0]],
        ),
        (-3, 3),
        [(0, (1, 0, 0), False, False)] * 2 + [(1, (0, 1, 0), False, False)],
        (0, 0, 0),
    ),
    Known(
        "flat disk",
        norm_and_then([1], [-1], [1]),
        AllSpace(),
        [(0, (1, 0, 0), True, False)],
        (0, 0, 0),
    ),
    Known(
        "flat annulus around a peak",  # relu(g - 3) + relu(1 - g) with g = |x| + |y|
        norm_and_then([1, -1], [-3, 1], [1, 1]),
        (-4, 4),
        [(0, (1, 1, 0), True, False), (1, (0, 0, 1), False, False)],
        (0, 0, 0),
    ),
    Known(
        "mesa",  # -relu(g - 1): a flat disk on top
        norm_and_then([1], [-1], [-1]),
        AllSpace(),
        [(0, (0, 0, 1), True, False)],
        (1, 1, 0),  # the circle on which it is -inf
    ),
    Known(
        "ramp",  # relu(x): one flat half, which no critical vertex is in
        Network.from_arrays([[[1, 0]], [[1]]]),
        (-1, 1),
        [(0, (1, 0, 0), True, True)],
        (0, 0, 0),
    ),
    Known(
        "linear",
        Network.from_arrays([[[1, 2]], [[1]]], [[9], [0]]),
        (-1, 1),
        [(6, (1, 0, 0), False, True)],
        (0, 0, 0),
    ),
    Known(
        "constant",
        Network.from_arrays([[[1, 0]], [[0]]], [[0], [5]]),
        AllSpace(),
        [(5, (1, 0, 0), True, True)],
        (0, 0, 0),
    ),
]


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: f"{known.name} {known.domain}")
@pytest.mark.parametrize("field", [2, 3])
def test_known(known: Known, field: int) -> None:
    complex_ = polyhedral_complex(known.network, known.domain)
    found = critical_sets(complex_, field=field)
    assert [(s.value, s.local_betti, s.is_flat, s.touches_wall) for s in found] == known.sets
    assert found.at_infinity == known.at_infinity
    assert [s.index for s in found] == [b.index(1) if sum(b) == 1 else None for _, b, *_ in known.sets]
    assert (len(found), found.field) == (len(known.sets), field)
    assert [found[i].rank for i in range(len(found))] == [s.rank for s in found]
    assert_morse(complex_, found)


def alternating(numbers: Any) -> list[int]:
    """n_0, n_1 - n_0, n_2 - n_1 + n_0, ..."""
    sums: list[int] = []
    for number in numbers:
        sums.append(number - (sums[-1] if sums else 0))
    return sums


def assert_morse(complex_: PolyhedralComplex, found: CriticalSets) -> None:
    """Strong Morse inequalities with equality in the last; and how many bars of length begin and end.

    Where several sets share a value, chains of one have no boundary in another, so the homology across the
    value is the sum of theirs; a bar begins or ends for each of its classes.
    """
    betti = betti_numbers(complex_, field=found.field)
    left, right = alternating(found.morse_numbers), alternating(betti)
    assert all(a >= b for a, b in zip(left, right, strict=True))
    assert left[-1] == right[-1] == (-1) ** complex_.dim
    barcode = persistence(complex_, filtrations.output(complex_), field=found.field)
    ends = [0] * (complex_.dim + 2)
    for k in range(complex_.dim + 1):
        long = barcode.birth_ranks(k) < barcode.death_ranks(k)
        ends[k] += int(long.sum())
        ends[k + 1] += int((long & (barcode.deaths[k] >= 0)).sum())
    assert tuple(ends[:-1]) == found.morse_numbers


class Group(NamedTuple):
    """Vertices of equal value that flat edges join."""

    vertices: NDArray[np.bool_]
    rank: int


def groups_of(complex_: PolyhedralComplex, ranks: NDArray[np.int64]) -> list[Group]:
    """By a walk along edges with ends of equal rank."""
    ends = complex_.facets(1)[1].reshape(-1, 2)
    ends = ends[ranks[ends[:, 0]] == ranks[ends[:, 1]]]
    label = np.arange(len(ranks))
    while (label[ends[:, 0]] != label[ends[:, 1]]).any():
        np.minimum.at(label, ends[:, 0], label[ends[:, 1]])
        np.minimum.at(label, ends[:, 1], label[ends[:, 0]])
        label = label[label]
    return [Group(label == first, int(ranks[first])) for first in np.unique(label)]


def cell_vertices(complex_: PolyhedralComplex) -> list[NDArray[np.bool_]]:
    """Per dimension a table (cells, vertices)."""
    tables = [np.eye(complex_.counts[0], dtype=bool)]
    for k in range(1, complex_.dim + 1):
        indptr, indices = complex_.incidence(k, 0)
        table = np.zeros((complex_.counts[k], complex_.counts[0]), dtype=bool)
        table[np.repeat(np.arange(complex_.counts[k]), np.diff(indptr)), indices] = True
        tables.append(table)
    return tables


@ALL
@pytest.mark.parametrize("field", [2, 3])
def test_local_homology(name: str, d: int, field: int) -> None:
    """The sublevel set relative to what it is without the star of the set, by dense ranks."""
    case = networks.cases(name, d)[int(d < 3)]
    network = network_of(case.layers)
    for domain in ((case.lo, case.hi), AllSpace()):
        complex_ = polyhedral_complex(network, domain)
        found = critical_sets(complex_, field=field)
        chains = as_cell_complex(complex_)
        boundaries, vertices = boundary_tables(chains, signed=field != 2), cell_vertices(complex_)
        ranks, levels = exact_ranks(complex_)
        expected, beyond = [], np.zeros(d + 1, dtype=int)
        for group in groups_of(complex_, ranks):
            within = ranks <= group.rank
            star = [(table @ group.vertices) & ~(table @ ~within) for table in vertices]
            betti = tuple(dense_betti(boundaries, star, field))
            if not any(betti):
                continue
            if not np.isfinite(levels[group.rank]):
                beyond += betti
                continue
            ids = [np.flatnonzero(~(table @ ~group.vertices)).tolist() for table in vertices]
            wall = bool(complex_.walls(0)[group.vertices].any())
            expected.append((group.rank, ids, betti, wall))
        expected.sort(key=lambda entry: (entry[0], entry[1][0][0]))
        assert [
            (s.rank, [i.tolist() for i in s.ids], s.local_betti, s.touches_wall) for s in found
        ] == expected
        assert found.at_infinity == tuple(beyond.tolist())
        for s in found:
            assert s.value == levels[s.rank]
        assert_morse(complex_, found)


def exact_ranks(complex_: PolyhedralComplex) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of vertices by fractions; on R^d by the filtration, which has its own test."""
    order = filtrations.output(complex_)
    if complex_.counts == complex_.f_vector:
        exact = [complex_.network.exact_evaluate(point)[0] for point in complex_.exact_vertices()]
        place = {value: i for i, value in enumerate(sorted(set(exact)))}
        return np.array([place[value] for value in exact]), order.levels
    return order.ranks[0], order.levels


@pytest.mark.parametrize("name", ["random", "zero_bias", "integer", "concurrent", "coincident_layers"])
@pytest.mark.parametrize("d", [2, 3])
def test_morse_inequalities_of_larger_networks(name: str, d: int) -> None:
    case = networks.cases(name, d)[7]
    for domain in ((case.lo, case.hi), AllSpace()):
        complex_ = polyhedral_complex(network_of(case.layers), domain)
        assert_morse(complex_, critical_sets(complex_))


@ALL
def test_thresholds_are_transversal_but_for_those_listed(name: str, d: int) -> None:
    """On boxes all values at vertices; on R^d those of flat cells, which may have no vertex."""
    case = networks.cases(name, d)[0]
    network = network_of(case.layers)
    box = polyhedral_complex(network, (case.lo, case.hi))
    attained = sorted({network.exact_evaluate(point)[0] for point in box.exact_vertices()})
    found = critical_sets(box).thresholds
    assert len(found) == len(attained)
    assert np.allclose(found, [float(value) for value in attained], rtol=1e-12, atol=1e-13)
    middle = len(attained) // 2
    for value in {attained[0], attained[middle], attained[-1]}:
        assert not box.is_transversal(value)
        assert any(abs(float(value) - threshold) <= 1e-12 * (1 + abs(threshold)) for threshold in found)
    for low, high in pairwise(attained[: middle + 1]):
        assert box.is_transversal((low + high) / 2)
    space = polyhedral_complex(network, AllSpace())
    thresholds = critical_sets(space).thresholds
    flat = {value for values in space.flat_cells().values for value in values}
    listed = sorted(flat | {network.exact_evaluate(point)[0] for point in space.exact_vertices()})
    assert np.allclose(thresholds, [float(value) for value in listed], rtol=1e-12, atol=1e-13)
    for value in listed[:3]:
        assert not space.is_transversal(value)


def test_thresholds_without_vertices() -> None:
    """relu(x) on the plane has no vertex, but a flat half-plane at 0; relu(x) - relu(y) is 0 at infinity."""
    ramp = polyhedral_complex(Network.from_arrays([[[1, 0]], [[1]]]), AllSpace())
    assert ramp.f_vector == (0, 1, 2)
    assert critical_sets(ramp).thresholds.tolist() == [0]
    assert not ramp.is_transversal(0)
    shifted = Network.from_arrays([[[1, 0], [0, 1]], [[1, -1]]], [[0, 0], [Fraction(1, 2)]])
    plane = polyhedral_complex(shifted, AllSpace())
    assert critical_sets(plane).thresholds.tolist() == [0.5]
    assert not plane.is_transversal(0.5)
    assert plane.is_transversal(0)
    # At the corner at infinity where x = y the value is finite, but no cell is flat there.
    slanted = Network.from_arrays([[[1, 0], [0, 1]], [[1, -1]]], [[0, -1], [0]])
    corner = polyhedral_complex(slanted, AllSpace())
    assert 1 in filtrations.output(corner).levels
    assert critical_sets(corner).thresholds.tolist() == [0]
    assert corner.is_transversal(1)


def test_several_outputs() -> None:
    network = Network.from_arrays([PAIR, [[1, 1], [-1, -1], [1, -1]]])
    complex_ = polyhedral_complex(network, AllSpace())
    assert [[(s.value, s.index) for s in critical_sets(complex_, index)] for index in range(3)] == [
        [(0, 0)],
        [(0, 1)],
        [],
    ]


def test_bad_arguments(quadrants: Network) -> None:
    complex_ = polyhedral_complex(quadrants, (-1, 1))
    with pytest.raises(TypeError, match="complex is a CellComplex; legal: a PolyhedralComplex"):
        critical_sets(CellComplex.grid((2, 2)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="index is 1; legal: 0 <= index < 1"):
        critical_sets(complex_, 1)
    with pytest.raises(ValueError, match="field is 6; legal: a prime"):
        critical_sets(complex_, field=6)
