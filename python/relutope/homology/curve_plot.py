"""Pictures of Betti curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relutope.homology.axes import checked_or_new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relutope.homology.curves import BettiCurves


def plot(curves: BettiCurves, ax: Axes | None) -> Axes:
    """See `BettiCurves.plot`."""
    ax = checked_or_new_axes(ax, "to draw Betti curves")
    for k in range(len(curves.counts)):
        mean, std = curves.mean[:, k], np.nan_to_num(curves.std[:, k])
        if k == len(curves.counts) - 1 and not mean.any():
            continue  # nothing of full dimension closes up in a ball
        ax.plot(curves.grid, mean, color=f"C{k}", label=rf"$\beta_{k}$")
        ax.fill_between(curves.grid, mean - std, mean + std, color=f"C{k}", alpha=0.25, linewidth=0)
    ax.set_xlabel("value of the filtration")
    ax.set_ylabel("Betti number")
    plural = "s" if curves.n_orderings > 1 else ""
    ax.set_title(f"{curves.filtration}: {curves.n_orderings} ordering{plural} of {curves.n_cells:,} cells")
    ax.legend()
    return ax
