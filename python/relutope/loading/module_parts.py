"""Torch modules and their parts: what they are called, and which of them are wrapped."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from relutope.errors import MissingExtraError

if TYPE_CHECKING:
    import torch


def described(path: str, part: torch.nn.Module) -> str:
    """A part by class and place."""
    return f"{type(part).__name__} at {path!r}" if path else f"{type(part).__name__} (the module itself)"


def checked_module(module: Any) -> torch.nn.Module:
    """The module without the wrappers of `torch.compile`; the module itself where it has none.

    Raises
    ------
    TypeError
        If it is no module.
    ValueError
        If a part is TorchScript.
    MissingExtraError
        If torch is not installed.
    """
    try:
        import torch
    except ImportError:
        raise MissingExtraError("torch", "torch", "to read a module") from None
    if not isinstance(module, torch.nn.Module):
        hint = ""
        if type(module).__name__ == "ExportedProgram":
            hint = ", or relutope.load of the .pt2 file that torch.export.save writes"
        raise TypeError(f"module is of type {type(module).__name__}; legal: a torch.nn.Module{hint}")
    module = _inner(module)
    for path, part in module.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            raise ValueError(
                f"{described(path, part)} is TorchScript, a program that torch.export cannot capture; legal: "
                "the torch.nn.Module that it was made from"
            )
    if any(_inner(part) is not part for part in module.modules()):
        module = copied(module)
        for part in module.modules():
            part._modules.update(
                {name: _inner(child) for name, child in part._modules.items() if child is not None}
            )
    return module


def copied(module: torch.nn.Module) -> torch.nn.Module:
    """A deep copy, refused where the user's classes allow none."""
    try:
        return copy.deepcopy(module)
    except Exception as error:  # deepcopy runs code of the user's classes
        raise ValueError(
            f"the module cannot be copied: {error}; legal: a module that copy.deepcopy copies"
        ) from error


def check_hooks(path: str, part: torch.nn.Module) -> None:
    """Refuse hooks, which may compute anything."""
    from torch.nn.utils.prune import BasePruningMethod

    pruned = [hook for hook in part._forward_pre_hooks.values() if isinstance(hook, BasePruningMethod)]
    if pruned:
        names = ", ".join(repr(hook._tensor_name) for hook in pruned)
        raise ValueError(
            f"{described(path, part)} is pruned by torch.nn.utils.prune, whose hook masks {names} in every "
            "call; legal: the module after torch.nn.utils.prune.remove, which makes the mask permanent"
        )
    if part._forward_hooks or part._forward_pre_hooks:
        raise ValueError(
            f"{described(path, part)} has forward hooks, which may compute anything; legal: none"
        )


def _inner(module: torch.nn.Module) -> torch.nn.Module:
    """The module in the wrappers of `torch.compile`, by name: importing their class takes a second."""
    while type(module).__name__ == "OptimizedModule" and "_orig_mod" in module._modules:
        module = module._modules["_orig_mod"]
    return module
