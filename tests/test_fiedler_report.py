"""Reports of Fiedler partitions: each number by another way; pictures."""

from __future__ import annotations

import dataclasses
import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

import relutope
from compare import complex_on, network_of
from conftest import EXAMPLES
from networks import cases
from relutope.data import read_data
from relutope.spectral import OPERATORS
from relutope.spectral.baselines import neighbour_graph, random_partition
from relutope.spectral.boundary import hausdorff
from relutope.spectral.matching import misclassified, oracle_cut
from spectral_oracle import grid


def example(name: str) -> tuple[relutope.PolyhedralComplex, np.ndarray, np.ndarray]:
    network = relutope.load(EXAMPLES / f"{name}.safetensors")
    data = read_data(EXAMPLES / f"{name}.csv", 2)
    assert data.y is not None
    return relutope.polyhedral_complex(network, relutope.Box.around(data.X)), data.X, data.y


QUADRANTS = [[0.5, 0.5], [-0.5, 0.5], [0.5, -0.5], [-0.5, -0.5]]

pytestmark = pytest.mark.filterwarnings("ignore:.*a state dict holds no graph")


def slow_misclassification(table: np.ndarray) -> float:
    size = max(table.shape)
    square = np.zeros((size, size))
    square[: table.shape[0], : table.shape[1]] = table
    best = max(sum(square[i, p[i]] for i in range(size)) for p in itertools.permutations(range(size)))
    return float((table.sum() - best) / table.sum())


def slow_floor(regions: np.ndarray, y: np.ndarray) -> float:
    kept = 0
    for region in set(regions.tolist()):
        inside = y[regions == region].tolist()
        kept += max(inside.count(label) for label in set(inside))
    return (len(y) - kept) / len(y)


def regions_by_signs(complex_: relutope.PolyhedralComplex, X: np.ndarray) -> np.ndarray:
    """Numbers of regions from sign vectors alone; points on boundaries are not expected."""
    signs = complex_.network.sign_vectors(X)
    assert (signs != 0).all()
    return np.unique(signs, axis=0, return_inverse=True)[1].reshape(-1)


# Shipped networks


@pytest.mark.parametrize("include_output", [False, True])
@pytest.mark.parametrize("name", ["two_moons", "two_circles"])
def test_shipped_networks(name: str, include_output: bool) -> None:
    complex_, X, y = example(name)
    positive = complex_.network(X)[:, 0] > 0
    hidden = slow_floor(regions_by_signs(complex_, X), y)
    both = slow_floor(2 * regions_by_signs(complex_, X) + positive, y)
    for operator in OPERATORS:
        partition = relutope.fiedler_partition(complex_, X, operator=operator, include_output=include_output)
        report = partition.report(X, y, n_null=5, n_bootstrap=2)
        parts = partition.labels[partition.point_regions]
        wrong = np.count_nonzero(parts != y)
        assert report.misclassification == pytest.approx(min(wrong, 400 - wrong) / 400)
        assert report.confusion.tolist() == [
            [int(((parts == p) & (y == c)).sum()) for c in (0, 1)] for p in (0, 1)
        ]
        assert (report.purity_floor_hidden, report.purity_floor_output) == pytest.approx((hidden, both))
        assert report.purity_floor == (
            report.purity_floor_output if include_output else report.purity_floor_hidden
        )
        assert report.purity_floor <= report.oracle_cut <= report.misclassification + 1e-12
        # The floor with the output is at most the training error.
        assert report.purity_floor_output <= np.mean(positive != y)
        assert (report.n_points, report.n_outside) == (400, 0)
        assert (report.stability is None) == (operator == "unweighted")
        assert (report.stability_note == "") == (operator != "unweighted")
    assert report.baseline == pytest.approx({"two_moons": 0.1675, "two_circles": 0.0}[name])
    text = str(report)
    for word in ("misclassification", "purity floor", "baseline", "random partitions"):
        assert word in text
    json.dumps(report.to_dict(), allow_nan=False)


def test_the_output_itself_as_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    """A partition by the sign of f has volume error 0 and follows the whole boundary."""
    complex_, X, y = example("two_circles")
    partition = relutope.fiedler_partition(complex_, X, include_output=True)
    refined = partition.complex
    assert isinstance(refined, relutope.RefinedComplex)
    signs = refined.functional_signs(2)[:, 0]
    object.__setattr__(partition, "labels", (signs > 0).astype(np.int64))
    report = partition.report(X, y, n_null=20, n_bootstrap=0)
    assert report.volume_misclassification == 0
    assert report.boundary.boundary_followed == pytest.approx(1)
    assert report.boundary.cut_on_boundary == pytest.approx(1)
    assert report.boundary.hausdorff == 0
    assert report.misclassification == np.mean((complex_.network(X)[:, 0] > 0) != y)
    assert report.stability is None
    assert report.null is not None
    assert report.null.p_value == pytest.approx(1 / 21)


