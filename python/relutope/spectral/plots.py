"""Pictures of Fiedler partitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_axes, checked_word
from relutope.errors import MissingExtraError
from relutope.labels import checked_labels
from relutope.plot import DATA_COLORS, plot_complex
from relutope.spectral.boundary import boundary_facets
from relutope.spectral.matching import contingency
from relutope.spectral.weighted_graph import regions_of_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relutope.complex import PolyhedralComplex
    from relutope.spectral.partition import FiedlerPartition

#: Pale fills of parts, on which points stay visible.
PART_COLORS = ("#f4c7cd", "#b9dbe0", "#f8e3b8", "#bccbdc", "#d3c7de", "#dcefbb", "#ffdfc4", "#b9d8ec")


def plot_partition(
    partition: FiedlerPartition,
    ax: Axes | None = None,
    *,
    color: str = "part",
    data: Any = None,
    cmap: Any = None,
    boundary: bool = True,
    point_size: float = 14.0,
) -> Axes:
    """Draw the regions of a complex of dimension 2, the decision boundary and points on top.

    Parameters
    ----------
    partition : FiedlerPartition
    ax : matplotlib.axes.Axes, optional
        Default: a new figure.
    color : {"part", "vector"}
        A colour per part, that of its class in the best matching if there are labels; or v_2 with 0 in
        white and a colour bar.
    data : (X, y), X, or None
        Points (n, 2) and their labels (n,).
    cmap : matplotlib colormap, optional
    boundary : bool, default True
        Draw where the output is 0 (or the largest outputs tie).
    point_size : float, default 14

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the partition is not one of a complex of dimension 2 on a bounded domain, or an option is not
        legal.
    TypeError
        If an option has the wrong type.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import relutope
    >>> from matplotlib.figure import Figure
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
    >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
    >>> partition = relutope.fiedler_partition(complex_, weights=[1, 2, 3, 4])
    >>> partition.plot(Figure().subplots(), color="vector").get_xlim() == (-1, 1)
    True
    """
    checked_word(color, "color", ("part", "vector"))
    complex_ = _complex_of(partition)
    v = partition.vectors[:, 0]
    values = partition.labels.astype(np.float64) if color == "part" else v
    try:
        from matplotlib.collections import LineCollection
        from matplotlib.colors import ListedColormap
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", "to draw a partition") from None
    colors = [PART_COLORS[i % len(PART_COLORS)] for i in _color_numbers(partition, complex_, data)]
    chosen = cmap or (ListedColormap(colors) if color == "part" else "PuOr")
    ax = plot_complex(
        complex_, ax, color=values, data=data, cmap=chosen, edge_color="0.45", point_size=point_size
    )
    regions = ax.collections[0]
    size = float(np.abs(v).max()) or 1.0
    regions.set_clim(*((-0.5, partition.n_parts - 0.5) if color == "part" else (-size, size)))
    regions.set_alpha(1.0)
    if color == "vector":
        bar = ax.inset_axes((1.02, 0.0, 0.03, 1.0))  # as high as the axes, whatever their aspect
        ax.figure.colorbar(regions, cax=bar, label="$v_2$")
    if boundary:
        segments = boundary_segments(complex_)
        # A light seam keeps the line visible on dark fills and among edges.
        for width, shade, order in ((3.6, "white", 2.4), (2.0, "black", 2.5)):
            ax.add_collection(
                LineCollection(list(segments), colors=shade, linewidths=width, zorder=order, capstyle="round")
            )
    return ax


def _color_numbers(partition: FiedlerPartition, complex_: PolyhedralComplex, data: Any) -> list[int]:
    """Numbers of colours of parts, those of the classes matched with them first."""
    from scipy.optimize import linear_sum_assignment

    numbers = list(range(partition.n_parts))
    if not isinstance(data, tuple) or len(data) != 2 or data[1] is None:
        return numbers
    regions = regions_of_points(complex_, data[0])
    classes, codes = checked_labels(data[1], len(regions))
    inside = regions >= 0
    shape = (partition.n_parts, len(classes))
    table = contingency(partition.labels[regions[inside]], codes[inside], shape)
    matched = dict(zip(*map(np.ndarray.tolist, linear_sum_assignment(table, maximize=True)), strict=True))
    free = iter(i for i in range(partition.n_parts + len(classes)) if i not in matched.values())
    return [matched[part] if part in matched else next(free) for part in numbers]


def boundary_segments(complex_: PolyhedralComplex) -> NDArray[np.float64]:
    """End points of the edges of the decision boundary of a complex of dimension 2, shape (n, 2, 2).

    Edges on walls of the domain are left out, see `boundary_facets`.
    """
    from relutope.level_sets import decision_boundary

    level_set = decision_boundary(complex_)
    refined = level_set.refined
    edges = refined.facets(1)[1].reshape(-1, 2)[boundary_facets(level_set)]
    return np.asarray(refined.vertices[edges])


def plot_embedding(
    partition: FiedlerPartition,
    ax: Axes | None = None,
    *,
    y: ArrayLike | None = None,
    data: tuple[ArrayLike, ArrayLike] | None = None,
    edges: bool = True,
    node_size: float = 12.0,
) -> Axes:
    """Draw the graph with v_2 and v_3 as coordinates of its nodes.

    Parameters
    ----------
    partition : FiedlerPartition
    ax : matplotlib.axes.Axes, optional
        Default: a new figure.
    y : array_like of shape (m,), optional
        Labels of the points X that the partition was made from: a region gets the colour of its most
        frequent class, of several the first, and grey if it has no point. Default: colours of parts.
    data : (X, y), optional
        Other labelled points instead.
    edges : bool, default True
        Draw the edges of the graph.
    node_size : float, default 12
        In points squared; nodes with weight are larger by up to four times.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there is no v_3, labels and points do not fit, or both `y` and `data` are given.
    TypeError
        If an option has the wrong type.
    MissingExtraError
        If matplotlib is not installed.
    """
    if partition.vectors.shape[1] < 2:
        raise ValueError("the partition has no v_3; legal: weight in three regions at least")
    places = partition.vectors[:, :2]
    codes, names = _classes_of_regions(partition, y, data)
    try:
        from matplotlib.collections import LineCollection
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", "to draw an embedding") from None
    checked_axes(ax)
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(layout="constrained")[1]
    if edges:
        from relutope.dual_graph import DualGraph

        graph = partition.graph
        table = (graph.adjacency if isinstance(graph, DualGraph) else graph).tocoo()
        upper = table.row < table.col
        segments = places[np.column_stack([table.row[upper], table.col[upper]])]
        ax.add_collection(LineCollection(list(segments), colors="0.85", linewidths=0.5, zorder=1))
    share = partition.weights / partition.weights.max() if partition.has_weights else np.zeros(len(codes))
    for code in np.unique(codes):
        chosen = codes == code
        shade = "0.7" if code < 0 else DATA_COLORS[code % len(DATA_COLORS)]
        sizes = node_size * (1 + 3 * share[chosen])
        label = "no point" if code < 0 else names[code]
        ax.scatter(
            places[chosen, 0],
            places[chosen, 1],
            s=sizes,
            c=shade,
            label=label,
            zorder=2 + 0.1 * (code >= 0),
            linewidths=0,
        )
    ax.legend(frameon=False)
    ax.set_xlabel("$v_2$")
    ax.set_ylabel("$v_3$")
    return ax


def _classes_of_regions(
    partition: FiedlerPartition, y: ArrayLike | None, data: tuple[ArrayLike, ArrayLike] | None
) -> tuple[NDArray[np.int64], list[str]]:
    """The most frequent class of each region, -1 where there is no point, and names of classes."""
    if y is None and data is None:
        return partition.labels, [f"part {k}" for k in range(partition.n_parts)]
    if y is not None and data is not None:
        raise ValueError("y and data are both given; legal: one of them")
    if data is not None:
        if partition.complex is None:
            raise ValueError(
                "data are given for a partition of a matrix; legal: of a complex or its dual graph"
            )
        regions, labels = regions_of_points(partition.complex, data[0]), data[1]
    else:
        if partition.point_regions is None or y is None:
            raise ValueError("y is given, but the partition was made without X; legal: data=(X, y)")
        regions, labels = partition.point_regions, y
    classes, codes = checked_labels(labels, len(regions))
    inside = regions >= 0
    table = np.zeros((partition.n_regions, len(classes)), dtype=np.int64)
    np.add.at(table, (regions[inside], codes[inside]), 1)
    return np.where(table.any(axis=1), table.argmax(axis=1), -1), [
        _class_name(label) for label in classes.tolist()
    ]


def _class_name(label: Any) -> str:
    return f"class {label:g}" if isinstance(label, float) else f"class {label}"


def _complex_of(partition: FiedlerPartition) -> PolyhedralComplex:
    complex_ = partition.complex
    if complex_ is None:
        raise ValueError("the partition is one of a matrix; legal: of a complex or its dual graph")
    if complex_.counts[0] > complex_.f_vector[0]:
        raise ValueError("the domain is unbounded; legal: a partition on a bounded domain")
    return complex_
