"""Laplacians of a weighted graph, by name, as pencils K v = lambda M v with a diagonal M."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import SuperLU

Floats = NDArray[np.float64]

#: With L = D - A and W = diag(w + epsilon); `docs/fiedler.md` says what epsilon = 0 means for each.
OPERATORS = {
    "unweighted": "L v = lambda v",
    "mass": "L v = lambda W v",
    "edge_product": "Laplacian of A_ij (w_i + epsilon) (w_j + epsilon)",
    "edge_mean": "Laplacian of A_ij ((w_i + w_j) / 2 + epsilon)",
    "edge_inverse": "Laplacian of A_ij / (epsilon + (w_i + w_j) / 2)",
    "product_mass": "Laplacian of A_ij (w_i + epsilon) (w_j + epsilon) v = lambda W v",
    "conjugated": "W^1/2 L W^1/2 v = lambda v",
    "occupied": "L v = lambda v on the subgraph of the nodes with w_i > 0",
}


@dataclass(frozen=True, eq=False)
class Pencil:
    """The operator of a graph, on its active nodes.

    Attributes
    ----------
    place : ndarray of int64
        Of each node of the graph, its number here: several nodes may share one, -1 is left out.
    edges : csr_array
        Symmetric edge weights > 0, no diagonal; K is their Laplacian.
    mass : ndarray of float64
        Diagonal of M, >= 0.
    scale : ndarray of float64 or None
        An eigenvector of the operator is `scale` times one of the pencil.
    """

    place: NDArray[np.int64]
    edges: csr_array
    mass: Floats
    scale: Floats | None = None

    def to_nodes(self, values: Floats) -> Floats:
        """Rows of values for the nodes of the graph; nan for those left out."""
        padded = np.vstack([values, np.full((1, values.shape[1]), np.nan)])
        return np.asarray(padded[self.place])


def pencil(adjacency: csr_array, weights: Floats, operator: str, epsilon: float) -> Pencil:
    """The pencil of a named operator; arguments are those of `fiedler_partition`, checked."""
    first, second, values = _edge_list(adjacency)
    n = adjacency.shape[0]
    raised = weights + epsilon
    if operator in ("edge_product", "product_mass"):
        values = values * raised[first] * raised[second]
    elif operator == "edge_mean":
        values = values * ((weights[first] + weights[second]) / 2 + epsilon)
    elif operator == "edge_inverse":
        lengths = (weights[first] + weights[second]) / 2 + epsilon
        if epsilon == 0 and not lengths.all():
            return _contracted(n, (first, second, values), lengths)
        values = values / lengths
    mass = raised if operator in ("mass", "product_mass") else np.ones(n)
    active = np.ones(n, dtype=bool)
    if operator == "occupied" or (operator == "conjugated" and epsilon == 0):
        active = weights > 0
    elif epsilon == 0 and operator in ("edge_product", "edge_mean", "product_mass"):
        active = (weights > 0) | (_symmetric(n, first, second, values).sum(axis=1) > 0)
    place = np.where(active, np.cumsum(active) - 1, -1)
    edges = _symmetric(n, first, second, values)[active][:, active]
    if operator == "conjugated":
        # With u = W^-1/2 v the operator is L u = lambda W^-1 u.
        return Pencil(place, edges, 1 / raised[active], 1 / np.sqrt(raised[active]))
    return Pencil(place, edges, mass[active])


def _contracted(n: int, edges: tuple[Any, Any, Any], lengths: Floats) -> Pencil:
    """The limit epsilon -> 0 of edge_inverse: edges of length 0 join their nodes to one of their number."""
    from scipy.sparse.csgraph import connected_components

    first, second, values = edges
    short = lengths == 0
    joined = _symmetric(n, first[short], second[short], np.ones(int(short.sum())))
    count, place = connected_components(joined, directed=False)
    place = place.astype(np.int64)
    ends = place[first[~short]], place[second[~short]]
    graph = _symmetric(count, *ends, values[~short] / lengths[~short])
    return Pencil(place, graph, np.bincount(place, minlength=count).astype(np.float64))


def _edge_list(adjacency: csr_array) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Each edge once, the smaller node first; loops left out."""
    table = adjacency.tocoo()
    upper = table.row < table.col
    return (
        table.row[upper].astype(np.int64),
        table.col[upper].astype(np.int64),
        table.data[upper].astype(np.float64),
    )


def _symmetric(n: int, first: NDArray[np.int64], second: NDArray[np.int64], values: Floats) -> csr_array:
    """A matrix of edge weights, those between the same nodes added, zeros and loops left out."""
    from scipy.sparse import coo_array

    kept = (values != 0) & (first != second)
    ends = np.concatenate([first[kept], second[kept]]), np.concatenate([second[kept], first[kept]])
    matrix = coo_array((np.concatenate([values[kept]] * 2), ends), shape=(n, n)).tocsr()
    matrix.sort_indices()
    return matrix


def laplacian(edges: csr_array) -> csr_array:
    """D - A of symmetric edge weights."""
    from scipy.sparse import diags_array

    return (diags_array(np.asarray(edges.sum(axis=1)).ravel()) - edges).tocsr()


def harmonic_extension(adjacency: csr_array, values: Floats) -> Floats:
    """Fill the nan rows of `values` with means over neighbours; 0 where no known row is reached."""
    from scipy.sparse.csgraph import connected_components

    unknown = np.isnan(values[:, 0])
    if not unknown.any():
        return values
    matrix = laplacian(_symmetric(adjacency.shape[0], *_edge_list(adjacency)))
    _, component = connected_components(matrix, directed=False)
    reached = np.zeros(component.max() + 1, dtype=bool)
    reached[component[~unknown]] = True
    filled = np.where(unknown[:, None], 0.0, values)
    solved = unknown & reached[component]
    if solved.any():
        known = -(matrix[solved][:, ~unknown] @ values[~unknown])
        filled[solved] = factorised(matrix[solved][:, solved]).solve(known)
    return filled


def factorised(matrix: csr_array) -> SuperLU:
    """Factors of a symmetric positive definite matrix.

    Raises
    ------
    ValueError
        If rounding makes it singular, as where edge weights differ by more than 15 orders of magnitude.
    """
    from scipy.sparse.linalg import splu

    try:
        return splu(matrix.tocsc(), **SYMMETRIC)
    except RuntimeError as error:
        raise ValueError(
            f"the Laplacian cannot be factorised ({error}): its edge weights differ by too many orders of "
            "magnitude; legal: weights whose ratios float64 resolves"
        ) from error


#: Keywords of splu for a symmetric positive definite matrix.
SYMMETRIC: dict[str, Any] = {
    "permc_spec": "MMD_AT_PLUS_A",
    "diag_pivot_thresh": 0.0,
    "options": {"SymmetricMode": True},
}