def test_reports_are_deterministic() -> None:
    complex_, X, y = example("two_moons")
    partition = relutope.fiedler_partition(complex_, X)
    first, second, third = (
        partition.report(X, y, rng, n_null=5, n_bootstrap=3).to_dict()
        for rng in (1, np.random.default_rng(1), 2)
    )
    assert first == second
    assert first != third


def test_a_refined_complex_is_the_same_as_include_output() -> None:
    complex_, X, y = example("two_moons")
    direct = relutope.fiedler_partition(complex_.refine([1, 0]), X)
    asked = relutope.fiedler_partition(complex_, X, include_output=True)
    assert np.array_equal(direct.labels, asked.labels)
    a, b = (p.report(X, y, n_null=0, n_bootstrap=0) for p in (direct, asked))
    assert a.purity_floor == b.purity_floor == b.purity_floor_output
    assert a.boundary == b.boundary


# Stability


def test_stability_is_that_of_the_points_a_partition_was_made_from() -> None:
    complex_, X, y = example("two_moons")
    partition = relutope.fiedler_partition(complex_, X[:80])
    own, other = (partition.report(*data, n_null=0, n_bootstrap=4) for data in ((X[:80], y[:80]), (X, y)))
    assert own.stability == other.stability
    # By hand: the same draws, each parted anew, compared on the 80 points.
    rng = np.random.default_rng(0).spawn(3)[2]
    places, shares = np.sort(partition.point_regions), []
    for _ in range(4):
        drawn = np.bincount(rng.choice(places, 80), minlength=partition.n_regions)
        again = relutope.fiedler_partition(complex_, weights=drawn)
        same = np.count_nonzero(again.labels[places] == partition.labels[places])
        shares.append(max(same, 80 - same) / 80)
    assert own.stability == pytest.approx((4, np.mean(shares), np.min(shares), 0))
    counted = relutope.fiedler_partition(complex_.dual_graph(X[:80]))
    assert counted.report(X, y, n_null=0, n_bootstrap=4).stability == own.stability


@pytest.mark.parametrize(
    ("made", "note"),
    [
        ({"weights": [3.0, 0.5, 1, 1]}, "the partition was made from weights, not from points"),
        ({"weights": [2.0**100, 1, 1, 1]}, "the partition was made from weights, not from points"),
        ({"operator": "unweighted"}, "the partition was made from no data, not from points"),
        ({"X": [[0.5, 0.5]] * 4, "epsilon": 1.0}, "all points lie in one region"),
        ({"X": QUADRANTS[:2], "operator": "unweighted"}, "the operator unweighted sees no data"),
    ],
)
def test_partitions_without_stability(quadrants: relutope.Network, made: dict, note: str) -> None:
    complex_ = relutope.polyhedral_complex(quadrants, (-1, 1))
    partition = relutope.fiedler_partition(complex_, **made)
    # The points of the report lie in one region, those of the partition need not.
    report = partition.report([[0.5, 0.5], [0.6, 0.6]], [0, 1], n_null=2, n_bootstrap=3)
    assert (report.stability, report.stability_note) == (None, note)
    content = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert (content["stability"], content["stability_note"]) == (None, note)
    assert f"resampled agreement         -  {note}" in str(report)


def test_stability_where_samples_fail(quadrants: relutope.Network) -> None:
    complex_ = relutope.polyhedral_complex(quadrants, (-1, 1))
    partition = relutope.fiedler_partition(complex_, QUADRANTS, n_parts=4)
    report = partition.report(QUADRANTS, [0, 1, 1, 0], n_null=0, n_bootstrap=60)
    # A sample with all four regions gives four parts again: 4! / 4^4 of them.
    assert report.stability[:3] == (60, 1, 1)
    assert report.stability.n_failed == pytest.approx(60 * (1 - 24 / 256), abs=8)
    none = partition.report(QUADRANTS, [0, 1, 1, 0], 3, n_null=0, n_bootstrap=1)
    assert none.stability_note == "none of 1 samples has points in enough regions for 4 parts"
    assert none.to_dict()["stability"] is None
    # The median cut depends on the points even where the operator does not.
    median = relutope.fiedler_partition(complex_, QUADRANTS, operator="unweighted", threshold="median")
    assert median.report(QUADRANTS, [0, 1, 1, 0], n_null=0, n_bootstrap=3).stability is not None


# Volumes and the boundary, by hand


