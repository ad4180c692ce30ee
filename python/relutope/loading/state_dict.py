"""State dicts of plain multilayer perceptrons: their linear layers, and the order of these."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from numpy.typing import NDArray

from relutope.network import Network

ASSUMPTION = "a state dict holds no graph; assumed: ReLU between the layers {order}, the last one linear"

#: What `torch.nn.DataParallel` puts before every name.
PREFIX = "module."

#: Steps that the search for the order of layers may take before it asks for `order=`.
MAX_STEPS = 100_000


class StoredTensor(NamedTuple):
    """An array that holds the stored values exactly, and the type they were stored in."""

    array: NDArray[Any]
    dtype: str


class Pair(NamedTuple):
    """A linear layer of a state dict: weight (n_out, n_in), bias (n_out,) or None."""

    weight: StoredTensor
    bias: StoredTensor | None

    @property
    def n_in(self) -> int:
        """Number of inputs."""
        return int(self.weight.array.shape[1])

    @property
    def n_out(self) -> int:
        """Number of outputs."""
        return int(self.weight.array.shape[0])


def network_from_state_dict(
    tensors: Mapping[str, StoredTensor], order: Sequence[str] | None, source: str, notes: Sequence[str] = ()
) -> Network:
    """The multilayer perceptron of a state dict.

    Parameters
    ----------
    tensors : mapping of str to StoredTensor
        ``<layer>.weight`` of shape (n_out, n_in) and, optionally, ``<layer>.bias`` of shape (n_out,);
        nothing else.
    order : sequence of str, optional
        The layers from input to output. By default the numbers in their names order them, and shapes must
        leave only one way to merge what numbers do not order.
    source : str
        What the state dict is called in messages.
    notes : sequence of str
        Notes of the reader, which come first.

    Returns
    -------
    Network

    Raises
    ------
    ValueError
        If a tensor belongs to no linear layer, shapes do not chain, or the order is not unique.
    """
    try:
        layers = _pairs(without_prefix(tensors))
        names = _layer_order(layers) if order is None else _given_order(layers, order)
        _check_chain(layers, names)
        pairs = [layers[name] for name in names]
        network = Network.from_arrays(
            [pair.weight.array for pair in pairs],
            [None if pair.bias is None else pair.bias.array for pair in pairs],
        )
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
    dtype = named_together(tensor.dtype for pair in pairs for tensor in pair if tensor is not None)
    assumption = ASSUMPTION.format(order=", ".join(name or "(unnamed)" for name in names))
    return replace(network, dtype=dtype, notes=(*notes, assumption))


def named_together(dtypes: Iterable[str]) -> str:
    """The name of one type, "float64" for none, "mixed (...)" for several."""
    names = list(dict.fromkeys(dtypes))
    return (names or ["float64"])[0] if len(names) < 2 else f"mixed ({', '.join(names)})"


def without_prefix(tensors: Mapping[str, StoredTensor]) -> dict[str, StoredTensor]:
    """The entries without the prefixes that wrappers put before all names."""
    # `torch.compile` wraps parts too, whose names then hold its prefix further inside.
    result = {re.sub(r"\b_orig_mod\.", "", name): tensor for name, tensor in tensors.items()}
    while result and all(name.startswith(PREFIX) for name in result):
        result = {name.removeprefix(PREFIX): tensor for name, tensor in result.items()}
    return result


def _pairs(tensors: Mapping[str, StoredTensor]) -> dict[str, Pair]:
    """Linear layers by name; refuses every tensor that is not part of one."""
    weights: dict[str, StoredTensor] = {}
    biases: dict[str, StoredTensor] = {}
    for name, tensor in tensors.items():
        layer, _, kind = name.rpartition(".")
        shape = tensor.array.shape
        if kind == "weight" and len(shape) == 2 and min(shape) > 0:
            weights[layer] = tensor
        elif kind == "bias" and len(shape) == 1:
            biases[layer] = tensor
        else:
            raise ValueError(
                f"{name} of shape {tuple(shape)} is no part of a linear layer; legal: <layer>.weight of "
                "shape (n_out, n_in) and <layer>.bias of shape (n_out,); the weights of other modules "
                "need arch="
            )
        if tensor.dtype not in ("float16", "bfloat16", "float32", "float64"):
            raise ValueError(f"{name} has type {tensor.dtype}; legal: float16, bfloat16, float32, float64")
    if not weights:
        raise ValueError("it holds no weights; legal: at least one <layer>.weight")
    for layer in biases:
        if layer not in weights:
            raise ValueError(f"{layer}.bias has no {layer}.weight; legal: a weight for every bias")
    layers = {layer: Pair(weight, biases.get(layer)) for layer, weight in weights.items()}
    for layer, pair in layers.items():
        if pair.bias is not None and pair.bias.array.shape[0] != pair.n_out:
            hint = ""
            if pair.bias.array.shape[0] == pair.n_in:
                hint = "; the matrices look like (n_in, n_out): pass their transposes to Network.from_arrays"
            raise ValueError(
                f"{layer}.weight has shape {pair.weight.array.shape} and {layer}.bias has length "
                f"{pair.bias.array.shape[0]}; legal: (n_out, n_in) and n_out{hint}"
            )
    return layers


def _given_order(layers: Mapping[str, Pair], order: Sequence[str]) -> list[str]:
    names = [name.removesuffix(".weight") for name in order]
    if sorted(names) != sorted(layers):
        raise ValueError(f"order is {list(order)}; legal: each of {sorted(layers)} once")
    return names


def _layer_order(layers: Mapping[str, Pair]) -> list[str]:
    """The only order that follows the numbers in the names and lets the shapes chain."""
    before = {name: {other for other in layers if _numbers_order(other, name)} for name in layers}
    forced = sorted(layers, key=lambda name: len(before[name]))
    if all(len(before[name]) == place for place, name in enumerate(forced)):
        return forced
    found: list[list[str]] = []
    for chain in _chains(layers, before):
        found.append(chain)
        if len(found) > 1:
            raise ValueError(
                "neither numbers nor shapes force one order of its layers; pass order=, for example "
                f"{found[0]} or {found[1]}"
            )
    if not found:
        raise ValueError(
            f"no order of its layers {_shapes(layers, forced)} lets their shapes "
            f"chain{_transpose_hint(layers, forced)}"
        )
    return found[0]


def _numbers_order(first: str, second: str) -> bool:
    """Whether the names first differ in a number, and the first one's is smaller."""
    a, b = (re.findall(r"\d+|\D+", name) for name in (first, second))
    for x, y in zip(a, b, strict=False):
        if x != y:
            return x.isdigit() and y.isdigit() and int(x) < int(y)
    return False


