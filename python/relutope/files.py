"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def replacing(path: str | PathLike[str]) -> Iterator[BinaryIO]:
    """A stream to a new file, which takes the place of the one at `path` once it is whole.

    Raises
    ------
    OSError
        If it cannot be written; it names `path`.
    """
    target = Path(path)
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