def test_quadrants_by_hand(quadrants: relutope.Network) -> None:
    """f = relu(x) + relu(y) - 1/2 on [-1, 1]^2: positive on the L-shaped rest of three quadrants."""
    network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [-0.5]])
    complex_ = relutope.polyhedral_complex(network, (-1, 1))
    X = np.array([[0.5, 0.5], [0.7, 0.7], [-0.5, 0.5], [0.5, -0.5], [-0.5, -0.5]])
    partition = relutope.fiedler_partition(complex_, X)
    own = complex_.locate([[0.5, 0.5]])[0][0]
    object.__setattr__(partition, "labels", (np.arange(4) == own).astype(np.int64))
    report = partition.report(X, [1, 1, 1, 0, 0], n_null=0, n_bootstrap=0)
    assert report.misclassification == pytest.approx(1 / 5)
    # Positive: 1/2 each of two quadrants, 7/8 of the first. Part 1 is the first: wrong 1/2 + 1/2 + 1/8 of 4.
    assert report.volume_misclassification == pytest.approx((1 / 2 + 1 / 2 + 1 / 8) / 4)
    # The cut is the two half axes from the origin, which the boundary crosses only.
    assert report.boundary.boundary_followed == 0
    assert report.boundary.cut_on_boundary == 0
    # Farthest: (-1, 1/2), at distance 1 of (0, 1/2); and (0, 0) or (1, 0), (0, 1) at 1/2 of the boundary.
    assert report.boundary.hausdorff == pytest.approx(1, abs=2 * report.boundary.hausdorff_error)
    assert report.purity_floor == 0


def test_unbounded_domains_and_other_dimensions() -> None:
    rng = np.random.default_rng(0)
    for d, n_outputs in ((1, 1), (2, 1), (3, 1), (2, 3)):
        case = cases("random", d)[0]
        layers = [
            *case.layers[:-1],
            (rng.normal(size=(n_outputs, len(case.layers[-2][1]))), rng.normal(size=n_outputs)),
        ]
        X = case.lo + rng.random((80, d)) * (case.hi - case.lo)
        for lo, hi in ((case.lo.tolist(), case.hi.tolist()), (None, None)):
            complex_ = complex_on(network_of(layers), lo, hi)
            y = complex_.network(X)[:, 0] > 0 if n_outputs == 1 else complex_.network(X).argmax(axis=1)
            y = y.astype(int)
            y[0] = 1 - y[0]
            for include_output in (False, True):
                partition = relutope.fiedler_partition(
                    complex_, X, include_output=include_output, n_parts=max(2, n_outputs)
                )
                report = partition.report(X, y, n_null=4, n_bootstrap=2)
                assert report.purity_floor <= report.misclassification + 1e-12
                assert (report.volume_misclassification is None) == (lo is None)
                assert report.purity_floor_output <= 1 / 80 + 1e-12
                assert slow_misclassification(report.confusion) == pytest.approx(report.misclassification)
                if d != 2 or lo is None:
                    assert report.boundary.hausdorff is None or lo is not None


# The pieces


def test_matching() -> None:
    rng = np.random.default_rng(0)
    for shape in ((2, 2), (2, 3), (4, 2), (4, 4)):
        for _ in range(20):
            table = rng.integers(0, 9, shape)
            table[0, 0] += 1
            assert misclassified(table) == pytest.approx(slow_misclassification(table))
    assert misclassified(np.zeros((2, 2))) is None


@pytest.mark.parametrize("n_classes", [2, 3])
def test_oracle_cut(n_classes: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        values, codes = rng.integers(0, 6, 15).astype(float), rng.integers(0, n_classes, 15)
        found = []
        for cut in range(7):
            table = np.zeros((2, n_classes))
            np.add.at(table, ((values >= cut).astype(int), codes), 1)
            found.append(slow_misclassification(table))
        assert oracle_cut(values, codes, n_classes) == pytest.approx(min(found))


def test_neighbour_graph() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, (40, 2)).astype(float) + rng.random((40, 2)) / 100
    X[7] = X[3] = X[5]
    graph = neighbour_graph(X, 3).toarray()
    distances = np.linalg.norm(X[:, None] - X[None], axis=2)
    assert np.array_equal(graph, graph.T)
    assert not np.diag(graph).any()
    for i in range(40):
        nearest = np.sort(np.delete(distances[i], i))[2]
        own = np.delete(graph[i], i)
        assert (own[np.delete(distances[i], i) < nearest] == 1).all()
    assert (graph.sum(axis=1) >= 3).all()
    same = neighbour_graph(np.zeros((12, 2)), 10)
    assert not same.diagonal().any()


@pytest.mark.parametrize("n_parts", [2, 3, 5])
def test_random_partitions_are_connected_and_balanced(n_parts: int) -> None:
    graph = grid(15, 20)
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 4, 300).astype(float)
    shares, seen = [], set()
    for _ in range(25):
        labels = random_partition(graph, weights, n_parts, rng)
        assert set(labels.tolist()) == set(range(n_parts))
        for part in range(n_parts):
            inside = labels == part
            assert connected_components(graph[inside][:, inside], directed=False)[0] == 1
        shares.append(np.bincount(labels, weights, n_parts) / weights.sum() * n_parts)
        seen.add(labels.tobytes())
    assert len(seen) == 25
    assert np.median(np.max(shares, axis=1)) < 1.15


