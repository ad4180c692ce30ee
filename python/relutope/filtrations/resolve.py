"""What an argument ``filtration=`` means."""

from __future__ import annotations

from typing import Any

from relutope.chains import as_cell_complex
from relutope.filtrations.filtration import Filtration
from relutope.filtrations.of_network import absolute_output, neuron_order, output
from relutope.filtrations.random import RANDOM, random

OF_NETWORK = {"output": output, "absolute_output": absolute_output, "neuron_order": neuron_order}

#: Names that stand for a filtration.
NAMES = (*RANDOM, *OF_NETWORK)

NEED_DATA = ("data_count", "distance", "values")


def as_filtration(complex: Any, filtration: Any, rng: Any = None) -> Filtration:
    """A filtration of a complex from itself or its name.

    Parameters
    ----------
    complex : PolyhedralComplex, Subcomplex or CellComplex
    filtration : Filtration or str
    rng : None, int, SeedSequence, BitGenerator or Generator
        Of the random ones.

    Raises
    ------
    ValueError
        If a name is unknown or needs data, or a filtration is that of another complex.
    TypeError
        If `filtration` is neither, or `complex` is none or has no network where one is needed.
    """
    if isinstance(filtration, Filtration):
        if not filtration.belongs_to(complex):
            raise ValueError(f"filtration is {filtration!r}; legal: one of {complex!r}")
        return filtration
    check_name(filtration)
    check_not_empty(complex)
    if filtration in RANDOM:
        return random(complex, filtration, rng)
    return OF_NETWORK[filtration](complex)


def check_not_empty(complex: Any) -> None:
    """ValueError if it has no cells."""
    if as_cell_complex(complex).n_cells == 0:
        raise ValueError("complex is empty; legal: at least one cell")


def check_name(filtration: Any) -> None:
    """TypeError or ValueError unless it is one of `NAMES`."""
    if not isinstance(filtration, str):
        raise TypeError(f"filtration is {filtration!r}; legal: a Filtration or one of {', '.join(NAMES)}")
    if filtration in NEED_DATA:
        raise ValueError(
            f"filtration is {filtration!r}, which needs data; legal: relutope.filtrations.* (data)"
        )
    if filtration not in NAMES:
        raise ValueError(f"filtration is {filtration!r}; legal: {', '.join(NAMES)}, or a Filtration")
