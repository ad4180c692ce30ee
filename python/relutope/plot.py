"""Drawing complexes of dimension 2."""

from __future__ import annotations

import colorsys
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_axes
from relutope.coefficients import exact_float64
from relutope.complex import PolyhedralComplex
from relutope.domain import AllSpace, Box
from relutope.domains import within
from relutope.errors import MissingExtraError
from relutope.labels import checked_labels
from relutope.refinement import RefinedComplex
from relutope.subdivision import polyhedral_complex

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DATA_COLORS = ("#d1495b", "#00798c", "#edae49", "#30638e", "#6a4c93", "#8ac926", "#ff924c", "#1982c4")
#: A window goes around the points below this; beyond it a margin may overflow.
LARGEST_COORDINATE = 2.0**1000
GOLDEN_SECTION = (5**0.5 - 1) / 2


def plot_complex(
    complex_: PolyhedralComplex,
    ax: Axes | None = None,
    *,
    color: str | ArrayLike = "region",
    data: tuple[ArrayLike, ArrayLike | None] | ArrayLike | None = None,
    cmap: Any = None,
    edge_color: Any = "black",
    linewidth: float | None = None,
    point_size: float = 14.0,
    window: Box | None = None,
) -> Axes:
    """Draw the regions, the edges and data points.

    Parameters
    ----------
    complex_ : PolyhedralComplex
        Of dimension 2.
    ax : matplotlib.axes.Axes, optional
        Default: a new figure.
    color : {"region", "output", "none"} or array_like of shape (n_regions,), default "region"
        ``"region"``: a colour per region; ``"output"``: the output at the centre of a region, or the
        largest output's index if there are several; an array: one value per region.
    data : (X, y), X, or None
        Points (n, 2) and their labels (n,).
    cmap : matplotlib colormap, optional
    edge_color : matplotlib colour, default "black"
    linewidth : float, optional
        Default: thinner for more edges; 0 draws none.
    point_size : float, default 14
    window : Box, optional
        For a complex on all of R^2: the part to draw, by default around its vertices and the data.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the complex is not of dimension 2 or an option is not legal.
    TypeError
        If `ax` is none, or an option has the wrong type.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import relutope
    >>> from matplotlib.figure import Figure
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
    >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
    >>> ax = complex_.plot(Figure().subplots(), color="output", data=([[0, 0.5]], [1]))
    >>> ax.get_xlim() == (-1, 1)
    True
    """
    if complex_.dim != 2:
        raise ValueError(f"the complex has dimension {complex_.dim}; legal: 2 (draw a slice of others)")
    try:
        from matplotlib.collections import LineCollection, PolyCollection
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", "to draw a complex") from None
    checked_axes(ax)
    points, labels = _split(data)
    if complex_.counts[0] > complex_.f_vector[0]:
        if not isinstance(color, str):
            raise ValueError(
                "color is an array; legal on an unbounded domain: 'region', 'output' or 'none', since a "
                "window is drawn"
            )
        shown = within(complex_.domain, window or _window(complex_, points))
        drawn = polyhedral_complex(complex_.network, shown)
        complex_ = drawn.refine(complex_.functionals) if isinstance(complex_, RefinedComplex) else drawn
    elif window is not None:
        raise ValueError("window is given for a complex on a bounded domain; legal: None, all of it is drawn")
    corners, indptr = region_polygons(complex_)
    style = _fill(complex_, color, cmap, corners, indptr)
    lo, hi = complex_.vertices.min(axis=0), complex_.vertices.max(axis=0)
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=figure_size(*(hi - lo)), layout="constrained")
    if style is not None:
        polygons = [corners[a:b] for a, b in itertools.pairwise(indptr)]
        ax.add_collection(PolyCollection(polygons, edgecolors="none", **style))
    width = float(np.clip(18 / np.sqrt(complex_.f_vector[1]), 0.1, 0.8)) if linewidth is None else linewidth
    if width > 0:
        ends = complex_.facets(1)[1].reshape(-1, 2)
        ax.add_collection(LineCollection(list(complex_.vertices[ends]), colors=edge_color, linewidths=width))
    if points is not None:
        _scatter(ax, points, labels, point_size)
    ax.set_xlim(lo[0], hi[0])
    ax.set_ylim(lo[1], hi[1])
    if _is_drawn_to_scale(*(hi - lo)):
        ax.set_aspect("equal")
    return ax


def figure_size(width: float, height: float) -> tuple[float, float]:
    """Inches of a figure for a box of this width and height, without idle margins."""
    ratio = height / width if _is_drawn_to_scale(width, height) else 1.0
    return (7.0, 7.0 * ratio + 0.3) if ratio <= 1 else (7.0 / ratio + 0.3, 7.0)


