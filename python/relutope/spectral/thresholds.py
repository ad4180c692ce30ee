"""From eigenvectors to parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relutope.spectral.inverse import column_sums
from relutope.spectral.operators import Floats, Pencil

THRESHOLDS = ("sign", "median", "sweep")
#: Values closer than this times the largest are ties, and closer to 0 are 0.
TIE = 2.0**-30
#: The first entry larger than this times the largest is positive. No ratio of entries of a symmetric graph,
#: where rounding would decide.
LEADING = 0.6180339887498949
SIGN_RULE = (
    "the first region whose entry is more than 0.618 times the largest is positive; part 1 is v >= cut"
)
#: Rounds of k-means; it ends earlier where no label changes.
ROUNDS = 300


def with_signs(vectors: Floats) -> Floats:
    """Each column with its sign fixed by `SIGN_RULE`, entries that are 0 up to rounding set to 0."""
    vectors = vectors.copy()
    for column in vectors.T:
        size = np.abs(column)
        largest = size.max(initial=0.0)
        leading = np.flatnonzero(size > LEADING * largest)
        if leading.size and column[leading[0]] < 0:
            column *= -1
        column[size <= TIE * largest] = 0
    return vectors


def cut_value(v: Floats, threshold: str, weights: Floats, pencil: Pencil) -> float:
    """Where to cut v: part 1 is ``v >= cut``. Both parts of a median or a sweep have weight."""
    if threshold == "sign":
        return 0.0
    if threshold == "median":
        return _median_cut(v, weights)
    return _sweep_cut(v, pencil)


def _places_between(ordered: Floats) -> NDArray[np.int64]:
    """Numbers i of sorted values with value i - 1 less than value i, ties up to rounding left out."""
    tie = TIE * float(np.abs(ordered).max(initial=0.0))
    return np.flatnonzero(np.diff(ordered) > tie) + 1


def _between(ordered: Floats, place: int) -> float:
    return float((ordered[place - 1] + ordered[place]) / 2)


def _median_cut(v: Floats, weights: Floats) -> float:
    """The cut whose two sides differ least in weight; of several the lowest."""
    order = np.argsort(v, kind="stable")
    places = _places_between(v[order])
    if not places.size:
        return 0.0
    below = np.cumsum(weights[order])
    return _between(v[order], int(places[np.abs(2 * below[places - 1] - below[-1]).argmin()]))


def _sweep_cut(v: Floats, pencil: Pencil) -> float:
    """The cut of least conductance: weight of the edges cut over the mass of the lighter side."""
    nodes = np.full(len(pencil.mass), np.nan)
    kept = pencil.place >= 0
    nodes[pencil.place[kept]] = v[kept]
    order = np.argsort(nodes, kind="stable")
    places = _places_between(nodes[order])
    below = np.cumsum(pencil.mass[order])[places - 1]
    lighter = np.minimum(below, pencil.mass.sum() - below)
    legal = lighter > TIE * pencil.mass.sum()
    if not legal.any():
        return 0.0
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    edges = pencil.edges.tocoo()
    upper = rank[edges.row] < rank[edges.col]
    crossing = np.bincount(rank[edges.row[upper]] + 1, edges.data[upper], len(order) + 1)
    crossing -= np.bincount(rank[edges.col[upper]] + 1, edges.data[upper], len(order) + 1)
    cut = np.cumsum(crossing)[places]
    return _between(
        nodes[order], int(places[np.where(legal, cut / np.where(legal, lighter, 1), np.inf).argmin()])
    )


def clusters(points: Floats, weights: Floats, count: int) -> NDArray[np.int64]:
    """Labels of weighted k-means, deterministic: it starts from points far apart.

    The first centre is the point farthest from the mean, each further one that whose weight times squared
    distance from the centres so far is largest; ties go to the lowest number. Labels are numbered in the
    order in which they first occur.
    """
    heavy = weights > 0
    mean = column_sums(weights, points) / weights.sum()
    distance = weights * ((points - mean) ** 2).sum(axis=1)
    centres = points[[int(distance.argmax())]]
    while len(centres) < count:
        nearest = _distances(points, centres).min(axis=1)
        centres = np.vstack([centres, points[[int((weights * nearest).argmax())]]])
    labels = np.full(len(points), -1)
    for _ in range(ROUNDS):
        updated = _distances(points, centres).argmin(axis=1)
        if np.array_equal(updated, labels):
            break
        labels = updated
        for k in range(count):
            chosen = heavy & (labels == k)
            if chosen.any():
                centres[k] = column_sums(weights[chosen], points[chosen]) / weights[chosen].sum()
    seen, first = np.unique(labels, return_index=True)
    number = np.empty(count, dtype=np.int64)
    number[seen[np.argsort(first)]] = np.arange(len(seen))
    return np.asarray(number[labels])


def _distances(points: Floats, centres: Floats) -> Floats:
    return np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=1)
