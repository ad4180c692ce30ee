"""Pictures of series and of lifetimes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relutope.arguments import checked_axes, checked_count, checked_word
from relutope.errors import MissingExtraError
from relutope.training.series import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relutope.training.lifetimes import Lifetimes

LINE_STYLES = ("-", "--", ":", "-.")
SCALES = ("linear", "log", "symlog")
#: Keys that say where something was measured, not what.
NOT_DRAWN = ("half_widths",)


def _pyplot(purpose: str) -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", purpose) from None
    return plt


def plot_series(
    series: Sequence[Series],
    keys: str | Iterable[str] | None,
    labels: Sequence[str] | None,
    axes: Any,
    scale: str,
) -> NDArray[Any]:
    """See `Series.plot`."""
    plt = _pyplot("to draw a series")
    checked_word(scale, "scale", SCALES)
    first = series[0]
    for other in series[1:]:
        first.require_same_domain(other)
    names = _drawn_keys(series, keys)
    if labels is not None and len(labels) != len(series):
        raise ValueError(f"labels has {len(labels)} entries; legal: {len(series)}, one per series")
    if axes is None:
        size = (7.0, 1.0 + 1.7 * len(names))
        _, axes = plt.subplots(len(names), 1, sharex=True, squeeze=False, figsize=size, layout="constrained")
    rows = np.atleast_1d(np.asarray(axes, dtype=object)).reshape(-1)
    if len(rows) != len(names):
        raise ValueError(f"axes has {len(rows)} entries; legal: {len(names)}, one per key")
    for ax, key in zip(rows, names, strict=True):
        checked_axes(ax)
        for place, one in enumerate(series):
            name = labels[place] if labels is not None else ""
            _draw_column(ax, one, key, name, LINE_STYLES[place % len(LINE_STYLES)])
        ax.set_title(key.replace("_", " "), loc="left", fontsize="medium")
        ax.margins(y=0.12)
        ax.grid(axis="y", color="0.9")
        ax.set_xscale(scale)
        if ax.get_legend_handles_labels()[0]:
            ax.legend(fontsize="x-small", loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    rows[-1].set_xlabel("step")
    return rows


def _drawn_keys(series: Sequence[Series], keys: str | Iterable[str] | None) -> list[str]:
    legal = [key for key in series[0].shown_keys() if all(key in one.shown_keys() for one in series)]
    if keys is None:
        names = [key for key in legal if key not in NOT_DRAWN]
    else:
        names = [keys] if isinstance(keys, str) else list(keys)
    for key in names:
        if key not in legal:
            raise ValueError(f"keys has {key!r}; legal: {', '.join(legal) or 'none, nothing can be drawn'}")
    if not names:
        raise ValueError("there is nothing to draw; legal: series with numbers or arrays of one shape")
    return names


def _draw_column(ax: Axes, series: Series, key: str, name: str, style: str) -> None:
    steps, column = series.steps, series[key]
    marker = "o" if len(steps) <= 60 else ""
    if column.ndim == 1:
        ax.plot(steps, column, style, marker=marker, markersize=3, color="C0", label=name or None)
        return
    entries = [f"[{entry}]" for entry in range(column.shape[1])]
    if key == "near_data_regions" and len(widths := np.unique(series["half_widths"], axis=0)) == 1:
        entries = [f"{width:g} x data box" for width in widths[0]]
    for entry in range(column.shape[1]):
        label = f"{name} {entries[entry]}".strip() if column.shape[1] > 1 else name or None
        ax.plot(steps, column[:, entry], style, marker=marker, markersize=3, color=f"C{entry}", label=label)


def plot_counts_near_data(series: Series, ax: Axes | None) -> Axes:
    """See `Series.plot_counts_near_data`."""
    plt = _pyplot("to draw region counts")
    checked_axes(ax)
    if "near_data_regions" not in series.shown_keys():
        raise ValueError("the series has no region counts near data; legal: one with counts_near_data")
    widths, counts = series["half_widths"], series["near_data_regions"]
    if ax is None:
        _, ax = plt.subplots(layout="constrained")
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.92, max(len(series), 1)))
    named = set(np.linspace(0, len(series) - 1, min(len(series), 8)).round().astype(int).tolist())
    for place, step in enumerate(series.steps.tolist()):
        label = f"step {step}" if place in named else None
        ax.plot(widths[place], counts[place], "o-", markersize=3, color=colors[place], label=label)
    ax.axvline(1.0, color="0.6", linewidth=0.8, linestyle=":")
    ax.text(
        1.0, 1.0, " data box", transform=ax.get_xaxis_transform(), fontsize="small", color="0.4", va="top"
    )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("half-width of the box, that of the data being 1")
    ax.set_ylabel("regions that meet the box")
    ax.legend(fontsize="small", frameon=False)
    return ax


def plot_lifetimes(lifetimes: Lifetimes, ax: Axes | None, max_bars: int, scale: str) -> Axes:
    """See `Lifetimes.plot`."""
    plt = _pyplot("to draw lifetimes")
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LogNorm

    checked_axes(ax)
    max_bars = checked_count(max_bars, "max_bars")
    checked_word(scale, "scale", SCALES)
    if ax is None:
        _, ax = plt.subplots(layout="constrained")
    largest = np.maximum.reduceat(lifetimes.volumes, lifetimes.indptr[:-1])
    chosen = np.sort(np.argsort(-largest, kind="stable")[:max_bars])
    steps = lifetimes.steps.astype(np.float64)
    # Bars that do not end go beyond the last step by as much as the axis is padded.
    margin = 0.05 * max(steps[-1] - steps[0], 1.0)
    births = lifetimes.births[chosen].astype(np.float64)
    deaths = np.where(np.isinf(lifetimes.deaths), steps[-1] + margin, lifetimes.deaths)[chosen]
    order = np.lexsort((deaths, births))
    ends = np.stack([births[order], deaths[order]], axis=1)
    heights = np.arange(len(chosen))
    segments = np.stack([ends, np.repeat(heights[:, None], 2, axis=1)], axis=2)
    colors = largest[chosen][order]
    finite = colors[np.isfinite(colors) & (colors > 0)]
    norm = LogNorm(finite.min(), finite.max()) if finite.size and finite.min() < finite.max() else None
    thickness = float(np.clip(180 / max(len(chosen), 1), 0.4, 5.0))
    lines = LineCollection(list(segments), array=np.where(np.isfinite(colors), colors, np.nan), norm=norm)
    cmap = plt.get_cmap("viridis").with_extremes(bad="0.6")  # bad: unbounded
    lines.set(linewidth=thickness, cmap=cmap, capstyle="butt")
    ax.add_collection(lines)
    if norm is not None:
        ax.figure.colorbar(lines, ax=ax, label="largest volume")
    ax.set_xscale(scale)
    ax.set_xlim(steps[0] - margin if scale == "linear" else None, steps[-1] + margin)
    ax.set_ylim(len(chosen), -1)
    ax.set_xlabel("step")
    ax.set_ylabel("activation patterns, by birth and death")
    shown = f"{len(chosen):,} largest of " if len(chosen) < len(lifetimes) else ""
    ax.set_title(f"{shown}{len(lifetimes):,} bars of {len(lifetimes.packed_patterns):,} patterns")
    return ax
