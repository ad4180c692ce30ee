"""Convex regions: bounds, the partition that proves the upper one, exact tests of convexity."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from compare import complex_on, keys, network_of
from networks import CLASSES, cases
from reference import Key
from region_oracle import Oracle, Polyhedron, fewest_by_coarsening, is_partition_legal
from relutope import AllSpace, Network, PolyhedralComplex, _core, polyhedral_complex
from relutope.convexity import ConvexPartition, convex_partition

#: All sets of so many facets are tried.
MOST_FACETS = 6


def partition_of(complex_: PolyhedralComplex) -> ConvexPartition:
    partition = convex_partition(complex_, complex_.linear_regions())
    assert complex_.count_regions("convex").bounds == (partition.lo, partition.hi)
    assert partition.labels.max() + 1 == partition.hi
    assert partition.labels[0] == 0
    assert set(partition.arguments) == {"lo", "hi"}
    if complex_.dim == 1:
        assert partition.convex.all()
    # The function is continuous: around a ridge, a half-plane with one map faces a half-plane with one map
    # unless the other side has a sector above pi.
    assert (partition.lo == len(partition.convex)) == partition.convex.all()
    if partition.convex.all():
        assert partition.lo == partition.hi
    return partition


def groups(complex_: PolyhedralComplex, labels: np.ndarray) -> list[list[Key]]:
    regions = keys(complex_, complex_.dim)
    return [[regions[i] for i in np.flatnonzero(labels == label)] for label in range(labels.max() + 1)]


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", CLASSES)
def test_the_partition_is_legal_and_convexity_exact(name: str, d: int) -> None:
    for case in cases(name, d)[:2]:
        complex_ = complex_on(network_of(case.layers), case.lo, case.hi)
        oracle = Oracle(case.layers, case.lo.tolist(), case.hi.tolist())
        partition = partition_of(complex_)
        assert is_partition_legal(oracle, groups(complex_, partition.labels))
        components = groups(complex_, complex_.linear_regions())
        assert partition.convex.tolist() == [Polyhedron(oracle, group).is_convex for group in components]
        assert partition.lo == len(components) + sum(not convex for convex in partition.convex)


@pytest.mark.parametrize("d", [2, 3])
def test_bounds_hold_the_fewest_of_all_coarsenings(d: int) -> None:
    checked = reached = 0
    for name in CLASSES:
        for case in cases(name, d)[:2]:
            complex_ = complex_on(network_of(case.layers), case.lo, case.hi)
            oracle = Oracle(case.layers, case.lo.tolist(), case.hi.tolist())
            n_facets = sum(
                oracle.maps[one] == oracle.maps[other]
                and any(cell[0] == d - 1 for cell in oracle.closures[one] & oracle.closures[other])
                for one, other in combinations(oracle.regions, 2)
            )
            if not 0 < n_facets <= MOST_FACETS:
                continue
            partition = partition_of(complex_)
            fewest = fewest_by_coarsening(oracle)
            assert partition.lo <= fewest <= partition.hi
            checked += 1
            reached += fewest == partition.hi
    assert checked >= 5
    assert reached == checked


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", CLASSES)
def test_all_space_is_a_box_around_all_vertices(name: str, d: int) -> None:
    for case in cases(name, d)[:2]:
        network = network_of(case.layers)
        complex_ = polyhedral_complex(network, AllSpace())
        coordinates = [abs(x) for vertex in complex_.exact_vertices() for x in vertex]
        bound = 2.0 ** int(max(coordinates, default=0)).bit_length() * 2
        assert float(max(coordinates, default=0)) < bound
        boxed = partition_of(polyhedral_complex(network, (-bound, bound)))
        partition = partition_of(complex_)
        if complex_.f_vector[0]:
            assert (partition.lo, partition.hi) == (boxed.lo, boxed.hi)
            assert sorted(partition.convex) == sorted(boxed.convex)


def minimum(d: int) -> Network:
    """relu(min(x_1, ..., x_d)): 0 outside the positive orthant, one of d maps inside it."""
    if d == 2:
        # min(x, y) = x - relu(x - y), where x is carried as relu(x) - relu(-x).
        weights = [np.array([[1.0, 0], [-1, 0], [1, -1]]), np.array([[1.0, -1, -1]]), np.array([[1.0]])]
    else:
        weights = [
            np.array([[1.0, 0, 0], [-1, 0, 0], [1, -1, 0], [0, 0, 1], [0, 0, -1]]),
            np.array([[1.0, -1, -1, 0, 0], [-1, 1, 1, 0, 0], [1, -1, -1, -1, 1]]),
            np.array([[1.0, -1, -1]]),
            np.array([[1.0]]),
        ]
    biases = [np.zeros(len(weight)) for weight in weights]
    return Network.from_arrays(weights, biases)


@pytest.mark.parametrize("domain", [(-1, 1), AllSpace()], ids=["box", "space"])
def test_the_complement_of_a_quadrant_is_not_convex(domain: object) -> None:
    complex_ = polyhedral_complex(minimum(2), domain)
    partition = partition_of(complex_)
    assert sorted(partition.convex) == [False, True, True]
    assert partition.lo == 4
    assert "1 of them not convex" in partition.arguments["lo"]
    count = complex_.count_regions("convex")
    assert count.bounds[0] == 4
    assert count.count == (4 if count.bounds[1] == 4 else None)


def test_the_complement_of_an_octant_is_not_convex() -> None:
    for domain in ((-1, 1), AllSpace()):
        complex_ = polyhedral_complex(minimum(3), domain)
        partition = partition_of(complex_)
        assert sorted(partition.convex) == [False, True, True, True]
        assert (partition.lo, partition.hi <= complex_.n_regions) == (5, True)


def test_silent_neurons_merge_into_one_polyhedron() -> None:
    """Neurons that no output reads cut a box in 3-D into many regions, which merge into one again."""
    rng = np.random.default_rng(3)
    weights = [rng.normal(size=(5, 3)), rng.normal(size=(4, 5)), np.zeros((1, 4))]
    for domain in ((-1, 1), AllSpace()):
        complex_ = polyhedral_complex(Network.from_arrays(weights), domain)
        assert complex_.n_regions > 20
        partition = partition_of(complex_)
        assert (partition.lo, partition.hi, partition.convex.tolist()) == (1, 1, [True])
        assert partition.arguments["hi"].startswith("the open connected regions themselves are convex")


def test_bad_labels_are_refused() -> None:
    complex_ = polyhedral_complex(minimum(2), (-1, 1))
    n = complex_.n_regions
    with pytest.raises(ValueError, match="one per region"):
        _core.merge_convex(complex_.core, np.zeros(n + 1, dtype=np.int32), False)
    with pytest.raises(ValueError, match="components"):
        _core.merge_convex(complex_.core, np.full(n, n, dtype=np.int32), False)
    with pytest.raises(ValueError, match="components"):
        _core.merge_convex(complex_.core, np.full(n, -1, dtype=np.int32), False)
