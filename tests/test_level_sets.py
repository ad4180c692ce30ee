"""Level sets and decision boundaries against fractions at exact points, and the command line."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import networks
import relutope
from compare import network_of
from exact_outputs import outputs_at
from reference import Key, exact_layers, reference_cells, reference_signs
from relutope import AllSpace, LevelSet, Network, PolyhedralComplex, Subcomplex, polyhedral_complex
from relutope.cli import main
from relutope.contenders import contenders, output_bounds

DIAMOND = [[[1, 0], [-1, 0], [0, 1], [0, -1]], [[1, 1, 1, 1]]]


def with_outputs(case: networks.Case, n_outputs: int) -> networks.Layers:
    """Another output layer: few-bit weights, where there are many the last output a copy of the first."""
    rng = np.random.default_rng(n_outputs)
    weights, biases = networks.few_bit_layer(rng, case.layers[-1][0].shape[1], n_outputs)
    if n_outputs > 3:
        weights[-1], biases[-1] = weights[0], biases[0]
    return [*case.hidden, (weights, biases)]


def oracle_ties(
    layers: networks.Layers, lo: Any, hi: Any, d: int
) -> dict[tuple[Any, Any, frozenset[int]], int]:
    """Cells of the argmax boundary, by brute force: sign vector, walls, largest outputs -> dimension.

    All pairwise differences are neurons of one more layer; the outputs are compared at a point of each cell.
    """
    *hidden, output = exact_layers(layers)
    pairs = list(combinations(range(len(output[1])), 2))
    differences = (
        [[a - b for a, b in zip(output[0][i], output[0][j], strict=True)] for i, j in pairs],
        [output[1][i] - output[1][j] for i, j in pairs],
    )
    result: dict[tuple[Any, Any, frozenset[int]], int] = {}
    for (k, walls, _), cell in reference_cells([*hidden, differences], lo, hi, d).items():
        numerators, denominator = cell.point
        point = tuple(Fraction(value, denominator) for value in numerators)
        values = outputs_at([*hidden, output], point)
        largest = frozenset(i for i, value in enumerate(values) if value == max(values))
        if len(largest) > 1:
            name = reference_signs(hidden, point), walls, largest
            result[name] = max(k, result.get(name, 0))
    return result


def tied_classes(boundary: LevelSet) -> dict[tuple[Any, Any, frozenset[int]], int]:
    result: dict[tuple[Any, Any, frozenset[int]], int] = {}
    for k, count in enumerate(boundary.finite_counts):
        ids = boundary.ids[k][:count]
        signs, walls = boundary.complex.sign_vectors(k, ids), boundary.complex.walls(k)[ids]
        for sign, on, row in zip(signs.tolist(), walls.tolist(), boundary.maximal[k], strict=False):
            name = tuple(sign), tuple(on), frozenset(np.flatnonzero(row).tolist())
            result[name] = max(k, result.get(name, 0))
    return result


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_argmax_against_brute_force(name: str, d: int) -> None:
    case = networks.cases(name, d)[0]
    for n_outputs in (2, 3, 5) if d < 3 else (3,):
        layers = with_outputs(case, n_outputs)
        for lo, hi in [(case.lo, case.hi), (None, None)][: 2 if d < 3 else 1]:
            complex_ = polyhedral_complex(network_of(layers), AllSpace() if lo is None else (lo, hi))
            boundary = complex_.decision_boundary()
            expected = oracle_ties(layers, lo, hi, d)
            assert tied_classes(boundary) == expected
            counts = (
                np.bincount(list(expected.values()), minlength=d + 1).tolist() if expected else [0] * (d + 1)
            )
            assert list(boundary.f_vector) == counts
            assert boundary.n_flat_regions == counts[d]
            refined_euler = sum((-1) ** k * n for k, n in enumerate(boundary.finite_counts))
            assert boundary.euler_characteristic == refined_euler
            assert boundary.kind == "argmax"
            assert boundary.threshold == 0


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_class_regions(name: str, d: int) -> None:
    """The outputs at the exact vertices and at a point of each region say who wins."""
    case = networks.cases(name, d)[2 if d < 3 else 0]
    layers = with_outputs(case, 4)
    exact = exact_layers(layers)
    complex_ = polyhedral_complex(network_of(layers), (case.lo, case.hi))
    result = complex_.class_regions()
    assert len(result.classes) == 4
    refined = result.classes[0].complex
    points = refined.exact_vertices()
    for vertex, point in enumerate(points):
        values = outputs_at(exact, point)
        wins = [vertex in set(part.ids[0].tolist()) for part in result.classes]
        assert wins == [value == max(values) for value in values]
    for region, label in enumerate(result.labels.tolist()):
        closure = Subcomplex.from_cells(refined, {d: [region]}).ids[0]
        centre = tuple(
            sum(column) / len(closure) for column in zip(*(points[v] for v in closure), strict=True)
        )
        values = outputs_at(exact, centre)
        largest = [i for i, value in enumerate(values) if value == max(values)]
        assert label == (largest[0] if len(largest) == 1 else -1)
        assert [region in part.ids[d] for part in result.classes] == [i in largest for i in range(4)]
    assert result.tied.tolist() == [i for i, label in enumerate(result.labels) if label == -1]


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_largest_outputs_fit_the_signs_at_infinity_too(name: str, d: int) -> None:
    """Where all outputs contend all differences are cut; their signs say which are largest on a cell."""
    case = networks.cases(name, d)[1]
    for n_outputs in (2, 4):
        complex_ = polyhedral_complex(network_of(with_outputs(case, n_outputs)), AllSpace())
        boundary, classes = complex_.decision_boundary(), complex_.class_regions().classes
        refined = boundary.refined
        assert boundary.pairs == tuple(combinations(range(n_outputs), 2))
        for k in range(d + 1):
            largest = np.ones((refined.counts[k], n_outputs), dtype=bool)
            for (i, j), signs in zip(boundary.pairs, refined.functional_signs(k).T, strict=True):
                largest[:, i] &= signs >= 0
                largest[:, j] &= signs <= 0
            assert boundary.ids[k].tolist() == np.flatnonzero(largest.sum(axis=1) > 1).tolist()
            assert np.array_equal(boundary.maximal[k], largest[boundary.ids[k]])
            for i, wins in enumerate(classes):
                assert wins.ids[k].tolist() == np.flatnonzero(largest[:, i]).tolist()


def test_more_outputs_than_bits_of_a_word() -> None:
    """The line i x - i (i - 1) / 128 meets the next one in i / 64, and there both are the largest."""
    lines = np.arange(70)
    network = Network.from_arrays([[[1]], lines[:, None]], [[0], -lines * (lines - 1) / 128])
    boundary = polyhedral_complex(network, (0, 1)).decision_boundary()
    assert sorted(boundary.exact_vertices()) == [(Fraction(i, 64),) for i in range(65)]
    pairs = boundary.maximal[0][boundary.complex.vertices[boundary.ids[0], 0].argsort()]
    assert [np.flatnonzero(row).tolist() for row in pairs] == [[i, i + 1] for i in range(65)]


def test_a_float_threshold_is_taken_exactly() -> None:
    network = Network.from_arrays([[[1]], [[1]]])
    complex_ = polyhedral_complex(network, (-1, 1))
    assert complex_.decision_boundary(0.1).exact_vertices() == [(Fraction(0.1),)]
    assert complex_.decision_boundary(Fraction(1, 10)).exact_vertices() == [(Fraction(1, 10),)]


def test_polylines_of_the_diamond() -> None:
    complex_ = polyhedral_complex(Network.from_arrays(DIAMOND), (-2, 2))
    (loop,) = complex_.decision_boundary(1).polylines()
    assert loop.closed
    sides = np.linalg.norm(loop.points - np.roll(loop.points, 1, axis=0), axis=1)
    assert sides.tolist() == [math.sqrt(2)] * 4
    assert np.array_equal(loop.points, complex_.decision_boundary(1).complex.vertices[loop.ids])
    arcs = complex_.decision_boundary(3).polylines()
    assert [(len(arc.ids), arc.closed) for arc in arcs] == [(2, False)] * 4
    components = complex_.decision_boundary(3).connected_components()
    assert (components.number, components.touches_wall.all()) == (4, True)
    unbounded = polyhedral_complex(Network.from_arrays(DIAMOND), AllSpace()).decision_boundary(3)
    assert [line.closed for line in unbounded.polylines()] == [True]


def test_polylines_end_where_edges_branch_and_leave_out_edges_of_polygons() -> None:
    """min(x, y) = 0 on the third quadrant's complement: three classes meet in one point."""
    network = Network.from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1], [0, 0]]], [None, [0, 0, 0.5]])
    boundary = polyhedral_complex(network, (-1, 1)).decision_boundary()
    assert boundary.n_flat_regions == 0
    ends = {tuple(point) for line in boundary.polylines() for point in (line.points[0], line.points[-1])}
    assert ends == {(0.5, 0.5), (0.5, -1.0), (-1.0, 0.5), (1.0, 1.0)}
    assert sum(len(line.ids) - 1 for line in boundary.polylines()) == len(boundary.ids[1])
    ramp = polyhedral_complex(Network.from_arrays([[[1, 0], [0, 1]], [[1, -1]]]), (-1, 1)).decision_boundary()
    assert ramp.n_flat_regions == 1
    (arc,) = ramp.polylines()
    assert sorted(arc.points.tolist()) == [[0, 0], [1, 1]]


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("name", ["random", "integer", "coincident_layers"])
def test_polygons_go_around(name: str, d: int) -> None:
    case = networks.cases(name, d)[1]
    for domain in ((case.lo, case.hi), AllSpace()):
        complex_ = polyhedral_complex(network_of(case.layers), domain)
        below = complex_.sublevel(0.25)
        indptr, indices = below.polygons()
        vertices, edges = below.complex.facets(1)[1].reshape(-1, 2), below.complex.facets(2)
        for place, cell in enumerate(below.ids[2]):
            loop = indices[indptr[place] : indptr[place + 1]].tolist()
            sides = edges[1][edges[0][cell] : edges[0][cell + 1]]
            around = {frozenset(pair) for pair in zip(loop, [*loop[1:], loop[0]], strict=True)}
            assert around == {frozenset(pair) for pair in vertices[sides].tolist()}
            assert loop[0] == min(loop)
            assert len(loop) == len(set(loop)) == len(sides)
        assert len(indptr) == len(below.ids[2]) + 1


