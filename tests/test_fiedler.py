"""Fiedler partitions against dense eigensolvers and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import block_diag, csr_array, eye_array, kron

import relutope
from compare import complex_on, network_of
from networks import CLASSES, cases
from relutope.spectral import OPERATORS, fiedler_partition, inverse
from spectral_oracle import DenseForm, complete, cycle, dense_form, dense_pairs, dumbbell, grid, path

SIMPLE = 1e-5


def same_up_to_sign(a: np.ndarray, b: np.ndarray) -> bool:
    return min(np.abs(a - b).max(), np.abs(a + b).max()) <= 1e-6 * np.abs(b).max()


def second_vector(form: DenseForm, values: np.ndarray, vectors: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The dense v_2; of two components the one that is M-orthogonal to the kernel vector meant."""
    if values[1] > 1e-11 * values[-1]:
        return vectors[:, 1]
    a, b = vectors[:, :2].T @ (form.mass * kernel)
    return vectors[:, :2] @ [b, -a] / np.hypot(a, b)


def check(adjacency: csr_array, w: np.ndarray, operator: str, epsilon: float) -> None:
    """Compare eigenvalues, and vectors and labels where they are defined, with the dense ones."""
    form = dense_form(adjacency.toarray().astype(float), w, operator, epsilon)
    if len(form.nodes) < 2:
        with pytest.raises(ValueError, match="all weight lies in region"):
            fiedler_partition(adjacency, weights=w, operator=operator, epsilon=epsilon)
        return
    partition = fiedler_partition(adjacency, weights=w, operator=operator, epsilon=epsilon)
    values, vectors = dense_pairs(form)
    scale = values[-1] or 1.0
    expected = values[1 : 1 + len(partition.eigenvalues)]
    assert np.allclose(partition.eigenvalues, expected, rtol=1e-8, atol=1e-12 * scale)
    assert len(partition.eigenvalues) == min(2, len(values) - 1)
    assert (partition.residuals < 1e-11).all()
    assert partition.n_components == np.count_nonzero(values < 1e-11 * scale)
    assert partition.lambda_2 == 0 or partition.n_components == 1
    component = partition.components[[nodes[0] for nodes in form.nodes]]
    for label in range(partition.n_components):
        inside = np.flatnonzero(component == label)
        block = DenseForm(form.stiffness[np.ix_(inside, inside)], form.mass[inside], [])
        second = dense_pairs(block)[0][1] if len(inside) > 1 else np.nan
        found = partition.component_lambda_2[label]
        assert found == pytest.approx(second, rel=1e-8, abs=1e-12 * scale, nan_ok=True)
    assert len(partition.component_lambda_2) == partition.n_components
    third = values[2] if len(values) > 2 else np.inf
    if third - values[1] < SIMPLE * third + 1e-11 * scale:
        assert partition.multiple or partition.nearly_multiple
        return
    assert not partition.multiple
    v = np.array([partition.vectors[nodes[0], 0] for nodes in form.nodes])
    for nodes, value in zip(form.nodes, v, strict=True):
        assert (partition.vectors[nodes, 0] == value).all()
    first = [nodes[0] for nodes in form.nodes]
    kernel = 1 / np.sqrt(w[first] + epsilon) if operator == "conjugated" else np.ones(len(v))
    assert same_up_to_sign(v, second_vector(form, values, vectors, kernel))
    left_out = np.setdiff1d(np.arange(len(w)), np.concatenate(form.nodes))
    dense = adjacency.toarray().astype(float)
    for node in left_out:  # harmonic
        mean = dense[node] @ partition.vectors[:, 0] / dense[node].sum()
        assert partition.vectors[node, 0] == pytest.approx(mean, abs=1e-8 * np.abs(v).max())
    assert np.array_equal(partition.labels, partition.vectors[:, 0] >= 0)


# Dense eigensolvers