def _chains(layers: Mapping[str, Pair], before: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Every order that respects `before` and lets shapes chain; a ValueError after MAX_STEPS."""
    steps = 0
    stack: list[list[str]] = [[]]
    while stack:
        chain = stack.pop()
        steps += 1
        if steps > MAX_STEPS:
            raise ValueError(f"the order of its layers {_shapes(layers, layers)} is not clear; pass order=")
        if len(chain) == len(layers):
            yield chain
            continue
        for name, pair in layers.items():
            if (
                name not in chain
                and before[name] <= set(chain)
                and (not chain or layers[chain[-1]].n_out == pair.n_in)
            ):
                stack.append([*chain, name])


def _check_chain(layers: Mapping[str, Pair], names: Sequence[str]) -> None:
    for first, second in itertools.pairwise(names):
        if layers[first].n_out != layers[second].n_in:
            raise ValueError(
                f"{second}.weight has shape {layers[second].weight.array.shape}; legal: (n_out, "
                f"{layers[first].n_out}), since {first} "
                f"before it has {layers[first].n_out} outputs (another order? pass "
                f"order=){_transpose_hint(layers, names)}"
            )


def _transpose_hint(layers: Mapping[str, Pair], names: Sequence[str]) -> str:
    pairs = [layers[name] for name in names]
    if all(a.n_in == b.n_out for a, b in itertools.pairwise(pairs)):
        return "; the matrices look like (n_in, n_out): pass their transposes to Network.from_arrays"
    return ""


def _shapes(layers: Mapping[str, Pair], names: Sequence[str] | Mapping[str, Pair]) -> str:
    return ", ".join(f"{name} {layers[name].weight.array.shape}" for name in names)
