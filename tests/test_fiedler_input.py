"""What Fiedler partitions refuse, and points outside of the domain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array, eye_array

import relutope
from relutope.spectral import OPERATORS, fiedler_partition
from spectral_oracle import path

POINTS = [[0.5, 0.5], [-0.5, 0.5], [0.5, -0.5], [-0.5, -0.5]]
LABELS = [1, 0, 0, 0]


@pytest.fixture
def complex_(quadrants: relutope.Network) -> relutope.PolyhedralComplex:
    return relutope.polyhedral_complex(quadrants, (-1, 1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "operator is 'mass' without data; legal: X or weights with it, or 'unweighted'"),
        ({"X": POINTS, "weights": [1, 1, 1, 1]}, "both given"),
        ({"X": [[0.5, np.nan]]}, "nan"),
        ({"X": [[5, 5], [6, 6]]}, "all 2 points of X lie outside of the domain"),
        ({"X": [[0.5, 0.5], [0.6, 0.7], [9, 9]]}, "all weight lies in region"),
        ({"X": [1, 2, 3]}, "legal"),
        ({"weights": [1, 2, 3]}, r"weights have shape \(3,\); legal: \(4,\)"),
        ({"weights": [1, -2, 3, 4]}, "negative or not finite"),
        ({"weights": [1, np.nan, 3, 4]}, "negative or not finite"),
        ({"weights": [0, 0, 0, 0]}, "all weights are 0"),
        ({"weights": [0, 0, 3, 0]}, "all weight lies in region 2; legal for operator 'mass' with epsilon 0"),
        ({"X": POINTS, "operator": "best"}, "operator is 'best'; legal: 'unweighted', 'mass'"),
        ({"X": POINTS, "threshold": "best"}, "threshold is 'best'; legal: 'sign', 'median' or 'sweep'"),
        ({"X": POINTS, "epsilon": -1}, "epsilon is -1; legal: a finite number >= 0"),
        ({"X": POINTS, "epsilon": np.inf}, "epsilon is inf"),
        ({"X": POINTS, "epsilon": 1e-40}, r"epsilon of a size beyond 2\^-100 and 2\^100; legal: 0"),
        ({"weights": [1, 1e300, 3, 4]}, "weights of a size beyond"),
        ({"X": POINTS, "n_parts": 1}, "n_parts is 1; legal: an int >= 2"),
        ({"X": POINTS, "n_parts": 5}, "n_parts is 5; legal: at most 4"),
        ({"X": POINTS, "n_parts": 3, "threshold": "sweep"}, "threshold is 'sweep' for 3 parts"),
        ({"weights": [1, 1, 1, 1], "include_output": True}, "weights are given with include_output"),
    ],
)
def test_bad_values(complex_: relutope.PolyhedralComplex, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        relutope.fiedler_partition(complex_, **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": POINTS, "epsilon": "0"}, "epsilon is '0'"),
        ({"X": POINTS, "epsilon": True}, "epsilon is True"),
        ({"X": POINTS, "operator": 3}, "operator is 3"),
        ({"X": POINTS, "n_parts": 2.0}, "n_parts is 2.0"),
        ({"X": POINTS, "include_output": "yes"}, "include_output is 'yes'"),
        ({"weights": ["a", "b", "c", "d"]}, "weights have dtype"),
    ],
)
def test_bad_types(complex_: relutope.PolyhedralComplex, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        relutope.fiedler_partition(complex_, **arguments)


def test_bad_graphs(complex_: relutope.PolyhedralComplex) -> None:
    with pytest.raises(TypeError, match="complex_or_graph is a ndarray"):
        fiedler_partition(np.eye(3))
    for matrix, message in (
        (csr_array(np.ones((2, 3))), "legal: \\(n, n\\)"),
        (csr_array([[0.0, 1], [2, 0]]), "not symmetric"),
        (csr_array([[0.0, -1], [-1, 0]]), "negative or not finite"),
        (csr_array([[0.0, np.nan], [np.nan, 0]]), "negative or not finite"),
        (eye_array(3), "on its diagonal"),
        (csr_array((1, 1)), "the graph has 1 region; legal: two at least"),
        (csr_array((0, 0)), "the graph has 0 regions"),
    ):
        with pytest.raises(ValueError, match=message):
            fiedler_partition(matrix, operator="unweighted")
    with pytest.raises(TypeError, match="real numbers"):
        fiedler_partition(csr_array([[0, 1j], [1j, 0]]), operator="unweighted")
    with pytest.raises(ValueError, match="X is given with an adjacency matrix"):
        fiedler_partition(path(3), [[1.0]])
    with pytest.raises(ValueError, match="include_output is True with an adjacency matrix"):
        fiedler_partition(path(3), operator="unweighted", include_output=True)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("operator", OPERATORS)
def test_extreme_weights(operator: str) -> None:
    for weights in ([2.0**100, 1, 2.0**100, 0], [2.0**-100, 1, 2.0**-100, 0], [1, 2.0**100, 2.0**-100, 1]):
        for epsilon in (0.0, 2.0**-100, 2.0**100):
            partition = fiedler_partition(path(4), weights=weights, operator=operator, epsilon=epsilon)
            assert np.isfinite(partition.vectors).all()
            assert 0 <= partition.lambda_2 < np.inf


def test_one_region() -> None:
    network = relutope.Network.from_arrays([[[1.0, 0]], [[1.0]]], [[9.0], [0.0]])
    complex_ = relutope.polyhedral_complex(network, (-1, 1))
    assert complex_.n_regions == 1
    for operator in OPERATORS:
        with pytest.raises(ValueError, match="the graph has 1 region; legal: two at least"):
            relutope.fiedler_partition(complex_, POINTS, operator=operator)


def test_all_weight_in_one_region_with_an_epsilon(complex_: relutope.PolyhedralComplex) -> None:
    partition = relutope.fiedler_partition(complex_, [[0.5, 0.5]], epsilon=1)
    assert partition.weights.tolist().count(1) == 1
    assert partition.n_components == 1


def test_points_outside_are_counted(complex_: relutope.PolyhedralComplex) -> None:
    X = [*POINTS, [3, 3], [0, 0.5], [-7, 0]]
    partition = relutope.fiedler_partition(complex_, X)
    assert (partition.n_points, partition.n_outside) == (7, 2)
    assert partition.weights.sum() == 5
    report = partition.report(X, [*LABELS, 1, 0, 1], n_null=3, n_bootstrap=2)
    assert (report.n_points, report.n_outside) == (7, 2)
    assert report.confusion.sum() == 5
    assert "outside of the domain: 2 of 7 points, not counted" in str(report)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (POINTS, [1, 1, 1, 1], r"y has 1 class, \[1\]; legal: two classes at least"),
        (POINTS, [1, 0], r"y has shape \(2,\); legal: \(4,\), one label per point"),
        (POINTS, [1, 0, np.nan, 0], "y holds a value that is not finite"),
        ([[np.nan, 0], *POINTS[1:]], LABELS, "nan"),
        ([[9, 9]] * 4, LABELS, "all 4 points of X lie outside"),
    ],
)
def test_bad_reports(complex_: relutope.PolyhedralComplex, X: Any, y: Any, message: str) -> None:
    partition = relutope.fiedler_partition(complex_, POINTS)
    with pytest.raises(ValueError, match=message):
        partition.report(X, y)


def test_reports_need_a_complex(complex_: relutope.PolyhedralComplex) -> None:
    with pytest.raises(ValueError, match="one of a matrix"):
        fiedler_partition(path(3), operator="unweighted").report(POINTS, LABELS)
    other = complex_.refine([2, -1])
    with pytest.raises(ValueError, match="refined by other functionals"):
        relutope.fiedler_partition(other, POINTS).report(POINTS, LABELS)
    with pytest.raises(ValueError, match="n_null is -1"):
        relutope.fiedler_partition(complex_, POINTS).report(POINTS, LABELS, n_null=-1)
    with pytest.raises(TypeError, match="n_neighbours is '3'"):
        relutope.fiedler_partition(complex_, POINTS).report(POINTS, LABELS, n_neighbours="3")


def test_graphs_bring_their_counts(complex_: relutope.PolyhedralComplex) -> None:
    graph = complex_.dual_graph([*POINTS, [0.25, 0.25]])
    partition = relutope.fiedler_partition(graph)
    assert np.array_equal(partition.weights, graph.nodes["count"])
    assert partition.point_regions is None
    assert partition.graph is graph
    refined = relutope.fiedler_partition(graph, POINTS, include_output=True)
    assert isinstance(refined.complex, relutope.RefinedComplex)