@pytest.mark.parametrize("epsilon", [0.0, 0.001, 1.0])
@pytest.mark.parametrize("operator", OPERATORS)
def test_random_graphs_agree_with_dense_solvers(operator: str, epsilon: float) -> None:
    rng = np.random.default_rng(5)
    for n in (3, 4, 7, 12, 25):
        for _ in range(4):
            dense = np.triu(rng.random((n, n)) < 3 / n, 1) * rng.uniform(0.5, 2, (n, n))
            dense[np.arange(n - 1), np.arange(1, n)] = 1  # connected
            w = rng.integers(0, 4, n).astype(float)
            w[rng.integers(n)] = 2
            check(csr_array(dense + dense.T), w, operator, epsilon)


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("name", CLASSES)
def test_networks_agree_with_dense_solvers(name: str, operator: str) -> None:
    rng = np.random.default_rng(3)
    checked = 0
    for d in (1, 2):
        for case in cases(name, d)[:3]:
            complex_ = complex_on(network_of(case.layers), case.lo.tolist(), case.hi.tolist())
            if not 2 < complex_.n_regions < 250:
                continue
            X = case.lo + rng.integers(1, 64, (60, d)) / 64 * (case.hi - case.lo)
            w = complex_.count_points(X).counts.astype(float)
            if np.count_nonzero(w) < 2:
                continue
            graph = complex_.dual_graph()
            for epsilon in (0.0, 0.5):
                check(graph.adjacency, w, operator, epsilon)
            partition = fiedler_partition(complex_, X, operator=operator)
            again = fiedler_partition(graph, weights=w, operator=operator)
            assert np.array_equal(partition.labels, again.labels)
            assert np.array_equal(partition.weights, w)
            checked += 1
    assert checked


@pytest.mark.parametrize("operator", ["unweighted", "mass", "edge_inverse"])
def test_large_graphs_are_iterated(operator: str) -> None:
    """Beyond the sizes that are solved densely; by a factorisation, and by conjugate gradients."""
    rng = np.random.default_rng(0)
    for adjacency in (grid(20, 31), dumbbell(60)):
        n = adjacency.shape[0]
        w = rng.integers(0, 2, n) * rng.integers(1, 9, n).astype(float)
        check(adjacency, w, operator, 0.5 if operator == "edge_inverse" else 0.0)


def test_conjugate_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    """What graphs of complexes of dimension 3 and more get, and what happens if they do not converge."""
    layers, between = kron(eye_array(9), grid(8, 10)), kron(path(9), eye_array(80))
    adjacency = csr_array(layers + between)
    w = np.random.default_rng(0).integers(0, 3, 720).astype(float)
    factorised = fiedler_partition(adjacency, weights=w)
    monkeypatch.setattr(inverse, "MOST_FACTORISED", 100)
    for most_steps in (20_000, 3):
        monkeypatch.setattr(inverse, "MOST_STEPS", most_steps)
        iterated = fiedler_partition(adjacency, weights=w)
        assert iterated.eigenvalues == pytest.approx(factorised.eigenvalues, rel=1e-9)
        assert iterated.residual < 1e-12
        assert np.array_equal(iterated.labels, factorised.labels)


# Closed forms


