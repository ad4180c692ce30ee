"""The layer of files: aligned, deterministic, mapped, and readable by numpy."""

from __future__ import annotations

import io
import json
import pickle
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import networks
from compare import network_of
from relutope import AllSpace, Network, PolyhedralComplex, polyhedral_complex
from relutope.npz import ALIGNMENT, read_npz, write_npz
from relutope.storage import complex_from_record, complex_to_record, record_digest

ARRAYS: dict[str, np.ndarray] = {
    "one": np.arange(7, dtype=np.int8),
    "table": np.arange(12.0).reshape(3, 4),
    "columns": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    "none": np.zeros((0, 5)),
    "scalar": np.array(2.5),
    "text": np.array(["a", "bcd"]),
    "big": np.arange(3, dtype=">i4"),
}


def assert_equal(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


def data_starts(path: Path) -> list[int]:
    """Where the data of each array begins, found from the formats of zip and npy alone."""
    content, starts = path.read_bytes(), []
    with zipfile.ZipFile(path) as archive:
        for member in archive.filelist:
            assert member.compress_type == zipfile.ZIP_STORED
            name_length, extra_length = struct.unpack_from("<HH", content, member.header_offset + 26)
            start = member.header_offset + 30 + name_length + extra_length
            assert content[start : start + 8] == b"\x93NUMPY\x01\x00"
            starts.append(start + 10 + int.from_bytes(content[start + 8 : start + 10], "little"))
    return starts


def write(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    with path.open("wb") as stream:
        write_npz(stream, arrays)
    return path


def test_round_trip_and_numpy(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", ARRAYS)
    assert_equal(read_npz(path), ARRAYS)
    with np.load(path, allow_pickle=False) as archive:
        assert_equal(dict(archive), ARRAYS)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


def test_aligned_and_mapped(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", ARRAYS)
    starts = data_starts(path)
    assert [start % ALIGNMENT for start in starts] == [0] * len(ARRAYS)
    content = path.read_bytes()
    for start, array in zip(starts, ARRAYS.values(), strict=True):
        assert content[start : start + array.nbytes] == array.tobytes()
    for array in read_npz(path).values():
        assert not array.flags.writeable
        assert array.flags.aligned
        assert not array.flags.owndata
    if sys.platform != "win32":
        table = read_npz(path)["table"]
        with path.open("r+b") as stream:
            stream.seek(starts[1])
            stream.write(np.float64(99).tobytes())
        assert table[0, 0] == 99  # not a copy


def test_where_nothing_can_be_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError(19, "No such device")

    path = write(tmp_path / "a.npz", ARRAYS)
    monkeypatch.setattr("mmap.mmap", refuse)
    found = read_npz(path)
    assert_equal(found, ARRAYS)
    assert not any(array.flags.writeable for array in found.values())


class FullDisk(io.BytesIO):
    """Has room for `room` bytes."""

    room = 0

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self.room:
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_full_disk() -> None:
    whole = io.BytesIO()
    write_npz(whole, ARRAYS)
    for room in range(0, len(whole.getvalue()), 50):
        stream = FullDisk()
        stream.room = room
        with pytest.raises(OSError, match="No space left"):
            write_npz(stream, ARRAYS)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_archives_of_numpy(save: Any, tmp_path: Path) -> None:
    save(tmp_path / "a.npz", **ARRAYS)
    found = read_npz(tmp_path / "a.npz")
    assert_equal(found, ARRAYS)
    assert not any(array.flags.writeable for array in found.values())
    assert all(array.flags.aligned for array in found.values())


def archive_of(members: list[tuple[str, bytes]]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def npy(header: str, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


DICT = "{{'descr': {}, 'fortran_order': False, 'shape': {}}}"
GOOD = npy(DICT.format("'<i4'", "(2,)"), bytes(8))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("a.npy", npy(DICT.format("'|O'", "(1,)"), pickle.dumps([1])))], "Python objects"),
        ([("a.npy", npy(DICT.format("'<i4'", "(3,)"), bytes(8)))], r"shape \(3,\)"),
        ([("a.npy", npy(DICT.format("'<i4'", "(-2, -1)"), bytes(8)))], "a.npz"),
        ([("a.npy", npy(DICT.format("'<i4'", "(2**40, 2**40)"), bytes(8)))], "a.npz"),
        ([("a.npy", npy(DICT.format("'<U0'", "(10000000000000000,)")))], "shape"),
        ([("a.npy", npy(DICT.format("'<i4'", "(" * 3000)))], "a.npz"),
        ([("a.npy", npy("__import__('os')"))], "a.npz"),
        ([("a.npy", b"\x93NUMPY\x07\x00" + GOOD[8:])], r"version \(7, 0\)"),
        ([("a.npy", b"text")], "a.npz"),
        ([("a.npy", GOOD), ("a", GOOD)], "one name"),
    ],
)
def test_hostile_members(members: list[tuple[str, bytes]], message: str, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(archive_of(members))
    with pytest.raises(ValueError, match=message):
        read_npz(tmp_path / "a.npz")


def test_a_good_member_of_that_kind(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(archive_of([("a.npy", GOOD)]))
    assert read_npz(tmp_path / "a.npz")["a"].tolist() == [0, 0]
    (tmp_path / "b.npz").write_bytes(b"")
    with pytest.raises(ValueError, match=r"b\.npz"):
        read_npz(tmp_path / "b.npz")


def complexes() -> list[PolyhedralComplex]:
    """A complex of each class, in turn of dimension 1, 2, 3, on a box and on R^d."""
    found = []
    for place, name in enumerate(networks.CLASSES):
        case = networks.cases(name, place % 3 + 1)[1]
        network = network_of(case.layers)
        found += [polyhedral_complex(network, domain) for domain in ((case.lo, case.hi), AllSpace())]
    return found


def test_saved_complexes_are_deterministic_and_aligned(tmp_path: Path) -> None:
    for complex_ in complexes():
        complex_.save(tmp_path / "a.npz")
        loaded = PolyhedralComplex.load(tmp_path / "a.npz")
        loaded.save(tmp_path / "b.npz")
        assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
        assert not any(start % ALIGNMENT for start in data_starts(tmp_path / "a.npz"))
        assert_equal(complex_to_record(loaded), complex_to_record(complex_))
        assert_equal(read_npz(tmp_path / "a.npz"), complex_to_record(complex_))
        again = polyhedral_complex(complex_.network, complex_.domain, n_threads=2)
        again.save(tmp_path / "c.npz")
        assert (tmp_path / "c.npz").read_bytes() == (tmp_path / "a.npz").read_bytes()


def test_saving_onto_the_file_that_was_loaded(network: Network, tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    polyhedral_complex(network, (-1, 1)).save(path)
    content, record = path.read_bytes(), read_npz(path)
    PolyhedralComplex.load(path).save(path)
    assert path.read_bytes() == content
    complex_from_record(record).save(path)  # its arrays map the file that is replaced
    assert path.read_bytes() == content
    assert_equal(record, read_npz(path))


def test_digest_covers_all(quadrants: Network) -> None:
    record = complex_to_record(polyhedral_complex(quadrants, AllSpace()))
    digest = record_digest(record)
    assert digest == json.loads(record["header"].tobytes())["digest"]
    rng = np.random.default_rng(5)
    for name, array in record.items():
        if array.size == 0 or name == "header":
            continue
        changed = bytearray(array.tobytes())
        changed[rng.integers(len(changed))] ^= 1 << rng.integers(8)
        other = {**record, name: np.frombuffer(changed, array.dtype).reshape(array.shape)}
        assert record_digest(other) != digest
        with pytest.raises(ValueError, match="digest"):
            complex_from_record(other)
    reshaped = {**record, "cells.vertices": record["cells.vertices"].reshape(-1)}
    assert record_digest(reshaped) != digest
    assert record_digest(dict(reversed(record.items()))) != digest


@pytest.fixture
def records(network: Network, quadrants: Network) -> list[dict[str, np.ndarray]]:
    space = Network.from_arrays([[[1, 0, 2], [0, 1, 0], [1, 1, 1]], [[1, 1, 1]]], [[0, 0, 1], [0]])
    return [
        complex_to_record(polyhedral_complex(network, (-1, 1))),
        complex_to_record(polyhedral_complex(quadrants, AllSpace())),
        complex_to_record(polyhedral_complex(space, AllSpace())),
    ]


def mutated(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The array with a bit flipped, a byte changed, an item moved, or another length."""
    kind = rng.integers(5)
    if array.size == 0 or kind == 0:
        return np.concatenate([array.ravel(), np.zeros(1, array.dtype)])
    if kind == 1:
        return array[:-1] if array.ndim else array
    items = array.copy()
    flat = items.reshape(-1)
    if kind == 2:
        flat[[0, -1]] = flat[[-1, 0]]
        return items
    place = rng.integers(items.nbytes)
    as_bytes = flat.view(np.uint8)
    as_bytes[place] = as_bytes[place] ^ (1 << rng.integers(8)) if kind == 3 else rng.integers(256)
    return items


def as_json(value: object) -> np.ndarray:
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def summed(record: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The record with the digest that its arrays have now."""
    header = json.loads(record["header"].tobytes())
    return {**record, "header": as_json(header | {"digest": record_digest(record)})}


def use(record: dict[str, np.ndarray]) -> str:
    """Load and ask everything; the message of the first refusal."""
    try:
        complex_ = complex_from_record(record)
        complex_.to_arrays(sign_vectors=True)
        complex_.validate(exact=True)
        complex_.exact_vertices()
    except (ValueError, RuntimeError, KeyError, TypeError) as error:
        return str(error) or "refused"
    return ""


def test_no_mutation_crashes(records: list[dict[str, np.ndarray]]) -> None:
    rng = np.random.default_rng(11)
    n_refused = 0
    for record in records:
        for name, array in record.items():
            if name in ("header", "statistics"):
                continue
            for _ in range(25):
                changed = {**record, name: mutated(array, rng)}
                found = use(summed(changed))
                n_refused += found != ""
                assert found or changed[name].size == array.size  # no other length is accepted
    assert n_refused > 600
    assert [use(record) for record in records] == ["", "", ""]


@pytest.mark.parametrize("bit", [12, 40, 63])
def test_bits_that_mean_nothing_are_refused(bit: int, records: list[dict[str, np.ndarray]]) -> None:
    for record in records:  # at most 6 walls and 11 neurons
        for name, message in (("cells.walls", "a wall"), ("cells.signs", "no neuron")):
            changed = record[name].copy()
            changed.reshape(-1)[-1] |= np.uint64(1 << bit)
            with pytest.raises(ValueError, match=message):
                complex_from_record(summed({**record, name: changed}))


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b"{}",
        b"3",
        b'"relutope-complex"',
        b'{"format": "relutope-complex"}',
    ],
)
def test_hostile_headers(header: bytes, records: list[dict[str, np.ndarray]], tmp_path: Path) -> None:
    record = {**records[0], "header": np.frombuffer(header, np.uint8)}
    with pytest.raises(ValueError, match=r"c\.npz is not a saved complex"):
        PolyhedralComplex.load(write(tmp_path / "c.npz", record))


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": None},
        {"domain": {"type": "box", "lo": [[]], "hi": 3}},
        {"domain": {"type": "box", "lo": ["a", "b"], "hi": [1, 1]}},
        {"domain": {"type": "box", "lo": [1e308, -1e308], "hi": [-1e308, 1e308]}},
        {"layers": 10**30},
        {"layers": -1},
        {"layers": "3"},
        {"input_dim": 3},
        {"model_hash": None},
        {"semantics": "rounded"},
        {"notes": 7},
        {"schema_version": [2]},
    ],
)
def test_hostile_header_entries(
    changes: dict[str, Any], records: list[dict[str, np.ndarray]], tmp_path: Path
) -> None:
    header = json.loads(records[0]["header"].tobytes()) | changes
    record = summed({**records[0], "header": as_json(header)})
    with pytest.raises(ValueError, match=r"c\.npz is not a saved complex"):
        PolyhedralComplex.load(write(tmp_path / "c.npz", record))


def test_schema_version_1_is_read(records: list[dict[str, np.ndarray]], tmp_path: Path) -> None:
    for record in records:
        header = json.loads(record["header"].tobytes()) | {"schema_version": 1}
        del header["digest"]
        old = {"header": as_json(header)}
        old |= {name: array for name, array in record.items() if name != "header"}
        old["statistics"] = as_json(json.loads(record["statistics"].tobytes()) | {"seconds": 0.5, "bytes": 9})
        np.savez(tmp_path / "old.npz", **old)
        loaded = complex_to_record(PolyhedralComplex.load(tmp_path / "old.npz"))
        assert_equal(loaded, record)
