"""Refined complexes against the oracle, which treats a functional as one more hidden neuron."""

from __future__ import annotations

import json
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import networks
import relutope
from compare import cell_set, exact_points, keys, network_of
from reference import Key, exact_layers, reference_cells
from relutope import AllSpace, Network, PolyhedralComplex, RefinedComplex, polyhedral_complex

DATA = Path(__file__).parent / "data" / "cases"
#: Cells of the networks with their output as one more neuron, on their box; by two independent programs.
WITH_OUTPUT = {
    "deg_boxtouch": [9, 14, 6],
    "deg_dead": [148, 275, 128],
    "deg_duplicate": [174, 321, 148],
    "deg_integer": [30, 62, 33],
    "deg_integer3d": [40, 131, 141, 49],
    "deg_pruned70": [516, 986, 471],
    "r2_16x2": [286, 540, 255],
    "t2_circles": [605, 1175, 571],
    "t2_moons": [935, 1815, 881],
}

#: Coefficients of the output and a constant; the last vanishes wherever the output is 0.
FUNCTIONALS = [[1, Fraction(-1, 3)], [2.0, 0.0]]


def with_functionals(layers: networks.Layers, functionals: list[list[Any]]) -> list[Any]:
    """The hidden layers and the functionals of the output as one more, in fractions."""
    *hidden, (weights, biases) = exact_layers(layers)
    rows, constants = [], []
    for *factors, constant in functionals:
        exact = [Fraction(factor) for factor in factors]
        columns = zip(*weights, strict=True)
        rows.append([sum(f * w for f, w in zip(exact, column, strict=True)) for column in columns])
        constants.append(sum(f * b for f, b in zip(exact, biases, strict=True)) + Fraction(constant))
    return [*hidden, (rows, constants)]


def names(refined: RefinedComplex, k: int) -> list[Key]:
    """Names of the k-cells not at infinity as the oracle has them, the functionals' signs last."""
    n = refined.f_vector[k]
    signs = np.hstack([refined.sign_vectors(k), refined.functional_signs(k)])[:n]
    walls = refined.walls(k)[:n].tolist()
    return [(k, tuple(on), tuple(row)) for on, row in zip(walls, signs.tolist(), strict=True)]


def assert_carriers(refined: RefinedComplex) -> None:
    """Carriers have the old name of the cell; old names are unique."""
    base = refined.base
    for k in range(refined.dim + 1):
        carrier = refined.carrier(k)
        assert carrier.dimensions.min() >= k
        signs, walls = refined.sign_vectors(k), refined.walls(k)
        for m in range(k, refined.dim + 1):
            here = carrier.dimensions == m
            assert np.array_equal(base.sign_vectors(m)[carrier.ids[here]], signs[here])
            assert np.array_equal(base.walls(m)[carrier.ids[here]], walls[here])
        some = refined.carrier(k, [0])
        assert (some.dimensions[0], some.ids[0]) == (carrier.dimensions[0], carrier.ids[0])


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_cells_are_those_of_the_oracle(name: str, d: int) -> None:
    case = networks.cases(name, d)[0]
    layers = with_functionals(case.layers, FUNCTIONALS)
    boxes = [(case.lo, case.hi), (None, None)] if d < 3 else [(case.lo, case.hi)]
    for lo, hi in boxes:
        base = polyhedral_complex(network_of(case.layers), AllSpace() if lo is None else (lo, hi))
        refined = base.refine(FUNCTIONALS)
        refined.validate(exact=True)
        cells = reference_cells(layers, lo, hi, d)
        listed = [key for k in range(d + 1) for key in names(refined, k)]
        assert len(listed) == len(set(listed))
        assert set(listed) == cells.keys()
        for key, point in zip(names(refined, 0), refined.exact_vertices(), strict=True):
            numerators, denominator = cells[key].point
            assert point == tuple(Fraction(value, denominator) for value in numerators)
        assert_carriers(refined)


@pytest.mark.parametrize("name", WITH_OUTPUT)
def test_recorded_counts(name: str) -> None:
    network = relutope.load(DATA / f"{name}.npz")
    assert list(polyhedral_complex(network).refine([1, 0]).f_vector) == WITH_OUTPUT[name]
    assert name in json.loads((DATA / "expected.json").read_text())


