"""Arguments of the nodes of an exported program, as its JSON text has them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from relutope.loading.graph.pt2_tensors import STRIDED, dtype_of
from relutope.loading.graph.torch_layout import words

#: Kinds of arguments that stand for themselves.
PLAIN = words("as_int as_ints as_bool as_bools as_string as_strings as_int_lists")

#: Numbers that JSON cannot hold.
SPECIAL = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}

#: Memory formats by their numbers in the file.
FORMATS = {1: "contiguous_format", 2: "channels_last", 3: "channels_last_3d", 4: "preserve_format"}


class Arguments:
    """Reads arguments.

    Parameters
    ----------
    node : callable
        The node of a name.
    sizes : dict of str to int
        Sizes that are not fixed in the file, as they became known.
    """

    def __init__(self, node: Callable[[Any], Any], sizes: dict[str, Any]) -> None:
        self.node, self.sizes = node, sizes

    def value(self, argument: dict[str, Any]) -> Any:
        """What an argument stands for: a node, numbers, or one of torch's constants."""
        import torch

        if len(argument) != 1:
            raise ValueError(f"it has the argument {argument} (damaged?)")
        ((kind, value),) = argument.items()
        if kind == "as_none":
            return None
        if kind in ("as_tensor", "as_optional_tensor", "as_sym_int", "as_sym_bool"):
            return self._named(value)
        if kind in ("as_tensors", "as_optional_tensors", "as_sym_ints"):
            return [self._named(item) for item in value]
        if kind in PLAIN:
            return value
        if kind == "as_float":
            return _number(value)
        if kind == "as_floats":
            return [_number(item) for item in value]
        if kind == "as_scalar_type":
            return dtype_of(value, "a result")
        if kind == "as_memory_format" and value in FORMATS:
            return getattr(torch, FORMATS[value])
        if kind == "as_layout" and value == STRIDED:
            return torch.strided
        if kind == "as_device":
            return torch.device("cpu")
        raise ValueError(f"it has an argument of the kind {kind.removeprefix('as_')}, which is not supported")

    def _named(self, item: dict[str, Any]) -> Any:
        """A tensor, a size, or nothing."""
        if "name" in item:
            return self.node(item["name"])
        if "as_name" in item:
            if item["as_name"] not in self.sizes:
                raise ValueError(f"it reads the size {item['as_name']!r} before it is made (damaged?)")
            return self.sizes[item["as_name"]]
        return self.value(item)


def _number(value: Any) -> float:
    return SPECIAL[value] if isinstance(value, str) else float(value)
