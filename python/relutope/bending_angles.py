"""Angles between the graphs of a network's affine maps on two regions."""

from __future__ import annotations

from fractions import Fraction
from math import atan2, ulp
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relutope.coefficients import rounded_root

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex

#: Float64 maps give an angle only where they are proven to hold it with about this relative error, and slopes
#: are at most the other; exact maps give the rest, and so decide which angles are 0.
ANGLE_ERROR = 2.0**-30
STEEPEST = 2.0**20


def bending_angles(
    complex_: PolyhedralComplex, first: NDArray[np.int32], second: NDArray[np.int32]
) -> NDArray[np.float64]:
    """The angle in [0, pi) between the graphs over each two regions, of a network with one output.

    With slopes a and a' and the upward normals n = (-a, 1), n' = (-a', 1) it is atan2(|n ^ n'|, <n, n'>);
    this is 0 only where a = a'. Since n ^ n' = n ^ (n' - n), equal parts of the slopes do not cancel.

    Let each entry of delta = a' - a be known within e, and its size be the largest one. The entries of the
    wedge are those of delta and a_i delta_j - a_j delta_i, so they are known within 2 e (1 + max |a|), while
    the largest is the size of delta or more.
    """
    from relutope.affine_maps import affine_maps

    maps = affine_maps(complex_)
    slopes, errors = maps.A[:, 0], maps.A_error[:, 0]
    with np.errstate(invalid="ignore", over="ignore"):
        delta = slopes[second] - slopes[first]
        error = errors[first].max(axis=1) + errors[second].max(axis=1)
        size = np.abs(delta).max(axis=1)
        steepness = 1 + np.abs(slopes[first]).max(axis=1)
        known = (error * steepness <= ANGLE_ERROR * size) & (steepness <= STEEPEST) & (size <= STEEPEST)
    angles = np.zeros(len(first))
    angles[known] = _float_angles(slopes[first[known]], slopes[second[known]], delta[known], size[known])
    angles[~known] = _exact_angles(complex_, first[~known], second[~known])
    return angles


def _float_angles(
    a: NDArray[np.float64], b: NDArray[np.float64], delta: NDArray[np.float64], size: NDArray[np.float64]
) -> NDArray[np.float64]:
    unit = delta / np.where(size > 0, size, 1)[:, None]
    rows, columns = np.triu_indices(a.shape[1], k=1)
    minors = a[:, rows] * unit[:, columns] - a[:, columns] * unit[:, rows]
    wedge = size * np.linalg.norm(np.hstack([unit, minors]), axis=1)
    result: NDArray[np.float64] = np.arctan2(wedge, 1 + np.einsum("ij,ij->i", a, b))
    return result


def _exact_angles(
    complex_: PolyhedralComplex, first: NDArray[np.int32], second: NDArray[np.int32]
) -> NDArray[np.float64]:
    from relutope.affine_maps import exact_affine_maps

    regions = np.unique(np.concatenate([first, second]))
    slopes = {
        region: [Fraction(value) for value in A[0]]
        for region, (A, _) in zip(regions.tolist(), exact_affine_maps(complex_, regions), strict=True)
    }
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    return np.array([_exact_angle(slopes[a], slopes[b]) for a, b in pairs], dtype=np.float64)


def _exact_angle(a: list[Fraction], b: list[Fraction]) -> float:
    """The angle of two slopes, rounded a few times only."""
    # Lengths of normals do not matter; with entries of at most 1 no float overflows.
    u, v = (_scaled([*slope, Fraction(-1)]) for slope in (a, b))
    dot = sum((x * y for x, y in zip(u, v, strict=True)), Fraction(0))
    minors = (u[i] * v[j] - u[j] * v[i] for j in range(len(u)) for i in range(j))
    angle = atan2(rounded_root(sum((minor**2 for minor in minors), Fraction(0))), dot)
    return ulp(0.0) if angle == 0 and a != b else angle  # 0 means equal slopes, so none may underflow to it


def _scaled(normal: list[Fraction]) -> list[Fraction]:
    largest: Fraction = max(abs(x) for x in normal)
    return [x / largest for x in normal]
