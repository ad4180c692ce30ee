"""The activation patterns of all regions with what is needed to follow them: volumes and corners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex

#: Keys of the metric ``patterns``, which plots and tables leave out.
PATTERN_KEYS = ("patterns", "pattern_neurons", "pattern_volumes", "pattern_corners", "pattern_indptr")


def pattern_record(complex_: PolyhedralComplex) -> dict[str, Any]:
    """One row per region, in lexicographic order of the patterns.

    No two regions have one pattern: where the neurons before it keep theirs, a neuron is affine, so it is
    either identically 0 there, or 0 on no region and off on a convex set.

    Keys: ``patterns``, the bits of which neurons are on, packed; ``pattern_neurons``, how many bits;
    ``pattern_volumes``, inf for unbounded regions; and on bounded domains of dimension 1 and 2 the corners
    of region i, counter-clockwise, ``pattern_corners[pattern_indptr[i]:pattern_indptr[i + 1]]``.
    """
    regions = complex_.regions()
    patterns = regions.activation_patterns()
    packed = np.packbits(patterns, axis=1)
    volumes = regions.volumes()
    corners, indptr = _corners(complex_)
    order = np.lexsort((np.zeros(len(packed)), *packed.T[::-1]))
    sizes = np.diff(indptr)[order] if len(indptr) > 1 else np.zeros(len(order), dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    places = np.arange(starts[-1])
    if len(indptr) > 1:
        places += np.repeat(indptr[:-1][order] - starts[:-1], sizes)
    return {
        "patterns": packed[order],
        "pattern_neurons": patterns.shape[1],
        "pattern_volumes": volumes[order],
        "pattern_corners": corners[places],
        "pattern_indptr": starts,
    }


def _corners(complex_: PolyhedralComplex) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Corners of all regions, compressed; none where they are not known."""
    dim = complex_.dim
    if dim > 2 or complex_.counts[0] > complex_.f_vector[0]:
        return np.zeros((0, dim)), np.zeros(1, dtype=np.int64)
    if dim == 1:
        ends = complex_.vertices[complex_.facets(1)[1].reshape(-1, 2)]
        return np.sort(ends, axis=1).reshape(-1, 1), np.arange(complex_.n_regions + 1) * 2
    from relutope.plot import region_polygons

    return region_polygons(complex_)
