"""Random filtrations. The literature is not of one mind about "the" random filtration, so each has a name."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.arguments import checked_rng
from relutope.chains import as_cell_complex
from relutope.filtrations.filtration import Filtration

#: Names of the random filtrations, in the order in which the compiled core numbers them.
RANDOM = ("by_dimension", "lower_star", "upper_star", "cell_max", "random_queue")

#: Those whose ranks are the places in an order of all cells; in the others values are random numbers.
ORDERS = ("by_dimension", "random_queue")

#: Random numbers are multiples of 1 / PER_ONE below 1.
PER_ONE = 2**32


def seeds(rng: Any, count: int) -> NDArray[np.uint64]:
    """One seed per ordering, drawn from a child of the generator; the first m do not depend on `count`.

    Parameters
    ----------
    rng : None, int, SeedSequence, BitGenerator or Generator
        As `numpy.random.default_rng` takes it.
    """
    [child] = checked_rng(rng).spawn(1)
    return child.integers(2**64, size=count, dtype=np.uint64)


def random(complex: Any, name: str, rng: Any = None) -> Filtration:
    """The random filtration of a name."""
    chains = as_cell_complex(complex)
    [seed] = seeds(rng, 1)
    keys = chains.core(signed=False).random_keys(RANDOM.index(name), int(seed))
    if name in ORDERS:
        return Filtration(complex, name, keys, np.arange(1, len(keys) + 1) / len(keys))
    levels, ranks = np.unique(keys, return_inverse=True)
    return Filtration(complex, name, ranks, levels / PER_ONE)


def by_dimension(complex: Any, *, rng: Any = None) -> Filtration:
    """All vertices in random order, then all edges in random order, and so on.

    Values are shares of all cells. Each Betti number beta_k is largest when all k-cells are in and no
    (k+1)-cell, so the maxima, and their places, are the same for all orderings: in a complex that is
    contractible, as that of a box is, max beta_k = (-1)^k (chi_k - 1) for k > 0, where chi_k is the sum of
    (-1)^j f_j up to j = k, and max beta_0 = f_0. Nothing is learnt from them that the f-vector does not say.
    For a cubical lattice with k = d/2 this is plaquette percolation (Duncan, Kahle and Schweinhart, 2021).

    Parameters
    ----------
    complex : PolyhedralComplex, Subcomplex or CellComplex
    rng : None, int, SeedSequence, BitGenerator or Generator
        As `numpy.random.default_rng` takes it.

    Returns
    -------
    Filtration

    Raises
    ------
    TypeError
        If `complex` is no complex.

    Examples
    --------
    >>> from relutope import filtrations
    >>> from relutope.homology import CellComplex, persistence
    >>> square = CellComplex.grid((2, 2))
    >>> barcode = persistence(square, filtrations.by_dimension(square, rng=0))
    >>> barcode.betti_numbers(at=4 / 9), barcode.betti_numbers(at=8 / 9)
    ([4, 0, 0], [1, 1, 0])
    """
    return random(complex, "by_dimension", rng)


def lower_star(complex: Any, *, rng: Any = None) -> Filtration:
    """Each vertex gets a random number, uniform on [0, 1); a cell enters with its last vertex.

    Parameters, results and errors are those of `by_dimension`.

    Examples
    --------
    >>> from relutope import filtrations
    >>> from relutope.homology import CellComplex
    >>> filtration = filtrations.lower_star(CellComplex.grid((2,)), rng=0)
    >>> bool(filtration.values[1][0] == filtration.values[0].max())
    True
    """
    return random(complex, "lower_star", rng)


def upper_star(complex: Any, *, rng: Any = None) -> Filtration:
    """Each cell of the largest dimension gets a random number, uniform on [0, 1); its faces enter with it.

    A cell enters with the first of those that it is a face of; one that is a face of none gets its own. This
    is the lower star filtration of the dual complex, reversed. Else as `by_dimension`.

    Examples
    --------
    >>> from relutope import filtrations
    >>> from relutope.homology import CellComplex
    >>> filtration = filtrations.upper_star(CellComplex.grid((3,)), rng=0)
    >>> bool(filtration.values[0][1] == filtration.values[1].min())
    True
    """
    return random(complex, "upper_star", rng)


def cell_max(complex: Any, *, rng: Any = None) -> Filtration:
    """Each cell gets a random number, uniform on [0, 1), and enters with the largest one of its closure.

    Else as `by_dimension`.

    Examples
    --------
    >>> from relutope import filtrations
    >>> from relutope.homology import CellComplex
    >>> filtration = filtrations.cell_max(CellComplex.grid((2,)), rng=0)
    >>> bool(filtration.values[1][0] >= filtration.values[0].max())
    True
    """
    return random(complex, "cell_max", rng)


def random_queue(complex: Any, *, rng: Any = None) -> Filtration:
    """All cells stand in a shuffled queue; the first enters if its facets are in, else it goes to the end.

    Values are shares of all cells. Orders of all cells in which faces come before cofaces are not equally
    likely: low dimensions come earlier than in an order drawn uniformly from all these linear extensions.
    Else as `by_dimension`.

    Examples
    --------
    >>> from relutope import filtrations
    >>> from relutope.homology import CellComplex
    >>> filtrations.random_queue(CellComplex.grid((2,)), rng=0).values[1]
    array([1.])
    """
    return random(complex, "random_queue", rng)
