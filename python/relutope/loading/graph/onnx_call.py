"""One use of an ONNX operation: what its inputs stand for, and its attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from relutope.loading.graph.numbers import Numbers
from relutope.loading.graph.onnx_tensors import array_of
from relutope.loading.graph.torch_ops import NotExactError
from relutope.loading.graph.value_graph import Tensor

#: Attributes that do not change what is computed in inference.
WITHOUT_EFFECT = {
    "BatchNormalization": ("momentum",),
    "Cast": ("saturate", "round_mode"),
    "CastLike": ("saturate", "round_mode"),
    "Dropout": ("ratio", "seed"),
    "MaxPool": ("storage_order",),
    "Resize": ("cubic_coeff_a", "exclude_outside", "extrapolation_value"),
}


@dataclass(eq=False)
class Call:
    """One use of an operation.

    Attributes
    ----------
    op : str
    inputs : list
        A `Tensor`, exact numbers (float64 or Fractions), an array of integers or booleans, or None.
    attributes : dict
        Those that were not read yet.
    opset : int
    n_outputs : int
    kind : str
        Element type of what depends on the input.
    """

    op: str
    inputs: list[Any]
    attributes: dict[str, Any]
    opset: int
    n_outputs: int
    kind: str

    @classmethod
    def of(cls, node: Any, inputs: list[Any], opset: int, kind: str, folder: str) -> Call:
        """The use that a NodeProto is."""
        attributes = {item.name: _attribute(item, folder) for item in node.attribute}
        for name in WITHOUT_EFFECT.get(node.op_type, ()):
            attributes.pop(name, None)
        return cls(node.op_type, inputs, attributes, opset, len(node.output), kind)

    def __len__(self) -> int:
        return len(self.inputs)

    def given(self, place: int) -> Any:
        """An input, or None if it was left out."""
        return self.inputs[place] if place < len(self.inputs) else None

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute, which counts as read from then on."""
        return self.attributes.pop(name, default)

    def check_attributes(self) -> None:
        """Refuse attributes that nobody read, since they might mean anything."""
        if self.attributes:
            raise NotExactError(f"its attributes {', '.join(sorted(self.attributes))} are not supported")

    def x(self) -> Any:
        """The first input."""
        if not self.inputs or self.inputs[0] is None:
            raise ValueError("it has no input")
        return self.inputs[0]

    def integers(self, place: int, attribute: str | None = None) -> list[int] | None:
        """Integers given as an input, or in older operator sets as an attribute."""
        value = self.given(place)
        if attribute is not None and attribute in self.attributes:
            value = np.asarray(self.attribute(attribute))
        if value is None:
            return None
        if not isinstance(value, np.ndarray) or value.dtype != np.int64:
            if isinstance(value, Tensor):
                raise NotExactError(f"its input {place} depends on the input of the network")
            raise ValueError(f"its input {place} is no list of integers")
        return [int(item) for item in value.ravel()]

    def numbers(self, place: int, what: str) -> Numbers | None:
        """Constant real numbers, or None."""
        value: Numbers | None = self.given(place)
        if isinstance(value, Tensor):
            raise NotExactError(f"its {what} depends on the input of the network")
        if value is not None and not is_numbers(value):
            raise ValueError(f"its {what} is of type {getattr(value, 'dtype', type(value))}, no float")
        return value

    def scalar(self, place: int, what: str) -> float | None:
        """One constant float64, or None."""
        value = self.numbers(place, what)
        if value is None:
            return None
        if value.size != 1 or value.dtype == object:
            raise ValueError(f"its {what} has the shape {value.shape}; legal: one number")
        return float(value.ravel()[0])


def is_numbers(value: Any) -> bool:
    """Whether a value is a constant array of real numbers."""
    return isinstance(value, np.ndarray) and value.dtype in (np.dtype(float), np.dtype(object))


def is_integers(value: Any) -> bool:
    """Whether a value is a constant array of integers or booleans."""
    return isinstance(value, np.ndarray) and value.dtype in (np.dtype(np.int64), np.dtype(bool))


def single(value: float) -> float:
    """The float64 value of the nearest float32, as attributes have it."""
    return float(np.float32(value))


def refuse_parts(node: Any) -> None:
    """Refuse other domains, subgraphs and references to the attributes of a function."""
    import onnx

    if node.domain not in ("", "ai.onnx"):
        raise NotExactError(f"its domain {node.domain!r} is not supported; legal: ONNX's own operations")
    for item in node.attribute:
        if item.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
            raise NotExactError("it is control flow; legal: graphs without If, Loop and Scan")
        if item.ref_attr_name:
            raise NotExactError("it refers to an attribute of a function")


def _attribute(item: Any, folder: str) -> Any:
    import onnx
    from onnx import helper

    if item.type == onnx.AttributeProto.TENSOR:
        name = f"the attribute {item.name}"
        return array_of(item.t, folder, name)
    value = helper.get_attribute_value(item)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    numbers = value if isinstance(value, list) else [value]
    if any(isinstance(number, float) and np.isnan(number) for number in numbers):
        raise ValueError(f"its attribute {item.name} is NaN; legal: numbers")
    if not all(isinstance(number, (int, float)) for number in numbers):
        raise NotExactError(f"its attribute {item.name} is of a type that is not supported")
    return value
