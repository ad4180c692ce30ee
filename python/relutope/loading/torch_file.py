"""State dicts in torch's own files, read with torch's restricted reader only."""

from __future__ import annotations

import argparse
import io
import os
import pickletools
import warnings
import zipfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from relutope.archive import check_directory, check_sums
from relutope.errors import MissingExtraError
from relutope.loading.state_dict import StoredTensor

#: Keys under which training scripts store the state dict.
WRAPPERS = ("state_dict", "model_state_dict", "model", "net")


def state_dict_of_torch_file(path: str | PathLike[str]) -> tuple[dict[str, StoredTensor], list[str]]:
    """The state dict in a file, as it is or under one of the usual keys, and notes on what was read."""
    content = read_torch_file(path)
    source = os.fspath(path)
    notes: list[str] = []
    while (
        isinstance(content, Mapping) and content and not all(_is_tensor(value) for value in content.values())
    ):
        keys = [key for key in WRAPPERS if isinstance(content.get(key), Mapping)]
        if len(keys) != 1:
            kinds = ", ".join(f"{key!r}: {type(value).__name__}" for key, value in list(content.items())[:8])
            raise ValueError(
                f"{source} holds {{{kinds}}}; legal: a state dict, by itself or under exactly one of "
                f"{', '.join(WRAPPERS)}"
            )
        ignored = sorted(str(key) for key in content if key != keys[0])
        notes.append(f"read the entry {keys[0]!r}" + (f", ignored {', '.join(ignored)}" if ignored else ""))
        content = content[keys[0]]
    if not isinstance(content, Mapping):
        raise ValueError(f"{source} holds an object of type {type(content).__name__}; legal: a state dict")
    tensors = {str(name): stored_tensor(tensor, f"{source}: {name}") for name, tensor in content.items()}
    return tensors, notes


def read_torch_file(path: str | PathLike[str]) -> Any:
    """The content of a file of `torch.save`, without running any code in it.

    No global is called but those on torch's own allow-list and those of `_harmless_globals`.

    Raises
    ------
    ValueError
        If the file is damaged or holds other objects; the message names them.
    MissingExtraError
        If torch is not installed.
    """
    try:
        import torch
    except ImportError:
        raise MissingExtraError("torch", "torch", f"to read {os.fspath(path)}") from None
    source = os.fspath(path)
    if _is_torchscript(path):
        raise ValueError(
            f"{source} is TorchScript, a program; legal: torch.export.save of the module (.pt2), or its "
            "state dict with arch="
        )
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_harmless_globals()):
            warnings.simplefilter("ignore")  # torch warns of old formats, which it reads or refuses
            content = torch.load(path, map_location="cpu", weights_only=True)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                check_directory(archive)
                check_sums(archive)  # torch compares none
        return content
    except (FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # torch raises errors of many types on damaged files
        held = _foreign_globals(path)
        if not held:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise ValueError(
                f"{source} cannot be read as a torch file (truncated or damaged?): {reason}"
            ) from error
        raise ValueError(
            f"{source} holds objects that only their own code can rebuild ({', '.join(held)}), and code in "
            "a file "
            "is never run. If you trust the file: module = torch.load(path, weights_only=False), then "
            "relutope.Network.from_torch(module), or torch.save(module.state_dict(), path)"
        ) from error


def _is_torchscript(path: str | PathLike[str]) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] for name in archive.namelist()]
    except (OSError, ValueError, zipfile.BadZipFile):
        return False
    return "constants.pkl" in names and any(name.startswith("code/") for name in names)


def stored_tensor(tensor: Any, name: str) -> StoredTensor:
    """A dense real tensor as an array of the same values (bfloat16 and float8 widened to float32)."""
    import torch

    if not isinstance(tensor, torch.Tensor):
        raise ValueError(f"{name} is of type {type(tensor).__name__}; legal: a tensor")
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta or tensor.is_complex():
        raise ValueError(
            f"{name} is a {tensor.dtype} tensor with layout {tensor.layout} on {tensor.device}; legal: "
            "dense, real, with data"
        )
    dense = tensor.detach().cpu()
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dense.is_floating_point() and dense.dtype not in (torch.float64, torch.float32, torch.float16):
        dense = dense.to(torch.float32)
    return StoredTensor(dense.contiguous().numpy(), dtype)


def _harmless_globals() -> list[Any]:
    """Numbers, arrays and options that training scripts store beside the weights; none of them runs code."""
    from numpy._core.multiarray import _reconstruct, scalar

    dtypes = {type(np.dtype(code)) for code in "?bBhHiIlLqQefdgFDGSU"}
    return [scalar, _reconstruct, np.ndarray, np.dtype, *dtypes, argparse.Namespace]


def _foreign_globals(path: str | PathLike[str]) -> list[str]:
    """Names of the globals that a file refers to and the restricted reader does not allow; nothing is run."""
    import torch

    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # torch lists its present file format only
        names = [name for name in _pickle_globals(Path(path).read_bytes()) if not _is_plain(name)]
    allowed = {f"{item.__module__}.{item.__qualname__}" for item in _harmless_globals()}
    return sorted({name for name in names if name not in allowed and ".multiarray." not in name})


def _pickle_globals(content: bytes) -> list[str]:
    """All globals named in consecutive pickles, read off their opcodes."""
    names: list[str] = []
    stream = io.BytesIO(content)
    try:
        while stream.tell() < len(content):
            texts: list[str] = []
            for opcode, argument, _ in pickletools.genops(stream):
                if opcode.name == "GLOBAL":
                    names.append(str(argument).replace(" ", "."))
                elif opcode.name == "STACK_GLOBAL":
                    names.append(".".join(texts[-2:]))
                elif isinstance(argument, str):
                    texts.append(argument)
    except Exception:  # raw data follow the pickles
        return names
    return names


def _is_plain(name: str) -> bool:
    return name.startswith(("torch._utils.", "collections.OrderedDict")) or name.endswith("Storage")


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)
