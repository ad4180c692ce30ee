"""What the dual graph carries: data counts, bending angles, volumes; its files and pictures."""

from __future__ import annotations

import json
from fractions import Fraction
from math import acos, atan, isclose, nextafter, pi, sqrt
from pathlib import Path

import numpy as np
import pytest

from compare import complex_on, network_of
from networks import CLASSES, cases
from relutope import AllSpace, DualGraph, Network, PolyhedralComplex, polyhedral_complex

QUADRANTS = Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])


def quadrants() -> PolyhedralComplex:
    return complex_on(QUADRANTS, [-1, -1], [1, 1])


# Data


@pytest.mark.parametrize("box", [True, False])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", ["random", "integer", "duplicate", "wall_touching"])
def test_counts_are_those_of_sign_vectors(name: str, d: int, box: bool) -> None:
    case = cases(name, d)[1]
    complex_ = complex_on(
        network_of(case.layers), case.lo.tolist() if box else None, case.hi.tolist() if box else None
    )
    rng = np.random.default_rng(d)
    inside = case.lo + rng.integers(1, 64, (300, d)) / 64 * (case.hi - case.lo)
    X = np.vstack([inside, inside[:5] + 100 * (case.hi - case.lo)])
    y = rng.choice(["left", "right", "up"], len(X))
    graph = complex_.dual_graph(X, y)
    table = complex_.sign_vectors(d)
    expected = np.zeros((complex_.n_regions, 3), dtype=int)
    n_not_counted = 0
    for place, (signs, label) in enumerate(zip(complex_.network.sign_vectors(X), y, strict=True)):
        found = np.flatnonzero((table == signs).all(axis=1)) if not box or place < len(inside) else []
        assert len(found) <= 1
        n_not_counted += len(found) == 0
        expected[found, ["left", "right", "up"].index(label)] += 1
    assert graph.classes is not None
    assert graph.classes.tolist() == ["left", "right", "up"]
    assert np.array_equal(graph.nodes["class_counts"], expected)
    assert np.array_equal(graph.nodes["count"], expected.sum(axis=1))
    assert graph.n_not_counted == n_not_counted
    assert (n_not_counted >= 5) == box or n_not_counted > 0
    assert np.array_equal(complex_.dual_graph(X).nodes["count"], expected.sum(axis=1))


def test_points_on_facets_and_outside_are_not_counted() -> None:
    graph = quadrants().dual_graph([[0.5, 0.5], [0.0, 0.5], [0.0, 0.0], [2.0, 2.0]], [1, 1, 0, 0])
    assert sorted(graph.nodes["count"].tolist()) == [0, 0, 0, 1]
    assert graph.n_not_counted == 3
    assert graph.classes is not None
    assert graph.classes.tolist() == [0, 1]
    assert graph.nodes["class_counts"].sum(axis=0).tolist() == [0, 1]


# Angles


def angle_of_slopes(a: list[Fraction], b: list[Fraction]) -> float:
    """Another formula than the library's: by the cosine, in fractions up to its root."""
    dot = 1 + sum(x * y for x, y in zip(a, b, strict=True))
    squares = (1 + sum(x * x for x in a)) * (1 + sum(x * x for x in b))
    return acos(max(-1.0, min(1.0, float(dot) / sqrt(squares))))


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", CLASSES)
def test_angles(name: str, d: int) -> None:
    affine_maps = pytest.importorskip("relutope.affine_maps")
    case = cases(name, d)[1]
    for bounds in ((case.lo.tolist(), case.hi.tolist()), (None, None)):
        complex_ = complex_on(network_of(case.layers), *bounds)
        slopes = [list(A[0]) for A, _ in affine_maps.exact_affine_maps(complex_)]
        edges = complex_.dual_graph(angles=True).edges
        for a, b, angle in zip(edges["region_0"], edges["region_1"], edges["angle"], strict=True):
            assert (angle == 0) == (slopes[a] == slopes[b])
            assert 0 <= angle < pi
            # acos has an error of about sqrt(2^-52) near 0.
            assert abs(angle - angle_of_slopes(slopes[a], slopes[b])) <= 2.0**-24