def test_contenders_hold_all_that_win() -> None:
    """Bounds hold the exact outputs at the vertices, and most outputs are left out on small regions."""
    case = networks.cases("random", 2)[-1]
    layers = with_outputs(case, 9)
    exact = exact_layers(layers)
    complex_ = polyhedral_complex(network_of(layers), (case.lo, case.hi))
    low, high = output_bounds(complex_)
    for place, point in enumerate(complex_.exact_vertices()):
        for value, a, b in zip(outputs_at(exact, point), low[place], high[place], strict=True):
            assert Fraction(float(a)) <= value <= Fraction(float(b))
    assert (high - low).max() < 2.0**-20
    may_win = contenders(complex_)
    assert may_win.shape == (complex_.n_regions, 9)
    assert 1 <= may_win.sum(axis=1).mean() < 4
    assert contenders(polyhedral_complex(complex_.network, AllSpace()))[~complex_bounded(complex_)].all()


def complex_bounded(complex_: PolyhedralComplex) -> Any:
    return polyhedral_complex(complex_.network, AllSpace()).bounded(2)


def test_of_a_refined_complex_the_base_is_cut(network: Network) -> None:
    complex_ = polyhedral_complex(network, (-1, 1))
    direct = complex_.decision_boundary(0.25)
    again = complex_.refine([1, 0]).decision_boundary(0.25)
    assert again.refined.base is complex_
    assert [a.tolist() for a in again.ids] == [b.tolist() for b in direct.ids]


