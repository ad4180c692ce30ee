"""Pictures of dual graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_axes, checked_word
from relutope.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relutope.complex import PolyhedralComplex
    from relutope.dual_graph import DualGraph

#: Up to so many nodes the spectral layout is computed with dense matrices.
MOST_DENSE = 500


def plot_dual_graph(
    graph: DualGraph,
    ax: Axes | None = None,
    layout: str = "interior",
    *,
    color: ArrayLike | None = None,
    cmap: Any = "viridis",
    node_size: float = 12.0,
    edge_color: Any = "0.6",
    linewidth: float = 0.6,
) -> Axes:
    """Draw nodes and edges.

    Parameters
    ----------
    graph : DualGraph
    ax : matplotlib.axes.Axes, optional
        Default: a new figure.
    layout : {"interior", "spectral"}, default "interior"
        ``"interior"``: each node in its region, the first two coordinates of the mean of its vertices;
        ``"spectral"``: the eigenvectors of the second and third smallest eigenvalue of the Laplacian.
    color : array_like of shape (n_nodes,), optional
        One value per region; default: the number of neighbours.
    cmap : matplotlib colormap, default "viridis"
    node_size : float, default 12
        In points squared.
    edge_color : matplotlib colour
    linewidth : float
        Of edges, in points.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `layout` is another word or `color` has another shape.
    TypeError
        If `layout` is no str, or `ax` no Axes.
    MissingExtraError
        If matplotlib is not installed.
    """
    places = {"interior": interior_places, "spectral": spectral_places}
    checked_word(layout, "layout", places)
    values = graph.degrees if color is None else np.asarray(color, dtype=np.float64)
    if values.shape != (graph.n_nodes,):
        raise ValueError(f"color has shape {values.shape}; legal: ({graph.n_nodes},), one value per region")
    try:
        from matplotlib.collections import LineCollection
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", "to draw a dual graph") from None
    checked_axes(ax)
    points = places[layout](graph)
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1]
    segments = points[np.column_stack([graph.edges["region_0"], graph.edges["region_1"]])]
    ax.add_collection(LineCollection(list(segments), colors=edge_color, linewidths=linewidth), autolim=True)
    ax.scatter(points[:, 0], points[:, 1], s=node_size, c=values, cmap=cmap, zorder=2)
    ax.set_aspect("equal" if layout == "interior" else "auto")
    return ax


def interior_places(graph: DualGraph) -> NDArray[np.float64]:
    """The first two coordinates of a point in each region, up to rounding; 0 where there is no second.

    That is the mean of its vertices; those at infinity are drawn outside of all others, in the direction of
    their rays.
    """
    from scipy.sparse import csr_array

    complex_ = graph.complex
    drawn = _drawn_vertices(complex_)
    indptr, indices = complex_.incidence(complex_.dim, 0)
    data = np.repeat(1 / np.diff(indptr), np.diff(indptr))
    means = csr_array((data, indices, indptr), shape=(graph.n_nodes, len(drawn))) @ drawn
    return np.hstack([means, np.zeros((graph.n_nodes, 1))])[:, :2]


def _drawn_vertices(complex_: PolyhedralComplex) -> NDArray[np.float64]:
    n_finite = complex_.f_vector[0]
    drawn = complex_.vertices.copy()
    if n_finite < len(drawn):
        centre, reach = np.zeros(complex_.dim), 1.0
        if n_finite:
            low, high = drawn[:n_finite].min(axis=0), drawn[:n_finite].max(axis=0)
            centre, reach = (low + high) / 2, float((high - low).max()) or 1.0
        rays = complex_.rays
        drawn[n_finite:] = centre + reach * rays / np.linalg.norm(rays, axis=1, keepdims=True)
    return drawn


def spectral_places(graph: DualGraph) -> NDArray[np.float64]:
    """Eigenvectors 2 and 3 of the Laplacian, the largest entry of each positive; 0 where there is none."""
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import eigsh

    n = graph.n_nodes
    adjacency = graph.adjacency.astype(np.float64)
    laplacian = (diags_array(graph.degrees.astype(np.float64)) - adjacency).tocsc()
    if n <= MOST_DENSE:
        vectors = np.linalg.eigh(laplacian.toarray())[1]
    else:
        # Shifted by a negative number the Laplacian is positive definite; the start makes runs equal.
        values, vectors = eigsh(laplacian, k=3, sigma=-1 / n, v0=np.linspace(1, 2, n))
        vectors = vectors[:, np.argsort(values)]
    places = np.zeros((n, 2))
    chosen = vectors[:, 1:3]
    largest = np.take_along_axis(chosen, np.abs(chosen).argmax(axis=0)[None], axis=0)
    places[:, : chosen.shape[1]] = chosen * np.where(largest < 0, -1, 1)
    return places
