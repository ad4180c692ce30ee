"""One run of a torch model on points of curves, with what is proven about the outputs of its modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from relutope.linking.bounded_values import Floats
from relutope.linking.trace_rules import RULES, pieces
from relutope.linking.traced_curves import CurveValues, NoBoundError, PiecewiseLinear

if TYPE_CHECKING:
    import torch

#: What reads nothing but the shape or the type of a tensor.
SHAPES = {
    *("size", "dim", "ndimension", "numel", "__len__", "stride", "is_contiguous", "is_floating_point"),
    *("shape", "ndim", "dtype", "device", "requires_grad", "is_cuda", "layout", "is_sparse", "is_nested"),
}

#: What gives ways to change a tensor without its version telling.
UNSEEN = {"data", "numpy", "__array__", "__dlpack__", "data_ptr", "storage", "untyped_storage", "set_"}

#: What gives the coordinates in parts.
SPLITS = {"chunk", "split"}

#: What of a parameter alone is one again, exactly.
REARRANGED = {"t", "T", "mT", "detach", "contiguous"}


@dataclass(frozen=True)
class Output:
    """What a call of a module returned, and what is known about it.

    Attributes
    ----------
    module, kind : str
        Its name in the model and its class.
    shape : tuple of int
    values : ndarray or None
        None where it is no tensor with a row of floats per point.
    bounded : CurveValues or None
    reason : str
        Why there are no bounds.
    """

    module: str
    kind: str
    shape: tuple[int, ...]
    values: Floats | None
    bounded: CurveValues | None
    reason: str


class Knowledge:
    """What is known about the tensors of a run: bounds, or that they are constants of the model."""

    def __init__(self, layers: PiecewiseLinear) -> None:
        self.layers = layers
        #: Per tensor the tensor, which so keeps its id, its version, and what is known.
        self._known: dict[int, tuple[Any, int, CurveValues | str | None]] = {}
        #: Why nothing is known any more: the program depends on values.
        self.broken = ""

    def set(self, tensor: Any, what: CurveValues | str | None) -> None:
        """Bounds, None for a constant, or the reason why there is no bound."""
        self._known[id(tensor)] = tensor, tensor._version, what

    def get(self, tensor: Any) -> CurveValues | None:
        """Bounds, or None for a constant; NoBoundError says why there are none."""
        if self.broken:
            raise NoBoundError(self.broken)
        known = self._known.get(id(tensor))
        if known is None:
            raise NoBoundError("a tensor comes from outside the model's parameters, buffers and inputs")
        if known[1] != tensor._version:
            raise NoBoundError("a tensor was changed in place")
        if isinstance(known[2], str):
            raise NoBoundError(known[2])
        return known[2]

    def is_constant(self, tensor: Any) -> bool:
        """Whether it is one of the model that nothing has changed."""
        known = self._known.get(id(tensor))
        return known is not None and known[2] is None and known[1] == tensor._version


def run(
    model: torch.nn.Module, state: dict[str, Any], x: CurveValues
) -> tuple[list[Output], PiecewiseLinear]:
    """Run a model on points with other parameters and buffers, and hear what its modules return.

    Parameters
    ----------
    model : torch.nn.Module
    state : dict
        Parameters and buffers that take the place of the model's own, in float64 on the CPU.
    x : CurveValues
        The points.

    Returns
    -------
    list of Output
        One per call of a module that returned a new value, in the order of the calls.
    PiecewiseLinear
        What `CurveValues.part` refers to.

    Raises
    ------
    ValueError
        If the model does not take them.
    """
    import torch

    layers = PiecewiseLinear(x.values.shape[1])
    knowledge = Knowledge(layers)
    points = torch.from_numpy(x.values.copy())
    for tensor in state.values():
        knowledge.set(tensor, None)
    knowledge.set(points, x)
    outputs: list[Output] = []
    heard: list[Any] = []  # kept, since their ids are compared
    last: set[tuple[int, int]] = set()

    def listener(name: str) -> Callable[..., None]:
        def hear(module: Any, _: Any, output: Any) -> None:
            with torch._C.DisableTorchFunction():
                place = id(output), getattr(output, "_version", 0)
                if place in last and module._modules:  # it returns what one of its parts did
                    return
                heard.append(output)
                last.add(place)
                outputs.append(_heard(name, type(module).__name__, output, len(x.values), knowledge))

        return hear

    with ExitStack() as stack:
        for name, module in model.named_modules():
            stack.callback(module.register_forward_hook(listener(name)).remove)
        stack.enter_context(np.errstate(all="ignore"))  # what overflows has no bound
        stack.enter_context(_tracing(knowledge))
        try:
            torch.func.functional_call(model, state, (points,))
        except (RuntimeError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(
                f"model cannot take the curves, points of {points.shape[1]} coordinates in torch.float64 on "
                f"the CPU: {error}"
            ) from error
    return outputs, layers


def _heard(name: str, kind: str, output: Any, n: int, knowledge: Knowledge) -> Output:
    import torch

    name = name or "(model)"
    if not isinstance(output, torch.Tensor):
        return Output(name, kind, (), None, None, f"a {type(output).__name__} is no tensor")
    shape = tuple(output.shape)
    if output.ndim != 2 or shape[0] != n or output.dtype != torch.float64:
        return Output(name, kind, shape, None, None, f"{output.dtype} {shape} is no row of float64 per point")
    values = output.detach().cpu().numpy().copy()
    try:
        bounded = knowledge.get(output)
        if bounded is None:
            raise NoBoundError("the output is a constant")
    except NoBoundError as unknown:
        return Output(name, kind, shape, values, None, str(unknown))
    return Output(name, kind, shape, values, bounded, "")


def _tracing(knowledge: Knowledge) -> Any:
    """A mode of torch that computes bounds beside every function of tensors."""
    import torch
    from torch.overrides import TorchFunctionMode

    class Tracing(TorchFunctionMode):  # type: ignore[misc,unused-ignore]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            name = _name(func)
            inputs = [*_tensors(args), *_tensors(kwargs.values())]
            constant = all(map(knowledge.is_constant, inputs)) and not knowledge.broken
            known = _known(name, args, kwargs, knowledge)
            result = func(*args, **kwargs)
            if name in UNSEEN:
                knowledge.broken = f"the model may change tensors unseen by {name}"
            if isinstance(result, torch.Tensor):
                rearranged = constant and bool(inputs) and name in REARRANGED
                knowledge.set(result, None if rearranged else _bounds(name, known, result, knowledge))
            elif isinstance(result, tuple) and result and _has_tensors_only(result):
                parts = list(_tensors(result))
                for part, bounds in zip(parts, _bounds_of_parts(name, known, parts, knowledge), strict=True):
                    knowledge.set(part, bounds)
            elif name not in SHAPES and name != "__setitem__" and not constant:  # versions tell of the latter
                knowledge.broken = f"the model reads or writes values of tensors by {name}"
            return result

    return Tracing()


def _name(func: Any) -> str:
    """The name of a function, a method or an attribute; with a dot if it is none of torch itself."""
    name = str(getattr(func, "__name__", func))
    if name in ("__get__", "__set__"):
        return str(getattr(func.__self__, "__name__", name))
    home = (
        type(func).__module__ if type(func).__module__ == "torch._ops" else getattr(func, "__module__", None)
    )
    return f"{home}.{func}" if home == "torch._ops" or (home or "torch").split(".")[0] != "torch" else name


def _tensors(values: Any) -> Iterator[Any]:
    import torch

    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _tensors(value)


def _has_tensors_only(values: Any) -> bool:
    """Whether all that is in nested tuples is a tensor or None."""
    import torch

    if isinstance(values, (tuple, list)):
        return all(map(_has_tensors_only, values))
    return values is None or isinstance(values, torch.Tensor)


def _known(name: str, args: Any, kwargs: Any, knowledge: Knowledge) -> tuple[list[Any], dict[str, Any]] | str:
    """The arguments with bounds and arrays in the place of tensors, or why there is no bound."""
    import torch

    def seen(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)(map(seen, value))
        if not isinstance(value, torch.Tensor):
            return value
        bounded = knowledge.get(value)
        return value.detach().numpy().copy() if bounded is None else bounded

    if name not in RULES and name not in SPLITS:
        return f"no bound is known for {name}"
    try:
        return [seen(value) for value in args], {key: seen(value) for key, value in kwargs.items()}
    except NoBoundError as unknown:
        return str(unknown)


def _bounds(name: str, known: Any, result: Any, knowledge: Knowledge) -> CurveValues | str:
    if isinstance(known, str):
        return known
    args, kwargs = known
    if name not in RULES:
        return f"no bound is known for {name} with one result"
    try:
        return RULES[name](result.detach().numpy().copy(), knowledge.layers, *args, **kwargs)
    except NoBoundError as unknown:
        return str(unknown)
    except TypeError:
        return f"no bound is known for {name} with these arguments"


def _bounds_of_parts(name: str, known: Any, results: Any, knowledge: Knowledge) -> list[CurveValues | str]:
    if isinstance(known, str) or name not in SPLITS:
        return [f"no bound is known for {name}" if name not in SPLITS else known] * len(results)
    try:
        arrays = [result.detach().numpy().copy() for result in results]
        return [*pieces(arrays, knowledge.layers, known[0][0] if known[0] else None)]
    except NoBoundError as unknown:
        return [str(unknown)] * len(results)
