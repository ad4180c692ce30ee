"""The decision boundary that a cut can follow: walls of the domain, flat regions, ties, dead networks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure

import relutope
from compare import network_of
from relutope.spectral.boundary import agreement, boundary_facets, output_cut
from relutope.spectral.plots import boundary_segments

UNIT = [[1, 0], [0, 1]]


def agreement_of(complex_: relutope.PolyhedralComplex, inside: object) -> tuple[float | None, ...]:
    """The agreement with a cut between the regions whose interior point has a property and all others."""
    partition = relutope.fiedler_partition(complex_, operator="unweighted")
    points = complex_.regions().interior_points()
    labels = np.array([inside(*point) for point in points], dtype=np.int64)
    return agreement(output_cut(dataclasses.replace(partition, labels=labels), complex_))


def test_the_rim_of_a_flat_quadrant() -> None:
    """f = relu(x) + relu(y) is 0 on a quadrant: its boundary are two half axes, not its two walls."""
    complex_ = relutope.polyhedral_complex(relutope.Network.from_arrays([UNIT, [[1, 1]]]), (-1, 1))
    found = agreement_of(complex_, lambda x, y: x < 0 and y < 0)
    assert (found.boundary_followed, found.cut_on_boundary, found.hausdorff) == (1, 1, 0)
    half = agreement_of(complex_, lambda x, y: x < 0)
    assert (half.boundary_followed, half.cut_on_boundary) == (0.5, 0.5)
    assert half.hausdorff == pytest.approx(1, abs=2 * half.hausdorff_error)
    assert sorted(boundary_segments(complex_).reshape(-1, 2).tolist()) == [[-1, 0], [0, -1], [0, 0], [0, 0]]
    ax = relutope.fiedler_partition(complex_, operator="unweighted").plot(Figure().subplots())
    assert len(ax.collections[-1].get_segments()) == 2


def test_flat_regions_side_by_side() -> None:
    """f = relu(x) with a kink at y = 0 that it does not use: 0 on two regions, their edge is inside."""
    complex_ = relutope.polyhedral_complex(relutope.Network.from_arrays([UNIT, [[1, 0]]]), (-1, 1))
    found = agreement_of(complex_, lambda x, y: x < 0)
    assert (found.boundary_followed, found.cut_on_boundary, found.hausdorff) == (1, 1, 0)
    assert (boundary_segments(complex_)[:, :, 0] == 0).all()


def test_a_zero_set_that_is_a_wall_is_no_boundary() -> None:
    for bias, lowest in ((-1, 0), (0, 1)):  # relu(x) - 1 on x <= 1, relu(x) on x >= 0
        network = relutope.Network.from_arrays([UNIT, [[1, 0]]], [[0, 0], [bias]])
        complex_ = relutope.polyhedral_complex(network, relutope.Box([lowest - 1, -1], [1, 1]))
        found = agreement_of(complex_, lambda x, y: y < 0)
        assert found == (None, 0, None, None)
        assert boundary_segments(complex_).shape == (0, 2, 2)


@pytest.mark.parametrize("n_outputs", [1, 2, 3])
def test_dead_and_zero_networks_have_no_boundary(n_outputs: int) -> None:
    zeros = np.zeros((n_outputs, 2))
    for bias in (0, 1):  # everything tied, or one output that is positive
        last = [bias, *[0] * (n_outputs - 1)]
        complex_ = relutope.polyhedral_complex(
            relutope.Network.from_arrays([UNIT, zeros], [[0, 0], last]), (-1, 1)
        )
        assert agreement_of(complex_, lambda x, y: x < 0) == (None, 0, None, None)
        report = relutope.fiedler_partition(complex_, [[0.5, 0.5], [-0.5, 0.5]]).report(
            [[0.5, 0.5], [-0.5, 0.5]], [0, 1], n_null=2, n_bootstrap=2
        )
        assert report.boundary[::2] == (None, None)
        assert (report.volume_misclassification is None) == (bias == 0)


def test_ties_of_outputs() -> None:
    """Outputs relu(x), relu(y), 0: all tie on a quadrant, and one beats two elsewhere."""
    network = relutope.Network.from_arrays([UNIT, [[1, 0], [0, 1], [0, 0]]])
    complex_ = relutope.polyhedral_complex(network, (-1, 1))
    found = agreement_of(complex_, lambda x, y: x < 0 and y < 0)
    # The rim of the quadrant, 2, and the diagonal of the first one.
    assert found.boundary_followed == pytest.approx(2 / (2 + np.sqrt(2)))
    assert found.cut_on_boundary == 1
    # Two other outputs tie on either side: the edge between stays, though both sides are flat.
    layers = [
        (np.array([[1.0, 0], [-1, 0]]), np.zeros(2)),
        (np.array([[1.0, 0], [0, 1], [1, 1]]), np.zeros(2 + 1)),
    ]
    ties = agreement_of(relutope.polyhedral_complex(network_of(layers), (-1, 1)), lambda x, y: x < 0)
    assert (ties.boundary_followed, ties.cut_on_boundary, ties.hausdorff) == (1, 1, 0)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_boundary_facets_by_values(dim: int) -> None:
    """A facet counts if f is 0 on it and two regions share it, not both flat; on R^d too."""
    rng = np.random.default_rng(dim)
    for _ in range(20):
        layers = [rng.integers(-1, 2, (4, dim)), rng.integers(-1, 2, (1, 4))]
        network = relutope.Network.from_arrays(layers, [rng.integers(-1, 2, 4), [rng.integers(-1, 2)]])
        for domain in (relutope.Box([-1] * dim, [1] * dim), relutope.AllSpace()):
            boundary = relutope.polyhedral_complex(network, domain).decision_boundary()
            refined = boundary.refined
            signs, whole = (refined.functional_signs(k)[:, 0] for k in (dim - 1, dim))
            indptr, indices = refined.cofacets(dim - 1)
            expected = [
                i
                for i in range(refined.f_vector[dim - 1])
                if signs[i] == 0
                and indptr[i + 1] - indptr[i] == 2
                and whole[indices[indptr[i] : indptr[i + 1]]].any()
            ]
            assert boundary_facets(boundary).tolist() == expected
