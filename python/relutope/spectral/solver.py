"""The smallest eigenpairs of a Laplacian pencil K v = lambda M v, M diagonal and perhaps singular.

On a connected graph K has the constants as kernel. With P the projection that is M-orthogonal to them and
K^+ a solution of K y = b for b of sum 0, the operator M^1/2 P K^+ P' M^1/2 is symmetric and has the numbers
1 / lambda as eigenvalues, largest first. It acts on the nodes with mass only: nodes without mass are
harmonic, which is what a Schur complement on the others says, but nothing dense is formed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relutope.spectral.inverse import Inverse, column_sums
from relutope.spectral.operators import Floats, Pencil, laplacian

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Up to so many nodes, or nodes with mass, the inverse is formed densely; then no multiple is missed.
MOST_DENSE = 400
MOST_DENSE_WITH_MASS = 40
#: How exactly the iteration ends; and how exactly the search for what it missed, whose error is its square.
PRECISE, ROUGH = 2.0**-48, 2.0**-12


@dataclass(frozen=True, eq=False)
class Pairs:
    """Eigenpairs above the constant one, ascending.

    Attributes
    ----------
    values : ndarray of float64, shape (k,)
    vectors : ndarray of float64, shape (n, k)
        Normalised by v' M v = 1, M-orthogonal to each other and to the constant.
    residuals : ndarray of float64, shape (k,)
        Of each pair, the 2-norm of K v - lambda M v over that of v, over the 1-norm of K.
    component : ndarray of int64, shape (n,)
        Component of each node, heaviest first; -1 for those without mass.
    """

    values: Floats
    vectors: Floats
    residuals: Floats
    component: NDArray[np.int64]


def smallest_pairs(pencil: Pencil, count: int) -> Pairs:
    """Up to `count` pairs; fewer if there are not so many.

    Of c components with mass the first c - 1 values are 0. Their vectors part the heaviest component from all
    others, then the second heaviest from those after it, and so on. A component without mass gets zeros.
    """
    component = _ordered_components(pencil)
    n, n_components = len(component), int(component.max(initial=-1)) + 1
    kernel = _contrasts(component, pencil.mass, min(n_components - 1, count))
    values, vectors = [np.zeros(kernel.shape[1])], [kernel]
    rest = count - kernel.shape[1]
    matrix = laplacian(pencil.edges)
    for label in range(n_components if rest else 0):
        nodes = np.flatnonzero(component == label)
        found, local = _component_pairs(matrix[nodes][:, nodes], pencil.mass[nodes], rest)
        whole = np.zeros((n, len(found)))
        whole[nodes] = local
        values.append(found)
        vectors.append(whole)
        # Of many components only the best are kept at any time.
        values, vectors = _merged(values, vectors, count)
    values, vectors = _merged(values, vectors, count)
    return Pairs(values[0], vectors[0], _residuals(matrix, pencil.mass, values[0], vectors[0]), component)


def component_values(pencil: Pencil) -> Floats:
    """The smallest value above 0 of each component with mass, heaviest first; nan of one node with mass."""
    component = _ordered_components(pencil)
    order = np.argsort(component, kind="stable")[np.count_nonzero(component < 0) :]
    bounds = np.searchsorted(component[order], np.arange(int(component.max(initial=-1)) + 2))
    matrix, mass = laplacian(pencil.edges)[order][:, order], pencil.mass[order]
    values = np.full(len(bounds) - 1, np.nan)
    for label, (start, end) in enumerate(pairwise(bounds.tolist())):
        if np.count_nonzero(mass[start:end]) > 1:
            values[label] = _component_pairs(matrix[start:end, start:end], mass[start:end], 1)[0][0]
    return values


def _merged(values: list[Floats], vectors: list[Floats], count: int) -> tuple[list[Floats], list[Floats]]:
    all_values, all_vectors = np.concatenate(values), np.hstack(vectors)
    order = np.argsort(all_values, kind="stable")[:count]
    return [all_values[order]], [all_vectors[:, order]]


def _ordered_components(pencil: Pencil) -> NDArray[np.int64]:
    """Components by mass, then by size, then by their first node."""
    from scipy.sparse.csgraph import connected_components

    count, label = connected_components(pencil.edges, directed=False)
    mass = np.bincount(label, pencil.mass, minlength=count)
    size = np.bincount(label, minlength=count)
    order = np.lexsort((np.arange(count), -size, -mass))
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    rank[mass == 0] = -1
    return np.asarray(rank[label])


def _contrasts(component: NDArray[np.int64], mass: Floats, count: int) -> Floats:
    """Kernel vectors: +a on component j, -b on those after it, 0 on those before."""
    totals = np.bincount(component[component >= 0], mass[component >= 0])
    vectors = np.zeros((len(component), max(count, 0)))
    for j in range(vectors.shape[1]):
        here, after = totals[j], totals[j + 1 :].sum()
        vectors[component == j, j] = np.sqrt(after / here / (here + after))
        vectors[component > j, j] = -np.sqrt(here / after / (here + after))
    return vectors


def _component_pairs(matrix: csr_array, mass: Floats, count: int) -> tuple[Floats, Floats]:
    """Pairs above the constant of a connected graph."""
    n_heavy = int(np.count_nonzero(mass))
    count = min(count, n_heavy - 1)
    if count < 1:
        return np.zeros(0), np.zeros((len(mass), 0))
    inverse = Inverse(matrix, mass)
    if len(mass) <= MOST_DENSE or n_heavy <= max(MOST_DENSE_WITH_MASS, 3 * count):
        dense = inverse.apply(np.eye(n_heavy))
        z = np.linalg.eigh((dense + dense.T) / 2)[1][:, ::-1][:, :count]
    else:
        z = _iterated(inverse, count)
    vectors = inverse.solve(z)
    vectors /= np.sqrt(column_sums(mass, vectors**2))
    return _rayleigh(matrix, vectors), vectors


def _iterated(inverse: Inverse, count: int) -> Floats:
    """The dominant eigenvectors by Lanczos iteration, and those of a multiple that one start does not see."""
    z = _lanczos(inverse, np.zeros((len(inverse.heavy), 0)), count, PRECISE)
    for _ in range(count):
        values = column_sums(z, inverse.apply(z))
        missed = _lanczos(inverse, z, 1, ROUGH)
        if column_sums(missed, inverse.apply(missed))[0] <= values.min() * (1 + ROUGH):
            break
        z = np.linalg.qr(np.hstack([z, _lanczos(inverse, z, 1, PRECISE)]))[0]
        values, turn = np.linalg.eigh(z.T @ inverse.apply(z))
        z = (z @ turn)[:, ::-1][:, :count]
    return z


def _lanczos(inverse: Inverse, found: Floats, count: int, tolerance: float) -> Floats:
    """Dominant eigenvectors orthogonal to those found, dominant first."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    def projected(z: Floats) -> Floats:
        for column in found.T:
            z = z - column * column_sums(column, z[:, None])
        return z

    def deflated(z: Floats) -> Floats:
        return projected(inverse.apply(projected(z)))

    n = len(inverse.heavy)
    start = deflated(np.random.default_rng(found.shape[1]).standard_normal(n))
    operator = LinearOperator((n, n), matvec=deflated, dtype=np.float64)
    values, vectors = eigsh(operator, k=count, which="LA", v0=start, tol=tolerance, maxiter=100 * n)
    return np.asarray(vectors[:, np.argsort(-values)])


def _rayleigh(matrix: csr_array, vectors: Floats) -> Floats:
    """Quotients of vectors with v' M v = 1, as sums over edges, which do not cancel."""
    table = matrix.tocoo()
    upper = table.row < table.col
    steps = vectors[table.row[upper]] - vectors[table.col[upper]]
    return column_sums(-table.data[upper], steps**2)


def _residuals(matrix: csr_array, mass: Floats, values: Floats, vectors: Floats) -> Floats:
    norm = 2 * float(matrix.diagonal().max(initial=0.0)) or 1.0
    difference = matrix @ vectors - mass[:, None] * vectors * values
    return np.asarray(np.linalg.norm(difference, axis=0) / (np.linalg.norm(vectors, axis=0) * norm))
