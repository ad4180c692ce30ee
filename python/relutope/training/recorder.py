"""Snapshots of a model from inside a training loop."""

from __future__ import annotations

import bisect
import io
import json
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.arguments import checked_count, checked_word
from relutope.errors import MissingExtraError
from relutope.files import checked_path, replacing
from relutope.npz import write_npz

#: A state dict whose values nothing else refers to.
Snapshot = dict[str, Any]


class Recorder:
    """Snapshots of a model's parameters, taken by one line in the training loop.

    ``recorder.step(loss)`` belongs after the update. Calls are counted from 0; the count is the step. The
    recorder iterates over pairs (step, state dict), ascending, which `relutope.track` takes.

    Parameters
    ----------
    model : torch.nn.Module, anything with a `state_dict`, or callable that returns a mapping to arrays
    every : int or iterable of int, optional
        Take a snapshot at multiples of it, or at these steps (such as log-spaced ones). None: at none.
    around_spikes : int, optional
        Take snapshots at so many steps before and after each spike of the loss, and at the spike. A ring
        buffer of so many snapshots is kept up to date for that. None: spikes are noted only.
    keep : int, optional
        Hold at most so many snapshots; the oldest go first. None: all.
    factor, window : float and int, default 2.0 and 50
        A step is a spike if its loss is nan or infinite, or exceeds the median m of the last `window` finite
        losses before it by more than ``(factor - 1) |m|``: for losses above 0, if it is larger than `factor`
        times the median. Before there are `window` of them only losses that are not finite are spikes. The
        rule looks at the past alone and is fixed when the recorder is made.

    Attributes
    ----------
    losses : list of float
        One per step, nan where none was given.
    spikes : list of int
        Every step that was a spike.

    Raises
    ------
    TypeError, ValueError
        If an argument is not legal.

    Examples
    --------
    >>> import numpy as np
    >>> from relutope.training import Recorder
    >>> parameters = {"0.weight": np.zeros((1, 1))}
    >>> recorder = Recorder(lambda: parameters, every=4, around_spikes=1, window=3)
    >>> for loss in (1.0, 0.9, 0.8, 0.8, 0.7, 0.7, 5.0, 0.7, 0.6, 0.6):
    ...     parameters["0.weight"] += 1
    ...     recorder.step(loss)
    >>> recorder.spikes, [(step, state["0.weight"].item()) for step, state in recorder]
    ([6], [(0, 1.0), (4, 5.0), (5, 6.0), (6, 7.0), (7, 8.0), (8, 9.0)])
    """

    def __init__(
        self,
        model: Any,
        *,
        every: int | Iterable[int] | None = 100,
        around_spikes: int | None = None,
        keep: int | None = None,
        factor: float = 2.0,
        window: int = 50,
    ) -> None:
        self._state = _state_of(model)
        self.every = _checked_every(every)
        self.around_spikes = 0 if around_spikes is None else checked_count(around_spikes, "around_spikes")
        self.keep = None if keep is None else checked_count(keep, "keep")
        self.factor = _checked_factor(factor)
        self.window = checked_count(window, "window")
        self.losses: list[float] = []
        self.spikes: list[int] = []
        self._recent: deque[float] = deque(maxlen=self.window)
        self._sorted: list[float] = []  # the same losses, for their median
        self._ring: deque[tuple[int, Snapshot]] = deque(maxlen=self.around_spikes)
        self._until = -1  # last step that is kept after a spike
        self._kept: dict[int, Snapshot] = {}

    @property
    def n_steps(self) -> int:
        """How often `step` was called."""
        return len(self.losses)

    def step(self, loss: Any = None) -> None:
        """Count one step, and take a snapshot if one is due.

        Parameters
        ----------
        loss : float or tensor with one element, optional
            None: this step is no spike. A tensor on a GPU is waited for.
        """
        number = len(self.losses)
        value = math.nan if loss is None else float(loss.detach() if hasattr(loss, "detach") else loss)
        spike = loss is not None and self._is_spike(value)
        self.losses.append(value)
        if spike:
            self.spikes.append(number)
            if self.around_spikes:
                self._kept.update(self._ring)
                self._until = number + self.around_spikes
        wanted = number <= self._until or self._is_due(number)
        if wanted or self.around_spikes:
            snapshot = {name: _copied(tensor) for name, tensor in self._state().items()}
            if self.around_spikes:
                self._ring.append((number, snapshot))
            if wanted:
                self._kept[number] = snapshot
        while self.keep is not None and len(self._kept) > self.keep:
            del self._kept[min(self._kept)]

    def _is_due(self, number: int) -> bool:
        if isinstance(self.every, frozenset):
            return number in self.every
        return self.every is not None and number % self.every == 0

    def _is_spike(self, loss: float) -> bool:
        if not math.isfinite(loss):
            return True
        spike = False
        if len(self._recent) == self.window:
            middle = self.window // 2
            median = (self._sorted[middle] + self._sorted[~middle]) / 2
            spike = loss - median > (self.factor - 1) * abs(median)
            del self._sorted[bisect.bisect_left(self._sorted, self._recent[0])]
        self._recent.append(loss)
        bisect.insort(self._sorted, loss)
        return spike

    def __len__(self) -> int:
        return len(self._kept)

    def __bool__(self) -> bool:
        """True, even before the first snapshot: ``if recorder:`` asks whether there is a recorder."""
        return True

    def __iter__(self) -> Iterator[tuple[int, Snapshot]]:
        for number in sorted(self._kept):
            yield number, self._kept[number]

    def save(self, folder: str | PathLike[str], file_type: str = ".npz") -> list[Path]:
        """Write one file per snapshot, ``step-000000000123.npz``, and ``recorder.json`` with the losses.

        Parameters
        ----------
        folder : path
            Made where it is not there.
        file_type : {".npz", ".safetensors"}
            `relutope.load` reads both. ``.npz`` holds float32 where the model has bfloat16, the same values.

        Returns
        -------
        list of Path
            The files of the snapshots, by step.

        Raises
        ------
        ValueError, TypeError
            If an argument is not legal.
        relutope.MissingExtraError
            If safetensors is needed and not installed.
        """
        checked_word(file_type, "file_type", (".npz", ".safetensors"))
        target = Path(checked_path(folder))
        target.mkdir(parents=True, exist_ok=True)
        paths = []
        for number, state in self:
            path = target / f"step-{number:012d}{file_type}"
            content = _npz_bytes(state) if file_type == ".npz" else _safetensors_bytes(state)
            with replacing(path) as stream:
                stream.write(content)
            paths.append(path)
        about = {
            "every": sorted(self.every) if isinstance(self.every, frozenset) else self.every,
            "around_spikes": self.around_spikes,
            "factor": self.factor,
            "window": self.window,
            "spikes": self.spikes,
            "losses": [loss if math.isfinite(loss) else None for loss in self.losses],
        }
        with replacing(target / "recorder.json") as stream:
            stream.write((json.dumps(about) + "\n").encode())
        return paths


