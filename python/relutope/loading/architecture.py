"""Networks of weights without a graph, in a module that says what they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relutope.errors import MissingExtraError
from relutope.loading.module_parts import checked_module, copied
from relutope.loading.state_dict import StoredTensor, named_together, without_prefix
from relutope.network import Network

if TYPE_CHECKING:
    import torch


def network_from_architecture(
    tensors: Mapping[str, StoredTensor],
    arch: torch.nn.Module | Callable[[], torch.nn.Module],
    example_input: Any,
    source: str,
    notes: Sequence[str] = (),
) -> Network:
    """The network of a module with the given weights.

    Parameters
    ----------
    tensors : mapping of str to StoredTensor
        Exactly the entries of the module's state dict.
    arch : torch.nn.Module or callable
        The module, of which a copy gets the weights in their own type (at least float32), or what makes it.
    example_input : torch.Tensor or None
        See `relutope.Network.from_torch`.
    source : str
        What the weights are called in messages.
    notes : sequence of str
        Notes of the reader, which come first.

    Raises
    ------
    TypeError
        If `arch` is no module and makes none.
    ValueError
        If names or shapes differ, or the module cannot be represented exactly.
    MissingExtraError
        If torch is not installed.
    """
    try:
        import torch
    except ImportError:
        raise MissingExtraError("torch", "torch", "to build arch") from None
    made = arch if isinstance(arch, torch.nn.Module) else arch() if callable(arch) else arch
    if not isinstance(made, torch.nn.Module):
        raise TypeError(
            f"arch is {made!r}, of type {type(made).__name__}; legal: a torch.nn.Module, or a callable that "
            "makes one"
        )
    module = copied(checked_module(made)).cpu()
    stored = without_prefix(tensors)
    state = {name: torch.from_numpy(_widened(tensor.array)) for name, tensor in stored.items()}
    try:
        module.load_state_dict(state, assign=True)
    except RuntimeError as error:
        reason = "; ".join(line.strip() for line in str(error).splitlines()[1:]) or str(error)
        raise ValueError(f"{source} does not fit arch: {reason}") from error
    network = Network.from_torch(module.requires_grad_(False), example_input)
    dtypes = [tensor.dtype for tensor in stored.values() if tensor.array.dtype.kind == "f"]
    return replace(network, dtype=named_together(dtypes), notes=(*notes, *network.notes))


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    """A copy, half precision as float32: modules add numbers and buffers of their own, which are that."""
    return array.astype(np.float32 if array.dtype == np.float16 else array.dtype)
