"""The nodes of an ONNX graph, run on a value graph."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from relutope.loading.graph.final import Final
from relutope.loading.graph.onnx_call import Call, refuse_parts
from relutope.loading.graph.onnx_layout import LAYOUT
from relutope.loading.graph.onnx_ops import FINAL, OPERATIONS, REASONS
from relutope.loading.graph.onnx_resize import RESIZING
from relutope.loading.graph.onnx_tensors import FLOATS, array_of, type_name
from relutope.loading.graph.torch_ops import NotExactError, Unused
from relutope.loading.graph.value_graph import Tensor, ValueGraph
from relutope.loading.state_dict import named_together

#: Operations that may follow a final activation, since they keep all elements in their order.
RESHAPES = frozenset({"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})

#: Operations that take infinite constants.
TAKE_INFINITY = frozenset({"Cast", "Clip", "Constant", "Identity"})


class Importer:
    """Runs those nodes of a graph on which its output depends.

    Parameters
    ----------
    proto : onnx.GraphProto
    opset : int
    folder : str
        Folder of the model.
    input_name : str
    input_shape : tuple of int

    Attributes
    ----------
    graph : ValueGraph
    """

    def __init__(
        self, proto: Any, opset: int, folder: str, input_name: str, input_shape: tuple[int, ...]
    ) -> None:
        self.graph = ValueGraph(input_shape)
        self.nodes = list(proto.node)
        self.opset, self.folder = opset, folder
        self.stored = {tensor.name: tensor for tensor in proto.initializer}
        if len(self.stored) < len(proto.initializer):
            raise ValueError("two stored tensors have one name (damaged?)")
        self.sparse = {tensor.values.name for tensor in proto.sparse_initializer}
        self.values: dict[str, Any] = {input_name: self.graph.input}
        inputs = {value.name: value for value in proto.input}
        self.kind = type_name(inputs[input_name].type.tensor_type.elem_type)
        self.kinds = {input_name: self.kind}
        self.dtypes: dict[str, None] = {}

    def run(self, output: str) -> None:
        """Run the nodes and name the output."""
        needed = self._needed(output)
        for node in self.nodes:
            if not needed.isdisjoint(node.output):
                self._run_node(node)
        self.graph.place = ""
        result = self._value(output)
        if isinstance(result, Final):
            self.graph.notes.append(result.note)
            result = result.before
        if isinstance(result, np.ndarray) and result.dtype in (float, object):
            result = self.graph.constant(result)
        if not isinstance(result, Tensor):
            raise ValueError(f"the output {output!r} is no floating-point tensor; legal: one")
        self.graph.set_output(result)
        self.graph.dtype = named_together(self.dtypes)

    def _needed(self, output: str) -> set[str]:
        """Names of all values on which the output depends, once it is sure that they come in order."""
        makers: dict[str, int] = {}
        for place, node in enumerate(self.nodes):
            for name in filter(None, node.output):
                if name in makers or name in self.values or name in self.stored:
                    raise ValueError(f"{where(node)} makes {name!r}, which is made twice (damaged?)")
                makers[name] = place
        needed: set[str] = set()
        pending = [(output, len(self.nodes))]
        while pending:
            name, reader = pending.pop()
            maker = makers.get(name)
            if maker is not None and maker >= reader:
                raise ValueError(
                    f"{where(self.nodes[reader])} reads {name!r} before it is made: the graph has a cycle or "
                    "is not sorted"
                )
            if name in needed:
                continue
            needed.add(name)
            if maker is not None:
                pending.extend((name, maker) for name in filter(None, self.nodes[maker].input))
        return needed

    def _value(self, name: str) -> Any:
        """What a name stands for; "" is an input that was left out."""
        if name == "":
            return None
        if name not in self.values:
            if name in self.sparse:
                raise ValueError(f"{name!r} is stored sparsely; legal: dense tensors")
            if name not in self.stored:
                raise ValueError(f"{name!r} is made nowhere (truncated or damaged?)")
            tensor = self.stored[name]
            self.values[name] = array_of(tensor, self.folder, repr(name))
            if type_name(tensor.data_type) in FLOATS:
                self.dtypes[FLOATS[type_name(tensor.data_type)][1]] = None
        return self.values[name]

    def _run_node(self, node: Any) -> None:
        self.graph.place = node.name
        op, place = node.op_type, where(node)
        try:
            refuse_parts(node)
            inputs = [self._value(name) for name in node.input]
            if op not in TAKE_INFINITY:
                self._check_finite(node, inputs)
            kind = next((self.kinds[name] for name in node.input if name in self.kinds), self.kind)
            call = Call.of(node, inputs, self.opset, kind, self.folder)
            result = self._result(call, place)
        except NotExactError as error:
            raise ValueError(f"{place} cannot be represented exactly: {error}") from None
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from error
        except (IndexError, KeyError, OverflowError, TypeError, ZeroDivisionError, AssertionError) as error:
            raise ValueError(f"{place} has inputs or attributes that do not fit it: {error}") from error
        for name, value in zip(node.output, result, strict=False):
            self.values[name] = value
            if isinstance(value, Tensor):
                self.kinds[name] = call.kind
        missing = [name for name in node.output if name and name not in self.values]
        if missing:
            raise ValueError(f"{place} makes {len(result)} values and should make {missing[0]!r} too")

    def _result(self, call: Call, place: str) -> tuple[Any, ...]:
        final = next((value for value in call.inputs if isinstance(value, Final)), None)
        if any(isinstance(value, Unused) for value in call.inputs):
            raise NotExactError("it reads places of maxima or a mask")
        if final is not None:
            if call.op not in RESHAPES or call.inputs[0] is not final:
                raise NotExactError(
                    f"it reads the result of {final.where}, which is not piecewise linear; legal: a Softmax, "
                    "LogSoftmax or Sigmoid over the outputs, at the very end"
                )
            call.inputs[0] = final.before
            return (Final(self._operation(call)[0], final.where, final.group),)
        if call.op in FINAL and isinstance(call.inputs[0], Tensor):
            x = call.inputs[0]
            axis = call.attribute("axis", 1 if self.opset < 13 else -1) if call.op != "Sigmoid" else 1
            if x.ids.ndim > 1 and axis % x.ids.ndim == 0:
                raise NotExactError("it runs over the batch axis")
            call.check_attributes()
            group = None
            if call.op != "Sigmoid":
                group = x.ids.shape[axis] if self.opset >= 13 else prod(x.ids.shape[axis:])
            return (Final(x, place, group),)
        return self._operation(call)

    def _operation(self, call: Call) -> tuple[Any, ...]:
        operation = OPERATIONS.get(call.op) or LAYOUT.get(call.op) or RESIZING.get(call.op)
        if operation is None:
            raise NotExactError(REASONS.get(call.op, "it is not supported"))
        result = operation(self.graph, call)
        call.check_attributes()
        return result if isinstance(result, tuple) else (result,)

    def _check_finite(self, node: Any, inputs: list[Any]) -> None:
        for name, value in zip(node.input, inputs, strict=True):
            if isinstance(value, np.ndarray) and value.dtype == float and not np.isfinite(value).all():
                raise ValueError(f"{name!r} has a NaN or infinite coefficient; legal: finite numbers")


def where(node: Any) -> str:
    """A node by operation and name, such as ``Gelu at '/net/1/Gelu'``."""
    if node.name:
        return f"{node.op_type} at {node.name!r}"
    return f"{node.op_type} that makes {', '.join(map(repr, node.output))}"