def test_bad_arguments(network: Network) -> None:
    complex_ = polyhedral_complex(network, (-1, 1))
    two = polyhedral_complex(Network.from_arrays([np.eye(2), np.eye(2)]), (-1, 1))
    for call, message in (
        (lambda: complex_.decision_boundary(np.nan), "threshold is nan; legal: finite"),
        (lambda: complex_.decision_boundary([0, 1]), r"threshold has shape \(2,\); legal: one number"),
        (lambda: complex_.decision_boundary(kind="argmax"), "has 1 outputs; legal: threshold for 1"),
        (lambda: complex_.decision_boundary(kind="sign"), "kind is 'sign'; legal: threshold, argmax or None"),
        (lambda: two.decision_boundary(0.5), "threshold is 1/2; legal for 2 outputs: 0"),
        (lambda: two.sublevel(0), "has 2 outputs"),
        (lambda: two.is_transversal(0), "has 2 outputs"),
        (lambda: two.flat_cells(0), "has 2 outputs"),
        (
            lambda: polyhedral_complex(Network.from_arrays([[[1]], [[1]]]), (0, 1)).sublevel(1).polygons(),
            "has dimension 1",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(TypeError, match="threshold"):
        complex_.decision_boundary("zero")
    with pytest.raises(relutope.IncompleteError):
        complex_.decision_boundary(max_cells=10)


# relutope boundary


@pytest.fixture
def diamond(tmp_path: Path) -> str:
    path = tmp_path / "diamond.npz"
    np.savez(
        path, W0=np.array(DIAMOND[0], dtype=float), b0=np.zeros(4), W1=np.ones((1, 4)), b1=np.array([-1.0])
    )
    return str(path)


def test_json(capsys: pytest.CaptureFixture[str], diamond: str) -> None:
    assert main(["boundary", diamond, "--box", "-2", "2", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["model_hash"] == relutope.load(diamond).hash
    assert result["domain"] == {"type": "box", "lo": [-2, -2], "hi": [2, 2]}
    expected = {
        "model": diamond,
        "kind": "threshold",
        "threshold": "0",
        "f_vector": [4, 4, 0],
        "euler_characteristic": 0,
        "components": 1,
        "components_touching_a_wall": 0,
        "betti": [1, 1, 0],
        "betti_borel_moore": [1, 1, 0],
        "flat_regions": 0,
    }
    assert {key: result[key] for key in expected} == expected
    assert set(result) == {*expected, "model_hash", "network", "notes", "semantics", "domain"}


def test_text_and_thresholds(capsys: pytest.CaptureFixture[str], diamond: str) -> None:
    assert main(["boundary", diamond, "--all-space", "--threshold", "1/3"]) == 0
    text = capsys.readouterr().out
    assert "decision boundary: f = 1/3\n" in text
    assert "cells of dimension 1: 4\n" in text
    assert "components: 1, of which 0 touch a wall\n" in text
    assert main(["boundary", diamond, "--box", "-2", "2", "--threshold=-1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["f_vector"] == [1, 0, 0]
    for wrong in ("1/0", "nan", "1e400", "x"):
        with pytest.raises(SystemExit) as exit_:
            main(["boundary", diamond, "--all-space", "--threshold", wrong])
        assert exit_.value.code == 2
        assert f"'{wrong}'; legal: a finite number, or a fraction p/q" in capsys.readouterr().err


def test_several_outputs_on_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "two.npz"
    np.savez(path, W0=np.eye(2), b0=np.zeros(2), W1=np.eye(2), b1=np.zeros(2))
    assert main(["boundary", str(path), "--box", "-1", "1", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["kind"], result["f_vector"], result["flat_regions"]) == ("argmax", [5, 5, 1], 1)
    assert main(["boundary", str(path), "--box", "-1", "1"]) == 0
    assert "decision boundary: ties of the largest output\n" in capsys.readouterr().out
    assert main(["boundary", str(path), "--box", "-1", "1", "--threshold", "1"]) == 2
    assert "threshold is 1; legal for 2 outputs: 0" in capsys.readouterr().err


def names_in(boundary: LevelSet) -> set[Key]:
    return {
        (k, tuple(on), tuple(sign))
        for k, ids in enumerate(boundary.ids)
        for on, sign in zip(
            boundary.complex.walls(k)[ids].tolist(),
            boundary.complex.sign_vectors(k, ids).tolist(),
            strict=True,
        )
    }


@pytest.mark.parametrize("name", networks.CLASSES)
def test_level_sets_on_all_space(name: str) -> None:
    """Cells not at infinity are those of the oracle on which the output, as one more neuron, is 0."""
    case = networks.cases(name, 2)[1]
    complex_ = polyhedral_complex(network_of(case.layers), AllSpace())
    boundary = complex_.decision_boundary()
    expected = {
        (k, walls, signs[:-1])
        for k, walls, signs in reference_cells(exact_layers(case.layers), None, None, 2)
        if signs[-1] == 0
    }
    finite = {key for key in names_in(boundary) if not any(key[1])}
    assert finite == expected
    assert sum(boundary.f_vector) == len(expected)
