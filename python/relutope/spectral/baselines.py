"""What a misclassification is to be compared with: the points alone, random partitions, resampled data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relutope.spectral.matching import contingency, matched, misclassified
from relutope.spectral.operators import Floats
from relutope.spectral.weighted_graph import WeightedGraph

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from relutope.spectral.partition import FiedlerPartition

Ints = NDArray[np.int64]
#: Of more points the data-only baseline takes a random sample of so many.
MOST_POINTS = 5000
#: Rounds in which random parts of more than two are brought to equal weight; how often seeds are drawn; which
#: largest weight, over that of equal parts, is taken at once.
ROUNDS, MOST_DRAWS, BALANCED = 60, 20, 1.1
#: Head starts stay below this times the distance of two seeds.
INSIDE = 1 - 2.0**-20


class Baseline(NamedTuple):
    """The spectral partition of a nearest-neighbour graph of points."""

    misclassification: float | None
    n_neighbours: int
    n_components: int
    n_points: int


class Null(NamedTuple):
    """Misclassification by random balanced connected partitions: its mean, sd and 5 % quantile."""

    n: int
    mean: float
    sd: float
    quantile_05: float
    #: (1 + those that are at most the misclassification) / (1 + n).
    p_value: float


class Stability(NamedTuple):
    """Share of the points that keep their part, after the best matching, when they are resampled."""

    n: int
    mean: float
    least: float
    #: Samples that left too few regions with points for a partition; the others are averaged.
    n_failed: int


def neighbour_graph(X: Floats, k: int) -> csr_array:
    """Points joined where one is among the k nearest others of the other; k is less than their number."""
    from scipy.sparse import coo_array
    from scipy.spatial import cKDTree

    n = len(X)
    found = cKDTree(X).query(X, k + 1)[1]
    # Of points at one place, the point itself need not come first, or be there at all.
    own = found == np.arange(n)[:, None]
    own[~own.any(axis=1), -1] = True
    ends = np.repeat(np.arange(n), k), found[~own]
    joined = coo_array((np.ones(n * k), ends), shape=(n, n)).tocsr()
    return joined.maximum(joined.T).tocsr()


def data_baseline(
    partition: FiedlerPartition, X: Floats, codes: Ints, n_classes: int, k: int, rng: np.random.Generator
) -> Baseline:
    """Spectral partition of the points themselves, with the threshold and number of parts of a partition."""
    from relutope.spectral.partition import partition_of

    chosen = np.arange(len(X))
    if len(X) > MOST_POINTS:
        chosen = np.sort(rng.choice(len(X), MOST_POINTS, replace=False))
    k = min(k, len(chosen) - 1)
    if len(chosen) < max(2, partition.n_parts):
        return Baseline(None, k, 1, len(chosen))
    adjacency = neighbour_graph(X[chosen], k)
    source = WeightedGraph(adjacency, adjacency, None)
    found = partition_of(source, "unweighted", 0.0, partition.threshold, partition.n_parts, False)
    table = contingency(found.labels, codes[chosen], (partition.n_parts, n_classes))
    return Baseline(misclassified(table), k, found.n_components, len(chosen))


def random_partition(adjacency: csr_array, weights: Floats, n_parts: int, rng: np.random.Generator) -> Ints:
    """Random connected parts of nearly equal weight.

    Edges get random exponential lengths (first-passage growth), and parts grow from random seeds with head
    starts that balance them: a node belongs to the seed for which distance plus head start is least. All
    nodes of a shortest path from the seed to it then do too, so parts are connected. Seeds that cannot be
    balanced so are drawn again, a few times; then the best are taken.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    upper = adjacency.tocoo()
    kept = upper.row < upper.col
    ends = upper.row[kept], upper.col[kept]
    heavy = np.flatnonzero(weights)
    best, least = np.zeros(len(weights), dtype=np.int64), np.inf
    for _ in range(MOST_DRAWS):
        lengths = rng.exponential(size=len(ends[0])) + np.finfo(np.float64).tiny
        graph = csr_array((lengths, ends), shape=adjacency.shape)
        seeds = rng.choice(heavy, n_parts, replace=False)
        distances = dijkstra(graph, directed=False, indices=seeds)
        labels = (_halves if n_parts == 2 else _cells)(distances, seeds, weights)
        heaviest = np.bincount(labels, weights, n_parts).max() / weights.sum() * n_parts
        if heaviest < least:
            best, least = labels, heaviest
        if least <= BALANCED:
            break
    return best


