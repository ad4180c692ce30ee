"""Fiedler pairs by dense matrices, written from the definitions and by other means than the library's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.sparse import csr_array

Array = NDArray[np.float64]


class DenseForm(NamedTuple):
    """A symmetric pencil K v = lambda M v with M positive definite, and which nodes its rows are."""

    stiffness: Array
    mass: Array
    nodes: list[list[int]]


def dense_laplacian(edges: Array) -> Array:
    return np.diag(edges.sum(axis=1)) - edges


def dense_form(adjacency: Array, w: Array, operator: str, epsilon: float) -> DenseForm:
    """The operator of PAPERS, entry by entry; at epsilon 0 as the documentation says."""
    n = len(w)
    edges = np.zeros((n, n))
    joined = []
    for i in range(n):
        for j in range(n):
            if adjacency[i, j] == 0:
                continue
            factor = 1.0
            if operator in ("edge_product", "product_mass"):
                factor = (w[i] + epsilon) * (w[j] + epsilon)
            elif operator == "edge_mean":
                factor = (w[i] + w[j]) / 2 + epsilon
            elif operator == "edge_inverse":
                length = epsilon + (w[i] + w[j]) / 2
                if length == 0:
                    joined.append((i, j))
                    continue
                factor = 1 / length
            edges[i, j] = adjacency[i, j] * factor
    mass = w + epsilon if operator in ("mass", "product_mass") else np.ones(n)
    if joined:
        return _merged(edges, joined)
    kept = np.ones(n, dtype=bool)
    if operator == "occupied" or (operator == "conjugated" and epsilon == 0):
        kept = w > 0
    elif epsilon == 0 and operator in ("edge_product", "edge_mean", "product_mass"):
        kept = (w > 0) | edges.any(axis=1)
    nodes = np.flatnonzero(kept)
    stiffness = dense_laplacian(edges[np.ix_(nodes, nodes)])
    mass = mass[nodes]
    if operator == "conjugated":
        root = np.sqrt(w[nodes] + epsilon)
        return DenseForm(root[:, None] * stiffness * root, np.ones(len(nodes)), [[int(i)] for i in nodes])
    if (mass == 0).any():  # operator mass: the Schur complement on the nodes with mass
        a, b = mass > 0, mass == 0
        inner = np.linalg.solve(stiffness[np.ix_(b, b)], stiffness[np.ix_(b, a)])
        stiffness = stiffness[np.ix_(a, a)] - stiffness[np.ix_(a, b)] @ inner
        nodes, mass = nodes[a], mass[a]
    return DenseForm(stiffness, mass, [[int(i)] for i in nodes])


def _merged(edges: Array, joined: list[tuple[int, int]]) -> DenseForm:
    groups = [{i} for i in range(len(edges))]
    for i, j in joined:
        first = next(g for g in groups if i in g)
        second = next(g for g in groups if j in g)
        if first is not second:
            groups.remove(second)
            first |= second
    member = np.array([[float(i in group) for i in range(len(edges))] for group in groups])
    merged = member @ edges @ member.T
    np.fill_diagonal(merged, 0)
    return DenseForm(dense_laplacian(merged), member.sum(axis=1), [sorted(group) for group in groups])


def dense_pairs(form: DenseForm) -> tuple[Array, Array]:
    """All eigenvalues, ascending, and vectors with v' M v = 1."""
    values, vectors = scipy.linalg.eigh(form.stiffness, np.diag(form.mass))
    return values, vectors


# Graphs


def graph_of(edges: list[tuple[int, int]], n: int) -> csr_array:
    first, second = zip(*edges, strict=True)
    ends = (np.array(first + second), np.array(second + first))
    return csr_array((np.ones(2 * len(edges)), ends), shape=(n, n))


def path(n: int) -> csr_array:
    return graph_of([(i, i + 1) for i in range(n - 1)], n)


def cycle(n: int) -> csr_array:
    return graph_of([(i, (i + 1) % n) for i in range(n)], n)


def complete(n: int) -> csr_array:
    return graph_of([(i, j) for i in range(n) for j in range(i)], n)


def grid(rows: int, columns: int) -> csr_array:
    right = [(columns * i + j, columns * i + j + 1) for i in range(rows) for j in range(columns - 1)]
    down = [(columns * i + j, columns * i + j + columns) for i in range(rows - 1) for j in range(columns)]
    return graph_of(right + down, rows * columns)


def dumbbell(n: int) -> csr_array:
    """Two complete graphs of n nodes with one edge between them."""
    halves = [(i + s, j + s) for s in (0, n) for i in range(n) for j in range(i)]
    return graph_of([*halves, (n - 1, n)], 2 * n)
