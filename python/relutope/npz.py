"""``.npz`` archives whose arrays are aligned, so that they can be mapped; nothing is ever unpickled."""

from __future__ import annotations

import io
import math
import mmap
import os
import struct
import sys
import zipfile
import zlib
from os import PathLike
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from relutope.archive import check_directory

#: Arrays by name, as they stand in the file.
Record = dict[str, NDArray[Any]]

#: The data of every array begins at a multiple of it; numpy pads the header of an array to the same.
ALIGNMENT = 64
#: What stands before a member: a mark, 22 bytes, the lengths of its name and of its extra fields.
MEMBER_HEAD, MEMBER_MARK = struct.Struct("<4s22xHH"), b"PK\x03\x04"
#: The extra field with the sizes in 64 bits that zipfile appends to the others.
SIZES_BYTES = 20
#: Head of the extra field that pads: its id (as Android's zipalign writes it), its length, the alignment.
PADDING_HEAD, PADDING_ID = struct.Struct("<HHH"), 0xD935
#: Equal arrays give equal bytes: no date, and one system on all of them.
DATE, UNIX = (1980, 1, 1, 0, 0, 0), 3


def write_npz(stream: BinaryIO, record: Record) -> None:
    """Write arrays uncompressed and aligned; the bytes depend on their names, values and order only."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in record.items():
            member = zipfile.ZipInfo(f"{name}.npy", DATE)
            member.create_system = UNIX
            member.external_attr = 0o644 << 16
            start = stream.tell() + MEMBER_HEAD.size + len(member.filename) + PADDING_HEAD.size + SIZES_BYTES
            padding = bytes(-start % ALIGNMENT)
            member.extra = PADDING_HEAD.pack(PADDING_ID, 2 + len(padding), ALIGNMENT) + padding
            with archive.open(member, "w", force_zip64=True) as out:
                np.lib.format.write_array(out, np.asarray(array, order="C"), allow_pickle=False)


def read_npz(path: str | PathLike[str]) -> Record:
    """All arrays of an ``.npz``, read-only; those that lie uncompressed and aligned in the file are mapped.

    A mapped file must not be cut while its arrays are in use. Every member is compared with its check sum.

    Raises
    ------
    ValueError
        If the file is truncated, damaged, no ``.npz``, or holds Python objects.
    """
    with open(path, "rb") as stream:
        try:
            content = _content(stream)
            if content[:6] == b"\x93NUMPY":
                raise ValueError("it is a single array (.npy), not an archive")
            with zipfile.ZipFile(stream) as archive:
                check_directory(archive)
                record = {
                    member.filename.removesuffix(".npy"): _array(archive, member, content)
                    for member in archive.filelist
                }
                if len(record) != len(archive.filelist):
                    raise ValueError("two of its members have one name")
                return record
        except Exception as error:  # zipfile and numpy raise errors of many types on damaged files
            raise ValueError(
                f"{os.fspath(path)} cannot be read as .npz (truncated, damaged, or no arrays): {error}"
            ) from error


def _content(stream: BinaryIO) -> bytes | mmap.mmap:
    # Windows does not let a file be replaced while it is mapped, and `save` may replace what was loaded.
    if sys.platform == "win32":
        return stream.read()
    return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, content: bytes | mmap.mmap) -> NDArray[Any]:
    if member.compress_type != zipfile.ZIP_STORED:
        data = archive.read(member)  # compares the check sum
        array = _array_of(data, 0, len(data))
    else:
        start = _start(archive, member, content)
        with memoryview(content)[start : start + member.file_size] as data_view:
            if len(data_view) != member.file_size or zlib.crc32(data_view) != member.CRC:
                raise zipfile.BadZipFile(f"the check sum of {member.filename} differs")
        array = _array_of(content, start, start + member.file_size)
    if not array.flags.aligned:
        array = array.copy()
        array.flags.writeable = False
    return array


def _start(archive: zipfile.ZipFile, member: zipfile.ZipInfo, content: bytes | mmap.mmap) -> int:
    """Where the data of an uncompressed member begins."""
    archive.open(member).close()  # compares what stands before the member with the directory
    mark, name_length, extra_length = MEMBER_HEAD.unpack_from(content, member.header_offset)
    if mark != MEMBER_MARK or member.compress_size != member.file_size:
        raise zipfile.BadZipFile(f"{member.filename} is not where the directory says")
    return member.header_offset + MEMBER_HEAD.size + int(name_length) + int(extra_length)


def _array_of(content: bytes | mmap.mmap, start: int, end: int) -> NDArray[Any]:
    """The array in ``.npy`` format that lies at these bytes, as a view."""
    stream = io.BytesIO(content[start : min(end, start + 2 * _LONGEST_HEADER)])
    version = np.lib.format.read_magic(stream)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"an array has format version {version}; legal: (1, 0) and (2, 0)")
    shape, is_fortran, dtype = readers[version](stream, max_header_size=_LONGEST_HEADER)
    if dtype.hasobject:
        raise ValueError("an array holds Python objects")
    offset = start + stream.tell()
    if dtype.itemsize == 0 or math.prod(shape) * dtype.itemsize != end - offset:
        raise ValueError(f"an array of shape {shape} and dtype {dtype} has {end - offset} bytes")
    return np.ndarray(shape, dtype, content, offset, order="F" if is_fortran else "C")


#: Characters of a header that numpy evaluates as a Python literal; its own limit.
_LONGEST_HEADER = 10_000