def test_angles_in_closed_form() -> None:
    pytest.importorskip("relutope.affine_maps")
    for slope in (1.0, 2.0**-60, 2.0**-1000, 3.5, 2.0**30, 2.0**600):
        complex_ = complex_on(Network.from_arrays([[[1.0]], [[slope]]]), [-1], [1])
        [angle] = complex_.dual_graph(angles=True).edges["angle"].tolist()
        assert isclose(angle, atan(slope), rel_tol=2.0**-48)
    # The slopes differ in the last place only: no formula through cosines or unit normals sees it.
    network = Network.from_arrays([[[1.0], [-1.0]], [[nextafter(1.0, 2.0), -1.0]]])
    [angle] = complex_on(network, [-1], [1]).dual_graph(angles=True).edges["angle"].tolist()
    assert isclose(angle, 2.0**-52 / 2, rel_tol=2.0**-25)
    # z = relu(z) - relu(-z) bends nowhere.
    network = Network.from_arrays([[[0.1, 0.3], [-0.1, -0.3]], [[0.7, -0.7]]])
    assert complex_on(network, [-1, -1], [1, 1]).dual_graph(angles=True).edges["angle"].tolist() == [0.0]


# Volumes


def test_volumes() -> None:
    pytest.importorskip("relutope.regions")
    graph = quadrants().dual_graph(volumes=True)
    assert graph.nodes["volume"].tolist() == [1.0] * 4
    assert graph.edges["volume"].tolist() == [1.0] * 4
    unbounded = polyhedral_complex(QUADRANTS, AllSpace()).dual_graph(volumes=True)
    assert unbounded.nodes["volume"].tolist() == [np.inf] * 4
    assert unbounded.edges["volume"].tolist() == [np.inf] * 4


# Files


def full_graph() -> DualGraph:
    complex_ = quadrants()
    return complex_.dual_graph([[0.5, 0.5], [-0.5, 0.5]], ["cat", "dog"], flips=True)


def test_to_networkx() -> None:
    dual = full_graph()
    graph = dual.to_networkx()
    assert list(graph) == dual.nodes["region"].tolist()
    assert graph.graph == {"n_not_counted": 0}
    for place, row in enumerate(dual.nodes):
        cats, dogs = row["class_counts"].tolist()
        expected = {"region": place, "count": cats + dogs, "count_cat": cats, "count_dog": dogs}
        assert graph.nodes[place] == expected
    flips = []
    for a, b, facet in dual.edges.tolist():
        assert graph.edges[a, b]["facet"] == facet
        flips.append(graph.edges[a, b]["flips"])
    assert dual.flip_indices is not None
    assert flips == [str(neuron) for neuron in dual.flip_indices.tolist()]
    assert graph.number_of_edges() == len(flips) == 4
    attributes = [*graph.nodes.values(), *graph.edges.values()]
    assert all(type(value) in (int, float, str) for record in attributes for value in record.values())
    assert json.loads(json.dumps(attributes)) == attributes


def test_graphml(tmp_path: Path) -> None:
    from networkx import read_graphml

    graph = full_graph()
    graph.write_graphml(tmp_path / "graph.xml")
    again, original = read_graphml(tmp_path / "graph.xml", node_type=int), graph.to_networkx()
    assert dict(again.nodes(data=True)) == dict(original.nodes(data=True))
    assert {frozenset(edge) for edge in again.edges} == {frozenset(edge) for edge in original.edges}
    assert all(again.edges[edge] == original.edges[edge] for edge in original.edges)


def test_npz(tmp_path: Path) -> None:
    from scipy.sparse import csr_array, load_npz

    for number, graph in enumerate((full_graph(), quadrants().dual_graph())):
        path = tmp_path / f"graph{number}.dat"
        graph.save_npz(path)
        adjacency = load_npz(path)
        assert isinstance(adjacency, csr_array)
        assert np.array_equal(adjacency.toarray(), graph.adjacency.toarray())
        with np.load(path, allow_pickle=False) as record:
            for name in ("nodes", "edges", "classes", "flip_indptr", "flip_indices"):
                stored = getattr(graph, name)
                assert (name in record) == (stored is not None)
                if stored is not None:
                    assert record[name].dtype == stored.dtype
                    assert np.array_equal(record[name], stored)
            assert record["n_not_counted"] == graph.n_not_counted


