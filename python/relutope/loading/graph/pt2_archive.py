"""Archives of exported programs: a zip file with a JSON graph and raw weights; nothing in it is unpickled."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from typing import Any

from relutope.archive import check_directory

#: Bytes that all members may have when they are unpacked, and that one JSON text may have.
MAX_BYTES, MAX_JSON = 2**33, 2**28

#: How many times a compressed member may be larger than its compressed form, beyond the first million bytes.
MAX_RATIO, FREE_BYTES = 200, 1_000_000

#: What to do about an archive that needs a pickle.
ADVICE = (
    "a pickle in a file is never run. If you trust the file: relutope.Network.from_torch("
    "torch.export.load(path).module()), or save that program again with a newer torch (2.9 or later)"
)


class Archive:
    """The members of an archive, checked before any is read.

    Parameters
    ----------
    source : str
    stream : zipfile.ZipFile

    Attributes
    ----------
    root : str
        The folder in the archive that holds everything, with a slash.
    """

    def __init__(self, source: str, stream: zipfile.ZipFile) -> None:
        self.stream = stream
        check_directory(stream)
        if min((member.header_offset for member in stream.infolist()), default=0) > 0:
            # The rest of a truncated archive may end with an archive that was a member of it.
            raise zipfile.BadZipFile("it does not begin with a member")
        _check_members(stream.infolist())
        self.names = set(stream.namelist())
        formats = [name for name in self.names if name.rpartition("/")[2] == "archive_format"]
        if not formats:
            pickled = sorted(name for name in self.names if name.endswith((".pt", ".pkl")))
            if pickled:
                raise ValueError(f"the archive keeps its tensors in {', '.join(pickled)}, and {ADVICE}")
            raise ValueError("the archive holds no archive_format; legal: a file of torch.export.save")
        self.root = min(formats, key=len).removesuffix("archive_format")
        if self.read("archive_format").strip() != b"pt2":
            raise ValueError("the archive_format is not pt2; legal: a file of torch.export.save")
        if f"{self.root}byteorder" in self.names and self.read("byteorder").strip() != b"little":
            raise ValueError("the archive's byteorder is not little")

    def read(self, name: str) -> bytes:
        """The bytes of a member, which are those of its check sum."""
        if self.root + name not in self.names:
            raise ValueError(f"the archive has no member {name} (truncated or damaged?)")
        try:
            return self.stream.read(self.root + name)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
            raise ValueError(f"the member {name} of the archive is damaged: {error}") from error

    def json(self, name: str) -> Any:
        """The content of a member that is a JSON object."""
        size = self.stream.getinfo(self.root + name).file_size if self.root + name in self.names else 0
        if size > MAX_JSON:
            raise ValueError(f"the member {name} has {size} bytes; legal: up to {MAX_JSON}")
        try:
            content = json.loads(self.read(name).decode("utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise ValueError(f"the member {name} of the archive is no JSON text: {error}") from error
        if not isinstance(content, dict):
            raise ValueError(f"the member {name} of the archive is no JSON object")
        return content

    def model(self) -> str:
        """The name of the one exported program in the archive."""
        start = f"{self.root}models/"
        models = sorted(name for name in self.names if name.startswith(start) and name.endswith(".json"))
        if len(models) != 1:
            found = ", ".join(name.removeprefix(start) for name in models) or "none"
            raise ValueError(f"the archive holds {len(models)} exported programs ({found}); legal: one")
        return models[0].removeprefix(start).removesuffix(".json")


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for member in members:
        name, size = member.filename, member.file_size
        if name.startswith("/") or re.search(r"(^|/)\.\.(/|$)|\\|^[A-Za-z]:", member.orig_filename):
            raise ValueError(f"the archive has a member {name!r}; legal: names within the archive")
        if name in seen:
            raise ValueError(f"the archive has two members {name!r}")
        seen.add(name)
        if member.flag_bits & 1:
            raise ValueError(f"the member {name!r} of the archive is encrypted")
        if size > FREE_BYTES + MAX_RATIO * member.compress_size:
            raise ValueError(
                f"the member {name!r} of the archive unpacks {member.compress_size} bytes to {size}; legal: "
                f"up to {MAX_RATIO} times"
            )
    total = sum(member.file_size for member in members)
    if total > MAX_BYTES:
        raise ValueError(f"the archive unpacks to {total} bytes; legal: up to {MAX_BYTES}")
