"""Complexes cut by the zero sets of affine functionals of the outputs."""

from __future__ import annotations

import itertools
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
from relutope.domains import core_domain
from relutope.network import Network
from relutope.progress import Poll, reporting
from relutope.subdivision import checked_limits


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
    carriers : tuple of Carrier
        By dimension, of all cells; see `carrier`.
    """

    base: PolyhedralComplex = field(kw_only=True)
    functionals: NDArray[np.object_] = field(kw_only=True)
    extended: Network = field(kw_only=True)
    carriers: tuple[Carrier, ...] = field(kw_only=True)

    def sign_vectors(self, k: int, ids: ArrayLike | None = None) -> NDArray[np.int8]:
        """As of the base, without the functionals; cells that a functional parts have equal ones."""
        return np.ascontiguousarray(super().sign_vectors(k, ids)[:, : self.network.n_signs])

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
        found = self.carriers[k]
        if ids is None:
            return found
        chosen = checked_ids(ids, self.counts[k], f"cells of dimension {k}")
        return Carrier(found.dimensions[chosen], found.ids[chosen])

    def vertex_functional_codes(self, ids: NDArray[np.signedinteger[Any]] | None = None) -> NDArray[np.uint8]:
        """Signs of the functionals (rows) at vertices (columns; default: all): 1 for +, 2 for -, 0 for 0."""
        arrays = self.core.to_arrays()
        signs = arrays["signs"] if ids is None else arrays["signs"][ids]
        first = self.network.n_signs
        words = signs.shape[1] // 2
        rows = np.empty((len(self.functionals), len(signs)), dtype=np.uint8)
        for row, neuron in zip(rows, itertools.count(first)):
            bit, constant = int(arrays["code_bit"][neuron]), int(arrays["code_constant"][neuron])
            if bit < 0:
                row[:] = (0, 1, 2)[constant]
                continue
            planes = [
                signs[:, word] >> np.uint64(bit % 64) & np.uint64(1)
                for word in (bit // 64, words + bit // 64)
            ]
            up, down = planes[:: -1 if arrays["code_flipped"][neuron] else 1]
            row[:] = up | down << np.uint64(1)
        return rows

    @cached_property
    def _functional_codes(self) -> list[NDArray[np.uint8]]:
        """Per dimension the signs of functionals (rows) on cells (columns), coded likewise."""
        return _core.composed(self.core, self.vertex_functional_codes(), False)

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
        return _rebuilt, (whole, self.base, self.functionals, self.carriers)


def refine(
    base: PolyhedralComplex,
    functional: ArrayLike,
    *,
    n_threads: int | None = None,
    max_cells: int | None = None,
    max_seconds: float | None = None,
    max_bytes: int | None = None,
    progress: bool | Poll | None = False,
) -> RefinedComplex:
    """See `PolyhedralComplex.refine`."""
    functionals = checked_functionals(functional, base.network.output_dim)
    rows = [common_denominator(row) for row in functionals.tolist()]
    extended = Network(_core.extended_network(base.network.core, rows))
    limits = checked_limits(n_threads, max_cells, max_seconds, max_bytes)
    with reporting(progress) as poll:
        core, carriers = _core.refined_complex(
            base.core,
            extended.core,
            core_domain(base.domain, base.dim),
            *limits,
            poll,
            base.statistics["folded"]["layers"] > 0,
        )
    whole = PolyhedralComplex(core, extended, base.domain)
    return _rebuilt(whole, base, functionals, tuple(Carrier(*arrays) for arrays in carriers))


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


def _rebuilt(
    whole: PolyhedralComplex,
    base: PolyhedralComplex,
    functionals: NDArray[np.object_],
    carriers: tuple[Carrier, ...],
) -> RefinedComplex:
    return RefinedComplex(
        whole.core,
        base.network,
        base.domain,
        whole.stored_statistics,
        base=base,
        functionals=functionals,
        extended=whole.network,
        carriers=carriers,
        slice=base.slice,
    )
