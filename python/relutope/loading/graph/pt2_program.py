"""The JSON graph of an exported program as nodes that the importer of torch graphs runs."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from relutope.loading.graph.input_shape import chosen_shape
from relutope.loading.graph.pt2_arguments import Arguments
from relutope.loading.graph.pt2_core import composed
from relutope.loading.graph.pt2_tensors import dtype_of
from relutope.loading.graph.sizes import check_size
from relutope.loading.graph.torch_blocks import BLOCKS, check_block
from relutope.loading.graph.torch_layout import FACTORIES, FLOAT_LAYOUT, LAYOUT, leaves_of, mapped, words
from relutope.loading.graph.torch_nodes import CASTS, FINAL
from relutope.loading.graph.torch_ops import OPERATIONS, REASONS

if TYPE_CHECKING:
    import torch

#: Newest version of the schema whose definitions this follows.
MAX_SCHEMA = 8

#: All operations that may be looked up and run, if only on shapes: none of them has other effects.
KNOWN = (
    LAYOUT
    | FLOAT_LAYOUT
    | FACTORIES
    | CASTS
    | FINAL
    | OPERATIONS.keys()
    | REASONS.keys()
    | words("zero fill copy index_put sym_size")
)

#: Operations on sizes that are not fixed in the file.
ON_SIZES = {
    f"_operator.{name}": getattr(operator, name) for name in words("add sub mul floordiv eq ne lt le gt ge")
}

#: Where torch keeps the operations that run blocks.
BLOCK_PREFIX = "torch.ops.higher_order."

#: Kinds of inputs in the signature, and where each names what it stands for.
INPUTS = {"parameter": "parameter_name", "buffer": "buffer_name", "tensor_constant": "tensor_constant_name"}


@dataclass(eq=False)
class Node:
    """A node as `torch.fx` has it, as far as the importer reads it."""

    op: str
    name: str
    target: Any = None
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)


class Reader:
    """Reads the nodes one by one, and learns the shape of every result on tensors without data.

    Parameters
    ----------
    content : dict
        The JSON object of the program.
    stored : dict of str to torch.Tensor
    wanted : sequence of int, optional
        Shape of the input.

    Attributes
    ----------
    program : SimpleNamespace
        What the importer reads of a `torch.export.ExportedProgram`.
    input_shape : tuple of int
    """

    def __init__(
        self, content: dict[str, Any], stored: dict[str, torch.Tensor], wanted: Sequence[int] | None
    ) -> None:
        major = content["schema_version"]["major"]
        if not isinstance(major, int) or not 1 <= major <= MAX_SCHEMA:
            raise ValueError(f"the program has schema version {major}; legal: up to {MAX_SCHEMA}")
        module = content["graph_module"]
        self.graph = module["graph"]
        self.stored = stored
        self.known: dict[str, Node] = {}
        self.sizes: dict[str, Any] = {}
        self.nodes: list[Node] = []
        self.block = ""
        self.input_shape: tuple[int, ...] = ()
        self.arguments = Arguments(self._node, self.sizes)
        specs = [self._input(spec, wanted) for spec in module["signature"]["input_specs"]]
        for item in self.graph["nodes"]:
            self._read(composed(item))
        self._output(module["signature"]["output_specs"])
        self.program = SimpleNamespace(
            graph=SimpleNamespace(nodes=self.nodes),
            graph_signature=SimpleNamespace(input_specs=[spec for spec in specs if spec is not None]),
            state_dict=stored,
            constants={},
        )

    def _node(self, name: Any) -> Node:
        if name not in self.known:
            raise ValueError(f"it reads {name!r} before it is made (damaged?)")
        return self.known[name]

    def _add(self, node: Node) -> None:
        self._keep(node.name, node)
        node.name = f"{self.block}{node.name}"
        self.nodes.append(node)

    def _keep(self, name: str, node: Any) -> None:
        if name in self.known:
            raise ValueError(f"{name!r} is made twice (damaged?)")
        self.known[name] = node

    def _input(self, item: dict[str, Any], wanted: Sequence[int] | None) -> Any:
        import torch

        ((kind, spec),) = item.items()
        if kind == "user_input" and "as_none" in spec["arg"]:
            return None
        if kind == "user_input" and "as_tensor" in spec["arg"]:
            name, target = spec["arg"]["as_tensor"]["name"], None
            if self.input_shape:
                raise ValueError(f"the program takes a second input {name!r}; legal: one tensor")
            meta = self.graph["tensor_values"][name]
            dtype = dtype_of(meta["dtype"], f"the input {name!r}")
            if not dtype.is_floating_point:
                raise ValueError(f"the input {name!r} has elements of type {dtype}; legal: floats")
            declared = [size.get("as_int", "n") for size in meta["sizes"]]
            self.input_shape = chosen_shape(name, declared, wanted)
            value = torch.empty(self.input_shape, dtype=dtype, device="meta")
        elif kind in INPUTS:
            name, target = spec["arg"]["name"], spec[INPUTS[kind]]
            if target not in self.stored:
                raise ValueError(f"the {kind} {target!r} is not stored (truncated or damaged?)")
            value = self.stored[target].to("meta")
        else:
            raise ValueError(f"the program has an input of the kind {kind}; legal: tensors")
        self._add(Node("placeholder", name, name, meta={"val": value}))
        return SimpleNamespace(
            kind=SimpleNamespace(name=kind.upper()), arg=SimpleNamespace(name=name), target=target
        )

    def _read(self, item: dict[str, Any]) -> None:
        target, meta = item["target"], {"nn_module_stack": _module_stack(item.get("metadata") or {})}
        if target.startswith("torch.ops.aten._assert"):
            return
        if target.removeprefix(BLOCK_PREFIX) in BLOCKS:
            self._read_block(item, target.removeprefix(BLOCK_PREFIX), meta)
            return
        named = {entry["name"]: entry["arg"] for entry in item["inputs"]}
        if target in ON_SIZES:
            left, right = (self.arguments.value(argument) for argument in named.values())
            self._keep_size(item["outputs"], ON_SIZES[target](left, right))
            return
        overload = _overload(target, meta)
        try:
            values = {name: self.arguments.value(argument) for name, argument in named.items()}
        except ValueError as error:
            raise ValueError(f"{target}: {error}") from error
        args, kwargs = _ordered(overload, values)
        result = _on_shapes(target, overload, args, kwargs)
        if isinstance(result, int):
            self._keep_size(item["outputs"], result)
            return
        for leaf in leaves_of(result):
            check_size(leaf.shape, f"the result of {target}")
        self._make(item, Node("call_function", "", overload, tuple(args), kwargs, meta), result)

    def _read_block(self, item: dict[str, Any], name: str, meta: dict[str, Any]) -> None:
        """Read the operations of a block, whose names are its own, in place of the operation that runs it."""
        arguments, at = [entry["arg"] for entry in item["inputs"]], BLOCKS[name]
        check_block(name, [self.arguments.value(argument) for argument in arguments[:at]], _place(meta))
        body = arguments[at]["as_graph"]["graph"]
        given = [self.arguments.value(argument) for argument in arguments[at + 1 :]]
        if len(given) != len(body["inputs"]) or len(item["outputs"]) != len(body["outputs"]):
            raise ValueError(f"{item['target']} has a block that does not fit it (damaged?)")
        outer, self.known = self.known, {}
        sizes, block = dict(self.sizes), self.block
        self.block = f"{block}{len(self.nodes)} "
        for argument, value in zip(body["inputs"], given, strict=True):
            ((kind, item_),) = argument.items()
            if kind == "as_tensor":
                self._keep(item_["name"], value)
            else:
                self.sizes[item_["as_name"]] = value
        for inner in body["nodes"]:
            self._read(composed(inner))
        results = [self.arguments.value(output) for output in body["outputs"]]
        self.known, self.block = outer, block
        self.sizes.clear()
        self.sizes.update(sizes)
        for output, result in zip(item["outputs"], results, strict=True):
            self._keep(output["as_tensor"]["name"], result)

    def _make(self, item: dict[str, Any], node: Node, result: Any) -> None:
        """Add a node, and for several results one more for each."""
        outputs = item["outputs"]
        lists = [output["as_tensors"] for output in outputs if "as_tensors" in output]
        if len(outputs) == 1 and not lists:
            node.name, node.meta["val"] = outputs[0]["as_tensor"]["name"], result
            self._add(node)
            return
        parts = lists[0] if lists else [output["as_tensor"] for output in outputs]
        if len(lists) > 1 or (lists and len(outputs) > 1) or len(parts) != len(result):
            raise ValueError(f"{item['target']} has {len(outputs)} results that do not fit it (damaged?)")
        node.name = f"{parts[0]['name']} and others"
        self._add(node)
        for place, part in enumerate(parts):
            meta = {**node.meta, "val": result[place]}
            self._add(Node("call_function", part["name"], operator.getitem, (node, place), {}, meta))

    def _keep_size(self, outputs: list[Any], value: Any) -> None:
        (output,) = outputs
        ((_, name),) = output.items()
        self.sizes[name["as_name"]] = value

    def _output(self, specs: list[dict[str, Any]]) -> None:
        kinds = [next(iter(spec)) for spec in specs]
        # What an operation in place makes of the input is listed before the result.
        others = [kind for kind in kinds if kind not in ("user_output", "user_input_mutation")]
        if others or len(kinds) != len(self.graph["outputs"]):
            raise ValueError(f"the program has outputs of the kinds {kinds}; legal: one tensor")
        if not self.input_shape:
            raise ValueError("the program takes no input; legal: one tensor")
        outputs = zip(kinds, self.graph["outputs"], strict=True)
        results = [self.arguments.value(output) for kind, output in outputs if kind == "user_output"]
        self.nodes.append(Node("output", "output", args=(tuple(results),)))


def _place(meta: dict[str, Any]) -> str:
    return "".join(f" at {path!r}" for path, _ in list(meta["nn_module_stack"].values())[-1:] if path)


def _overload(target: Any, meta: dict[str, Any]) -> Any:
    """The operation of a name, if it is one that may run."""
    import torch

    found = re.fullmatch(r"torch\.ops\.aten\.(\w+)\.(\w+)", target) if isinstance(target, str) else None
    name = found[1] if found else ""
    if found is None or (name not in KNOWN and name.removesuffix("_") not in KNOWN):
        raise ValueError(f"{target}{_place(meta)} cannot be represented exactly: it is not supported")
    packet = getattr(torch.ops.aten, name, None)
    if packet is None or found[2] not in packet.overloads():
        raise ValueError(f"{target}{_place(meta)} is unknown to torch {torch.__version__}")
    return getattr(packet, found[2])


def _ordered(overload: Any, values: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Arguments by position where that is possible, the others by name."""
    args, kwargs = [], dict(values)
    for argument in overload._schema.arguments:
        if argument.kwarg_only or argument.name not in kwargs:
            break
        args.append(kwargs.pop(argument.name))
    return args, kwargs


def _on_shapes(target: str, overload: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """What an operation makes of tensors without data."""
    import torch

    def blank(leaf: Any) -> Any:
        if isinstance(leaf, Node):
            return leaf.meta["val"]
        return torch.device("meta") if isinstance(leaf, torch.device) else leaf

    options = mapped(blank, kwargs)
    if any(argument.name == "device" for argument in overload._schema.arguments) and (
        overload._schema.name.removeprefix("aten::") in FACTORIES
    ):
        options["device"] = torch.device("meta")
    try:
        with torch.no_grad():
            return overload(*mapped(blank, args), **options)
    except Exception as error:  # torch raises errors of many types
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        if isinstance(error, NotImplementedError):
            reason = f"the shape of its result depends on values, or is unknown ({reason})"
        raise ValueError(f"{target} does not fit its arguments: {reason}") from error


def _module_stack(metadata: dict[str, Any]) -> dict[int, tuple[str, str]]:
    """Paths and classes of the modules that a node stands in, outermost first."""
    text = metadata.get("nn_module_stack")
    if not isinstance(text, str):
        return {}
    parts = [item.split(",", 2) for item in text.split(";")]
    return {place: (part[1], part[2]) for place, part in enumerate(parts) if len(part) == 3}
