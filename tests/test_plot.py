"""Drawing complexes of dimension 2."""

from __future__ import annotations

import itertools
import sys
from fractions import Fraction

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.figure import Figure

from relutope import AllSpace, Box, MissingExtraError, Network, PolyhedralComplex, polyhedral_complex
from relutope.plot import region_polygons

mpl.use("Agg")


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


@pytest.fixture
def complex_(network: Network) -> PolyhedralComplex:
    return polyhedral_complex(network, (-2, [2, 3]))


def area(corners: np.ndarray) -> Fraction:
    x, y = corners.T
    return (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def test_polygons_tile_the_box(complex_: PolyhedralComplex) -> None:
    corners, indptr = region_polygons(complex_)
    assert len(indptr) == complex_.n_regions + 1
    assert np.diff(indptr).sum() == len(corners) == len(complex_.facets(2)[1])
    exact = dict(zip(map(tuple, complex_.vertices.tolist()), complex_.exact_vertices(), strict=True))
    corners = np.array([exact[tuple(corner)] for corner in corners.tolist()])
    areas = [area(corners[a:b]) for a, b in itertools.pairwise(indptr)]
    assert min(areas) > 0
    assert sum(areas) == 20


def test_polygons_lie_in_their_regions(complex_: PolyhedralComplex, network: Network) -> None:
    corners, indptr = region_polygons(complex_)
    centres = [corners[a:b].mean(axis=0) for a, b in itertools.pairwise(indptr)]
    assert np.array_equal(network.sign_vectors(centres), complex_.sign_vectors(2))


def collections(ax: Axes, kind: type) -> list:
    return [item for item in ax.collections if isinstance(item, kind)]


def test_plot_draws_regions_edges_and_data(complex_: PolyhedralComplex, ax: Axes) -> None:
    points = np.random.default_rng(0).uniform(-2, 2, size=(30, 2))
    assert complex_.plot(ax, data=(points, points[:, 0] > 0)) is ax
    (regions,) = collections(ax, PolyCollection)
    assert len(regions.get_paths()) == complex_.n_regions
    assert len(np.unique(regions.get_facecolor(), axis=0)) == complex_.n_regions
    (edges,) = collections(ax, LineCollection)
    assert len(edges.get_segments()) == complex_.f_vector[1]
    first, second = collections(ax, PathCollection)
    assert len(first.get_offsets()) + len(second.get_offsets()) == 30
    assert ax.get_xlim() == (-2, 2)
    assert ax.get_ylim() == (-2, 3)
    ax.figure.canvas.draw()


def test_colors(complex_: PolyhedralComplex, network: Network) -> None:
    ax = Figure().subplots()
    complex_.plot(ax, color="output", data=np.zeros((1, 2)), linewidth=0)
    (regions,) = collections(ax, PolyCollection)
    corners, indptr = region_polygons(complex_)
    centres = np.add.reduceat(corners, indptr[:-1], axis=0) / np.diff(indptr)[:, None]
    assert np.array_equal(regions.get_array(), network(centres)[:, 0])
    low, high = regions.get_clim()
    assert low == -high
    assert collections(ax, LineCollection) == []
    ax = Figure().subplots()
    complex_.plot(ax, color="none")
    assert collections(ax, PolyCollection) == []
    ax = Figure().subplots()
    complex_.plot(ax, color=np.arange(complex_.n_regions), cmap="magma")
    assert collections(ax, PolyCollection)[0].get_array().tolist() == list(range(complex_.n_regions))


def test_several_outputs_are_colored_by_the_largest(ax: Axes) -> None:
    network = Network.from_arrays([np.eye(2), [[1, 0], [0, 1], [0, 0]]], [None, [0, 0, 0.1]])
    polyhedral_complex(network, (-1, 1)).plot(ax, color="output")
    assert set(collections(ax, PolyCollection)[0].get_array()) <= {0.0, 1.0, 2.0}


def test_all_space_is_drawn_in_a_window(network: Network) -> None:
    complex_ = polyhedral_complex(network, AllSpace())
    ax = complex_.plot(Figure().subplots())
    shown = complex_.vertices[: complex_.f_vector[0]]
    assert ax.get_xlim()[0] < shown[:, 0].min()
    assert ax.get_ylim()[1] > shown[:, 1].max()
    ax = complex_.plot(Figure().subplots(), window=Box(-1, 1))
    assert ax.get_xlim() == (-1, 1)
    with pytest.raises(ValueError, match="color is an array"):
        complex_.plot(Figure().subplots(), color=[1.0])
    lines = polyhedral_complex(Network.from_arrays([[[1, 0]], [[1]]]), AllSpace())
    assert lines.f_vector == (0, 1, 2)
    lines.plot(Figure().subplots())


def test_data_without_labels(complex_: PolyhedralComplex) -> None:
    X = [[0.0, 1.0], [1.0, 0.0]]
    for data, groups in ((X, 1), ((X, None), 1), ((X, [0, 1]), 2), ([X, [0, 1]], 2)):
        ax = Figure().subplots()
        complex_.plot(ax, data=data)
        assert len(collections(ax, PathCollection)) == groups


def test_new_figure_by_default(complex_: PolyhedralComplex) -> None:
    import matplotlib.pyplot as plt

    ax = complex_.plot()
    assert isinstance(ax, Axes)
    plt.close(ax.figure)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"color": "blue"}, "color is 'blue'; legal: 'region', 'output', 'none' or an array"),
        ({"color": [1.0, 2.0]}, "color has shape"),
        ({"data": [[np.nan, 0]]}, r"data\[0, 0\] is nan"),
        ({"data": np.zeros((3, 5))}, r"points of shape \(3, 5\)"),
        ({"data": (np.zeros((3, 2)), [1])}, r"data\[1\] has shape \(1,\); legal: \(3,\), one label"),
        ({"window": Box(0, 1)}, "window is given"),
    ],
)
def test_bad_options(complex_: PolyhedralComplex, ax: Axes, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        complex_.plot(ax, **options)


def test_other_dimensions_are_refused(ax: Axes) -> None:
    network = Network.from_arrays([[[1, 0, 0]], [[1]]])
    with pytest.raises(ValueError, match="dimension 3; legal: 2"):
        polyhedral_complex(network, (-1, 1)).plot(ax)


def test_missing_matplotlib_names_the_extra(
    complex_: PolyhedralComplex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.collections", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'relutope\[plot\]'"):
        complex_.plot()
