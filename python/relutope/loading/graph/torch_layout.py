"""Torch's operations that only move elements: torch runs them itself, on the tensors of ids.

Views share memory with what they view there as they do in the module, so that in-place operations reach
all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relutope.loading.graph.layout_ops import pad
from relutope.loading.graph.numbers import Numbers, fractions
from relutope.loading.graph.value_graph import Tensor, ValueGraph

if TYPE_CHECKING:
    import torch


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


#: Operations whose results hold elements of their arguments and nothing else.
LAYOUT = words(
    """alias cat channel_shuffle chunk clone concat contiguous detach diagonal dstack expand
    expand_as flatten flip gather hstack index index_select lift_fresh_copy moveaxis movedim narrow
    numpy_T permute pixel_shuffle pixel_unshuffle ravel repeat repeat_interleave reshape reshape_as
    roll rot90 select select_scatter slice slice_scatter split split_with_sizes squeeze stack
    swapaxes t tensor_split tile transpose unbind unflatten unfold unsqueeze view view_as vstack"""
)

#: The same for operations that torch has for floating point only.
FLOAT_LAYOUT = frozenset({"upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d"})

#: Operations that make tensors of which only the shape of their arguments matters.
FACTORIES = words(
    """arange empty_like eye full full_like new_full new_ones new_zeros ones ones_like scalar_tensor
    zeros zeros_like"""
)


def moved(graph: ValueGraph, target: Any, name: str, args: Any, kwargs: Any) -> Any:
    """What a layout operation makes of tensors, constants, or both (then constants become values)."""
    import torch

    leaves = list(leaves_of([args, kwargs]))
    if any(isinstance(leaf, Tensor) for leaf in leaves):

        def ids(leaf: Any) -> Any:
            if isinstance(leaf, np.ndarray):
                leaf = graph.constant(leaf)
            if not isinstance(leaf, Tensor):
                return leaf
            table = torch.from_numpy(leaf.ids)
            return table.double() if name in FLOAT_LAYOUT else table

        result = target(*mapped(ids, args), **mapped(ids, kwargs))
        return mapped(lambda leaf: Tensor(leaf.long().numpy()) if torch.is_tensor(leaf) else leaf, result)
    arrays = [leaf for leaf in leaves if isinstance(leaf, np.ndarray)]
    if not arrays:  # integers, such as indices
        return target(*args, **kwargs)
    starts = np.cumsum([0, *(array.size for array in arrays)])
    exact = any(array.dtype == object for array in arrays)
    flat = np.concatenate([(fractions(array) if exact else array).ravel() for array in arrays])
    numbered = {id(array): start for array, start in zip(arrays, starts.tolist(), strict=False)}

    def places(leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray):
            return leaf
        start = numbered[id(leaf)]
        return torch.arange(start, start + leaf.size).reshape(leaf.shape)

    result = target(*mapped(places, args), **mapped(places, kwargs))
    return mapped(lambda leaf: flat[leaf.numpy()] if torch.is_tensor(leaf) else leaf, result)


def made(target: Any, args: Any, kwargs: Any) -> Any:
    """What a factory makes: exact numbers, or a tensor of integers or booleans."""
    import torch

    def blank(leaf: Any) -> Any:
        if isinstance(leaf, (Tensor, np.ndarray)):
            return torch.zeros(leaf.shape, dtype=torch.float64)
        return leaf

    result = target(*mapped(blank, args), **mapped(blank, kwargs))
    return result.double().numpy() if result.is_floating_point() else result


def padded(graph: ValueGraph, x: Tensor, pads: list[int], mode: str, value: float | None) -> Tensor:
    """`torch.nn.functional.pad`, whose pairs begin with the last axis."""
    pairs = list(zip(pads[0::2], pads[1::2], strict=True))
    axes = [(0, 0)] * (x.ids.ndim - len(pairs)) + pairs[::-1]
    return pad(graph, x, axes, mode, 0.0 if value is None else float(value))


def mapped(function: Any, tree: Any) -> Any:
    """A function on all leaves of lists, tuples and dicts."""
    if isinstance(tree, (list, tuple)):
        return type(tree)(mapped(function, item) for item in tree)
    if isinstance(tree, dict):
        return {key: mapped(function, item) for key, item in tree.items()}
    return function(tree)


def leaves_of(tree: Any) -> Iterator[Any]:
    """All leaves of lists, tuples and dicts."""
    if isinstance(tree, (list, tuple)):
        for item in tree:
            yield from leaves_of(item)
    elif isinstance(tree, dict):
        yield from leaves_of(list(tree.values()))
    else:
        yield tree


def numbers_of(tensor: torch.Tensor) -> Numbers:
    """A dense real tensor as exact numbers."""
    array: NDArray[Any] = tensor.detach().cpu().double().contiguous().numpy()
    return array


def as_numbers(value: Any) -> Any:
    """A number or a torch tensor as exact numbers, anything else as it is."""
    import torch

    if isinstance(value, torch.Tensor):
        return numbers_of(value)
    return np.asarray(value, dtype=np.float64) if isinstance(value, (int, float)) else value
