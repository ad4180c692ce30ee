"""Filtrations by data points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from relutope.complex import PolyhedralComplex
from relutope.filtrations.filtration import Filtration, lower_star_of, upper_star_of
from relutope.filtrations.of_network import _checked


def distance(complex: PolyhedralComplex, X: ArrayLike) -> Filtration:
    """Cells near data first: each vertex has its Euclidean distance to the nearest point, in float64.

    A cell enters with its last vertex. The distance is not affine on cells, so this is the filtration of its
    interpolation from the vertices. Vertices at infinity come last.

    Parameters
    ----------
    complex : PolyhedralComplex
    X : array_like of shape (n, d)
        At least one point.

    Returns
    -------
    Filtration

    Raises
    ------
    TypeError
        If `complex` is no PolyhedralComplex or `X` holds no numbers.
    ValueError
        If `X` is empty, has another shape or holds NaN or infinite numbers.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1]], [[1]]])
    >>> complex_ = relutope.polyhedral_complex(network, (-1, 2))
    >>> relutope.filtrations.distance(complex_, [[0.5]]).levels
    array([0.5, 1.5])
    """
    from scipy.spatial import cKDTree

    complex_ = _checked(complex)
    points = complex_.network.checked_points(X)
    if len(points) == 0:
        raise ValueError("X is empty; legal: at least one point")
    values = np.full(complex_.counts[0], np.inf)
    finite = complex_.f_vector[0]
    values[:finite] = cKDTree(points).query(complex_.vertices[:finite])[0]
    levels, ranks = np.unique(values, return_inverse=True)
    return lower_star_of(complex_, "distance", ranks.reshape(-1), levels)


def data_count(complex: PolyhedralComplex, X: ArrayLike, on_boundary: Any = "lowest") -> Filtration:
    """Regions that hold much data first, each with its faces.

    The value of a region is minus its number of points, and a face takes the smallest of its regions' values
    (upper star).

    Parameters
    ----------
    complex : PolyhedralComplex
    X : array_like of shape (n, d)
    on_boundary : {"lowest", "split", "error"}
        As `PolyhedralComplex.count_points` has it.

    Returns
    -------
    Filtration

    Raises
    ------
    TypeError, ValueError
        If `complex` is no PolyhedralComplex, or as `count_points` raises them.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1]], [[1]]])
    >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
    >>> relutope.filtrations.data_count(complex_, [[0.5], [0.75], [-0.5]]).levels
    array([-2., -1.])
    """
    complex_ = _checked(complex)
    counted = 0.0 - complex_.count_points(X, on_boundary).counts  # no count is 0, not -0
    regions = np.zeros(complex_.counts[-1])
    regions[: len(counted)] = counted
    levels, ranks = np.unique(regions, return_inverse=True)
    return upper_star_of(complex_, "data_count", ranks.reshape(-1), levels)