def test_hausdorff_of_segments() -> None:
    a = np.array([[[0.0, 0], [1, 0]]])
    b = np.array([[[0.0, 1], [2, 1]], [[2.0, 1], [2, 1]]])
    distance, error = hausdorff(a, b)
    assert distance == pytest.approx(np.sqrt(2), abs=2 * error)
    assert hausdorff(a, a)[0] == 0
    assert error < 0.001


# Pictures


def test_pictures(tmp_path: Path) -> None:
    figure_module = pytest.importorskip("matplotlib.figure")
    complex_, X, y = example("two_moons")
    partition = relutope.fiedler_partition(complex_, X, include_output=True)
    figure = figure_module.Figure()
    axes = figure.subplots(1, 3)
    assert partition.plot(axes[0], data=(X, y)) is axes[0]
    assert partition.plot(axes[1], color="vector", data=X, boundary=False) is axes[1]
    assert partition.plot_embedding(axes[2], y=y) is axes[2]
    assert np.array_equal(axes[0].collections[0].get_array(), partition.labels)
    assert np.array_equal(axes[1].collections[0].get_array(), partition.vectors[:, 0])
    assert [ax.get_ylabel() for ax in axes[1].child_axes] == ["$v_2$"]
    assert not axes[0].child_axes
    boundary = complex_.decision_boundary()
    assert len(axes[0].collections[-1].get_segments()) == boundary.f_vector[1]
    labels = [text.get_text() for text in axes[2].get_legend().get_texts()]
    assert labels == ["no point", "class 0", "class 1"]
    drawn = np.vstack([c.get_offsets() for c in axes[2].collections[1:]])
    assert sorted(drawn.tolist()) == sorted(partition.vectors[:, :2].tolist())
    figure.savefig(tmp_path / "f.png")
    plain = partition.plot_embedding(figure_module.Figure().subplots(), edges=False)
    assert [text.get_text() for text in plain.get_legend().get_texts()] == ["part 0", "part 1"]
    other = partition.plot_embedding(figure_module.Figure().subplots(), data=(X[:10], y[:10]))
    assert len(other.get_legend().get_texts()) == 1 + len(set(y[:10].tolist()))


def test_bad_pictures(quadrants: relutope.Network) -> None:
    figure_module = pytest.importorskip("matplotlib.figure")
    ax = figure_module.Figure().subplots()
    complex_ = relutope.polyhedral_complex(quadrants, (-1, 1))
    partition = relutope.fiedler_partition(complex_, weights=[1, 1, 2, 1])
    with pytest.raises(ValueError, match="color is 'class'; legal: 'part' or 'vector'"):
        partition.plot(ax, color="class")
    with pytest.raises(ValueError, match="made without X"):
        partition.plot_embedding(ax, y=[1, 2])
    with pytest.raises(ValueError, match="both given"):
        partition.plot_embedding(ax, y=[1], data=([[0, 0]], [1]))
    two = relutope.fiedler_partition(complex_, weights=[1, 0, 2, 0])
    with pytest.raises(ValueError, match="no v_3"):
        two.plot_embedding(ax)
    unbounded = relutope.polyhedral_complex(quadrants, relutope.AllSpace())
    with pytest.raises(ValueError, match="unbounded"):
        relutope.fiedler_partition(unbounded, weights=[1, 1, 1, 1]).plot(ax)
    with pytest.raises(ValueError, match="one of a matrix"):
        relutope.fiedler_partition(grid(2, 3), operator="unweighted").plot(ax)


# The example and the benchmark


def test_example_script(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    command = [sys.executable, str(EXAMPLES / "fiedler_partitions.py"), "--out", str(tmp_path)]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert all(printed.count(f"  {operator} ") == 2 for operator in OPERATORS)
    assert {path.name for path in tmp_path.iterdir()} == {"two_circles.png", "two_moons.png"}


def test_the_benchmark_refuses_wrong_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES.parent / "bench")
    import fiedler

    _, graph, weights = fiedler.make("2,32,32,32", 1.0)
    found = relutope.fiedler_partition(graph, weights=weights, epsilon=0.5)
    fiedler.check("name", graph, found)
    for attribute, value in (
        ("vectors", 2 * found.vectors),
        ("eigenvalues", 2 * found.eigenvalues),
        ("residuals", found.residuals + 1e-6),
    ):
        with pytest.raises(fiedler.WrongAnswerError, match="name, mass"):
            fiedler.check("name", graph, dataclasses.replace(found, **{attribute: value}))
