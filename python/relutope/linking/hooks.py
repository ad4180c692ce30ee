"""Linking numbers of two curves behind the modules of a torch model, recorded while it is used."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from relutope.arguments import checked_count
from relutope.coefficients import exact_float64
from relutope.linking.bounded_values import Floats
from relutope.linking.module_linking import Following, ModuleLinking
from relutope.loading.module_parts import checked_module
from relutope.progress import interruptible

_probing = threading.local()


@dataclass(frozen=True, repr=False)
class LinkingRecord:
    """What one run of two curves through a model found; printed as a table.

    Attributes
    ----------
    step : int
        How many forward passes of the model the hook had seen.
    rows : tuple of ModuleLinking
        One per call of a module with outputs in R^3, in the order of the calls, after one of the curves
        themselves if they lie there.
    skipped : tuple of (str, tuple of int)
        Calls of modules with other outputs: the name, and the shape per point.
    """

    step: int
    rows: tuple[ModuleLinking, ...]
    skipped: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def numbers(self) -> tuple[int | None, ...]:
        """The linking numbers of the rows."""
        return tuple(row.linking_number for row in self.rows)

    @property
    def certified(self) -> bool:
        """Whether all of them are proven."""
        return all(row.certified for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        skipped = [{"module": module, "shape": list(shape)} for module, shape in self.skipped]
        return {"step": self.step, "rows": [row.to_json() for row in self.rows], "skipped": skipped}

    def __repr__(self) -> str:
        width = max([6, *(len(row.module) for row in self.rows), *(len(name) for name, _ in self.skipped)])
        lines = [f"{'module':<{width}}  kind        linking number  certified  min distance       segments"]
        for row in self.rows:
            number = "undefined" if row.linking_number is None else str(row.linking_number)
            certified = "yes" if row.certified else "no"
            segments = " + ".join(map(str, row.n_segments))
            lines.append(
                f"{row.module:<{width}}  {row.kind:<10}  {number:>14}  {certified:>9}  "
                f"{row.min_distance:>12.6g}  {segments:>13}"
            )
        for module, shape in self.skipped:
            lines.append(
                f"{module:<{width}}  skipped: {' x '.join(map(str, shape)) or 'no'} values per point"
            )
        return "\n".join(lines)


class LinkingHook:
    """Linking number and least distance of two curves behind the modules of a model, as it is trained.

    At every so many forward passes of the model, and when `record` is called, two closed polygonal curves
    are sent through the model: not through the user's batch, but by a run of its own, of copies of the
    parameters and buffers in float64 on the CPU, without gradients, in evaluation mode (dropout is off,
    batch norm takes its stored statistics). Outputs, gradients, modes, parameters, buffers and the random
    state of torch stay what they are. Hooks of others run in it too, since they are part of the model, and
    what a `forward` notes in attributes it notes of this run too.

    The numbers are those of the real-valued function of the stored parameters. Where it is made of linear
    maps, sums, ReLU and LeakyReLU, the images are exact as in `through_layers`. Where tanh, sigmoid, GELU,
    SiLU, sine, products and batch norm come in too, pieces of the curves are halved until polygons are
    farther apart than the images can be from them: that follows from bounds on slopes and second derivatives
    of each activation over each piece, on the rounding of float64, and on the accuracy of the math library,
    taken as 8 units in the last place. All else has no bound, and its numbers are those of refined polygons.

    Parameters
    ----------
    model : torch.nn.Module
    curve_a, curve_b : array_like of shape (n, d), n >= 3
        Vertices of the curves, which the last one joins to the first, float64 numbers; or tensors of any
        device and type.
    every : int or None, default 1
        Record at forward passes 0, every, 2 every, ...; None: only when `record` is called.
    max_segments : int, default 10_000
        Most segments that a curve is refined to.

    Attributes
    ----------
    records : list of LinkingRecord
    n_passes : int
        Forward passes of the model since the hook was made.

    Raises
    ------
    TypeError, ValueError
        If an argument is not legal; by a recording also if the model does not take the curves in float64.
    relutope.MissingExtraError
        If torch is not installed.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from relutope.linking import LinkingHook
    >>> square = [[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]]
    >>> other = [[0, 0, 1], [0, 0, -1], [0, 3, -1], [0, 3, 1]]
    >>> linear = torch.nn.Linear(3, 3)
    >>> with torch.no_grad():
    ...     _ = linear.weight.copy_(torch.eye(3) / 2), linear.bias.zero_()
    >>> model = torch.nn.Sequential(linear, torch.nn.Tanh())
    >>> with LinkingHook(model, square, other) as hook:
    ...     _ = model(torch.zeros(5, 3))
    >>> hook.records[0].numbers, hook.records[0].certified
    ((-1, -1, -1), True)
    """

    def __init__(
        self,
        model: Any,
        curve_a: ArrayLike,
        curve_b: ArrayLike,
        *,
        every: int | None = 1,
        max_segments: int = 10_000,
    ) -> None:
        self.model = checked_module(model)
        self.curves = _checked_curve(curve_a, "curve_a"), _checked_curve(curve_b, "curve_b")
        if self.curves[0].shape[1] != self.curves[1].shape[1]:
            raise ValueError(
                f"curve_b has points of {self.curves[1].shape[1]} coordinates, curve_a of "
                f"{self.curves[0].shape[1]}; legal: as many"
            )
        self.every = None if every is None else checked_count(every, "every")
        self.max_segments = checked_count(max_segments, "max_segments")
        self.records: list[LinkingRecord] = []
        self.n_passes = 0
        self._handle = self.model.register_forward_hook(self._after_forward)

    def record(self) -> LinkingRecord:
        """Run the curves through the model as it is now, and keep what is found.

        Raises
        ------
        ValueError
            If a parameter or buffer is on no device or sparse, or the model cannot take the curves.
        relutope.IncompleteError
            At Ctrl-C.
        """
        state = _state(self.model)
        with interruptible("linking numbers of a model", {"records": len(self.records)}), _Probe(self.model):
            following = Following(self.model, state, *self.curves, self.max_segments)
            rows, skipped = following.run()
        found = LinkingRecord(self.n_passes, rows, skipped)
        self.records.append(found)
        return found

    def remove(self) -> None:
        """Take the hook off the model; the records stay, and `record` still works."""
        self._handle.remove()

    def __enter__(self) -> LinkingHook:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def __repr__(self) -> str:
        return (
            f"LinkingHook({type(self.model).__name__}, {len(self.records)} records in {self.n_passes} passes)"
        )

    def _after_forward(self, *_: object) -> None:
        import torch

        if getattr(_probing, "on", False) or torch.compiler.is_compiling():
            return
        due = self.every is not None and self.n_passes % self.every == 0
        try:
            if due:
                self.record()
        finally:
            self.n_passes += 1


class _Probe:
    """Evaluation mode without gradients, autocast or traces in the random state, as long as it is entered."""

    def __init__(self, model: Any) -> None:
        self.modes = [(part, part.training) for part in model.modules()]

    def __enter__(self) -> None:
        import torch

        self.was_on = getattr(_probing, "on", False)
        self.contexts = [
            torch.inference_mode(False),
            torch.no_grad(),
            torch.autocast("cpu", enabled=False),
            torch.random.fork_rng(devices=[]),
        ]
        for context in self.contexts:
            context.__enter__()
        _probing.on = True
        for part, _ in self.modes:
            part.training = False  # train() may be a method of the user's

    def __exit__(self, *error: Any) -> None:
        for part, training in self.modes:
            part.training = training
        _probing.on = self.was_on
        for context in reversed(self.contexts):
            context.__exit__(*error)


def _state(model: Any) -> dict[str, Any]:
    """Copies of parameters and buffers on the CPU, floats in float64; tied ones stay one tensor."""
    import torch

    copies: dict[int, Any] = {}
    state: dict[str, Any] = {}
    named = [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]
    for name, tensor in named:
        if tensor.is_meta or tensor.layout != torch.strided or tensor.is_quantized:
            raise ValueError(
                f"{name} is a {tensor.layout} tensor on {tensor.device}; legal: a dense one with data"
            )
        if id(tensor) not in copies:
            plain = tensor.detach()
            dtype = torch.float64 if plain.is_floating_point() else plain.dtype
            with torch.inference_mode(False), torch.no_grad():
                copies[id(tensor)] = plain.to("cpu", dtype, copy=True)
        state[name] = copies[id(tensor)]
    return state


def _checked_curve(curve: ArrayLike, name: str) -> Floats:
    points = exact_float64(curve, name)
    if points.ndim != 2 or len(points) < 3 or points.shape[1] == 0:
        raise ValueError(f"{name} has shape {points.shape}; legal: (n, d), n >= 3 vertices of a closed curve")
    return np.array(points)
