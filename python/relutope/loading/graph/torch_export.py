"""Value graphs of torch modules, captured with `torch.export`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from relutope.loading.graph.torch_blocks import inline_blocks
from relutope.loading.graph.torch_layout import words
from relutope.loading.graph.torch_nodes import Importer
from relutope.loading.graph.value_graph import ValueGraph
from relutope.loading.module_parts import check_hooks, checked_module, copied, described
from relutope.loading.stages import stage

if TYPE_CHECKING:
    import torch

#: Parts of the names of modules that take something else than vectors.
NO_VECTORS = words(
    """Attention Conv Embedding Fold GRU InstanceNorm LSTM LocalResponse Norm2d Norm3d Pad Pixel Pool RNN
    Transformer Upsampl"""
)


def graph_from_torch(module: Any, example_input: Any = None) -> ValueGraph:
    """The value graph of a torch module in eval mode.

    The module itself is never changed: a copy of it is captured.

    Parameters
    ----------
    module : torch.nn.Module
    example_input : torch.Tensor, optional
        An input with its batch axis; only its shape matters, its type becomes that of the first
        parameter, and of a batch the first sample is taken. By default one vector as long as the first
        Linear takes, if all parts work on vectors.

    Returns
    -------
    ValueGraph

    Raises
    ------
    TypeError
        If `module` is no torch module or `example_input` no tensor.
    ValueError
        If an operation cannot be represented exactly, where the message names it and its place, or if the
        module mixes the samples of a batch.
    MissingExtraError
        If torch is not installed.

    Examples
    --------
    >>> import torch
    >>> from relutope.loading.graph.torch_export import graph_from_torch
    >>> module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.LeakyReLU(0.5), torch.nn.Linear(3, 1))
    >>> [(layer.kind, layer.n_rows) for layer in graph_from_torch(module).layers()[0]]
    [('linear', 3), ('relu', 3), ('linear', 1)]
    """
    from relutope.loading.graph.torch_check import check_against_module

    module = checked_module(module)
    _check_modules(module)
    example = _example(module, example_input)
    twin = copied(module).cpu().eval().requires_grad_(False)
    with stage("export"):
        program = _captured(twin, example, example_input)
    with stage("operations"):
        inline_blocks(program.graph_module)
        importer = Importer(program, tuple(example.shape))
        importer.run()
    graph = importer.graph
    graph.notes.extend(_training_notes(module))
    with stage("simplify"):
        graph.simplified()
    with stage("check"):
        check_against_module(graph, importer.record, program, twin)
    return graph


def _check_modules(module: torch.nn.Module) -> None:
    """Refuse what could not be seen in the captured graph, or is better refused by the name of its class."""
    import torch

    for path, part in module.named_modules():
        place = described(path, part)
        if "quantized" in type(part).__module__:
            raise ValueError(
                f"{place} is quantised, which rounds its values; legal: the floating-point module"
            )
        for name, tensor in (*part._parameters.items(), *part._buffers.items()):
            if tensor is None:
                continue
            if isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin):
                raise ValueError(f"{place} has no {name} yet; legal: a module that was run once")
            if tensor.is_complex() or tensor.is_quantized or tensor.is_meta or tensor.layout != torch.strided:
                raise ValueError(
                    f"{place} has a {tensor.dtype} tensor {name} with layout {tensor.layout} on "
                    f"{tensor.device}; legal: dense, real, with data"
                )
        check_hooks(path, part)


def _training_notes(module: torch.nn.Module) -> list[str]:
    """What eval mode makes of parts in training mode."""
    from torch.nn.modules.batchnorm import _BatchNorm
    from torch.nn.modules.dropout import _DropoutNd

    parts = [(path, part) for path, part in module.named_modules() if part.training]
    notes = [
        f"{type(part).__name__} at {path!r} is in training mode and was taken in eval mode, where it does "
        "nothing"
        for path, part in parts
        if isinstance(part, _DropoutNd) and part.p > 0
    ]
    norms = [path for path, part in parts if isinstance(part, _BatchNorm)]
    if norms:
        more = f" and {len(norms) - 1} more" if len(norms) > 1 else ""
        notes.append(
            f"batch norm at {norms[0]!r}{more} in training mode: taken in eval mode, with running statistics"
        )
    return notes


def _example(module: torch.nn.Module, example_input: Any) -> torch.Tensor:
    import torch

    if example_input is None:
        names = dict.fromkeys(type(part).__name__ for part in module.modules())
        others = [name for name in names if any(word in name for word in NO_VECTORS)]
        linear = next((part for part in module.modules() if isinstance(part, torch.nn.Linear)), None)
        if linear is None or others:
            why = ", ".join(others) if others else "no Linear layer"
            raise ValueError(
                f"example_input is needed, since the module has {why}; legal: a tensor of shape (1, ...)"
            )
        return torch.zeros((1, linear.in_features), dtype=linear.weight.dtype)
    if not isinstance(example_input, torch.Tensor):
        raise TypeError(f"example_input is of type {type(example_input).__name__}; legal: a torch.Tensor")
    if example_input.ndim == 0 or example_input.numel() == 0 or not example_input.is_floating_point():
        raise ValueError(
            f"example_input has shape {tuple(example_input.shape)} and type {example_input.dtype}; legal: a "
            "floating-point tensor of shape (1, ...)"
        )
    first = next((part for part in module.parameters() if part.is_floating_point()), example_input)
    return example_input.detach().cpu()[:1].to(first.dtype, copy=True)


def _captured(twin: torch.nn.Module, example: torch.Tensor, given: torch.Tensor | None) -> Any:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.export(twin, (example,), strict=False)
    except Exception as error:  # torch raises errors of many types
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        if "data-dependent" in str(error) or "DataDependent" in type(error).__name__:
            reason = f"its control flow depends on values ({reason})"
        source = ""
        if given is None:
            source = ", guessed from the first Linear; give another"
        elif given.shape != example.shape:
            source = f", the first sample of the one with shape {tuple(given.shape)}"
        raise ValueError(
            f"the module cannot be captured with an example_input of shape {tuple(example.shape)}{source}: "
            f"{reason}"
        ) from error
