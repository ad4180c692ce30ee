"""Filtrations by what a network computes, and by how it makes its complex."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.complex import PolyhedralComplex
from relutope.filtrations.filtration import Filtration, lower_star_of
from relutope.refinement import RefinedComplex
from relutope.vertex_ranks import vertex_ranks


def output(complex: PolyhedralComplex, index: int = 0) -> Filtration:
    """Sublevel sets of an output: a cell enters with the largest value on its closure.

    An output is affine on each cell, so that value is attained at a vertex, and the cells that are in at t
    are a deformation retract of the set where the output is at most t (Grigsby, Lindsey and Masden, 2023,
    for bounded cells). Ranks follow the exact values, so equal values enter together.

    Parameters
    ----------
    complex : PolyhedralComplex
    index : int, default 0
        Which output.

    Returns
    -------
    Filtration
        Vertices at infinity, where the output grows or falls along the ray, have infinite values.

    Raises
    ------
    TypeError
        If `complex` is no PolyhedralComplex or `index` no int.
    ValueError
        If there is no such output.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1], [-1]], [[1, 1]]])  # |x|
    >>> complex_ = relutope.polyhedral_complex(network, (-1, 2))
    >>> barcode = relutope.persistence(complex_, relutope.filtrations.output(complex_))
    >>> barcode.diagrams()[0]
    array([[ 0., inf]])
    """
    complex_ = _checked(complex)
    return lower_star_of(complex_, "output", *vertex_ranks(complex_, _checked_index(complex_, index)))


def absolute_output(complex: PolyhedralComplex, index: int = 0, **limits: Any) -> Filtration:
    """Where the absolute value of an output is small: neighbourhoods of its zero set.

    The absolute value is not affine on cells that the zero set crosses, so the filtration is one of
    ``complex.refine(output)``, which is its `cells`; a `RefinedComplex` by the same functional is used as
    it is.

    Parameters
    ----------
    complex : PolyhedralComplex
    index : int, default 0
        Which output.
    **limits
        As `polyhedral_complex` takes them.

    Returns
    -------
    Filtration

    Errors are those of `output`, and `relutope.IncompleteError` at a limit.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1], [-1]], [[1, 1]]], [[0, 0], [-1]])  # |x| - 1
    >>> complex_ = relutope.polyhedral_complex(network, (-2, 2))
    >>> barcode = relutope.persistence(complex_, "absolute_output")
    >>> sorted(barcode.diagrams()[0].tolist())
    [[0.0, 1.0], [0.0, inf]]
    """
    complex_ = _checked(complex)
    index = _checked_index(complex_, index)
    functional = np.zeros(complex_.network.output_dim + 1, dtype=np.int64)
    functional[index] = 1
    refined = complex_
    if not (isinstance(complex_, RefinedComplex) and (complex_.functionals == functional).all(axis=1).any()):
        refined = complex_.refine(functional, **limits)
    return lower_star_of(
        refined, "absolute_output", *vertex_ranks(refined, index, absolute=True), of=complex_
    )


def neuron_order(complex: PolyhedralComplex) -> Filtration:
    """The order in which cells come to be when the neurons cut the domain one after the other.

    The functionals of a `RefinedComplex` count as neurons after all others.

    The value of a cell is the least n such that it is a cell of the complex of the first n neurons, counted
    from the first layer on: 1 + the index of the last neuron that cut or made it. 0 for cells of the domain
    itself.

    Parameters
    ----------
    complex : PolyhedralComplex

    Returns
    -------
    Filtration

    Raises
    ------
    TypeError
        If `complex` is no PolyhedralComplex.

    Notes
    -----
    A cell is named by its sign vector and its walls, and so is one of the complex of the first n neurons by
    the first n signs. So a cell is one of these as soon as no other cell has the same walls and first n
    signs, which sorting all sign vectors tells.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1], [1]], [[1, 1]]], [[0, -1], [0]])
    >>> complex_ = relutope.polyhedral_complex(network, (-1, 2))
    >>> filtration = relutope.filtrations.neuron_order(complex_)
    >>> sorted(filtration.values[0].tolist()), sorted(filtration.values[1].tolist())
    ([0.0, 0.0, 1.0, 2.0], [1.0, 2.0, 2.0])
    """
    complex_ = _checked(complex)
    names = np.concatenate([_names(complex_, k) for k in range(complex_.dim + 1)])
    n_walls = complex_.walls(0).shape[1]
    order = np.argsort(names.view(f"S{names.shape[1]}").reshape(-1), kind="stable")
    births = np.zeros(len(names), dtype=np.int64)
    for first in range(0, len(names) - 1, BLOCK):
        rows = names[order[first : first + BLOCK + 1]]
        differs = rows[1:] != rows[:-1]
        # The first difference decides: none of the first `apart` neurons tells the two cells apart.
        apart = np.maximum(differs.argmax(axis=1) - n_walls + 1, 0)
        here, there = order[first : first + len(apart)], order[first + 1 : first + 1 + len(apart)]
        births[here] = np.maximum(births[here], apart)
        births[there] = np.maximum(births[there], apart)
    levels, ranks = np.unique(births, return_inverse=True)
    return Filtration(complex_, "neuron_order", ranks.reshape(-1), levels.astype(np.float64))


#: Neighbours in the sorted table that are compared at once.
BLOCK = 1 << 16


def _names(complex_: PolyhedralComplex, k: int) -> NDArray[np.uint8]:
    """Walls, then signs, those of functionals last, as bytes 1 to 3."""
    columns = [complex_.walls(k), complex_.sign_vectors(k)]
    if isinstance(complex_, RefinedComplex):
        columns.append(complex_.functional_signs(k))
    return (np.concatenate(columns, axis=1) + 2).astype(np.uint8)


def _checked(complex_: Any) -> PolyhedralComplex:
    if not isinstance(complex_, PolyhedralComplex):
        raise TypeError(f"complex is a {type(complex_).__name__}; legal: a PolyhedralComplex, with a network")
    return complex_


def _checked_index(complex_: PolyhedralComplex, index: Any) -> int:
    if isinstance(index, bool) or not isinstance(index, (int, np.integer)):
        raise TypeError(f"index is {index!r}; legal: an int")
    if not 0 <= index < complex_.network.output_dim:
        raise ValueError(f"index is {index}; legal: 0 <= index < {complex_.network.output_dim}, the outputs")
    return int(index)
