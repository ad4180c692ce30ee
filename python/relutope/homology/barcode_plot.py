"""Pictures of barcodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relutope.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relutope.homology.barcode import Barcode

KINDS = ("barcode", "diagram")


def plot(barcode: Barcode, kind: str, ax: Axes | None) -> Axes:
    """See `Barcode.plot`."""
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; legal: {', '.join(KINDS)}")
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise MissingExtraError("matplotlib", "plot", "to draw a barcode") from error
    if ax is None:
        _, ax = plt.subplots(layout="constrained")
    diagrams = [diagram[np.isfinite(diagram[:, 0])] for diagram in barcode.diagrams()]
    levels = barcode.filtration.levels[np.isfinite(barcode.filtration.levels)]
    low, high = (levels[0], levels[-1]) if levels.size else (0.0, 1.0)
    end = high + 0.05 * ((high - low) or 1.0)  # where bars that never end are drawn to
    if kind == "barcode":
        top = 0
        for k, diagram in filter(_has_bars, enumerate(diagrams)):
            bars = diagram[np.lexsort((diagram[:, 1], diagram[:, 0]))]
            places = np.arange(top, top + len(bars))
            ax.hlines(places, bars[:, 0], np.minimum(bars[:, 1], end), colors=f"C{k}", label=f"dimension {k}")
            top += len(bars)
        ax.set_yticks([])
    else:
        for k, diagram in filter(_has_bars, enumerate(diagrams)):
            ax.scatter(
                diagram[:, 0], np.minimum(diagram[:, 1], end), s=12, color=f"C{k}", label=f"dimension {k}"
            )
        ax.plot([low, end], [low, end], color="0.7", linewidth=0.8, zorder=0)
        ax.axhline(end, color="0.7", linewidth=0.8, linestyle="--", zorder=0)
        ax.set_ylabel("death (dashed line: never)")
    ax.set_xlabel("value" if kind == "barcode" else "birth")
    ax.set_title(f"{barcode.filtration.name}, over Z/{barcode.field}")
    ax.legend()
    return ax


def _has_bars(item: tuple[int, NDArray[np.float64]]) -> bool:
    return len(item[1]) > 0
