"""Damage in zip archives that neither zipfile nor the readers of numpy and torch notice."""

from __future__ import annotations

import zipfile

#: Size of the record that ends an archive without a comment, its mark, and where it counts the members.
END_BYTES, END_MARK, END_COUNT = 22, b"PK\x05\x06", slice(10, 12)


def check_directory(archive: zipfile.ZipFile) -> None:
    """Compare the number of members with the one that the end of the archive states.

    A wrong length in the directory hides the members after it, and a network would lose its biases.

    Raises
    ------
    zipfile.BadZipFile
        If they differ.
    """
    stream = archive.fp
    if stream is None:
        raise ValueError("archive is closed; legal: an open one")
    stream.seek(-END_BYTES, 2)
    end = stream.read(END_BYTES)
    stated = int.from_bytes(end[END_COUNT], "little")
    if end.startswith(END_MARK) and stated != min(len(archive.filelist), 0xFFFF):
        raise zipfile.BadZipFile(f"it lists {len(archive.filelist)} members and should have {stated}")


def check_sums(archive: zipfile.ZipFile) -> None:
    """Read all members against their check sums.

    A sum of 0 stands for none (`torch.serialization.set_crc32_options`).

    Raises
    ------
    zipfile.BadZipFile
        If a sum differs.
    """
    for member in archive.filelist:
        if member.CRC != 0:
            archive.read(member)
