"""Networks from files and from torch modules."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from relutope.files import checked_path
from relutope.network import Network


def load(path: str | PathLike[str], *, order: Sequence[str] | None = None) -> Network:
    """A network from a file; nothing in a file is ever executed.

    Parameters
    ----------
    path : path
        ``.npz`` with ``W0, b0, W1, b1, ...`` and optionally ``lo, hi``; or ``.safetensors``, ``.pt``,
        ``.pth`` with the state dict of a plain multilayer perceptron.
    order : sequence of str, optional
        Names of the layers of a state dict from input to output, where numbers and shapes do not force one
        order.

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
        or `path` is empty.
    TypeError
        If `path` is no path; bytes and file descriptors are none.
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
    network = read_network(path, order)
    for note in network.notes:
        print(f"relutope: {os.fspath(path)}: {note}", file=sys.stderr)
    return network


def read_network(path: str | PathLike[str], order: Sequence[str] | None = None) -> Network:
    """The network of `load`, for callers that show the notes themselves."""
    name = checked_path(path)
    suffix = Path(name).suffix.lower()
    readers = _readers()
    if suffix not in readers:
        raise ValueError(f"{name} has the unknown file type {suffix!r}; legal: {', '.join(readers)}")
    if Path(name).is_dir():
        raise ValueError(f"{name} is a folder; legal: a file of type {', '.join(readers)}")
    return readers[suffix](name, order)


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


def _readers() -> dict[str, Callable[[str | PathLike[str], Sequence[str] | None], Network]]:
    from relutope.loading.npz import network_from_npz
    from relutope.loading.safetensors import network_from_safetensors
    from relutope.loading.torch_file import network_from_torch_file

    return {
        ".npz": network_from_npz,
        ".safetensors": network_from_safetensors,
        ".pt": network_from_torch_file,
        ".pth": network_from_torch_file,
    }