def _halves(distances: Floats, seeds: Ints, weights: Floats) -> Ints:
    """Two parts, cut where they are nearest to equal weight and each seed is in its own.

    The difference of distances is the same, up to rounding, for all nodes behind one that all paths to them
    pass; the cut lies in a gap between such sets.
    """
    difference = distances[0] - distances[1]
    order = np.argsort(difference, kind="stable")
    reach = float(distances[0, seeds[1]])
    places = np.flatnonzero(np.diff(difference[order]) > (1 - INSIDE) * reach)
    cuts = (difference[order[places]] + difference[order[places + 1]]) / 2
    inner = np.abs(cuts) < reach
    places, cuts = places[inner], cuts[inner]
    if not cuts.size:
        return np.asarray(difference > 0, dtype=np.int64)
    below = np.cumsum(weights[order])
    cut = float(cuts[np.abs(2 * below[places] - below[-1]).argmin()])
    return np.asarray(difference > cut, dtype=np.int64)


def _cells(distances: Floats, seeds: Ints, weights: Floats) -> Ints:
    """More parts, with head starts found in some rounds."""
    starts = np.zeros(len(seeds))
    between = INSIDE * distances[:, seeds]
    scale = float(between.max()) / 4
    best, least = np.zeros(len(weights), dtype=np.int64), np.inf
    for turn in range(ROUNDS):
        labels = (distances + starts[:, None]).argmin(axis=0)
        load = np.bincount(labels, weights, len(seeds)) / weights.sum() * len(seeds)
        if load.max() < least:
            best, least = labels, load.max()
        starts += scale / (1 + turn) * (load - 1)
        # No seed may be overrun; distances being a metric, one pass suffices.
        starts = (starts[None, :] + between).min(axis=1)
    return best


def null(
    partition: FiedlerPartition,
    regions: Ints,
    codes: Ints,
    n_classes: int,
    n: int,
    own: float,
    rng: np.random.Generator,
    tick: Callable[[], None],
) -> Null | None:
    """Random partitions of the same graph into as many parts, balanced by the number of points."""
    from relutope.dual_graph import DualGraph

    graph = partition.graph
    adjacency = graph.adjacency if isinstance(graph, DualGraph) else graph
    weights = np.bincount(regions, minlength=partition.n_regions).astype(np.float64)
    if n == 0 or np.count_nonzero(weights) < partition.n_parts:
        return None
    errors = np.empty(n)
    for i in range(n):
        labels = random_partition(adjacency, weights, partition.n_parts, rng)[regions]
        error = misclassified(contingency(labels, codes, (partition.n_parts, n_classes)))
        errors[i] = np.nan if error is None else error
        tick()
    at_most = int(np.count_nonzero(errors <= own))
    return Null(
        n,
        float(errors.mean()),
        float(errors.std()),
        float(np.quantile(errors, 0.05)),
        (1 + at_most) / (1 + n),
    )


def stability(
    partition: FiedlerPartition, n: int, rng: np.random.Generator, tick: Callable[[], None]
) -> tuple[Stability | None, str]:
    """The recipe of a partition on resampled points; or None, and why there is no such number.

    The points are those that the partition was made from and that lie in the domain; as many are drawn from
    them, with replacement, and parted with the same options on the same graph.
    """
    from relutope.spectral.partition import partition_of

    note = _why_not_resampled(partition, n)
    if note:
        return None, note
    regions = np.repeat(np.arange(partition.n_regions), partition.weights.astype(np.int64))
    options = (partition.operator, partition.epsilon, partition.threshold, partition.n_parts)
    source = WeightedGraph(partition.graph, partition.adjacency, None)
    own, shares = partition.labels[regions], []
    for _ in range(n):
        drawn = np.bincount(rng.choice(regions, len(regions)), minlength=partition.n_regions)
        sample = replace(source, weights=drawn.astype(np.float64))
        try:
            again = partition_of(sample, *options, partition.include_output)
        except ValueError:  # too few regions with weight are left
            pass
        else:
            table = contingency(own, again.labels[regions], (partition.n_parts, partition.n_parts))
            shares.append(matched(table) / len(regions))
        tick()
    if not shares:
        return None, f"none of {n} samples has points in enough regions for {partition.n_parts} parts"
    return Stability(n, float(np.mean(shares)), float(np.min(shares)), n - len(shares)), ""


def _why_not_resampled(partition: FiedlerPartition, n: int) -> str:
    """Why there is no stability; "" where there is one."""
    if n == 0:
        return "no sample was asked for"
    if partition.weight_source != "points":
        made_from = "weights" if partition.has_weights else "no data"
        return f"the partition was made from {made_from}, not from points"
    if partition.operator == "unweighted" and not (
        partition.threshold == "median" and partition.n_parts == 2
    ):
        return "the operator unweighted sees no data"
    if np.count_nonzero(partition.weights) < 2:
        return "all points lie in one region"
    return ""