def _is_drawn_to_scale(width: float, height: float) -> bool:
    """Whether one unit is equally long on both axes; long thin boxes are stretched to a square."""
    return 1 / 3 <= width / height <= 3


def region_polygons(complex_: PolyhedralComplex) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Corners of the regions of a 2-dimensional complex on a bounded domain, counter-clockwise, for drawing.

    Returns
    -------
    corners : ndarray of shape (m, 2), float64
    indptr : ndarray of shape (n_regions + 1,), int64
        Region i has ``corners[indptr[i]:indptr[i + 1]]``.
    """
    ends = complex_.facets(1)[1].reshape(-1, 2)
    indptr, edges = complex_.facets(2)
    region = np.repeat(np.arange(complex_.n_regions), np.diff(indptr))
    pairs = np.unique(np.stack([np.repeat(region, 2), ends[edges].ravel()]), axis=1)
    region, vertex = pairs
    corners = complex_.vertices[vertex]
    sizes = np.bincount(region, minlength=complex_.n_regions)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    centre = np.add.reduceat(corners, starts[:-1], axis=0) / sizes[:, None]
    offset = corners - centre[region]
    order = np.lexsort((np.arctan2(offset[:, 1], offset[:, 0]), region))
    return corners[order], starts


def _fill(
    complex_: PolyhedralComplex,
    color: str | ArrayLike,
    cmap: Any,
    corners: NDArray[np.float64],
    indptr: NDArray[np.int64],
) -> dict[str, Any] | None:
    """Keywords that colour the polygons, or None to draw none."""
    if not isinstance(color, str):
        values = np.asarray(color, dtype=np.float64)
        if values.shape != (complex_.n_regions,):
            raise ValueError(
                f"color has shape {values.shape}; legal: ({complex_.n_regions},), one value per region"
            )
        return {"array": values, "cmap": cmap or "viridis", "alpha": 0.8}
    if color == "none":
        return None
    if color == "region":
        return {"facecolors": _pale_colors(complex_.n_regions)}
    if color == "output":
        centres = np.add.reduceat(corners, indptr[:-1], axis=0) / np.diff(indptr)[:, None]
        outputs = complex_.network(centres)
        if outputs.shape[1] > 1:
            return {"array": outputs.argmax(axis=1).astype(float), "cmap": cmap or "viridis", "alpha": 0.8}
        size = float(np.abs(outputs).max()) or 1.0
        return {"array": outputs[:, 0], "cmap": cmap or "RdBu_r", "clim": (-size, size), "alpha": 0.8}
    raise ValueError(f"color is {color!r}; legal: 'region', 'output', 'none' or an array")


def _pale_colors(count: int) -> list[tuple[float, float, float]]:
    """Colours on which data stay visible; steps of the golden section give near ids far hues."""
    return [colorsys.hls_to_rgb(i * GOLDEN_SECTION % 1, 0.8 + 0.06 * (i % 3), 0.5) for i in range(count)]


def _split(data: Any) -> tuple[NDArray[np.float64] | None, NDArray[Any] | None]:
    if data is None:
        return None, None
    pair = isinstance(data, tuple) or (isinstance(data, list) and len(data) == 2 and np.ndim(data[0]) == 2)
    X, y = data if pair else (data, None)
    points = exact_float64(X, "data")
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"data has points of shape {points.shape}; legal: (n, 2)")
    if y is None:
        return points, None
    return points, checked_labels(y, len(points), "data[1]")[1]


def _scatter(ax: Axes, points: NDArray[np.float64], labels: NDArray[Any] | None, size: float) -> None:
    codes = np.zeros(len(points), dtype=int) if labels is None else labels
    for code in np.unique(codes):
        chosen = points[codes == code]
        face = DATA_COLORS[code % len(DATA_COLORS)]
        ax.scatter(chosen[:, 0], chosen[:, 1], s=size, c=face, edgecolors="white", linewidths=0.4, zorder=3)


def _window(complex_: PolyhedralComplex, points: NDArray[np.float64] | None) -> Box:
    places = [complex_.vertices[: complex_.f_vector[0]]] + ([] if points is None else [points])
    shown = np.concatenate(places)
    shown = shown[(np.abs(shown) < LARGEST_COORDINATE).all(axis=1)]
    if len(shown) == 0:
        if isinstance(complex_.domain, AllSpace):
            return Box(-1, 1)
        shown = np.array(complex_.regions().interior_points(exact=True), dtype=np.float64)
    return Box.around(shown)
