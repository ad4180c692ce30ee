"""The nodes of a program that `torch.export` captured, run on a value graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from relutope.loading.graph.final import Final
from relutope.loading.graph.torch_layout import (
    FACTORIES,
    FLOAT_LAYOUT,
    LAYOUT,
    as_numbers,
    leaves_of,
    made,
    moved,
    numbers_of,
    words,
)
from relutope.loading.graph.torch_ops import CLAMPS, OF_CONSTANTS, OPERATIONS, REASONS, NotExactError, Unused
from relutope.loading.graph.value_graph import Tensor, ValueGraph
from relutope.loading.state_dict import named_together

#: Operations that are dropped where nothing but the output follows.
FINAL = frozenset({"softmax", "log_softmax", "_softmax", "_log_softmax", "sigmoid", "special_expit"})

#: Operations that may follow these, since they keep all elements in their order.
RESHAPES = words("view reshape flatten squeeze unsqueeze contiguous clone detach")

#: Operations that return their argument in another type.
CASTS = frozenset({"to", "type_as", "_to_copy"})


class Importer:
    """Runs the nodes of an exported program on a value graph.

    Attributes
    ----------
    graph : ValueGraph
    record : dict of str to (int, ndarray)
        By name of a node how many values there were once it had run, and the ids of its result.
    """

    def __init__(self, program: Any, input_shape: tuple[int, ...]) -> None:
        self.program = program
        self.graph = ValueGraph(input_shape)
        self.values: dict[str, Any] = {}
        self.record: dict[str, tuple[int, Any]] = {}
        self.stored = {**program.state_dict, **program.constants}
        self.dtypes: dict[str, None] = {}

    def run(self) -> None:
        """Run all nodes, and name the output."""
        inputs = {spec.arg.name: spec for spec in self.program.graph_signature.input_specs}
        seen_input = False
        for node in self.program.graph.nodes:
            if node.op == "placeholder":
                spec = inputs[node.name]
                if spec.kind.name == "USER_INPUT":
                    if seen_input:
                        raise ValueError(f"the module takes a second input {node.name}; legal: one tensor")
                    seen_input = True
                    # A copy, which in-place operations may change.
                    self.values[node.name] = Tensor(self.graph.input.ids.copy())
                else:
                    self.values[node.name] = _Stored(spec.target)
            elif node.op == "call_function":
                self.graph.place = _module_of(node)[1]
                self.values[node.name] = result = self._call(node)
                if isinstance(result, Tensor):
                    self.record[node.name] = self.graph.n_values, result.ids.copy()
            elif node.op == "get_attr":
                self.values[node.name] = Unused()  # a block of what is refused by its name next
            elif node.op == "output":
                self._finish(node.args[0])
            else:
                raise ValueError(
                    f"the captured module has a node {node.op} {node.target}, which is not supported"
                )
        self.graph.place = ""
        self.graph.dtype = named_together(self.dtypes)

    def _finish(self, results: Any) -> None:
        outputs = [self._value(item) for item in results] if isinstance(results, (tuple, list)) else [None]
        if len(outputs) != 1:
            raise ValueError(f"the module returns {len(outputs)} values; legal: one tensor")
        output = outputs[0]
        if isinstance(output, Final):
            self.graph.notes.append(output.note)
            output = output.before
        if isinstance(output, np.ndarray):
            output = self.graph.constant(output)
        if not isinstance(output, Tensor):
            raise ValueError("the module's result is no floating-point tensor; legal: one")
        self.graph.set_output(output)

    def _value(self, item: Any) -> Any:
        """What an argument of a node stands for."""
        if isinstance(item, (list, tuple)):
            return [self._value(part) for part in item]
        if isinstance(item, dict):
            return {key: self._value(part) for key, part in item.items()}
        if not hasattr(item, "op") or not hasattr(item, "name"):
            return item
        value = self.values[item.name]
        if isinstance(value, _Stored):
            value = self.values[item.name] = self._stored(value.name)
        return value

    def _stored(self, name: str) -> Any:
        """A parameter, buffer or constant as exact numbers; integers and booleans stay tensors."""
        import torch

        tensor = self.stored[name]
        if not isinstance(tensor, torch.Tensor) or tensor.is_complex():
            raise ValueError(
                f"{name} is {getattr(tensor, 'dtype', type(tensor).__name__)}; legal: a real tensor"
            )
        if not tensor.is_floating_point():
            return tensor
        array = numbers_of(tensor)
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has a NaN or infinite coefficient; legal: finite numbers")
        if not name.startswith("lifted_tensor"):
            self.dtypes[str(tensor.dtype).removeprefix("torch.")] = None
        return array

    def _call(self, node: Any) -> Any:
        import torch

        target = node.target
        if not isinstance(target, torch._ops.OpOverload):
            if getattr(target, "__name__", "") == "getitem":
                return self._value(node.args[0])[node.args[1]]
            raise _refusal(node, str(getattr(target, "__name__", target)), "it is no plain operation")
        name = target._schema.name.removeprefix("aten::")
        if name.startswith("_assert"):
            return None
        args, kwargs = _positional(target, self._value(node.args), self._value(node.kwargs))
        try:
            return _strided(node, self._run(node, target, name, args, kwargs))
        except NotExactError as error:
            raise _refusal(node, name, str(error)) from None
        except ValueError as error:
            raise ValueError(f"{_where(node, name)}: {error}") from error
        except RuntimeError as error:
            if type(error) is RuntimeError:
                raise
            # torch's own types, such as that of a shape which depends on values
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise _refusal(node, name, reason) from error

    def _run(self, node: Any, target: Any, name: str, args: Any, kwargs: Any) -> Any:
        import torch

        base = name.removesuffix("_") if not name.endswith("__") else name
        leaves = list(leaves_of([args, kwargs]))
        if any(isinstance(leaf, (Final, Unused)) for leaf in leaves):
            final = next((leaf for leaf in leaves if isinstance(leaf, Final)), None)
            if final is None:
                raise NotExactError("it reads the places of maxima")
            if base in RESHAPES and args[0] is final:
                before = moved(self.graph, target, base, [final.before, *args[1:]], kwargs)
                return Final(before, final.where, final.group)
            raise NotExactError(
                f"it reads the result of {final.where}, which is not piecewise linear; legal: a softmax, "
                "log_softmax or sigmoid over the outputs, at the very end"
            )
        wrong = [leaf for leaf in leaves if isinstance(leaf, float) and not np.isfinite(leaf)]
        if wrong and base not in CLAMPS:
            raise NotExactError(f"it has the number {wrong[0]}")
        if base != name and base not in ("detach",):
            return self._in_place(node, target, base, args, kwargs)
        if base in ("detach", "lift_fresh_copy") and name != base:
            return args[0]
        if base in FACTORIES:
            return made(target, args, kwargs)
        if base in LAYOUT or base in FLOAT_LAYOUT:
            return moved(self.graph, target, base, args, kwargs)
        if base in CASTS:
            return self._cast(node, args, kwargs)
        if base in FINAL and isinstance(args[0], Tensor):
            return self._final(node, base, args)
        if not any(isinstance(leaf, (Tensor, np.ndarray)) for leaf in leaves):
            result = target(*args, **kwargs)  # integers and booleans, such as indices
            if isinstance(result, torch.Tensor) and not result.is_floating_point():
                return result
        return self._operation(target, base, args, kwargs)

    def _in_place(self, node: Any, target: Any, base: str, args: Any, kwargs: Any) -> Any:
        """Run the operation out of place and write its ids where the old ones stood."""
        old = args[0]
        if not isinstance(old, Tensor):
            raise NotExactError("it changes a stored tensor")
        if base == "index_put":
            return self._put(old, target, args)
        if base == "zero":
            result: Any = np.zeros(old.shape)
        elif base in ("fill", "copy"):
            result = args[1]
        else:
            result = self._operation(target, base, args, kwargs)
        if not isinstance(result, Tensor):
            result = self.graph.constant(np.broadcast_to(as_numbers(result), old.shape))
        old.ids[...] = result.ids
        return old

    def _put(self, old: Tensor, target: Any, args: Any) -> Tensor:
        """Run ``old[indices] = values`` on ids."""
        import torch

        if len(args) > 3 and args[3]:
            raise NotExactError("it adds up at indices")
        values = args[2] if isinstance(args[2], Tensor) else self.graph.constant(as_numbers(args[2]))
        target(torch.from_numpy(old.ids), args[1], torch.from_numpy(values.ids))
        return old

    def _operation(self, target: Any, base: str, args: Any, kwargs: Any) -> Any:
        if base not in OPERATIONS:
            raise NotExactError(REASONS.get(base, "it is not supported"))
        bound = _bound(target, base, args, kwargs)
        if base not in OF_CONSTANTS and not any(isinstance(leaf, Tensor) for leaf in leaves_of(bound)):
            key = "self" if "self" in bound else "input"
            bound[key] = self.graph.constant(bound[key])
        return OPERATIONS[base](self.graph, bound)

    def _cast(self, node: Any, args: Any, kwargs: Any) -> Any:
        import torch

        dtype, value = node.meta["val"].dtype, args[0]
        if isinstance(value, torch.Tensor):
            result = value.to(dtype)
            return numbers_of(result) if dtype.is_floating_point else result
        if not dtype.is_floating_point and isinstance(value, np.ndarray) and value.dtype != object:
            return torch.from_numpy(value).to(dtype)
        if not dtype.is_floating_point:
            raise NotExactError(f"it rounds to {dtype}")
        if isinstance(value, np.ndarray) and not np.array_equal(
            numbers_of(torch.from_numpy(value.astype(np.float64)).to(dtype)), value
        ):
            raise NotExactError(f"it rounds a constant to {dtype}")
        before = node.args[0].meta["val"].dtype
        if isinstance(value, Tensor) and before != dtype:
            if torch.finfo(dtype).bits < torch.finfo(before).bits:
                self.graph.notes.append(
                    f"{_where(node, 'cast')}: from {before} to {dtype}, taken as the identity: it is part of "
                    "how the forward pass is rounded"
                )
            return Tensor(value.ids.copy())
        return value

    def _final(self, node: Any, base: str, args: Any) -> Final:
        x = args[0]
        if "softmax" in base and args[1] % x.ids.ndim == 0 and x.ids.ndim > 1:
            raise NotExactError("it runs over the batch axis")
        kind, path = _module_of(node)
        is_module = kind.lower() == base.replace("_", "") and path
        group = x.ids.shape[args[1]] if "softmax" in base and x.ids.ndim else None
        return Final(x, f"{kind} at {path!r}" if is_module else _where(node, base), group)


class _Stored:
    """A parameter, buffer or constant that no operation has read yet."""

    def __init__(self, name: str) -> None:
        self.name = name


def _bound(target: Any, base: str, args: Any, kwargs: Any) -> dict[str, Any]:
    """Arguments by name, defaults filled in; numbers and integer tensors become exact numbers."""
    bound: dict[str, Any] = {"name": base}
    for place, argument in enumerate(target._schema.arguments):
        if place < len(args):
            bound[argument.name] = args[place]
        elif argument.name in kwargs:
            bound[argument.name] = kwargs[argument.name]
        elif argument.has_default_value():
            bound[argument.name] = argument.default_value
    for key in ("self", "other", "min", "max", "weight", "mat1", "mat2"):
        if key in bound:
            bound[key] = as_numbers(bound[key])
    return bound


def _positional(target: Any, args: Any, kwargs: Any) -> tuple[list[Any], dict[str, Any]]:
    """The same arguments, those by name that need no name by position."""
    args, kwargs = list(args), dict(kwargs)
    for argument in target._schema.arguments[len(args) :]:
        if argument.kwarg_only or argument.name not in kwargs:
            break
        args.append(kwargs.pop(argument.name))
    return args, kwargs


def _strided(node: Any, result: Any) -> Any:
    """A new tensor with the strides that torch gives it, on which depends what is a view of it."""
    import torch

    value = node.meta.get("val")
    if not isinstance(result, Tensor) or not isinstance(value, torch.Tensor):
        return result
    ids = torch.from_numpy(result.ids)
    if ids.stride() == value.stride() or not ids.is_contiguous() or ids._base is not None:
        return result
    table = torch.empty_strided(value.shape, value.stride(), dtype=torch.int64)
    return Tensor(table.copy_(ids).numpy())


def _module_of(node: Any) -> tuple[str, str]:
    """Class and path of the innermost module that a node stands in; both empty if unknown."""
    stack = node.meta.get("nn_module_stack")
    if not stack:
        return "", ""
    path, kind = list(stack.values())[-1]
    kind = kind if isinstance(kind, str) else kind.__qualname__
    return kind.rpartition(".")[2], str(path)


def _where(node: Any, name: str) -> str:
    """An operation and its place, such as ``gelu of GELU at 'net.1'``."""
    kind, path = _module_of(node)
    if not kind:
        return name
    return f"{name} of {kind} at {path!r}" if path else f"{name} of {kind} (the module itself)"


def _refusal(node: Any, name: str, reason: str) -> ValueError:
    if "parametrizations." in _module_of(node)[1]:
        reason += "; legal: weights that torch.nn.utils.parametrize.remove_parametrizations made permanent"
    return ValueError(f"{_where(node, name)} cannot be represented exactly: {reason}")