def test_labels_that_are_objects_are_saved_as_text(tmp_path: Path) -> None:
    graph = quadrants().dual_graph([[0.5, 0.5], [-0.5, 0.5]], np.array(["b", "a"], dtype=object))
    graph.save_npz(tmp_path / "graph.npz")
    with np.load(tmp_path / "graph.npz", allow_pickle=False) as record:
        assert record["classes"].tolist() == ["a", "b"]


# Pictures


def test_plot() -> None:
    figure = pytest.importorskip("matplotlib.figure")
    complexes = [quadrants(), complex_on(QUADRANTS, None, None)]
    complexes += [complex_on(network_of(cases("random", d)[1].layers), None, None) for d in (1, 2, 3)]
    complexes.append(complex_on(Network.from_arrays([[[0, 0]], [[1]]], [[-1], [0]]), None, None))
    for complex_ in complexes:
        graph = complex_.dual_graph()
        for layout in ("interior", "spectral"):
            ax = graph.plot(figure.Figure().subplots(), layout)  # type: ignore[arg-type]
            lines, points = ax.collections
            places = points.get_offsets()
            assert places.shape == (graph.n_nodes, 2)
            assert np.isfinite(places).all()
            ends = places[[[a, b] for a, b, _ in graph.edges.tolist()]] if graph.n_edges else []
            assert np.array_equal(np.reshape(lines.get_segments(), (-1, 2, 2)), np.reshape(ends, (-1, 2, 2)))


def test_nodes_are_drawn_in_their_regions() -> None:
    from relutope.dual_graph_plot import interior_places

    case = cases("random", 2)[4]
    complex_ = complex_on(network_of(case.layers), case.lo.tolist(), case.hi.tolist())
    places = interior_places(complex_.dual_graph())
    assert np.array_equal(complex_.network.sign_vectors(places), complex_.sign_vectors(2))


def test_the_spectral_layout_solves_its_equation() -> None:
    from relutope.dual_graph_plot import spectral_places

    for n in (100, 700):  # dense and sparse: paths, whose eigenvalues are known
        network = Network.from_arrays(
            [np.ones((n - 1, 1)), np.ones((1, n - 1))], [-np.arange(n - 1) / n, [0.0]]
        )
        graph = polyhedral_complex(network, (-1, 1)).dual_graph()
        places = spectral_places(graph)
        laplacian = np.diag(graph.degrees) - graph.adjacency.toarray().astype(int)
        values = [2 - 2 * np.cos(pi * k / n) for k in (1, 2)]
        assert np.allclose(laplacian @ places, places * values, rtol=0, atol=2.0**-30)
        assert np.allclose((places**2).sum(axis=0), 1)
        assert (places.max(axis=0) >= -places.min(axis=0) - 2.0**-30).all()


# Bad arguments


def test_bad_arguments() -> None:
    pytest.importorskip("matplotlib")
    complex_ = quadrants()
    with pytest.raises(ValueError, match=r"^y is given without X"):
        complex_.dual_graph(y=[1])
    with pytest.raises(ValueError, match=r"^y has shape \(2,\); legal: \(1,\)"):
        complex_.dual_graph([[0.5, 0.5]], [1, 2])
    with pytest.raises(ValueError, match=r"^X has shape"):
        complex_.dual_graph([[0.5]])
    with pytest.raises(ValueError, match="X"):
        complex_.dual_graph([[np.nan, 0.5]])
    two_outputs = complex_on(Network.from_arrays([[[1]], [[1], [2]]]), [-1], [1])
    with pytest.raises(ValueError, match=r"^angles is True; legal: False for 2 outputs"):
        two_outputs.dual_graph(angles=True)
    with pytest.raises(ValueError, match=r"^layout is 'round'; legal: 'interior' or 'spectral'"):
        complex_.dual_graph().plot(layout="round")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^color has shape \(3,\); legal: \(4,\)"):
        complex_.dual_graph().plot(color=[1, 2, 3])
