"""Pictures of barcodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relutope.arguments import checked_word
from relutope.homology.axes import checked_or_new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relutope.homology.barcode import Barcode

KINDS = ("barcode", "diagram")


def plot(barcode: Barcode, kind: str, ax: Axes | None) -> Axes:
    """See `Barcode.plot`."""
    checked_word(kind, "kind", KINDS)
    ax = checked_or_new_axes(ax, "to draw a barcode")
    levels = barcode.filtration.levels[np.isfinite(barcode.filtration.levels)]
    low, high = (levels[0], levels[-1]) if levels.size else (0.0, 1.0)
    margin = 0.05 * ((high - low) or 1.0)
    begin, end = low - margin, high + margin  # where -inf and inf are drawn
    diagrams = [np.clip(diagram, begin, end) for diagram in barcode.diagrams()]
    if kind == "barcode":
        top = 0
        for k, diagram in filter(_has_bars, enumerate(diagrams)):
            bars = diagram[np.lexsort((diagram[:, 1], diagram[:, 0]))]
            places = np.arange(top, top + len(bars))
            ax.hlines(places, bars[:, 0], bars[:, 1], colors=f"C{k}", label=f"dimension {k}")
            top += len(bars)
        ax.set_yticks([])
    else:
        for k, diagram in filter(_has_bars, enumerate(diagrams)):
            ax.scatter(diagram[:, 0], diagram[:, 1], s=12, color=f"C{k}", label=f"dimension {k}")
        ax.plot([low, end], [low, end], color="0.7", linewidth=0.8, zorder=0)
        ax.axhline(end, color="0.7", linewidth=0.8, linestyle="--", zorder=0)
        ax.set_ylabel("death (dashed line: never)")
    ax.set_xlabel("value" if kind == "barcode" else "birth")
    ax.set_title(f"{barcode.filtration.name}, over Z/{barcode.field}")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def _has_bars(item: tuple[int, NDArray[np.float64]]) -> bool:
    return len(item[1]) > 0
