"""What Fiedler partitions refuse, and points outside of the domain."""

from __future__ import annotations

import json
from typing import Any

import networkx as nx
import numpy as np
import pytest
from scipy.sparse import csr_array, eye_array

import relutope
from relutope.spectral import OPERATORS, fiedler_partition
from relutope.spectral.operators import factorised
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
        ({"X": POINTS, "n_parts": 0}, "n_parts is 0; legal: an int >= 2"),
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
    with pytest.raises(TypeError, match=r"complex_or_graph is a list; legal: .* or a symmetric matrix"):
        fiedler_partition([[0, 1], [1, 0]])
    for matrix, message in (
        (np.eye(3), "on its diagonal"),
        (np.ones(4), "legal: \\(n, n\\)"),
        (np.array([[0, np.nan], [np.nan, 0]]), "negative or not finite"),
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


def test_networkx_graphs_and_dense_matrices() -> None:
    graph = nx.Graph([("b", "a"), ("c", "b", {"weight": 0.5}), ("d", "c"), ("e", "d")])
    found = fiedler_partition(graph, weights=[1, 2, 0, 3, 1])
    assert found.names == ("b", "a", "c", "d", "e")
    dense = nx.to_numpy_array(graph)
    for other in (
        fiedler_partition(dense, weights=[1, 2, 0, 3, 1]),
        fiedler_partition(csr_array(dense), weights=[1, 2, 0, 3, 1]),
        fiedler_partition(graph, weights={"a": 2, "b": 1, "c": 0, "d": 3, "e": 1}),
    ):
        assert np.array_equal(found.vectors, other.vectors)
        assert np.array_equal(found.labels, other.labels)
    assert {found.names[i] for i in np.flatnonzero(found.labels)} in ({"a", "b"}, {"c", "d", "e"}, {"d", "e"})
    multiple = fiedler_partition(nx.MultiGraph([(0, 1), (0, 1), (1, 2)]), operator="unweighted")
    assert multiple.lambda_2 == pytest.approx(3 - np.sqrt(3))
    for wrong, options, message in (
        (nx.DiGraph([(0, 1)]), {}, "is directed"),
        (nx.Graph(), {}, "the graph has 0 regions"),
        (nx.Graph([(0, 0), (0, 1)]), {}, "on its diagonal"),
        (nx.Graph([(0, 1, {"weight": -1})]), {}, "negative or not finite"),
        (graph, {"weights": {"a": 1}}, "weights lacks node 'b'"),
        (graph, {"weights": dict.fromkeys("abcdex", 1)}, "weights holds node 'x'"),
        (graph, {"X": [[1.0]]}, "X is given with an adjacency matrix"),
    ):
        with pytest.raises(ValueError, match=message):
            fiedler_partition(wrong, operator="unweighted", **options)
    with pytest.raises(TypeError, match="an edge has a weight that is no number"):
        fiedler_partition(nx.Graph([(0, 1, {"weight": "x"})]), operator="unweighted")


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


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([1, 0, None, 0], ValueError, "y holds None"),
        (["a", "b", None, "a"], ValueError, "y holds None"),
        (np.array([1, 0, np.nan, 0], dtype=object), ValueError, "y holds a value that is not finite"),
        (["a", np.nan, "b", "b"], ValueError, "y holds a value that is not finite"),
        (["a", 1, "b", "b"], TypeError, "y holds values of type int, str; legal: ints, floats"),
        ([1j, 0, 1, 1], TypeError, "y has dtype complex128; legal: ints, floats, bools or strs"),
        ([b"a", b"b", b"a", b"a"], TypeError, "y has dtype"),
        (np.array(["2020", "2021", "2020", "2020"], "M8[Y]"), TypeError, "y has dtype datetime64"),
        (np.array([(1,), (2,), (1,), (1,)], dtype=[("a", int)]), TypeError, "y has dtype"),
        ([[1], [0, 1], [0], [0]], ValueError, "y is ragged"),
    ],
)
def test_bad_labels(
    complex_: relutope.PolyhedralComplex, y: Any, error: type[Exception], message: str
) -> None:
    partition = relutope.fiedler_partition(complex_, POINTS)
    for use in (partition.report, complex_.dual_graph, complex_.summary):
        with pytest.raises(error, match=message):
            use(POINTS, y)


@pytest.mark.parametrize(
    "y",
    [
        ["a", "b", "b", "b"],
        np.array(["a", "b", "b", "b"], dtype=object),
        np.array(["a", "b", "b", "b"], dtype=np.dtypes.StringDType()),
        [True, False, False, False],
        np.array([1, 0, 0.0, False], dtype=object),
        np.array([0.5, 1, 1, 1], dtype=np.longdouble),
        np.array([0.5, 1, 1, 1], dtype=np.float16),
    ],
)
def test_labels_of_many_types(complex_: relutope.PolyhedralComplex, y: Any) -> None:
    report = relutope.fiedler_partition(complex_, POINTS).report(POINTS, y, n_null=1, n_bootstrap=1)
    assert len(json.loads(json.dumps(report.to_dict(), allow_nan=False))["classes"]) == 2
    assert sorted(report.confusion.sum(axis=0)) == [1, 3]


