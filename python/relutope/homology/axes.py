"""Where the pictures of homology are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relutope.arguments import checked_axes
from relutope.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def checked_or_new_axes(ax: Axes | None, purpose: str) -> Axes:
    """The Axes that were given, or those of a new figure.

    Raises
    ------
    TypeError
        If it is neither Axes nor None.
    relutope.MissingExtraError
        If matplotlib, which is needed for the purpose, is not installed.
    """
    try:
        checked_axes(ax)
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", purpose) from None
    if ax is None:
        import matplotlib.pyplot as plt  # which chooses a backend, so not before it is needed

        ax = plt.subplots(layout="constrained")[1]
    return ax
