"""Checkpoints of one training run: their steps, and the networks in them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from relutope.domains import Domain, as_domain
from relutope.files import checked_path
from relutope.loading import as_network, read_network
from relutope.loading.state_dict import StoredTensor, network_from_state_dict
from relutope.network import Network
from relutope.slices import Slice

#: Steps are held as int64.
LARGEST_STEP = 2**63 - 1
LEGAL = "a path, a torch.nn.Module, a Network, or a pair (step, one of these or a state dict)"


class Checkpoint(NamedTuple):
    """A step and the network there, or why there is none."""

    step: int
    network: Network | None
    failure: str = ""


def read_checkpoints(checkpoints: Any) -> Iterator[Checkpoint]:
    """The checkpoints one by one, each read when it is asked for.

    A module or a state dict is copied at once, so that training may go on and change it. One that cannot
    be read has a `failure`.

    Raises
    ------
    TypeError
        If they are not iterable, or one of them is no checkpoint at all.
    ValueError
        If a step occurs twice or is out of range.
    relutope.MissingExtraError
        If reading needs a package that is not installed.
    """
    if isinstance(checkpoints, (str, bytes, PathLike, Mapping)) or not isinstance(checkpoints, Iterable):
        raise TypeError(
            f"checkpoints is of type {type(checkpoints).__name__}; legal: an iterable of checkpoints, each "
            f"{LEGAL}"
        )
    seen: dict[int, int] = {}
    for place, item in enumerate(checkpoints):
        step, source = _step_and_source(place, item)
        if step in seen:
            raise ValueError(
                f"checkpoints {seen[step]} and {place} both have step {step}; legal: every step once (name "
                "them with pairs (step, checkpoint))"
            )
        seen[step] = place
        yield _read(step, source)


def step_of_path(path: str | PathLike[str], place: int) -> int:
    """The step that a file name ends in, else the place of the file in the series.

    Examples
    --------
    >>> from relutope.training.checkpoints import step_of_path
    >>> step_of_path("run/model-00200.pt", 7), step_of_path("best.pt", 7), step_of_path("loss0.25.pt", 7)
    (200, 7, 7)
    """
    found = re.search(r"(?<![\d.])\d+$", Path(path).stem)
    return place if found is None else int(found.group())


def _step_and_source(place: int, item: Any) -> tuple[int, Any]:
    if isinstance(item, tuple) and len(item) == 2:
        step, source = item
        if isinstance(step, (bool, np.bool_)) or not isinstance(step, (int, np.integer)):
            raise TypeError(f"checkpoint {place} has step {step!r}; legal: an int >= 0")
        step = int(step)
    else:
        source = item
        step = step_of_path(item, place) if isinstance(item, (str, PathLike)) else place
        if isinstance(item, Mapping):
            raise TypeError(f"checkpoint {place} is a state dict without a step; legal: {LEGAL}")
    if not 0 <= step <= LARGEST_STEP:
        raise ValueError(f"checkpoint {place} has step {step}; legal: 0 <= step < 2^63")
    return step, source


def _read(step: int, source: Any) -> Checkpoint:
    try:
        return Checkpoint(step, _network(step, source))
    except TypeError as error:
        raise TypeError(f"checkpoint of step {step}: {error}") from error
    except (ValueError, OSError) as error:
        return Checkpoint(step, None, str(error))


def _network(step: int, source: Any) -> Network:
    if isinstance(source, (str, PathLike)):
        return read_network(checked_path(source))
    if isinstance(source, Mapping):
        name = f"the state dict of step {step}"
        tensors = {str(key): _stored(value, f"{name}: {key}") for key, value in source.items()}
        return network_from_state_dict(tensors, None, name)
    return as_network(source)


def _stored(value: Any, name: str) -> StoredTensor:
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.array(value)
        return StoredTensor(array, array.dtype.name)
    if "torch" not in sys.modules:  # a tensor cannot exist where torch was never imported
        raise ValueError(f"{name} is of type {type(value).__name__}; legal: an array or a tensor")
    from relutope.loading.torch_file import stored_tensor

    return stored_tensor(value, name)


def resolved_domain(domain: Any, network: Network) -> tuple[Domain | Slice, int]:
    """The domain of a series with the axes of this network, and how many coordinates its points have."""
    found = as_domain(domain, network.input_dim)
    return found, found.dim if isinstance(found, Slice) else network.input_dim
