"""Networks from files and from torch modules."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relutope.files import checked_path
from relutope.network import Network

if TYPE_CHECKING:
    import torch

    from relutope.loading.state_dict import StoredTensor

#: The types of files that hold networks.
SUFFIXES = (".npz", ".safetensors", ".pt", ".pth", ".onnx", ".pt2")


def load(
    path: str | PathLike[str],
    *,
    order: Sequence[str] | None = None,
    arch: torch.nn.Module | Callable[[], torch.nn.Module] | None = None,
    example_input: torch.Tensor | None = None,
    input_shape: Sequence[int] | None = None,
) -> Network:
    """A network from a file; nothing in a file is ever executed.

    Parameters
    ----------
    path : path
        ``.npz`` with ``W0, b0, W1, b1, ...`` and optionally ``lo, hi``; or ``.safetensors``, ``.pt``,
        ``.pth`` with a state dict, that of a plain multilayer perceptron unless `arch` is given;
        or ``.onnx``; or ``.pt2``, what `torch.export.save` wrote.
    order : sequence of str, optional
        Names of the layers of a state dict from input to output, where numbers and shapes do not force one
        order.
    arch : torch.nn.Module or callable, optional
        The module that a state dict belongs to, or what makes it; a copy of it gets the weights.
    example_input : torch.Tensor, optional
        For `arch`; see `Network.from_torch`.
    input_shape : sequence of int, optional
        For ``.onnx`` and ``.pt2``: shape of the input with its batch axis, where more than that axis is open.

    Returns
    -------
    Network
        Assumptions are recorded in `notes` and printed to stderr.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, of an unknown type, or holds something that cannot be represented exactly,
        `path` is empty, or arguments are given that do not belong to the file's type.
    TypeError
        If `path` is no path (bytes and file descriptors are none), or `arch` no module.
    MissingExtraError
        If reading needs torch and it is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> import relutope
    >>> np.savez("model.npz", W0=[[1.0], [-1.0]], b0=[0.0, 0.5], W1=[[1.0, 1.0]], lo=[-1], hi=[1])
    >>> network = relutope.load("model.npz")
    >>> network.hidden_widths, network.box
    ((2,), Box([-1.0], [1.0]))
    """
    network = read_network(path, order, arch, example_input, input_shape)
    for note in network.notes:
        print(f"relutope: {os.fspath(path)}: {note}", file=sys.stderr)
    return network


def read_network(
    path: str | PathLike[str],
    order: Sequence[str] | None = None,
    arch: torch.nn.Module | Callable[[], torch.nn.Module] | None = None,
    example_input: torch.Tensor | None = None,
    input_shape: Sequence[int] | None = None,
) -> Network:
    """The network of `load`, for callers that show the notes themselves."""
    name = checked_path(path)
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{name} has the unknown file type {suffix!r}; legal: {', '.join(SUFFIXES)}")
    if Path(name).is_dir():
        raise ValueError(f"{name} is a folder; legal: a file of type {', '.join(SUFFIXES)}")
    if suffix == ".npz":
        from relutope.loading.npz import network_from_npz

        _require_none(name, arch=arch, example_input=example_input, input_shape=input_shape)
        return network_from_npz(name, order)
    if suffix in (".onnx", ".pt2"):
        _require_none(name, order=order, arch=arch, example_input=example_input)
        return _network_of_graph(name, suffix, input_shape)
    _require_none(name, input_shape=input_shape)
    tensors, notes = _state_dict(name, suffix)
    if arch is None:
        from relutope.loading.state_dict import network_from_state_dict

        _require_none(f"{name} without arch", example_input=example_input)
        return network_from_state_dict(tensors, order, name, notes)
    from relutope.loading.architecture import network_from_architecture

    _require_none(f"{name} with arch", order=order)
    return network_from_architecture(tensors, arch, example_input, name, notes)


def as_network(network: Any) -> Network:
    """The network that an argument means.

    Parameters
    ----------
    network : Network, path or torch.nn.Module

    Returns
    -------
    Network

    Raises
    ------
    TypeError
        If it is none of these.
    FileNotFoundError, ValueError, MissingExtraError
        If a path or a module cannot be read; as `load` and `Network.from_torch`.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1.0]]])
    >>> relutope.as_network(network) is network
    True
    """
    if isinstance(network, Network):
        return network
    if isinstance(network, (str, PathLike)):
        return load(network)
    torch = sys.modules.get("torch")  # a module cannot exist where torch was never imported
    if torch is not None and isinstance(network, torch.nn.Module):
        return Network.from_torch(network)
    raise TypeError(
        f"network is of type {type(network).__name__}; legal: Network, a path, or a torch.nn.Module"
    )


def _network_of_graph(name: str, suffix: str, input_shape: Sequence[int] | None) -> Network:
    from relutope.loading.graph.network import network_from_graph
    from relutope.loading.graph.onnx_file import graph_from_onnx
    from relutope.loading.graph.pt2_file import graph_from_pt2

    read = graph_from_onnx if suffix == ".onnx" else graph_from_pt2
    return network_from_graph(read(name, input_shape))


def _state_dict(name: str, suffix: str) -> tuple[dict[str, StoredTensor], list[str]]:
    if suffix == ".safetensors":
        from relutope.loading.safetensors import read_safetensors

        return read_safetensors(name), []
    from relutope.loading.torch_file import state_dict_of_torch_file

    return state_dict_of_torch_file(name)


def _require_none(where: str, **arguments: Any) -> None:
    for name, value in arguments.items():
        if value is not None:
            given = repr(value) if isinstance(value, (list, tuple)) else f"of type {type(value).__name__}"
            raise ValueError(f"{name} is {given}, but {where} takes none; legal: None")
