"""What a partition works on: a graph with a weight per node, and where they come from."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.coefficients import detached
from relutope.complex import PolyhedralComplex
from relutope.dual_graph import DualGraph
from relutope.refinement import RefinedComplex
from relutope.spectral.operators import Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_array


#: The largest weight; one over it is the smallest above 0.
LARGEST = 2.0**100


@dataclass(frozen=True, eq=False)
class WeightedGraph:
    """A graph with weights.

    Attributes
    ----------
    graph : DualGraph or csr_array
    adjacency : csr_array of float64
    weights : ndarray of float64, shape (n,), or None
    weight_source : {"points", "weights", "nothing"}
        Whether the weights count points, were given as such, or there are none.
    point_regions : ndarray of int64 or None
        Region of each point that the weights count; -1 outside of the domain.
    names : tuple or None
        Nodes of a networkx graph, in its order.
    """

    graph: DualGraph | csr_array
    adjacency: csr_array
    weights: Floats | None
    weight_source: str = "nothing"
    point_regions: NDArray[np.int64] | None = None
    names: tuple[Hashable, ...] | None = None


def regions_of_points(complex_: PolyhedralComplex, X: ArrayLike) -> NDArray[np.int64]:
    """The region of each point, of several around it that of lowest id; -1 outside of the domain."""
    from relutope.location import lowest_regions

    return lowest_regions(complex_, *complex_.locate(X))


def with_output(complex_: PolyhedralComplex) -> RefinedComplex:
    """The complex cut where the output is 0, or where the largest of several tie."""
    from relutope.level_sets import decision_boundary

    return decision_boundary(complex_).refined


def weighted_graph(
    source: Any, X: ArrayLike | None, weights: ArrayLike | None, include_output: bool
) -> WeightedGraph:
    """Resolve the arguments of `fiedler_partition`."""
    if X is not None and weights is not None:
        raise ValueError("X and weights are both given; legal: one of them")
    if _is_networkx(source):
        adjacency, weights, names = _of_networkx(source, weights)
        return replace(weighted_graph(adjacency, X, weights, include_output), names=names)
    graph = _graph(source, include_output, weights)
    if not isinstance(graph, DualGraph):
        if X is not None:
            raise ValueError("X is given with an adjacency matrix; legal: weights, one per node")
        adjacency = _checked_adjacency(graph)
        n = adjacency.shape[0]
        if weights is None:
            return WeightedGraph(adjacency, adjacency, None)
        return WeightedGraph(adjacency, adjacency, _checked_weights(weights, n), "weights")
    adjacency = graph.adjacency.astype(np.float64)
    if weights is not None:
        return WeightedGraph(graph, adjacency, _checked_weights(weights, graph.n_nodes), "weights")
    if X is not None:
        found = regions_of_points(graph.complex, X)
        if not (found >= 0).any():
            raise ValueError(
                f"all {len(found)} points of X lie outside of the domain; legal: one inside at least"
            )
        counts = np.bincount(found[found >= 0], minlength=graph.n_nodes)
        return WeightedGraph(graph, adjacency, counts.astype(np.float64), "points", found)
    if "count" in (graph.nodes.dtype.names or ()):
        return WeightedGraph(
            graph, adjacency, _checked_weights(graph.nodes["count"], graph.n_nodes), "points"
        )
    return WeightedGraph(graph, adjacency, None)


def _graph(source: Any, include_output: bool, weights: Any) -> Any:
    from scipy.sparse import issparse

    if isinstance(source, (PolyhedralComplex, DualGraph)):
        if not include_output:
            return source if isinstance(source, DualGraph) else source.dual_graph()
        if weights is not None:
            raise ValueError("weights are given with include_output, which makes other regions; legal: X")
        complex_ = source.complex if isinstance(source, DualGraph) else source
        return with_output(complex_).dual_graph()
    if not issparse(source) and not isinstance(source, np.ndarray):
        raise TypeError(
            f"complex_or_graph is a {type(source).__name__}; legal: a PolyhedralComplex, a DualGraph, a "
            "networkx.Graph, or a symmetric matrix (scipy.sparse or numpy)"
        )
    if include_output:
        raise ValueError(
            "include_output is True with an adjacency matrix; legal: with a complex or its dual graph"
        )
    return source


def _is_networkx(source: Any) -> bool:
    networkx = sys.modules.get("networkx")  # a graph cannot exist where it was never imported
    return networkx is not None and isinstance(source, networkx.Graph)


def _of_networkx(graph: Any, weights: Any) -> tuple[csr_array, Any, tuple[Hashable, ...]]:
    """Edge weights, weights of nodes in the graph's order, and the nodes."""
    from networkx import to_scipy_sparse_array
    from scipy.sparse import csr_array

    if graph.is_directed():
        raise ValueError("complex_or_graph is directed; legal: an undirected networkx.Graph")
    names = tuple(graph)
    if isinstance(weights, Mapping):
        unknown = [name for name in weights if name not in graph]
        missing = [name for name in names if name not in weights]
        if unknown or missing:
            word, name = ("holds", unknown[0]) if unknown else ("lacks", missing[0])
            raise ValueError(f"weights {word} node {name!r}; legal: the nodes of the graph, each once")
        weights = [weights[name] for name in names]
    if not names:
        return csr_array((0, 0)), weights, names
    try:
        adjacency = to_scipy_sparse_array(graph, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError("an edge has a weight that is no number; legal: the attribute weight, >= 0") from None
    return csr_array(adjacency), weights, names


def _checked_adjacency(matrix: Any) -> csr_array:
    from scipy.sparse import csr_array

    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"the adjacency has shape {matrix.shape}; legal: (n, n)")
    if matrix.dtype.kind not in "biuf":
        raise TypeError(f"the adjacency has dtype {matrix.dtype}; legal: real numbers")
    result = csr_array(matrix, dtype=np.float64, copy=True)
    result.sum_duplicates()
    result.eliminate_zeros()
    if not np.isfinite(result.data).all() or (result.data < 0).any():
        raise ValueError(
            "the adjacency holds a value that is negative or not finite; legal: finite weights >= 0"
        )
    checked_size(result.data, "the adjacency")
    if (result != result.T).nnz:
        raise ValueError("the adjacency is not symmetric; legal: symmetric, each edge twice")
    if result.diagonal().any():
        raise ValueError("the adjacency has entries on its diagonal; legal: none")
    return result


def checked_size(values: Floats, name: str) -> None:
    """Refuse numbers whose products and squares would overflow, or vanish."""
    if ((values > LARGEST) | ((values > 0) & (values < 1 / LARGEST))).any():
        raise ValueError(f"{name} of a size beyond 2^-100 and 2^100; legal: 0, and what lies between these")


def _checked_weights(weights: ArrayLike, n: int) -> Floats:
    array = np.asarray(detached(weights))
    if array.dtype.kind not in "biuf":
        raise TypeError(f"weights have dtype {array.dtype}; legal: real numbers")
    array = array.astype(np.float64)
    if array.shape != (n,):
        raise ValueError(f"weights have shape {array.shape}; legal: ({n},), one per region")
    if not np.isfinite(array).all() or (array < 0).any():
        raise ValueError("weights hold a value that is negative or not finite; legal: finite numbers >= 0")
    checked_size(array, "weights")
    if not array.any():
        raise ValueError("all weights are 0; legal: one > 0 at least")
    return array
