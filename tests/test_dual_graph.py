"""The dual graph against names, the oracle, closed forms and theorems."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from compare import complex_on, is_below, network_of
from networks import CLASSES, cases
from reference import exact_layers, reference_complex
from relutope import AllSpace, DualGraph, Network, PolyhedralComplex, polyhedral_complex

DOMAINS = ("box", "all space")

each_domain = pytest.mark.parametrize("domain", DOMAINS)


def case_complex(name: str, d: int, place: int, domain: str) -> PolyhedralComplex:
    case = cases(name, d)[place]
    box = domain == "box"
    return complex_on(
        network_of(case.layers), case.lo.tolist() if box else None, case.hi.tolist() if box else None
    )


def random_network(rng: np.random.Generator, d: int, widths: tuple[int, ...]) -> Network:
    shapes = list(zip((d, *widths), (*widths, 1), strict=True))
    return Network.from_arrays(
        [rng.normal(size=(n_out, n_in)) for n_in, n_out in shapes], [rng.normal(size=n) for _, n in shapes]
    )


def five_cycle() -> PolyhedralComplex:
    """relu(x) - relu(y), cut once more: identically 0 on the quadrant x, y < 0."""
    return complex_on(Network.from_arrays([[[1, 0], [0, 1]], [[1, -1]], [[1]]]), None, None)


# Edges


@each_domain
@pytest.mark.parametrize("d", [1, 2, 3, 4])
@pytest.mark.parametrize("name", CLASSES)
def test_edges_are_the_facets_between_two_regions(name: str, d: int, domain: str) -> None:
    complex_ = case_complex(name, d, 1, domain)
    graph = complex_.dual_graph(flips=True)
    signs = complex_.sign_vectors(d)
    incident = is_below((complex_.sign_vectors(d - 1), complex_.walls(d - 1)), (signs, complex_.walls(d)))
    expected = [(*map(int, np.flatnonzero(row)), f) for f, row in enumerate(incident) if row.sum() == 2]
    assert graph.edges.tolist() == expected
    assert all(a < b for a, b, _ in expected)
    assert all(f < complex_.f_vector[d - 1] for *_, f in expected)
    table = np.zeros((complex_.n_regions,) * 2, dtype=bool)
    for a, b, _ in expected:
        table[a, b] = table[b, a] = True
    assert graph.adjacency.dtype == np.bool_
    assert np.array_equal(graph.adjacency.toarray(), table)
    assert graph.adjacency.has_sorted_indices
    assert graph.degrees.tolist() == table.sum(axis=1).tolist()
    assert (graph.n_nodes, graph.n_edges) == (complex_.n_regions, len(expected))
    assert graph.nodes["region"].tolist() == list(range(complex_.n_regions))
    assert graph.connected_components()[0] == 1
    assert (graph.connected_components()[1] == 0).all()
    assert graph.flip_indptr is not None
    assert graph.flip_indices is not None
    for (a, b, _), begin, end in zip(expected, graph.flip_indptr, graph.flip_indptr[1:], strict=False):
        assert graph.flip_indices[begin:end].tolist() == np.flatnonzero(signs[a] != signs[b]).tolist()
    assert len(graph.flip_indptr) == len(expected) + 1


def test_without_requests_there_are_no_further_fields() -> None:
    graph = case_complex("random", 2, 0, "box").dual_graph()
    assert graph.edges.dtype.names == ("region_0", "region_1", "facet")
    assert graph.nodes.dtype.names == ("region",)
    assert graph.flip_indptr is graph.flip_indices is graph.classes is None


def neighbours_by_the_oracle(
    layers: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> set[frozenset[bytes]]:
    """Pairs of sign vectors of regions of R^d with a common facet, from the oracle's cells."""
    d = layers[0][0].shape[1]
    cells = reference_complex(exact_layers(layers[:-1]), None, None)
    regions, facets = (
        np.array([signs for k, _, signs in cells if k == dimension], dtype=np.int8)
        for dimension in (d, d - 1)
    )
    none = (np.zeros((len(x), d), dtype=np.int8) for x in (facets, regions))
    incident = is_below((facets, next(none)), (regions, next(none)))
    assert (incident.sum(axis=1) == 2).all()
    return {frozenset(regions[i].tobytes() for i in np.flatnonzero(row)) for row in incident}


def test_patterns_that_differ_in_one_neuron_need_not_be_neighbours() -> None:
    """The zero set of a second-layer neuron may end at kinks, so its two sides may not touch."""
    apart = 0
    for seed in range(4):
        rng = np.random.default_rng([20240611, seed])
        network = random_network(rng, 2, (4, 4))
        complex_ = complex_on(network, None, None)
        signs = complex_.sign_vectors(2)
        close = (signs[:, None] != signs[None]).sum(axis=2) == 1
        adjacent = complex_.dual_graph().adjacency.toarray()
        layers = [(w.astype(float), b.astype(float)) for w, b in network.exact_layers()]
        listed = {
            frozenset((signs[a].tobytes(), signs[b].tobytes())) for a, b in np.argwhere(np.triu(adjacent))
        }
        assert listed == neighbours_by_the_oracle(layers)
        assert not (adjacent & ~close).any()  # generic: neighbours differ in one neuron
        apart += np.count_nonzero(np.triu(close & ~adjacent))
    assert apart > 0


