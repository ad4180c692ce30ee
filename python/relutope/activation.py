"""From sign vectors to activation patterns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope import _core


def active_signs(network: _core.Network, signs: NDArray[Any]) -> NDArray[np.bool_]:
    """Which ReLU neurons are on, and which entries of max rows are largest, shape (n, at most n_signs).

    A neuron is on where its sign is 1, an entry is a largest one where its sign is 0.
    """
    active = signs > 0
    entries = np.flatnonzero(network.is_entry())
    active[:, entries] = signs[:, entries] == 0
    return np.ascontiguousarray(active)
