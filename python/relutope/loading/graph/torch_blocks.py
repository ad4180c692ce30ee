"""Blocks of a captured program under `torch.no_grad`, `torch.set_grad_enabled` and `torch.autocast`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

#: Operations that run a block, by the place of the block among their arguments; what enters it comes after.
BLOCKS = {"wrap_with_set_grad_enabled": 1, "wrap_with_autocast": 4}


def check_block(name: str, arguments: Sequence[Any], place: str) -> None:
    """Refuse blocks that change what is computed: autocast to a type of its own."""
    if name != "wrap_with_autocast":
        return
    device, dtype, enabled = arguments[:3]
    if enabled:
        raise ValueError(
            f"autocast on {device}{place} cannot be represented exactly: it rounds what it computes to "
            f"{str(dtype).removeprefix('torch.')}; legal: enabled=False, or a module without it"
        )


def inline_blocks(module: torch.fx.GraphModule) -> None:
    """Replace in the captured graph each block by its operations."""
    graph = module.graph
    for node in [node for node in graph.nodes if node.op == "call_function"]:
        at = BLOCKS.get(getattr(node.target, "__name__", ""))
        if at is None:
            continue
        path = list((node.meta.get("nn_module_stack") or {"": ("",)}).values())[-1][0]
        check_block(node.target.__name__, node.args, f" at {path!r}" if path else "")
        name = node.args[at]
        body = getattr(module, name.target)
        inline_blocks(body)
        inputs = [inner for inner in body.graph.nodes if inner.op == "placeholder"]
        with graph.inserting_before(node):
            results: Any = graph.graph_copy(body.graph, dict(zip(inputs, node.args[at + 1 :], strict=True)))
        if not isinstance(results, (tuple, list)):
            node.replace_all_uses_with(results)
        for reader in list(node.users):
            reader.replace_all_uses_with(results[reader.args[1]])
            graph.erase_node(reader)
        graph.erase_node(node)
        if not name.users:
            graph.erase_node(name)
