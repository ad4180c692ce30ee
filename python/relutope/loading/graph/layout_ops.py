"""Operations that only move elements: padding and joining tensors of a graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relutope.loading.graph.numbers import Numbers, uniform
from relutope.loading.graph.value_graph import ZERO, Tensor, ValueGraph

#: Names of torch and ONNX for ways to pad, and numpy's.
PAD_MODES = {"reflect": "reflect", "replicate": "edge", "edge": "edge", "circular": "wrap", "wrap": "wrap"}


def as_tensor(graph: ValueGraph, x: Tensor | Numbers) -> Tensor:
    """A tensor as it is, constants as rows without nonzeros."""
    return x if isinstance(x, Tensor) else graph.constant(np.asarray(x))


def concatenate(graph: ValueGraph, parts: Sequence[Tensor | Numbers], axis: int) -> Tensor:
    """Join along an axis."""
    return Tensor(np.concatenate([as_tensor(graph, part).ids for part in parts], axis=axis))


def stack(graph: ValueGraph, parts: Sequence[Tensor | Numbers], axis: int) -> Tensor:
    """Join along a new axis."""
    return Tensor(np.stack([as_tensor(graph, part).ids for part in parts], axis=axis))


def select(
    graph: ValueGraph, condition: NDArray[np.bool_], left: Tensor | Numbers, right: Tensor | Numbers
) -> Tensor | Numbers:
    """Elements of `left` where a constant condition holds, else of `right`, all broadcast."""
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return Tensor(np.where(condition, as_tensor(graph, left).ids, as_tensor(graph, right).ids))
    return np.where(condition, *uniform([left, right]))


def pad(
    graph: ValueGraph,
    x: Tensor,
    pads: Sequence[tuple[int, int]],
    mode: str = "constant",
    value: float = 0.0,
) -> Tensor:
    """Pad by (before, after) per axis; a negative pad cuts off."""
    cuts = tuple(
        slice(max(0, -before), size - max(0, -after))
        for (before, after), size in zip(pads, x.shape, strict=True)
    )
    ids = x.ids[cuts]
    widths = [(max(0, before), max(0, after)) for before, after in pads]
    if mode != "constant":
        if mode not in PAD_MODES:
            raise ValueError(f"pad has mode {mode!r}; legal: constant, {', '.join(PAD_MODES)}")
        return Tensor(np.pad(ids, widths, mode=PAD_MODES[mode]))  # type: ignore[call-overload]
    filler = ZERO if value == 0 else int(graph.constant(np.array([value])).ids[0])
    return Tensor(np.pad(ids, widths, constant_values=filler))