def test_a_functional_that_vanishes_everywhere_or_nowhere_cuts_nothing(quadrants: Network) -> None:
    base = polyhedral_complex(quadrants, (-1, 1))
    refined = base.refine([[0, 0], [0, 3], [0, -3]])
    assert refined.counts == base.counts
    for k in range(3):
        signs = refined.functional_signs(k)
        assert signs.dtype == np.int8
        assert np.array_equal(signs, np.tile([0, 1, -1], (base.counts[k], 1)))
        assert np.array_equal(refined.carrier(k).ids, np.arange(base.counts[k]))
        assert set(refined.carrier(k).dimensions.tolist()) == {k}


def test_old_signs_stay(network: Network) -> None:
    base = polyhedral_complex(network, (-1, 1))
    refined = base.refine([1, -0.25])
    assert refined.network is network
    assert refined.sign_vectors(2).shape == (refined.n_regions, network.n_neurons)
    assert {key[1:] for key in keys(refined, 2)} == {key[1:] for key in keys(base, 2)}
    assert set(exact_points(base).values()) <= set(refined.exact_vertices())
    ids = np.array([3, 0])
    assert np.array_equal(refined.functional_signs(1, ids), refined.functional_signs(1)[ids])
    assert np.array_equal(refined.sign_vectors(1, ids), refined.sign_vectors(1)[ids])


def test_refining_twice_cuts_the_base_by_both(network: Network) -> None:
    base = polyhedral_complex(network, (-1, 1))
    twice, once = base.refine([1, -0.25]).refine([1, 0.5]), base.refine([[1, -0.25], [1, 0.5]])
    assert twice.base is base
    assert twice.functionals.tolist() == once.functionals.tolist()
    assert cell_set_with_functionals(twice) == cell_set_with_functionals(once)


def cell_set_with_functionals(refined: RefinedComplex) -> set[Key]:
    return {key for k in range(refined.dim + 1) for key in names(refined, k)}


def test_threads_and_pickle_change_nothing(network: Network) -> None:
    base = polyhedral_complex(network, AllSpace())
    refined = base.refine([1, Fraction(1, 7)], n_threads=1)
    for other in (base.refine([1, Fraction(1, 7)], n_threads=2), pickle.loads(pickle.dumps(refined))):
        assert other.counts == refined.counts
        assert other.functionals.tolist() == refined.functionals.tolist()
        for k in range(3):
            assert np.array_equal(other.functional_signs(k), refined.functional_signs(k))
            assert np.array_equal(other.carrier(k).ids, refined.carrier(k).ids)
    assert cell_set(base) == {key for k in range(3) for key in keys(base, k)}


def test_coefficients_beyond_float64_are_scaled() -> None:
    """Composed with the output they are 2^1500 and so on; only signs matter."""
    network = Network.from_arrays([[[1], [1]], [[2.0**1000, -(2.0**1000)]]], [[0, -0.5], [0]])
    refined = polyhedral_complex(network, (0, 1)).refine([2.0**500, -(2**1500) * Fraction(1, 4)])
    assert (Fraction(1, 4),) in refined.exact_vertices()
    assert refined.f_vector == (4, 3)


def test_limits(network: Network) -> None:
    base = polyhedral_complex(network, (-1, 1))
    with pytest.raises(relutope.IncompleteError):
        base.refine([1, 0], max_cells=10)


@pytest.mark.parametrize(
    ("functional", "message"),
    [
        ([1], r"functional has shape \(1,\); legal: \(2,\) or \(n, 2\)"),
        ([1, 2, 3], r"functional has shape \(3,\)"),
        ([[[1, 2]]], r"functional has shape \(1, 1, 2\)"),
        (np.empty((0, 2)), r"functional has shape \(0, 2\)"),
        ([1, np.nan], "functional.* is nan; legal: finite"),
        ([[1, 2], [3]], "functional is ragged"),
    ],
)
def test_bad_functionals(network: Network, functional: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        polyhedral_complex(network, (-1, 1)).refine(functional)


def test_other_errors(network: Network, tmp_path: Path) -> None:
    base = polyhedral_complex(network, (-1, 1))
    with pytest.raises(TypeError, match="functional"):
        base.refine(["a", "b"])
    refined = base.refine([1, 0])
    with pytest.raises(ValueError, match="save its base"):
        refined.save(tmp_path / "refined.npz")
    assert not list(tmp_path.iterdir())
    for ask in (refined.carrier, refined.functional_signs):
        with pytest.raises(ValueError, match="k is 3"):
            ask(3)
        with pytest.raises(ValueError, match="ids contains"):
            ask(0, [refined.counts[0]])
    assert isinstance(refined, PolyhedralComplex)
