"""Filtrations of networks and data against slow definitions in fractions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import networks
from compare import is_below, keys, network_of
from exact_outputs import outputs_at
from reference import exact_layers
from relutope import (
    AllSpace,
    Box,
    CellComplex,
    IncompleteError,
    Network,
    PolyhedralComplex,
    Polytope,
    RefinedComplex,
    Slice,
    Subcomplex,
    betti_curves,
    filtrations,
    persistence,
    polyhedral_complex,
)
from relutope.filtrations import Filtration

Values = list[list[Any]]

#: Beyond all vertices of the networks below: a box of this size has the cells of R^d.
FAR = 2.0**400

ALL = pytest.mark.parametrize(
    ("name", "d"), [(name, d) for name in networks.CLASSES for d in (1, 2, 3)], ids=str
)


def complexes(name: str, d: int) -> list[PolyhedralComplex]:
    """Of small networks on a box, a bounded polytope and a slice."""
    first, second = networks.cases(name, d)[:2]
    network = network_of(first.layers)
    simplex = Polytope([*-np.eye(d), np.ones(d)], [*np.ones(d), 0.75])
    ambient = network_of(networks.cases(name, d + 1)[0].layers)
    directions = np.eye(d, d + 1) + np.eye(d, d + 1, 1) / 2
    plane = Slice(np.full(d + 1, 0.25), directions, Box(-np.ones(d), np.ones(d)))
    return [
        polyhedral_complex(network, (first.lo, first.hi)),
        polyhedral_complex(network_of(second.layers), (second.lo, second.hi)),
        polyhedral_complex(network, simplex),
        polyhedral_complex(ambient, plane),
    ]


def vertices_of(complex_: PolyhedralComplex, k: int) -> list[list[int]]:
    if k == 0:
        return [[v] for v in range(complex_.counts[0])]
    indptr, indices = (array.tolist() for array in complex_.incidence(k, 0))
    return [indices[indptr[i] : indptr[i + 1]] for i in range(complex_.counts[k])]


def lower_star(complex_: PolyhedralComplex, values: list[Any]) -> Values:
    """Per dimension the largest value at the vertices of each cell."""
    return [
        [max(values[v] for v in cell) for cell in vertices_of(complex_, k)] for k in range(complex_.dim + 1)
    ]


def assert_ranks(filtration: Filtration, values: Values) -> None:
    """Ranks are places among all values, and levels are these up to float64."""
    distinct = sorted({value for listed in values for value in listed})
    place = {value: i for i, value in enumerate(distinct)}
    assert [ranks.tolist() for ranks in filtration.ranks] == [[place[v] for v in part] for part in values]
    floats = np.array([float(value) for value in distinct])
    scale = max(1.0, *abs(floats[np.isfinite(floats)]))
    assert np.allclose(filtration.levels, floats, rtol=1e-12, atol=1e-12 * scale)
    assert (np.diff(filtration.levels) >= 0).all()
    for levels, ranks in zip(filtration.values, filtration.ranks, strict=True):
        assert np.array_equal(levels, filtration.levels[ranks])


def names_of(complex_: PolyhedralComplex, k: int) -> list[Any]:
    names: list[Any] = keys(complex_, k, at_infinity=True)
    if isinstance(complex_, RefinedComplex):
        names = list(zip(names, map(tuple, complex_.functional_signs(k).tolist()), strict=True))
    return names


def ranks_by_name(filtration: Filtration) -> dict[Any, int]:
    return {
        name: rank
        for k, ranks in enumerate(filtration.ranks)
        for name, rank in zip(names_of(filtration.cells, k), ranks.tolist(), strict=True)
    }


def assert_as_in_a_large_box(case: networks.Case, make: Callable[[PolyhedralComplex], Filtration]) -> None:
    """On R^d ranks are those of a box so large that nothing changes beyond it, its huge values being one."""
    network, d = network_of(case.layers), len(case.lo)
    space = make(polyhedral_complex(network, AllSpace()))
    box = make(polyhedral_complex(network, (np.full(d, -FAR), np.full(d, FAR))))
    huge = np.sign(box.levels) * (np.abs(box.levels) > 2.0**200)
    starts_anew = np.append(True, (np.diff(huge) != 0) | (huge[1:] == 0))
    merged = (np.cumsum(starts_anew) - 1).tolist()
    mine, theirs = ranks_by_name(space), ranks_by_name(box)
    assert mine == {name: merged[rank] for name, rank in theirs.items()}
    assert sum(space.cells.f_vector) < len(mine)


@ALL
def test_output(name: str, d: int) -> None:
    for complex_ in complexes(name, d):
        exact = [complex_.network.exact_evaluate(point)[0] for point in complex_.exact_vertices()]
        filtration = filtrations.output(complex_)
        assert (filtration.name, filtration.cells) == ("output", complex_)
        assert_ranks(filtration, lower_star(complex_, exact))
    assert_as_in_a_large_box(networks.cases(name, d)[0], filtrations.output)


@ALL
def test_absolute_output(name: str, d: int) -> None:
    for complex_ in complexes(name, d):
        filtration = filtrations.absolute_output(complex_)
        refined = filtration.cells
        assert filtration.name == "absolute_output"
        assert filtration.belongs_to(complex_)
        assert filtration.belongs_to(refined)
        exact = [complex_.network.exact_evaluate(point)[0] for point in refined.exact_vertices()]
        # No cell is crossed by f = 0, so |f| is affine on each.
        for a, b in (cell for k in range(1, d + 1) for cell in bounds(refined, exact, k)):
            assert a * b >= 0
        assert_ranks(filtration, lower_star(refined, [abs(value) for value in exact]))
        again = filtrations.absolute_output(refined)
        assert again.cells is refined
        assert np.array_equal(again.keys, filtration.keys)
    assert_as_in_a_large_box(networks.cases(name, d)[0], filtrations.absolute_output)


def bounds(complex_: PolyhedralComplex, values: list[Fraction], k: int) -> list[tuple[Fraction, Fraction]]:
    cells = vertices_of(complex_, k)
    return [(min(values[v] for v in cell), max(values[v] for v in cell)) for cell in cells]


def test_absolute_output_at_infinity() -> None:
    """|x| - 1 on the line: 1 at the origin, 0 at -1 and 1, and it grows on both sides."""
    network = Network.from_arrays([[[1], [-1]], [[1, 1]]], [[0, 0], [-1]])
    filtration = filtrations.absolute_output(polyhedral_complex(network, AllSpace()))
    assert filtration.levels.tolist() == [0, 1, np.inf]
    assert sorted(filtration.values[0].tolist()) == [0, 0, 1, np.inf, np.inf]


def test_outputs_by_index() -> None:
    rng = np.random.default_rng(5)
    layers = [networks.integer_layer(rng, 2, 4), networks.integer_layer(rng, 4, 3)]
    complex_ = polyhedral_complex(network_of(layers), (-2, 2))
    exact = [outputs_at(exact_layers(layers), point) for point in complex_.exact_vertices()]
    for index in range(3):
        values = [value[index] for value in exact]
        assert_ranks(filtrations.output(complex_, index), lower_star(complex_, values))
        refined = filtrations.absolute_output(complex_, np.int64(index))
        at = [outputs_at(exact_layers(layers), point)[index] for point in refined.cells.exact_vertices()]
        assert_ranks(refined, lower_star(refined.cells, list(map(abs, at))))
    refined = complex_.refine([1, 0, -1, 0])
    at = [outputs_at(exact_layers(layers), point)[2] for point in refined.exact_vertices()]
    assert_ranks(filtrations.output(refined, 2), lower_star(refined, at))
    # One that was cut by another functional is cut once more.
    assert filtrations.absolute_output(refined, 2).cells is not refined


def truncated(layers: networks.Layers, n: int) -> Network:
    """Of the first n neurons: whole layers, then the first rows of the next one, then any output."""
    hidden: networks.Layers = []
    for weights, biases in layers[:-1]:
        m = min(n, len(biases))
        if m:
            hidden.append((weights[:m], biases[:m]))
        n -= m
    width = len(hidden[-1][1]) if hidden else layers[0][0].shape[1]
    return network_of([*hidden, (np.ones((1, width)), np.zeros(1))])


def corners(complex_: PolyhedralComplex) -> list[list[frozenset[Any]]]:
    """Bounded cells as the sets of their exact vertices."""
    points = complex_.exact_vertices()
    return [
        [frozenset(points[v] for v in cell) for cell in vertices_of(complex_, k)]
        for k in range(complex_.dim + 1)
    ]


@ALL
def test_neuron_order(name: str, d: int) -> None:
    """The first of the complexes of truncated networks in which a cell is one, as a set of points."""
    case = networks.cases(name, d)[0]
    domains = [(case.lo, case.hi), Polytope([*-np.eye(d), np.ones(d)], [*np.ones(d), 0.75])]
    n_neurons = sum(len(biases) for _, biases in case.hidden)
    for domain in domains:
        complex_ = polyhedral_complex(network_of(case.layers), domain)
        born = [[n_neurons + 1] * count for count in complex_.counts]
        cells = corners(complex_)
        for n in range(n_neurons, -1, -1):
            earlier = list(map(set, corners(polyhedral_complex(truncated(case.layers, n), domain))))
            for k in range(d + 1):
                born[k] = [n if c in earlier[k] else b for c, b in zip(cells[k], born[k], strict=True)]
                # A cell stays one until it is cut.
                assert all((c in earlier[k]) == (b == n) for c, b in zip(cells[k], born[k], strict=True))
        filtration = filtrations.neuron_order(complex_)
        assert filtration.name == "neuron_order"
        assert [values.tolist() for values in filtration.values] == born
        refined = complex_.refine([1, 0])
        old = [dict(zip(part, values, strict=True)) for part, values in zip(cells, born, strict=True)]
        expected = [[old[k].get(c, n_neurons + 1) for c in part] for k, part in enumerate(corners(refined))]
        assert [values.tolist() for values in filtrations.neuron_order(refined).values] == expected
    assert_as_in_a_large_box(case, filtrations.neuron_order)


@ALL
def test_data_count(name: str, d: int) -> None:
    """Points in the open, on walls, at vertices and outside, by the regions whose closure holds them."""
    rng = np.random.default_rng(d)
    for complex_ in complexes(name, d)[:3]:
        network, n = complex_.network, complex_.f_vector[d]
        regions = complex_.sign_vectors(d), complex_.walls(d)
        points = np.vstack([rng.uniform(-1.5, 1.5, (30, d)), rng.integers(-2, 3, (10, d)) / 2])
        vertices = complex_.vertices
        exact = [
            v == tuple(map(Fraction, x)) for v, x in zip(complex_.exact_vertices(), vertices, strict=True)
        ]
        points = np.vstack([points, vertices[exact][:10]])
        lowest, shared = np.zeros(n), np.zeros(n)
        for point in points:
            if not inside(complex_, point):
                continue
            signs = network.exact_sign_vector(point)[None]
            holds = is_below((signs, np.zeros((1, 1), np.int8)), (regions[0], np.zeros((n, 1), np.int8)))
            holding = np.flatnonzero(holds[0])
            lowest[holding[0]] += 1
            shared[holding] += 1 / len(holding)
        for rule, counts in (("lowest", lowest), ("split", shared)):
            filtration = filtrations.data_count(complex_, points, rule)
            assert filtration.name == "data_count"
            for k in range(d + 1):
                expected = np.full(complex_.counts[k], np.inf)
                for region in range(n):
                    for cell in complex_.faces((d, region)).ids[k]:
                        expected[cell] = min(expected[cell], -counts[region])
                assert np.allclose(filtration.values[k], expected, rtol=0, atol=1e-9)
        assert not np.signbit(filtrations.data_count(complex_, np.full((1, d), 9.0)).levels).any()


def inside(complex_: PolyhedralComplex, point: Any) -> bool:
    x = list(map(Fraction, point))
    if isinstance(complex_.domain, Polytope):
        return all(value >= -1 for value in x) and sum(x) <= Fraction(3, 4)
    lo, hi = complex_.domain.lo.tolist(), complex_.domain.hi.tolist()
    return all(a <= value <= b for a, value, b in zip(lo, x, hi, strict=True))


@ALL
def test_distance(name: str, d: int) -> None:
    rng = np.random.default_rng(d)
    spaces = [polyhedral_complex(network_of(networks.cases(name, d)[0].layers), AllSpace())]
    for complex_ in [*complexes(name, d), *spaces]:
        points = rng.uniform(-1, 1, (7, d))
        n = complex_.f_vector[0]
        apart = np.sqrt(((complex_.vertices[:n, None] - points) ** 2).sum(axis=2)).min(axis=1, initial=np.inf)
        values = [*apart.tolist(), *[np.inf] * (complex_.counts[0] - n)]
        filtration = filtrations.distance(complex_, points)
        assert filtration.name == "distance"
        for found, expected in zip(filtration.values, lower_star(complex_, values), strict=True):
            assert np.allclose(found, expected, rtol=1e-12)
        assert filtration.levels[-1] == max(filtration.levels[-1], *filtration.values[0])


# Values of the user, names, bad input


def test_values() -> None:
    square = CellComplex.grid((2, 2))
    values = [[3, -np.inf, 0.5, 0], [3, 0.5, 3, 0.5], [np.inf]]
    flat = [value for part_ in values for value in part_]
    for given in (values, tuple(values), flat, np.array(flat), [np.array(part_) for part_ in values]):
        filtration = filtrations.from_values(square, given, name="mine")
        assert filtration.name == "mine"
        assert filtration.levels.tolist() == [-np.inf, 0, 0.5, 3, np.inf]
        assert [part_.tolist() for part_ in filtration.values] == values
        assert [part_.tolist() for part_ in filtration.ranks] == [[3, 0, 2, 1], [3, 2, 3, 2], [4]]
    assert repr(filtration) == "Filtration('mine': 5 ranks on CellComplex(f_vector (4, 4, 1)))"
    fractions = filtrations.from_values(CellComplex.grid((2,)), [Fraction(1, 3), 0, Fraction(1, 3)])
    assert fractions.levels.tolist() == [0, 1 / 3]


BAD_VALUES: list[tuple[Any, type[Exception], str]] = [
    ([0, 1], ValueError, r"values has shape \(2,\); legal: \(3,\), one per cell"),
    ([[0, 1], [1, 1]], ValueError, r"values has arrays of shape \[\(2,\), \(2,\)\]; legal: lengths \[2, 1\]"),
    ([[0, 1]], ValueError, "legal: lengths"),
    ([], ValueError, r"values has shape \(0,\)"),
    ([0, np.nan, 1], ValueError, "values of dimension 0 contain NaN at 1"),
    ([0, 1, np.nan], ValueError, "values of dimension 1 contain NaN at 0"),
    ([0, 2, 1], ValueError, r"cell 1 of dimension 0 \(value 2.0\) enters after its coface 0 of dimension 1"),
    (["a", "b", "c"], TypeError, "values holds no numbers"),
    ([[0, 1], ["c"]], TypeError, "values holds no numbers"),
    ([0, 1, 1j], TypeError, "complex"),
]


@pytest.mark.parametrize(("values", "kind", "message"), BAD_VALUES)
def test_bad_values(values: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        filtrations.from_values(CellComplex.grid((2,)), values)


def test_names(network: Network) -> None:
    complex_ = polyhedral_complex(network, (-1, 1))
    for name in filtrations.NAMES:
        found = filtrations.as_filtration(complex_, name, 3)
        assert found.name == name
        options = {"rng": 3} if name in filtrations.NAMES[:5] else {}
        direct = getattr(filtrations, name)(complex_, **options)
        assert np.array_equal(found.keys, direct.keys)
        assert np.array_equal(found.levels, direct.levels)
        assert filtrations.as_filtration(complex_, found) is found
        with pytest.raises(ValueError, match="; legal: one of PolyhedralComplex"):
            filtrations.as_filtration(polyhedral_complex(network, (-1, 1)), found)
    for name in ("data_count", "distance", "values"):
        with pytest.raises(ValueError, match=f"filtration is '{name}', which needs data"):
            filtrations.as_filtration(complex_, name)
    with pytest.raises(ValueError, match="filtration is 'lowerstar'; legal: by_dimension, lower_star"):
        filtrations.as_filtration(complex_, "lowerstar")
    for wrong in (None, 3, filtrations.output):
        with pytest.raises(TypeError, match="legal: a Filtration or one of"):
            filtrations.as_filtration(complex_, wrong)


def test_bad_arguments(network: Network) -> None:
    complex_ = polyhedral_complex(network, (-1, 1))
    grid, part = CellComplex.grid((2, 2)), Subcomplex.from_cells(complex_, {2: [0]})
    for cells in (grid, part):
        for name in ("output", "absolute_output", "neuron_order"):
            with pytest.raises(TypeError, match="legal: a PolyhedralComplex, with a network"):
                filtrations.as_filtration(cells, name)
        for function in (filtrations.distance, filtrations.data_count):
            with pytest.raises(TypeError, match="legal: a PolyhedralComplex"):
                function(cells, [[0.0, 0.0]])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="complex is a NoneType; legal: PolyhedralComplex, Subcomplex or"):
        filtrations.as_filtration(None, "output")
    for function in (filtrations.output, filtrations.absolute_output):
        for index in (-1, 1):
            with pytest.raises(ValueError, match=f"index is {index}; legal: 0 <= index < 1"):
                function(complex_, index)
        for index in (0.0, True, "0"):
            with pytest.raises(TypeError, match="legal: an int"):
                function(complex_, index)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="X is empty; legal: at least one point"):
        filtrations.distance(complex_, np.empty((0, 2)))
    for function in (filtrations.distance, filtrations.data_count):
        with pytest.raises(ValueError, match=r"X has shape \(2,\)"):
            function(complex_, [0.0, 1.0])
        with pytest.raises(ValueError, match="X"):
            function(complex_, [[np.nan, 0.0]])
    with pytest.raises(IncompleteError, match="max_cells"):
        filtrations.absolute_output(complex_, max_cells=3)


def test_all_infinite_values_are_one() -> None:
    """-|x| - |y| on R^2: one circle at -inf, whatever corners the cube far away has."""
    hidden = [[1, 0], [-1, 0], [0, 1], [0, -1]]
    complex_ = polyhedral_complex(Network.from_arrays([hidden, [[-1, -1, -1, -1]]]), AllSpace())
    barcode = persistence(complex_, "output")
    assert [diagram.tolist() for diagram in barcode.diagrams()] == [
        [[-np.inf, np.inf]],
        [[-np.inf, 0.0]],
        [],
    ]
    assert betti_curves(complex_, "output").peak.tolist() == [[1, 1, 0]]
    assert len(barcode.plot().collections) == 2