@pytest.mark.parametrize("n", [2, 3, 4, 9, 50, 1000])
def test_path(n: int) -> None:
    partition = fiedler_partition(path(n), operator="unweighted")
    assert partition.lambda_2 == pytest.approx(4 * np.sin(np.pi / (2 * n)) ** 2, rel=1e-9)
    assert partition.lambda_3 == (pytest.approx(4 * np.sin(np.pi / n) ** 2, rel=1e-9) if n > 2 else np.inf)
    expected = np.cos(np.pi * (np.arange(n) + 0.5) / n) * np.sqrt(2 / n)
    assert np.abs(partition.vectors[:, 0] - expected).max() < 1e-8  # the first region is positive
    assert partition.labels.tolist() == [1] * ((n + 1) // 2) + [0] * (n // 2)  # 0 belongs to part 1
    assert partition.flags == ()


@pytest.mark.parametrize("n", [3, 4, 8, 31, 700])
def test_cycle_is_multiple(n: int) -> None:
    partition = fiedler_partition(cycle(n), operator="unweighted")
    assert partition.eigenvalues == pytest.approx([4 * np.sin(np.pi / n) ** 2] * 2, rel=1e-9)
    assert partition.flags == ("multiple",)


@pytest.mark.parametrize("n", [3, 5, 40, 450])
def test_complete_is_multiple(n: int) -> None:
    partition = fiedler_partition(complete(n), weights=np.full(n, 2.0), operator="mass")
    assert partition.eigenvalues == pytest.approx([n / 2] * 2, rel=1e-9)
    assert partition.multiple
    assert not partition.nearly_multiple


@pytest.mark.parametrize(("rows", "columns"), [(3, 3), (12, 12), (25, 25)])
def test_square_grid_is_multiple(rows: int, columns: int) -> None:
    partition = fiedler_partition(grid(rows, columns), operator="unweighted")
    assert partition.eigenvalues == pytest.approx([4 * np.sin(np.pi / (2 * rows)) ** 2] * 2, rel=1e-9)
    assert partition.multiple


@pytest.mark.parametrize(("rows", "columns"), [(3, 5), (8, 21), (20, 40)])
def test_long_grid(rows: int, columns: int) -> None:
    partition = fiedler_partition(grid(rows, columns), operator="unweighted")
    values = sorted(
        [4 * np.sin(np.pi / (2 * rows)) ** 2] + [4 * np.sin(k * np.pi / (2 * columns)) ** 2 for k in (1, 2)]
    )
    assert partition.eigenvalues == pytest.approx(values[:2], rel=1e-9)
    halves = partition.labels.reshape(rows, columns)
    assert (halves == halves[0]).all()
    assert halves[0].tolist() == [1] * ((columns + 1) // 2) + [0] * (columns // 2)


def test_nearly_square_is_nearly_multiple() -> None:
    partition = fiedler_partition(grid(200, 201), operator="unweighted")
    assert partition.flags == ("nearly_multiple",)
    assert partition.relative_gap == pytest.approx(
        1 - (np.sin(np.pi / 402) / np.sin(np.pi / 400)) ** 2, rel=1e-6
    )


@pytest.mark.parametrize("threshold", ["sign", "median", "sweep"])
@pytest.mark.parametrize("n", [3, 10])
def test_dumbbell(n: int, threshold: str) -> None:
    """With a = lambda: antisymmetric, n - 1 nodes x and one node y on each side of the bridge."""
    partition = fiedler_partition(dumbbell(n), operator="unweighted", threshold=threshold)
    # (1 - a) x = y and (n + 1 - a) y = (n - 1) x: a^2 - (n + 2) a + 2 = 0.
    assert partition.lambda_2 == pytest.approx((n + 2 - np.sqrt((n + 2) ** 2 - 8)) / 2, rel=1e-9)
    assert partition.labels.tolist() == [1] * n + [0] * n
    assert partition.flags == ()


def test_harmonic_regions_of_a_path() -> None:
    """Two loaded ends of a path of m edges: one spring of stiffness 1/m, and a straight line between."""
    w = np.array([2.0, 0, 0, 0, 3.0])
    partition = fiedler_partition(path(5), weights=w)
    assert partition.lambda_2 == pytest.approx((1 / 4) * (1 / 2 + 1 / 3))
    assert partition.lambda_3 == np.inf
    assert partition.relative_gap == 1
    assert np.diff(partition.vectors[:, 0]) == pytest.approx([np.diff(partition.vectors[:, 0])[0]] * 4)
    assert w @ partition.vectors[:, 0] == pytest.approx(0, abs=1e-12)
    assert w @ partition.vectors[:, 0] ** 2 == pytest.approx(1)


def test_epsilon_0_is_the_limit() -> None:
    rng = np.random.default_rng(1)
    w = rng.integers(0, 3, 42).astype(float)
    for operator in ("mass", "edge_inverse"):
        limit = fiedler_partition(grid(6, 7), weights=w, operator=operator)
        near = fiedler_partition(grid(6, 7), weights=w, operator=operator, epsilon=1e-7)
        assert near.eigenvalues == pytest.approx(limit.eigenvalues, rel=1e-4)
        assert np.abs(near.vectors - limit.vectors).max() < 1e-3
        assert (limit.epsilon, near.epsilon) == (0, 1e-7)


# Components


def test_disconnected_graphs() -> None:
    graph = csr_array(block_diag([path(3), path(5), path(4)]))
    partition = fiedler_partition(graph, operator="unweighted")
    assert (partition.lambda_2, partition.lambda_3, partition.n_components) == (0, 0, 3)
    assert partition.flags == ("disconnected", "multiple")
    assert partition.components.tolist() == [2] * 3 + [0] * 5 + [1] * 4
    assert len({tuple(set(partition.labels[s])) for s in (slice(0, 3), slice(8, 12))}) == 1
    assert set(partition.labels[3:8]) != set(partition.labels[:3])
    parts = fiedler_partition(graph, operator="unweighted", n_parts=3)
    assert parts.labels.tolist() == [0] * 3 + [1] * 5 + [2] * 4
    two = fiedler_partition(csr_array(block_diag([path(3), path(5)])), operator="unweighted")
    assert two.flags == ("disconnected",)
    assert two.lambda_3 == pytest.approx(4 * np.sin(np.pi / 10) ** 2)
    assert two.labels.tolist() in ([0] * 3 + [1] * 5, [1] * 3 + [0] * 5)


def test_lambda_2_of_components() -> None:
    graph = csr_array(block_diag([path(3), cycle(5), csr_array((1, 1)), complete(4), grid(30, 40)]))
    partition = fiedler_partition(graph, operator="unweighted")
    expected = [2 - 2 * np.cos(np.pi / 40), 2 - 2 * np.cos(2 * np.pi / 5), 4, 1, np.nan]
    assert partition.component_lambda_2 == pytest.approx(expected, nan_ok=True)
    found = partition.to_dict()["component_lambda_2"]
    assert found == [*partition.component_lambda_2.tolist()[:4], None]
    assert fiedler_partition(path(3), operator="unweighted").component_lambda_2 == pytest.approx([1])
    # A component without weight has none, and one whose weight lies in one region neither.
    weights = np.r_[1, 1, 0, np.zeros(5), 3, 0, 0, 5, 0, np.zeros(1200)]
    massive = fiedler_partition(graph, weights=weights)
    assert massive.component_lambda_2 == pytest.approx([np.nan, np.nan, 2], nan_ok=True)


def test_components_without_weight_are_left_out() -> None:
    graph = csr_array(block_diag([path(4), path(3)]))
    partition = fiedler_partition(graph, weights=[1, 1, 1, 1, 0, 0, 0])
    assert partition.n_components == 1
    assert partition.components.tolist() == [0] * 4 + [-1] * 3
    assert partition.lambda_2 == pytest.approx(2 - np.sqrt(2))
    assert (partition.vectors[4:] == 0).all()


# Thresholds and parts


def test_median_and_sweep_cut_where_they_say() -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        w = rng.integers(0, 5, 24).astype(float)
        w[:2] = 1
        median = fiedler_partition(grid(4, 6), weights=w, threshold="median")
        sweep = fiedler_partition(grid(4, 6), weights=w, threshold="sweep")
        v = median.vectors[:, 0]
        dense, tie = grid(4, 6).toarray(), 1e-8 * np.abs(v).max()
        imbalances, conductances = [], []
        for low, high in zip(np.sort(v)[:-1], np.sort(v)[1:], strict=True):
            if high - low > tie:
                side = v <= low
                imbalances.append(abs(w[side].sum() - w[~side].sum()))
                lighter = min(w[side].sum(), w[~side].sum())
                conductances.append(dense[np.ix_(side, ~side)].sum() / lighter if lighter else np.inf)
        found = median.labels == 1
        assert abs(w[found].sum() - w[~found].sum()) == min(imbalances)
        found = sweep.labels == 1
        lighter = min(w[found].sum(), w[~found].sum())
        assert dense[np.ix_(found, ~found)].sum() / lighter == pytest.approx(min(conductances))


def test_many_parts() -> None:
    blocks = csr_array(block_diag([complete(6)] * 4)).toarray()
    for i in (5, 11, 17):
        blocks[i, i + 1] = blocks[i + 1, i] = 0.1
    partition = fiedler_partition(csr_array(blocks), operator="unweighted", n_parts=4)
    assert partition.labels.tolist() == np.repeat([0, 1, 2, 3], 6).tolist()
    assert partition.cut is None
    assert partition.vectors.shape == (24, 3)


def test_relabelling_changes_nothing_else() -> None:
    rng = np.random.default_rng(2)
    case = cases("random", 2)[0]
    graph = complex_on(network_of(case.layers), case.lo.tolist(), case.hi.tolist()).dual_graph()
    n = graph.n_nodes
    w = rng.integers(0, 4, n).astype(float)
    w[:3] = 1
    order = rng.permutation(n)
    shuffled = graph.adjacency[order][:, order]
    for operator in OPERATORS:
        for threshold in ("sign", "median", "sweep"):
            options = {"operator": operator, "threshold": threshold, "epsilon": 0.25}
            a = fiedler_partition(graph, weights=w, **options)
            b = fiedler_partition(shuffled, weights=w[order], **options)
            assert b.eigenvalues == pytest.approx(a.eigenvalues, rel=1e-9)
            if not a.multiple and threshold != "median":
                same = a.labels[order] == b.labels
                assert same.all() or not same.any()


def test_the_same_bytes_every_time() -> None:
    w = np.random.default_rng(2).integers(0, 2, 900).astype(float)
    first, second = (fiedler_partition(grid(30, 30), weights=w) for _ in range(2))
    assert first.vectors.tobytes() == second.vectors.tobytes()
    assert first.labels.tobytes() == second.labels.tobytes()


def test_repr_and_dict(quadrants: relutope.Network) -> None:
    complex_ = relutope.polyhedral_complex(quadrants, (-1, 1))
    partition = relutope.fiedler_partition(complex_, weights=[1, 2, 3, 4], epsilon=0.5, threshold="sweep")
    assert "mass, epsilon 0.5, sweep" in repr(partition)
    record = partition.to_dict()
    assert (record["operator"], record["epsilon"], record["regions"]) == ("mass", 0.5, 4)
    assert partition.complex is complex_
    assert partition.n_points is None
