"""Parts of regions against the decision boundary of the network: volumes, facets, distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relutope.complex import PolyhedralComplex
from relutope.refinement import RefinedComplex
from relutope.spectral.matching import contingency, misclassified
from relutope.spectral.operators import Floats
from relutope.volumes import cell_volumes

if TYPE_CHECKING:
    from relutope.level_sets import LevelSet
    from relutope.spectral.partition import FiedlerPartition

#: Curves are sampled at most this share of their common diameter apart.
SPACING = 2.0**-11


class Agreement(NamedTuple):
    """How far the facets between parts, the cut, are the decision boundary.

    Volumes are of dimension d - 1; None where there is none or it is not finite.
    """

    #: Share of the boundary's volume that lies on the cut.
    boundary_followed: float | None
    #: Share of the cut's volume that lies on the boundary.
    cut_on_boundary: float | None
    #: Hausdorff distance of boundary and cut, d = 2, and a bound on its error.
    hausdorff: float | None
    hausdorff_error: float | None


@dataclass(frozen=True, eq=False)
class OutputCut:
    """The complex cut by the decision boundary.

    Attributes
    ----------
    refined : RefinedComplex
    winners : ndarray of int32
        Per region of it 1 where the output is positive and 0 where it is negative, or the largest output;
        -1 where it is 0 or several tie.
    parts : ndarray of int64
        Per region of it the part that holds it.
    boundary : ndarray of int64
        Its (d-1)-cells in the decision boundary, see `boundary_facets`.
    """

    refined: RefinedComplex
    winners: NDArray[np.int32]
    parts: NDArray[np.int64]
    boundary: NDArray[np.int64]


def output_cut(partition: FiedlerPartition, complex_: PolyhedralComplex) -> OutputCut:
    """The decision boundary beside the parts of a partition of a complex."""
    from relutope.level_sets import class_regions, decision_boundary

    level_set = decision_boundary(complex_)
    refined = level_set.refined
    winners = class_regions(complex_).labels
    labels = partition.labels
    if not isinstance(complex_, RefinedComplex):
        labels = labels[refined.carrier(refined.dim).ids[: refined.n_regions]]
    elif not np.array_equal(complex_.functionals, refined.functionals):
        raise ValueError(
            "the partition is one of a complex refined by other functionals than its output; legal: one of a "
            "complex that is not refined, or include_output"
        )
    return OutputCut(refined, winners, labels, boundary_facets(level_set))


def boundary_facets(level_set: LevelSet) -> NDArray[np.int64]:
    """The (d-1)-cells of a decision boundary that a partition can follow.

    Walls of the domain are none: no two regions share them. Nor are cells inside the set itself, between
    two whole regions on which the output is 0, or the same outputs tie; the rim of such regions counts.
    """
    refined = level_set.refined
    facets, first, second = shared_facets(refined)
    ties = np.zeros((refined.f_vector[-1], max(refined.network.output_dim, 1)), dtype=bool)
    flat = level_set.ids[-1]
    ties[flat] = level_set.maximal[-1] if level_set.maximal else True
    inside = ties[first].any(axis=1) & (ties[first] == ties[second]).all(axis=1)
    return np.intersect1d(facets[~inside], level_set.ids[refined.dim - 1])


def shared_facets(
    complex_: PolyhedralComplex,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """The (d-1)-cells that two regions share, and these regions."""
    indptr, indices = complex_.cofacets(complex_.dim - 1)
    facets = np.flatnonzero(np.diff(indptr)[: complex_.f_vector[-2]] == 2)
    return facets, indices[indptr[facets]], indices[indptr[facets] + 1]


def volume_misclassification(cut: OutputCut, n_parts: int) -> float | None:
    """As of points, by volume of regions against the network's own classes; None on unbounded domains."""
    decided = cut.winners >= 0
    volumes = cell_volumes(cut.refined, cut.refined.dim)
    if not np.isfinite(volumes).all() or not decided.any():
        return None
    n_classes = max(2, cut.refined.network.output_dim)
    table = contingency(cut.parts[decided], cut.winners[decided], (n_parts, n_classes), volumes[decided])
    return misclassified(table)


def agreement(cut: OutputCut) -> Agreement:
    """The cut against the decision boundary."""
    refined = cut.refined
    shared, first, second = shared_facets(refined)
    between = shared[cut.parts[first] != cut.parts[second]]
    on_both = np.intersect1d(between, cut.boundary)
    total, parting, common = (
        float(cell_volumes(refined, refined.dim - 1, ids).sum()) for ids in (cut.boundary, between, on_both)
    )
    distance, error = None, None
    if refined.dim == 2 and len(between) and len(cut.boundary) and np.isfinite(total + parting):
        distance, error = hausdorff(_segments(refined, cut.boundary), _segments(refined, between))
    return Agreement(_share(common, total), _share(common, parting), distance, error)


def _share(part: float, whole: float) -> float | None:
    return min(1.0, part / whole) if 0 < whole < np.inf else None


def _segments(complex_: PolyhedralComplex, edges: NDArray[np.signedinteger]) -> Floats:
    """End points of edges, shape (n, 2, 2)."""
    return np.asarray(complex_.vertices[complex_.facets(1)[1].reshape(-1, 2)[edges]])


def hausdorff(a: Floats, b: Floats) -> tuple[float, float]:
    """Hausdorff distance of two unions of segments (n, 2, d) by samples, and a bound on its error."""
    from scipy.spatial import cKDTree

    corners = np.concatenate([a, b]).reshape(-1, a.shape[2])
    spacing = SPACING * float(np.linalg.norm(corners.max(axis=0) - corners.min(axis=0)))
    first, second = _samples(a, spacing), _samples(b, spacing)
    distance = max(cKDTree(first).query(second)[0].max(), cKDTree(second).query(first)[0].max())
    return float(distance), spacing / 2


def _samples(segments: Floats, spacing: float) -> Floats:
    """Points of segments, ends included, at most `spacing` apart."""
    start, step = segments[:, 0], segments[:, 1] - segments[:, 0]
    lengths = np.linalg.norm(step, axis=1)
    counts = np.ceil(lengths / spacing).astype(np.int64) + 1 if spacing > 0 else np.full(len(segments), 1)
    counts = np.maximum(counts, 2)
    which = np.repeat(np.arange(len(segments)), counts)
    place = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(start[which] + step[which] * (place / (counts[which] - 1))[:, None])