def _state_of(model: Any) -> Callable[[], Mapping[str, Any]]:
    state = getattr(model, "state_dict", None)
    if state is None and callable(model):
        state = model
    if not callable(state):
        raise TypeError(
            f"model is of type {type(model).__name__}; legal: a torch.nn.Module, or a callable that returns "
            "a mapping to arrays"
        )
    result: Callable[[], Mapping[str, Any]] = state
    return result


def _checked_every(every: Any) -> int | frozenset[int] | None:
    if every is None or isinstance(every, (int, np.integer, float, str)):
        return None if every is None else checked_count(every, "every")
    if not isinstance(every, Iterable):
        raise TypeError(f"every is {every!r}; legal: an int >= 1, steps, or None")
    steps = [int(step) if isinstance(step, (int, np.integer)) else step for step in every]
    if not all(isinstance(step, int) and step >= 0 for step in steps):
        raise ValueError("every holds other than ints >= 0; legal: an int >= 1, or steps")
    return frozenset(steps)


def _checked_factor(factor: Any) -> float:
    if isinstance(factor, (bool, np.bool_)) or not isinstance(factor, Real):
        raise TypeError(f"factor is {factor!r}; legal: a finite number > 1")
    if not 1 < float(factor) < math.inf:
        raise ValueError(f"factor is {factor}; legal: a finite number > 1")
    return float(factor)


def _copied(tensor: Any) -> Any:
    """A copy on the CPU that training does not change."""
    if hasattr(tensor, "detach"):
        return tensor.detach().to("cpu", copy=True)
    return np.array(tensor)


def _npz_bytes(state: Snapshot) -> bytes:
    stream = io.BytesIO()
    write_npz(stream, {name: _array(tensor, name) for name, tensor in state.items()})
    return stream.getvalue()


def _array(tensor: Any, name: str) -> NDArray[Any]:
    if isinstance(tensor, np.ndarray):
        return tensor
    from relutope.loading.torch_file import stored_tensor

    return stored_tensor(tensor, name).array


def _safetensors_bytes(state: Snapshot) -> bytes:
    arrays = all(isinstance(tensor, np.ndarray) for tensor in state.values())
    try:
        if arrays:
            from safetensors.numpy import save
        else:
            from safetensors.torch import save
    except ImportError:
        raise MissingExtraError("safetensors", "safetensors", "to write .safetensors") from None
    content: bytes = save(
        {name: tensor.copy() if arrays else tensor.contiguous() for name, tensor in state.items()}
    )
    return content
