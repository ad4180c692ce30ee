"""Networks of weights without a graph, in a module that says what they belong to."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from relutope.errors import MissingExtraError
from relutope.loading.state_dict import StoredTensor, without_prefix
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
        The module, of which a copy gets the weights, or what makes it.
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
    module = copy.deepcopy(made).cpu()
    state = {
        name: torch.from_numpy(np.array(tensor.array)) for name, tensor in without_prefix(tensors).items()
    }
    try:
        module.load_state_dict(state, assign=True)
    except RuntimeError as error:
        reason = "; ".join(line.strip() for line in str(error).splitlines()[1:]) or str(error)
        raise ValueError(f"{source} does not fit arch: {reason}") from error
    network = Network.from_torch(module.requires_grad_(False), example_input)
    return replace(network, notes=(*notes, *network.notes))
