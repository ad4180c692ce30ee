"""Windows that slide over the spatial axes of a tensor: convolutions and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from relutope.loading.graph.exact_rows import Rows, concatenated, rows_from_entries, rows_from_table
from relutope.loading.graph.numbers import Numbers
from relutope.loading.graph.piecewise_ops import max_of_windows
from relutope.loading.graph.value_graph import Tensor, ValueGraph

#: A place in the padding, and one beyond it, which `ceil_mode` reaches; both less than every id.
PADDING, OUTSIDE = -2, -3

#: One integer per spatial axis, or one for all.
Sizes = int | Sequence[int]

#: Padding per spatial axis: the same on both sides, or a pair.
Pads = int | Sequence[int] | Sequence[tuple[int, int]]


def convolution(
    graph: ValueGraph,
    x: Tensor,
    weight: Numbers,
    bias: Numbers | None = None,
    stride: Sizes = 1,
    padding: Pads | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
    name: str = "conv",
) -> Tensor:
    """Cross-correlation in any number of spatial axes.

    Parameters
    ----------
    graph : ValueGraph
    x : Tensor of shape (n, channels, *spatial), or without n
    weight : ndarray of shape (n_out, channels / groups, *kernel)
    bias : ndarray of shape (n_out,), optional
    stride, dilation : int or sequence of int
    padding : int, sequence of int, sequence of (before, after), "valid" or "same"
        With "same" an odd number of zeros has the additional one at the end, as in torch.
    groups : int
    name : str
    """
    kernel = weight.shape[2:]
    n_axes = len(kernel)
    if x.ids.ndim == n_axes + 1:
        batched = convolution(
            graph, Tensor(x.ids[None]), weight, bias, stride, padding, dilation, groups, name
        )
        return Tensor(batched.ids[0])
    strides, dilations = _per_axis(stride, n_axes), _per_axis(dilation, n_axes)
    pads = _pads(padding, kernel, dilations)
    places = [
        _places(*axis, ceil_mode=False)
        for axis in zip(x.shape[2:], kernel, strides, pads, dilations, strict=True)
    ]
    if weight.shape[1] * groups != x.shape[1] or len(weight) % groups:
        raise ValueError(f"{name} has a weight of shape {weight.shape} and gets {x.shape}, groups={groups}")
    return _weighted(graph, x, weight, bias, places, groups, name)


def transposed_convolution(
    graph: ValueGraph,
    x: Tensor,
    weight: Numbers,
    bias: Numbers | None = None,
    stride: Sizes = 1,
    padding: Pads = 0,
    output_padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
    name: str = "conv_transpose",
) -> Tensor:
    """The transposed map of `convolution` along the spatial axes.

    Parameters
    ----------
    weight : ndarray of shape (channels, n_out / groups, *kernel)
    output_padding : int or sequence of int
        Places that are added at the end of each axis, which some windows reach.
    graph, x, bias, stride, padding, dilation, groups, name
        See `convolution`.
    """
    kernel = weight.shape[2:]
    n_axes = len(kernel)
    if x.ids.ndim == n_axes + 1:
        options = stride, padding, output_padding, dilation, groups, name
        return Tensor(transposed_convolution(graph, Tensor(x.ids[None]), weight, bias, *options).ids[0])
    if len(weight) != x.shape[1] or len(weight) % groups:
        raise ValueError(f"{name} has a weight of shape {weight.shape} and gets {x.shape}, groups={groups}")
    dilations = _per_axis(dilation, n_axes)
    options_by_axis = (
        _per_axis(stride, n_axes),
        _pads(padding, kernel, dilations),
        _per_axis(output_padding, n_axes),
        dilations,
    )
    axes = zip(x.shape[2:], kernel, *options_by_axis, strict=True)
    places = [_transposed_places(*axis) for axis in axes]
    blocks = weight.reshape(groups, -1, *weight.shape[1:]).swapaxes(1, 2)
    return _weighted(graph, x, blocks.reshape(-1, *blocks.shape[2:]), bias, places, groups, name)


def _weighted(
    graph: ValueGraph,
    x: Tensor,
    weight: Numbers,
    bias: Numbers | None,
    places: Sequence[NDArray[np.int64]],
    groups: int,
    name: str,
) -> Tensor:
    """Windows of `x` times a weight (n_out, channels / groups, *kernel)."""
    seen = _windows(x.ids, places)
    n_out, n_in, *kernel = weight.shape
    out_shape = seen.shape[2 : 2 + len(kernel)]
    table = weight.reshape(groups, n_out // groups, -1)
    biases = (np.zeros(n_out) if bias is None else bias).reshape(groups, -1)
    parts = []
    for sample in seen:
        for group in range(groups):
            block = sample[group * n_in : (group + 1) * n_in].reshape(n_in, prod(out_shape), prod(kernel))
            ids = block.transpose(1, 0, 2).reshape(prod(out_shape), -1)
            parts.append(rows_from_table(ids, table[group], biases[group], positions_first=False))
    return graph.add("linear", concatenated(parts), (len(x.ids), n_out, *out_shape), name)


def average_pool(
    graph: ValueGraph,
    x: Tensor,
    kernel: Sizes,
    stride: Sizes | None = None,
    padding: Pads = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor: int | None = None,
    n_axes: int = 2,
    name: str = "avg_pool",
) -> Tensor:
    """Means of windows, exactly, with the counts that torch divides by.

    The windows are those of `max_pool`. `divisor` replaces the count; without it the count is that of the
    places within the input and, if `count_include_pad`, the padding, but not of those beyond it.
    """
    if divisor is not None and divisor < 1:
        raise ValueError(f"{name} has the divisor {divisor}; legal: >= 1")
    seen = _pool_windows(x, kernel, stride, padding, 1, ceil_mode, n_axes)
    flat = seen.reshape(prod(seen.shape[:-n_axes]), -1)
    counts = np.count_nonzero(flat > (OUTSIDE if count_include_pad else PADDING), axis=1)
    return _means(
        graph, flat, counts if divisor is None else np.full_like(counts, divisor), seen, n_axes, name
    )


def adaptive_average_pool(
    graph: ValueGraph, x: Tensor, output_size: Sequence[int | None], name: str = "adaptive_avg_pool"
) -> Tensor:
    """Means of windows that divide the last axes into `output_size` parts; None keeps an axis."""
    seen = _adaptive_windows(x, output_size)
    n_axes = len(output_size)
    flat = seen.reshape(prod(seen.shape[:-n_axes]), -1)
    return _means(graph, flat, np.count_nonzero(flat > PADDING, axis=1), seen, n_axes, name)


def max_pool(
    graph: ValueGraph,
    x: Tensor,
    kernel: Sizes,
    stride: Sizes | None = None,
    padding: Pads = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    n_axes: int = 2,
    name: str = "max_pool",
) -> Tensor:
    """Maxima of windows over the last `n_axes` axes; padding takes no part."""
    seen = _pool_windows(x, kernel, stride, padding, dilation, ceil_mode, n_axes)
    flat = seen.reshape(prod(seen.shape[:-n_axes]), -1)
    return max_of_windows(graph, flat, seen.shape[:-n_axes], name)


def adaptive_max_pool(
    graph: ValueGraph, x: Tensor, output_size: Sequence[int | None], name: str = "adaptive_max_pool"
) -> Tensor:
    """Maxima of windows that divide the last axes into `output_size` parts; None keeps an axis."""
    seen = _adaptive_windows(x, output_size)
    n_axes = len(output_size)
    flat = seen.reshape(prod(seen.shape[:-n_axes]), -1)
    return max_of_windows(graph, flat, seen.shape[:-n_axes], name)


def _means(
    graph: ValueGraph,
    flat: NDArray[np.int64],
    counts: NDArray[np.int64],
    seen: NDArray[np.int64],
    n_axes: int,
    name: str,
) -> Tensor:
    known, which = np.unique(counts, return_inverse=True)
    if (known == 0).any():
        raise ValueError(f"{name} has a window without elements; legal: windows that meet the input")
    ids = np.sort(flat, axis=1)
    if ((ids[:, 1:] == ids[:, :-1]) & (ids[:, 1:] >= 0)).any():  # values that a window sees twice add up
        shares = np.empty(len(known), dtype=object)
        shares[:] = [Fraction(1, count) for count in known.tolist()]
        weights = np.repeat(shares[which.ravel()], flat.shape[1])
        row = np.repeat(np.arange(len(flat), dtype=np.int64), flat.shape[1])
        rows = rows_from_entries(len(flat), row, flat.ravel(), weights, np.zeros(len(flat)))
    else:
        rows = _shares(ids, counts)
    return graph.add("linear", rows, seen.shape[:-n_axes], name)


def _shares(ids: NDArray[np.int64], counts: NDArray[np.int64]) -> Rows:
    """One over the count times the sum of each row of ids that are not negative."""
    keep = ids >= 0
    sizes = np.count_nonzero(keep, axis=1)
    rational = {
        row: ([1] * size + [0], count)
        for row, (size, count) in enumerate(zip(sizes.tolist(), counts.tolist(), strict=True))
        if count & (count - 1) and size
    }
    values = np.repeat(1 / counts, sizes)
    return Rows(np.append(0, np.cumsum(sizes)), ids[keep], values, np.zeros(len(ids)), rational)


def _pool_windows(
    x: Tensor,
    kernel: Sizes,
    stride: Sizes | None,
    padding: Pads,
    dilation: Sizes,
    ceil_mode: bool,
    n_axes: int,
) -> NDArray[np.int64]:
    """Windows of shape (..., *out, *kernel) over the last axes of an array (..., *spatial)."""
    kernels = _per_axis(kernel, n_axes)
    strides = kernels if stride is None or stride == [] else _per_axis(stride, n_axes)
    dilations = _per_axis(dilation, n_axes)
    pads = _pads(padding, kernels, dilations)
    axes = zip(x.shape[-n_axes:], kernels, strides, pads, dilations, strict=True)
    places = [_places(*axis, ceil_mode=ceil_mode) for axis in axes]
    seen = _windows(x.ids.reshape(-1, 1, *x.shape[-n_axes:]), places)
    return seen.reshape(*x.shape[:-n_axes], *seen.shape[2:])


def _adaptive_windows(x: Tensor, output_size: Sequence[int | None]) -> NDArray[np.int64]:
    n_axes = len(output_size)
    places = []
    for size, wanted in zip(x.shape[-n_axes:], output_size, strict=True):
        n_out = size if wanted is None else wanted
        if n_out < 1:
            raise ValueError(f"it has the output_size {list(output_size)}; legal: integers >= 1")
        starts = np.arange(n_out) * size // n_out
        ends = -(-(np.arange(n_out) + 1) * size // n_out)
        table = starts[:, None] + np.arange((ends - starts).max())
        places.append(np.where(table < ends[:, None], table, OUTSIDE))
    seen = _windows(x.ids.reshape(-1, 1, *x.shape[-n_axes:]), places)
    return seen.reshape(*x.shape[:-n_axes], *seen.shape[2:])


def _places(
    size: int, kernel: int, stride: int, pads: tuple[int, int], dilation: int, ceil_mode: bool
) -> NDArray[np.int64]:
    """Along one axis the places (n_out, kernel) that each window sees; a `ceil_mode` as in torch."""
    before, after = pads
    room = size + before + after - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError(f"a window of {kernel} places does not fit an axis of {size} with padding {pads}")
    n_out = (room + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (n_out - 1) * stride >= size + before:
        n_out -= 1  # the last window would start in the padding
    starts = np.arange(n_out)[:, None] * stride - before
    table = starts + np.arange(kernel) * dilation
    table = np.where(table >= size + after, OUTSIDE, np.where((table < 0) | (table >= size), PADDING, table))
    return table.astype(np.int64)


def _transposed_places(
    size: int, kernel: int, stride: int, pads: tuple[int, int], more: int, dilation: int
) -> NDArray[np.int64]:
    """Places (n_out, kernel) along one axis: i where o = stride i + dilation t - pad, output o, tap t."""
    before, after = pads
    n_out = (size - 1) * stride + dilation * (kernel - 1) + 1 + more - before - after
    if n_out < 1:
        raise ValueError(f"an axis of {size} with padding {pads} leaves {n_out} places; legal: at least 1")
    table, rest = np.divmod(np.arange(n_out)[:, None] + before - np.arange(kernel) * dilation, stride)
    return np.where((rest == 0) & (table >= 0) & (table < size), table, PADDING).astype(np.int64)


def _windows(ids: NDArray[np.int64], places: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Ids (n, c, *out, *kernel) that the windows see in ids (n, c, *spatial)."""
    n_axes = len(places)
    for number, table in enumerate(places):
        axis = 2 + 2 * number
        ids = ids.take(table.clip(0), axis=axis)
        marks = np.where(table < 0, table, np.iinfo(np.int64).max)
        ids = np.minimum(ids, marks.reshape(*table.shape, *(1,) * (n_axes - number - 1)))
    order = (0, 1, *range(2, 2 + 2 * n_axes, 2), *range(3, 3 + 2 * n_axes, 2))
    return ids.transpose(order)


def _per_axis(sizes: Sizes, n_axes: int) -> tuple[int, ...]:
    if isinstance(sizes, int):
        return (sizes,) * n_axes
    values = tuple(int(size) for size in sizes)
    return values * n_axes if len(values) == 1 else values


def _pads(padding: Pads | str, kernel: Sequence[int], dilation: Sequence[int]) -> list[tuple[int, int]]:
    if padding == "valid":
        padding = 0
    if padding == "same":
        spans = [size * (count - 1) for size, count in zip(dilation, kernel, strict=True)]
        return [(span // 2, span - span // 2) for span in spans]
    assert not isinstance(padding, str)
    if isinstance(padding, int):
        return [(padding, padding)] * len(kernel)
    pairs = [(pad, pad) if isinstance(pad, int) else (int(pad[0]), int(pad[1])) for pad in padding]
    return pairs * len(kernel) if len(pairs) == 1 else pairs
