"""Paths that users give, and files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO


def checked_path(path: Any) -> str:
    """The name of a file.

    Raises
    ------
    TypeError
        If it is no str and no path; bytes and file descriptors are refused too.
    ValueError
        If it is empty.
    """
    if not isinstance(path, (str, PathLike)) or not isinstance(name := os.fspath(path), str):
        raise TypeError(f"path is of type {type(path).__name__}; legal: a str or a path")
    if name == "":
        raise ValueError("path is ''; legal: the name of a file")
    return name


@contextlib.contextmanager
def replacing(path: str | PathLike[str]) -> Iterator[BinaryIO]:
    """A stream to a new file, which takes the place of the one at `path` once it is whole.

    Raises
    ------
    OSError
        If it cannot be written; it names `path`.
    TypeError, ValueError
        If `path` is no path.
    """
    target = Path(checked_path(path))
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(partial, "xb") as stream:
            yield stream
        os.replace(partial, target)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(target)) from error  # not the partial file
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
