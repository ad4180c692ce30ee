"""The f-vector of a generic network by splitting regions one by one, in floating point.

It shares neither code nor method with the library, which refines cells of all dimensions through their
facets and stores them once. Here every region is a list of vertices, a vertex is the list of the d
constraints (walls and neurons) that vanish on it, and faces are never built: a region of a generic network is
a simple polytope, so its k-faces are the sets of d - k constraints that share a vertex, and a cell on which n
neurons XX
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
from frozen import Layer
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Region(NamedTuple):
    """A region: its vertices (n, d) and the constraints on each (n, d); first the 2 d walls, then neurons."""

    vertices: Floats
    on: NDArray[np.int64]


class FloatCount:
    """Counts the regions and cells of a network on [-1, 1]^d.

    Attributes
    ----------
    f_vector : list of int
    smallest_value : float
        The least absolute pre-activation that a sign was read from.
    largest_gap : float
        The greatest distance between a vertex as solved from its constraints and as interpolated on its edge.
    """

    def __init__(self, layers: list[Layer]) -> None:
        self.dim = layers[0][0].shape[1]
        self.smallest_value = np.inf
        self.largest_gap = 0.0
        tally: Counter[tuple[int, int]] = Counter()
        for region in self._regions(*self._box(), layers[:-1], np.eye(self.dim, self.dim + 1)):
            tally.update(self._faces(region.on))
        self.f_vector = [0] * (self.dim + 1)
        for (k, n_neurons), count in tally.items():
            if count % 2**n_neurons:
                raise ValueError(f"no whole number of {k}-cells: the network is not generic")
            self.f_vector[k] += count // 2**n_neurons

    def _box(self) -> tuple[Region, Floats]:
        """The box as a region, and the forms of its walls; a form is d coefficients and a constant."""
        identity, ones = np.eye(self.dim), np.ones((self.dim, 1))
        corners = np.array(list(product((-1.0, 1.0), repeat=self.dim)))
        on = np.arange(self.dim) + self.dim * (corners > 0)
        return Region(corners, on), np.vstack([np.hstack([identity, ones]), np.hstack([identity, -ones])])

    def _regions(
        self, region: Region, forms: Floats, layers: list[Layer], inputs: Floats
    ) -> Iterator[Region]:
        """Split `region` by `layers`; its constraints are `forms`, and `inputs` enter layers[0]."""
        if not layers:
            yield region
            return
        weights, biases = layers[0]
        outputs = weights @ inputs
        outputs[:, -1] += biases
        forms = np.vstack([forms, outputs])
        for piece in self._pieces(region, forms, np.arange(len(forms) - len(biases), len(forms))):
            values = self._values(piece.vertices, outputs)
            far = values[np.abs(values).argmax(axis=0), np.arange(len(biases))]
            yield from self._regions(piece, forms, layers[1:], outputs * (far > 0)[:, None])

    def _pieces(self, region: Region, forms: Floats, ids: NDArray[np.int64]) -> Iterator[Region]:
        """Split `region` by the neurons `ids`, of which none vanishes on any of its vertices yet."""
        values = self._values(region.vertices, forms[ids])
        self.smallest_value = min(self.smallest_value, float(np.abs(values).min(initial=np.inf)))
        if self.smallest_value == 0:
            raise ValueError("a neuron vanishes on a vertex of others: the network is not generic")
        mixed = (values > 0).any(axis=0) & (values < 0).any(axis=0)
        ids, values = ids[mixed], values[:, mixed]
        if not ids.size:
            yield region
            return
        cut = self._cut(region, forms, int(ids[0]), values[:, 0])
        for side in (values[:, 0] > 0, values[:, 0] < 0):
            part = Region(
                np.vstack([region.vertices[side], cut.vertices]), np.vstack([region.on[side], cut.on])
            )
            yield from self._pieces(part, forms, ids[1:])

    def _cut(self, region: Region, forms: Floats, neuron: int, values: Floats) -> Region:
        """The vertices at which a neuron, `values` at those of the region, vanishes on its edges."""
        vertices, on = region
        masks = _masks(on)
        above, below = np.flatnonzero(values > 0), np.flatnonzero(values < 0)
        common = masks[above][:, None] & masks[below]
        i, j = np.nonzero(np.bitwise_count(common) == self.dim - 1)
        common, a, b = common[i, j], above[i], below[j]
        edges = on[a][(masks_of_entries(on)[a] & common[:, None]) != 0].reshape(len(a), self.dim - 1)
        on = np.column_stack([edges, np.full(len(a), neuron)])
        system = forms[on]
        solved = np.linalg.solve(system[:, :, :-1], -system[:, :, -1:])[:, :, 0]
        share = (values[a] / (values[a] - values[b]))[:, None]
        interpolated = vertices[a] + share * (vertices[b] - vertices[a])
        self.largest_gap = max(self.largest_gap, float(np.abs(solved - interpolated).max()))
        return Region(solved, on)

    def _values(self, vertices: Floats, forms: Floats) -> Floats:
        return vertices @ forms[:, :-1].T + forms[:, -1]

    def _faces(self, on: NDArray[np.int64]) -> Counter[tuple[int, int]]:
        """How many k-faces of a region lie on n neurons, for every (k, n)."""
        entries = masks_of_entries(on)
        neurons = np.bitwise_or.reduce(entries[on >= 2 * self.dim], initial=0)
        faces = [
            np.bitwise_or.reduce(entries[:, chosen], axis=1, initial=0)
            for k in range(self.dim + 1)
            for chosen in map(list, combinations(range(self.dim), k))
        ]
        distinct = np.unique(np.concatenate(faces))
        codimension, n_neurons = np.bitwise_count(distinct), np.bitwise_count(distinct & neurons)
        return Counter(zip((self.dim - codimension).tolist(), n_neurons.tolist(), strict=True))


def masks_of_entries(on: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Every entry as a mask with one bit, numbered within this region."""
    distinct, index = np.unique(on, return_inverse=True)
    if len(distinct) > 64:
        raise ValueError(f"a region has {len(distinct)} facets; legal: at most 64")
    return np.left_shift(np.uint64(1), index.reshape(on.shape).astype(np.uint64))


def _masks(on: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The constraints on each vertex as one mask."""
    return np.bitwise_or.reduce(masks_of_entries(on), axis=1)
