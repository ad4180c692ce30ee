"""Weights and biases as a caller passes them: taken exactly, their shapes checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.coefficients import exact_array, require_float_range


def checked_layers(
    weights: Sequence[ArrayLike], biases: Sequence[ArrayLike | None] | None
) -> tuple[list[tuple[NDArray[Any], NDArray[Any]]], list[str]]:
    """Exact (weight, bias) arrays with shapes that chain, and the names of their dtypes.

    Raises
    ------
    TypeError, ValueError
        See `relutope.Network.from_arrays`.
    """
    weights = _sequence(weights, "weights")
    biases = [None] * len(weights) if biases is None else _sequence(biases, "biases")
    if not weights:
        raise ValueError("weights is empty; legal: at least one layer")
    if len(biases) != len(weights):
        raise ValueError(
            f"biases has {len(biases)} entries and weights has {len(weights)}; legal: one bias (or None) "
            "per weight"
        )
    layers: list[tuple[NDArray[Any], NDArray[Any]]] = []
    dtypes: list[str] = []
    for place, (weight_like, bias_like) in enumerate(zip(weights, biases, strict=True)):
        weight, dtype = exact_array(weight_like, f"weights[{place}]")
        width = layers[-1][0].shape[0] if layers else None
        _check_weight(weight, place, width)
        bias, bias_dtype = exact_array(
            np.zeros(len(weight)) if bias_like is None else bias_like, f"biases[{place}]"
        )
        if bias.shape != (len(weight),):
            hint = _transpose_hint(weight, bias.shape[0] if bias.ndim == 1 else -1, width)
            raise ValueError(
                f"biases[{place}] has shape {bias.shape}; legal: ({len(weight)},), one number per row of "
                f"weights[{place}]{hint}"
            )
        require_float_range(weight, f"weights[{place}]")
        require_float_range(bias, f"biases[{place}]")
        layers.append((weight, bias))
        dtypes += [dtype] if bias_like is None else [dtype, bias_dtype]
    return layers, list(dict.fromkeys(dtypes))


def _sequence(values: Any, name: str) -> list[Any]:
    try:
        return list(values)
    except TypeError:
        kind = type(values).__name__
        raise TypeError(f"{name} is of type {kind}; legal: a sequence with one array per layer") from None


def _check_weight(weight: NDArray[Any], place: int, width: int | None) -> None:
    if weight.ndim != 2 or weight.size == 0:
        raise ValueError(
            f"weights[{place}] has shape {weight.shape}; legal: (n_out, n_in) with n_out, n_in >= 1"
        )
    if width is not None and weight.shape[1] != width:
        hint = _transpose_hint(weight, -1, width)
        raise ValueError(
            f"weights[{place}] has shape {weight.shape}; legal: (n_out, {width}), since the layer before it "
            f"has {width} outputs{hint}"
        )


def _transpose_hint(weight: NDArray[Any], n_out: int, n_in: int | None) -> str:
    if weight.shape[0] != weight.shape[1] and (weight.shape[1] == n_out or weight.shape[0] == n_in):
        return "; the matrix looks like (n_in, n_out): pass its transpose"
    return ""