def test_one_class_inside_of_the_domain(complex_: relutope.PolyhedralComplex) -> None:
    partition = relutope.fiedler_partition(complex_, POINTS)
    with pytest.raises(ValueError, match="the points in the domain are all of class 'a'; legal: two classes"):
        partition.report([*POINTS, [3, 3]], ["a", "a", "a", "a", "b"])
    # A third class outside is counted nowhere.
    report = partition.report([*POINTS, [3, 3]], ["a", "b", "b", "b", "c"], n_null=0, n_bootstrap=0)
    assert report.confusion.sum(axis=0).tolist() == [1, 3, 0]


def test_tensors_with_gradients(complex_: relutope.PolyhedralComplex) -> None:
    torch = pytest.importorskip("torch")
    X = torch.tensor(POINTS, requires_grad=True)
    y, weights = (torch.tensor(row, requires_grad=True) for row in ([1.0, 0, 0, 0], [1.0, 2, 3, 4]))
    partition = relutope.fiedler_partition(complex_, X)
    assert np.array_equal(partition.labels, relutope.fiedler_partition(complex_, POINTS).labels)
    assert partition.report(X, y, n_null=0, n_bootstrap=0).confusion.sum() == 4
    weighted = relutope.fiedler_partition(complex_, weights=weights)
    assert weighted.weights.tolist() == [1, 2, 3, 4]
    network = relutope.Network.from_arrays([torch.eye(2, requires_grad=True), torch.ones(1, 2)])
    assert network(X).tolist() == complex_.network(POINTS).tolist()
    series = relutope.track([network], "fiedler", domain=(-1, 1), X=X, y=y)
    assert series.failed_metrics == {}


def test_random_numbers(complex_: relutope.PolyhedralComplex) -> None:
    partition = relutope.fiedler_partition(complex_, POINTS)

    def report(rng: Any) -> dict[str, Any]:
        return partition.report(POINTS, LABELS, rng, n_null=3, n_bootstrap=3).to_dict()

    seed = np.random.SeedSequence(5)
    assert report(seed) == report(seed) == report(5) == report(np.random.default_rng(5))
    for rng, error in (("x", TypeError), (1.5, TypeError), (-1, ValueError)):
        with pytest.raises(error, match=rf"rng is {rng!r}; legal: a numpy\.random\.Generator, a seed"):
            report(rng)
        with pytest.raises(error, match=r"rng is .*; legal"):
            relutope.filtrations.cell_max(complex_, rng=rng)
    with pytest.raises(TypeError, match="rng is a RandomState that cannot spawn"):
        report(np.random.RandomState(0))


def test_progress_and_interrupts(
    complex_: relutope.PolyhedralComplex, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = relutope.fiedler_partition(complex_, POINTS)
    states: list[dict[str, Any]] = []
    options = {"n_null": 3, "n_bootstrap": 2}
    partition.report(POINTS, LABELS, progress=states.append, **options)
    assert [(state["samples"], state["n_samples"]) for state in states] == [(i, 5) for i in range(1, 6)]
    assert partition.report(POINTS, LABELS, progress=True, **options).null is not None

    def stop(state: dict[str, Any]) -> None:
        if state["samples"] == 4:
            raise KeyboardInterrupt

    with pytest.raises(relutope.IncompleteError, match="report of a Fiedler partition was interr") as caught:
        partition.report(POINTS, LABELS, progress=stop, **options)
    assert (caught.value.reason, caught.value.progress["samples"]) == ("interrupt", 4)
    assert caught.value.progress["seconds"] >= 0
    with pytest.raises(TypeError, match="progress is 3"):
        partition.report(POINTS, LABELS, progress=3)
    monkeypatch.setattr("relutope.spectral.partition.smallest_pairs", lambda *_: stop({"samples": 4}))
    with pytest.raises(relutope.IncompleteError, match="the Fiedler partition was interrupted") as caught:
        relutope.fiedler_partition(complex_, POINTS)
    assert (caught.value.reason, caught.value.progress["regions"]) == ("interrupt", 4)


def test_reports_need_a_complex(complex_: relutope.PolyhedralComplex) -> None:
    with pytest.raises(ValueError, match="one of a matrix"):
        fiedler_partition(path(3), operator="unweighted").report(POINTS, LABELS)
    other = complex_.refine([2, -1])
    with pytest.raises(ValueError, match="refined by other functionals"):
        relutope.fiedler_partition(other, POINTS).report(POINTS, LABELS)
    with pytest.raises(ValueError, match="n_null is -1; legal: an int >= 0"):
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


def test_a_laplacian_that_rounding_made_singular() -> None:
    with pytest.raises(ValueError, match="orders of magnitude"):
        factorised(csr_array(np.ones((2, 2))))
