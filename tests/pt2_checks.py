"""Files of `torch.export.save`, and such files with other members."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from relutope.loading.graph.pt2_file import graph_from_pt2

#: A member of an archive by its name: other bytes, a change of its JSON object, or None to leave it out.
Change = bytes | Callable[[Any], Any] | None


def saved(
    folder: Path, module: torch.nn.Module, shape: Sequence[int], decomposed: bool = False, **options: Any
) -> str:
    path = str(folder / "model.pt2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(module.eval(), (torch.zeros(*shape),), strict=False, **options)
        torch.export.save(program.run_decompositions() if decomposed else program, path)
    return path


def changed(
    path: str, changes: dict[str, Change], more: Sequence[tuple[str, bytes]] = (), compress: bool = False
) -> str:
    """The same archive with some members changed, in a file beside it."""
    target = path.replace(".pt2", "_changed.pt2")
    kind = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", kind) as new, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name
        for member in old.infolist():
            change = changes.get(member.filename, old.read(member))
            if callable(change):
                content = json.loads(old.read(member))
                change = json.dumps(change(content) or content).encode()
            if change is not None:
                new.writestr(member.filename, change)
        for name, content in more:
            new.writestr(name, content)
    return target


def refusal(path: str, **options: Any) -> str:
    with pytest.raises(ValueError, match=r".") as raised:
        graph_from_pt2(path, **options)
    message = str(raised.value)
    assert message.startswith(path)
    return message.removeprefix(path).removeprefix(": ")
