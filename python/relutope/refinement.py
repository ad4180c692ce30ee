"""Complexes cut by the zero sets of affine functionals of the outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.arguments import checked_dimension, checked_ids
from relutope.coefficients import as_fractions, common_denominator, exact_array
from relutope.complex import PolyhedralComplex
from relutope.network import Network
from relutope.subdivision import polyhedral_complex

#: Hashes of n names are tried with so many seeds; under one, two collide with a chance of about n^2 / 2^65.
MAX_SEEDS = 8


class Carrier(NamedTuple):
    """For each of some cells, the cell of the base complex whose relative interior holds it."""

    #: int8 of shape (n,).
    dimensions: NDArray[np.int8]
    #: Ids among the base cells of that dimension, int32 of shape (n,).
    ids: NDArray[np.int32]


@dataclass(frozen=True, eq=False, repr=False)
class RefinedComplex(PolyhedralComplex):
    """A complex whose cells are cut by the zero sets of functionals; made by `PolyhedralComplex.refine`.

    A cell is named by its sign vector, the signs of the functionals on it, and its walls. `network` and
    `sign_vectors` are those of the base. `core` holds the complex of `extended`, a network with the same
    hidden layers and one more, whose neurons are positive multiples of the functionals.

    Attributes
    ----------
    base : PolyhedralComplex
        The complex that was cut.
    functionals : ndarray of shape (n, output_dim + 1)
        Coefficients of the outputs, then the constant, as `fractions.Fraction`.
    extended : Network
    """

    base: PolyhedralComplex = field(kw_only=True)
    functionals: NDArray[np.object_] = field(kw_only=True)
    extended: Network = field(kw_only=True)

    def sign_vectors(self, k: int, ids: ArrayLike | None = None) -> NDArray[np.int8]:
        """As of the base, without the functionals; cells that a functional parts have equal ones."""
        return np.ascontiguousarray(super().sign_vectors(k, ids)[:, : self.network.n_neurons])

    def functional_signs(self, k: int, ids: ArrayLike | None = None) -> NDArray[np.int8]:
        """Signs of the functionals on k-cells.

        Parameters
        ----------
        k : int
        ids : array_like of int, optional
            Default: all k-cells, those at infinity included.

        Returns
        -------
        ndarray of shape (n, len(functionals)), int8
            0 where a functional vanishes on the whole cell.

        Raises
        ------
        ValueError, TypeError
            If k or an id is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1]], [[1]]])
        >>> refined = relutope.polyhedral_complex(network, (-1, 1)).refine([2, -1])  # 2 relu(x) - 1
        >>> sorted(refined.functional_signs(1)[:, 0].tolist())
        [-1, -1, 1]
        """
        k = checked_dimension(k, self.dim)
        codes = self._functional_codes[k]
        if ids is not None:
            codes = codes[:, checked_ids(ids, self.counts[k], f"cells of dimension {k}")]
        return np.ascontiguousarray(((codes & 1).view(np.int8) - (codes >> 1).view(np.int8)).T)

    def carrier(self, k: int, ids: ArrayLike | None = None) -> Carrier:
        """The cell of the base complex in whose relative interior each k-cell lies.

        Parameters
        ----------
        k : int
        ids : array_like of int, optional
            Default: all k-cells, those at infinity included.

        Returns
        -------
        Carrier
            ``dimensions``, at least k, and ``ids``.

        Raises
        ------
        ValueError, TypeError
            If k or an id is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1]], [[1]]])
        >>> refined = relutope.polyhedral_complex(network, (-1, 1)).refine([2, -1])
        >>> sorted(refined.carrier(0).dimensions.tolist())
        [0, 0, 0, 1]
        """
        k = checked_dimension(k, self.dim)
        found = self._carriers[k]
        if ids is None:
            return found
        chosen = checked_ids(ids, self.counts[k], f"cells of dimension {k}")
        return Carrier(found.dimensions[chosen], found.ids[chosen])

    @cached_property
    def _functional_codes(self) -> tuple[NDArray[np.uint8], ...]:
        """Per dimension the signs of functionals (rows) on cells (columns): 1 for +, 2 for -, 0 for 0."""
        arrays = self.core.to_arrays()
        first = self.network.n_neurons
        words = arrays["signs"].shape[1] // 2
        rows = []
        for neuron in range(first, first + len(self.functionals)):
            bit, constant = int(arrays["code_bit"][neuron]), int(arrays["code_constant"][neuron])
            if bit < 0:
                rows.append(np.full(self.counts[0], (0, 1, 2)[constant], dtype=np.uint8))
                continue
            planes = arrays["signs"][:, [bit // 64, words + bit // 64]] >> np.uint64(bit % 64) & np.uint64(1)
            up, down = planes.T[:: -1 if arrays["code_flipped"][neuron] else 1].astype(np.uint8)
            rows.append(up | down << 1)
        return tuple(composed(self, np.array(rows)))

    @cached_property
    def _carriers(self) -> tuple[Carrier, ...]:
        base, own = self.base.core.to_arrays(), self.core.to_arrays()
        n_neurons = self.network.n_neurons
        for name in ("code_bit", "code_flipped", "code_constant"):
            if not np.array_equal(base[name], own[name][:n_neurons]):
                raise RuntimeError("internal: a refined complex codes signs otherwise than its base")
        n_bits = 1 + max(
            int(base[name].max(initial=-1)) for name in ("code_bit", "constraint_bit") if name in base
        )
        for seed in range(MAX_SEEDS):
            old = [hashed(names, seed) for names in composed(self.base, vertex_names(base, n_bits))]
            table = np.concatenate(old)
            order = np.argsort(table, kind="stable")
            table = table[order]
            if np.any(table[1:] == table[:-1]):
                continue
            starts = np.cumsum([0, *map(len, old)])
            return tuple(
                _found(hashed(names, seed), table, order, starts)
                for names in composed(self, vertex_names(own, n_bits))
            )
        raise RuntimeError("internal: names of cells have equal hashes under every seed")

    def refine(self, functional: ArrayLike, **limits: Any) -> RefinedComplex:
        """The base cut by the functionals of this complex and by further ones; see the base's method."""
        rows = checked_functionals(functional, self.network.output_dim)
        return refine(self.base, np.concatenate([self.functionals, rows]), **limits)

    def save(self, path: str | PathLike[str]) -> None:
        """Refused: save the base, and refine it again after loading.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(
            "a refined complex is not saved; legal: save its base, and after loading call "
            "refine(functionals), which gives the same cells with the same ids"
        )

    def __repr__(self) -> str:
        return (
            f"RefinedComplex(f_vector {self.f_vector}: {len(self.functionals)} functionals on {self.base!r})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        whole = PolyhedralComplex(self.core, self.extended, self.domain, self.stored_statistics)
        return _rebuilt, (whole, self.base, self.functionals)


def refine(base: PolyhedralComplex, functional: ArrayLike, **limits: Any) -> RefinedComplex:
    """See `PolyhedralComplex.refine`."""
    functionals = checked_functionals(functional, base.network.output_dim)
    rows = [common_denominator(row) for row in functionals.tolist()]
    extended = Network(_core.extended_network(base.network.core, rows))
    whole = polyhedral_complex(extended, base.domain, allow_high_dimension=True, **limits)
    return _rebuilt(whole, base, functionals)


def checked_functionals(functional: ArrayLike, output_dim: int) -> NDArray[np.object_]:
    """Functionals as fractions, shape (n, output_dim + 1), n >= 1, or a ValueError or TypeError."""
    array, _ = exact_array(functional, "functional")
    rows = np.atleast_2d(array)
    if array.ndim not in (1, 2) or rows.shape[1] != output_dim + 1 or len(rows) == 0:
        raise ValueError(
            f"functional has shape {array.shape}; legal: ({output_dim + 1},) or (n, {output_dim + 1}), the "
            f"coefficients of the {output_dim} outputs and then the constant"
        )
    return as_fractions(rows)


def composed(
    complex_: PolyhedralComplex, at_vertices: NDArray[np.unsignedinteger[Any]]
) -> Iterator[NDArray[Any]]:
    """Rows of bit fields at vertices, for the cells of each dimension 0..d: "or" over their vertices."""
    values = at_vertices
    yield values
    for k in range(1, complex_.dim + 1):
        indptr, indices = complex_.facets(k)
        values = np.stack([np.bitwise_or.reduceat(row[indices], indptr[:-1]) for row in values])
        yield values


def vertex_names(arrays: dict[str, NDArray[Any]], n_bits: int) -> NDArray[np.uint64]:
    """What names cells when composed: rows of both sign planes' first bits, and of the walls not touched."""
    n_words = -(-n_bits // 64)
    signs = arrays["signs"].T
    planes = np.concatenate([signs[:n_words], signs[len(signs) // 2 :][:n_words]])
    if n_bits % 64:
        planes[[n_words - 1, -1]] &= np.uint64((1 << n_bits % 64) - 1)
    not_touched = ~arrays["walls"].reshape(len(arrays["walls"]), -1).T
    names: NDArray[np.uint64] = np.concatenate([planes, not_touched])
    return names


def hashed(names: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """A 64-bit hash of each column."""
    factors = np.random.default_rng(seed).integers(2**64, size=len(names) + 1, dtype=np.uint64) | np.uint64(1)
    result = np.zeros(names.shape[1], dtype=np.uint64)
    for row, factor in zip(names, factors, strict=False):
        result = (result ^ row) * factor
        result ^= result >> np.uint64(32)
    result *= factors[-1]
    return result


def _found(
    wanted: NDArray[np.uint64], table: NDArray[np.uint64], order: NDArray[np.intp], starts: NDArray[np.intp]
) -> Carrier:
    """Where hashes of names occur in the sorted table of all base cells.

    Each wanted name is that of a base cell, and no two of these have one hash: equal hashes, equal names.
    """
    place = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    if not np.array_equal(table[place], wanted):
        raise RuntimeError("internal: a cell of a refined complex lies in no cell of its base")
    place = order[place]
    dimensions = np.searchsorted(starts, place, side="right") - 1
    return Carrier(dimensions.astype(np.int8), (place - starts[dimensions]).astype(np.int32))


def _rebuilt(
    whole: PolyhedralComplex, base: PolyhedralComplex, functionals: NDArray[np.object_]
) -> RefinedComplex:
    return RefinedComplex(
        whole.core,
        base.network,
        base.domain,
        whole.stored_statistics,
        base=base,
        functionals=functionals,
        extended=whole.network,
        slice=base.slice,
    )