@each_domain
def test_neighbours_may_differ_in_several_neurons(domain: str) -> None:
    """Copies of a neuron flip together, whether they have bits of their own or not; here with the oracle."""
    layers = [
        ([[1, 0], [-2, 0], [0, 1], [3, 0]], [0, 0, 0, 0]),
        ([[1, 0, 0, 0], [0, 0, 1, 0]], [0, -1]),
        ([[1, 1]], [0]),
    ]
    complex_ = complex_on(network_of(layers), *(([-2, -2], [2, 2]) if domain == "box" else (None, None)))
    graph = complex_.dual_graph(flips=True)
    assert graph.flip_indptr is not None
    assert graph.flip_indices is not None
    flips = [tuple(part) for part in np.split(graph.flip_indices, graph.flip_indptr[1:-1])]
    # Where x changes sign so does relu(x), from 0, beside the copies of x.
    assert sorted(set(flips)) == [(0, 1, 3, 4), (2,), (5,)]
    assert len(flips) == 3 + 2 + 2


# Shape


@each_domain
@pytest.mark.parametrize("d", [1, 2, 3])
def test_generic_networks_are_bipartite(d: int, domain: str) -> None:
    for place in range(6):
        graph = case_complex("random", d, place, domain).dual_graph()
        assert graph.is_bipartite()
        assert coloured(graph)


def coloured(graph: DualGraph) -> bool:
    """Whether walking from node 0 two colours suffice."""
    lists = np.split(graph.adjacency.indices, graph.adjacency.indptr[1:-1])
    colour = {0: 0}
    pending = [0]
    for node in pending:
        for other in lists[node].tolist():
            if other not in colour:
                colour[other] = 1 - colour[node]
                pending.append(other)
    return all(colour[a] != colour[b] for a, b, *_ in graph.edges.tolist())


def test_a_degenerate_network_has_a_cycle_of_five() -> None:
    graph = five_cycle().dual_graph()
    assert (graph.n_nodes, graph.n_edges) == (5, 5)
    assert graph.degrees.tolist() == [2] * 5
    assert not graph.is_bipartite()
    assert not coloured(graph)
    assert graph.diameter() == 2


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("name", CLASSES)
def test_odd_cycles_are_reported(name: str, d: int) -> None:
    graph = case_complex(name, d, 2, "box").dual_graph()
    assert graph.is_bipartite() == coloured(graph)


def distances(graph: DualGraph) -> NDArray[np.float64]:
    from scipy.sparse.csgraph import shortest_path

    result: NDArray[np.float64] = shortest_path(graph.adjacency.astype(float), unweighted=True)
    return result


@each_domain
@pytest.mark.parametrize("d", [1, 2, 3])
def test_diameter(d: int, domain: str) -> None:
    for place in (0, 4, 8):
        graph = case_complex("random", d, place, domain).dual_graph()
        assert graph.diameter() == distances(graph).max()


def test_diameter_of_more_nodes_than_are_treated_at_once() -> None:
    n = 700
    network = Network.from_arrays([np.ones((n, 1)), np.ones((1, n))], [-np.arange(n) / n, [0.0]])
    graph = polyhedral_complex(network, (-1, 1)).dual_graph()
    assert graph.diameter() == n
    assert graph.n_edges == n


def test_one_region() -> None:
    complex_ = complex_on(Network.from_arrays([[[0, 0]], [[1]]], [[-1], [0]]), [-1, -1], [1, 1])
    graph = complex_.dual_graph(flips=True)
    assert (graph.n_nodes, graph.n_edges, graph.diameter()) == (1, 0, 0)
    assert graph.is_bipartite()
    assert graph.adjacency.nnz == 0
    assert graph.to_networkx().number_of_nodes() == 1
    assert graph.flip_indptr is not None
    assert graph.flip_indptr.tolist() == [0]


def test_theorems_of_gaines_and_bi() -> None:
    """Average degree at most 2 d, and the diameter between Moore's bound and the pieces of a line, on R^d.

    A region has at most one facet on the zero set of each neuron, as long as no neuron vanishes on regions
    and none repeats another: of n neurons, so degrees are at most n, and within D steps there are at most
    1 + n + n (n - 1) + ... regions. A line crosses at most (m + 1)^depth regions of widths m.
    """
    rng = np.random.default_rng(31)
    shapes = [(d, widths) for d in (1, 2, 3) for widths in ((4,), (3, 3), (2, 3), (2, 2, 2))]
    for count in range(1000):
        d, widths = shapes[count % len(shapes)]
        complex_ = polyhedral_complex(random_network(rng, d, widths), AllSpace())
        graph, n, diameter = complex_.dual_graph(), sum(widths), complex_.dual_graph().diameter()
        assert 2 * graph.n_edges <= 2 * d * graph.n_nodes
        assert graph.degrees.max() <= n
        assert graph.n_nodes <= 1 + n * sum((n - 1) ** i for i in range(diameter))
        assert diameter < np.prod([width + 1 for width in widths])
        if len(widths) == 1 and d == 1:
            assert (graph.n_nodes, graph.n_edges, diameter) == (5, 4, 4)
