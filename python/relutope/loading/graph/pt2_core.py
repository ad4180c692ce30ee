"""Core operations, into which `ExportedProgram.run_decompositions` takes others apart, as those others."""

from __future__ import annotations

from typing import Any

#: Operations that differ in name only.
SAME = {
    "torch.ops.aten._unsafe_view.default": "torch.ops.aten.reshape.default",
    "torch.ops.aten._adaptive_avg_pool2d.default": "torch.ops.aten.adaptive_avg_pool2d.default",
    "torch.ops.aten._adaptive_avg_pool3d.default": "torch.ops.aten.adaptive_avg_pool3d.default",
}

#: Batch norm by running statistics, which also returns statistics that nothing reads.
NORM = "torch.ops.aten._native_batch_norm_legit_no_training.default"

CONVOLUTION = "torch.ops.aten.convolution.default"


def composed(item: dict[str, Any]) -> dict[str, Any]:
    """A node of the JSON graph, a core operation replaced by the operation that it is a part of."""
    target = item["target"]
    if target in SAME:
        return {**item, "target": SAME[target]}
    if target not in (NORM, CONVOLUTION):
        return item
    named = {entry["name"]: entry["arg"] for entry in item["inputs"]}
    if target == NORM:
        named.update(training={"as_bool": False}, cudnn_enabled={"as_bool": False})
        return _renamed(item, "torch.ops.aten.batch_norm.default", named, item["outputs"][:1])
    n_axes, kind = len(named["stride"]["as_ints"]), "conv"
    if n_axes not in (1, 2, 3):
        raise ValueError(f"{target} has {n_axes} strides; legal: 1 to 3")
    more = named.pop("output_padding")
    if named.pop("transposed")["as_bool"]:
        kind, named["output_padding"] = "conv_transpose", more
    overload = "default" if kind == "conv" or n_axes == 1 else "input"
    return _renamed(item, f"torch.ops.aten.{kind}{n_axes}d.{overload}", named, item["outputs"])


def _renamed(item: dict[str, Any], target: str, named: dict[str, Any], outputs: list[Any]) -> dict[str, Any]:
    inputs = [{"name": name, "arg": argument} for name, argument in named.items()]
    return {**item, "target": target, "inputs": inputs, "outputs": outputs}
