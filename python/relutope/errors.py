"""The exceptions of relutope that are not Python's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class IncompleteError(RuntimeError):
    """A limit or Ctrl-C ended a computation before it was whole; no partial result is returned.

    Attributes
    ----------
    message : str
    reason : str
        ``"max_cells"``, ``"max_seconds"``, ``"max_bytes"``, ``"interrupt"``, or ``"executor"`` if that broke.
    progress : dict
        How far it got: ``layer`` (from 0) of ``n_layers`` hidden ones, ``dimension`` and ``cells`` of that
        layer, ``bytes`` held, ``seconds``; of a series ``checkpoints`` of ``n_checkpoints``.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> try:
    ...     relutope.polyhedral_complex(network, (-1, 1), max_cells=5)
    ... except relutope.IncompleteError as error:
    ...     error.reason
    'max_cells'
    """

    def __init__(self, message: str, reason: str = "", progress: Mapping[str, Any] | None = None) -> None:
        self.message = message
        self.reason = reason
        self.progress = dict(progress or {})
        super().__init__(message, reason, self.progress)  # all of them, so that the exception pickles

    def __str__(self) -> str:
        return self.message


class MissingExtraError(ImportError):
    """An optional dependency is not installed.

    Parameters
    ----------
    package : str
        The import that failed.
    extra : str
        The extra of relutope that brings it.
    purpose : str
        What it is needed for.

    Examples
    --------
    >>> from relutope import MissingExtraError
    >>> print(MissingExtraError("matplotlib", "plot", "to draw a complex"))
    matplotlib is needed to draw a complex: pip install 'relutope[plot]'
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{package} is needed {purpose}: pip install 'relutope[{extra}]'", name=package)
        self.extra = extra
