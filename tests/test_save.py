"""Saving and loading complexes: nothing lost, nothing executed, damage noticed."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import relutope
from relutope import AllSpace, Box, Network, PolyhedralComplex, polyhedral_complex
from relutope.data import read_data
from relutope.npz import read_npz
from relutope.storage import record_digest


def assert_same(a: PolyhedralComplex, b: PolyhedralComplex) -> None:
    assert (a.f_vector, a.counts, a.domain, a.network) == (b.f_vector, b.counts, b.domain, b.network)
    assert a.vertices.tobytes() == b.vertices.tobytes()
    assert a.vertex_error.tobytes() == b.vertex_error.tobytes()
    assert a.rays.tobytes() == b.rays.tobytes()
    assert a.exact_vertices() == b.exact_vertices()
    for k in range(a.dim + 1):
        assert np.array_equal(a.sign_vectors(k), b.sign_vectors(k))
        assert np.array_equal(a.walls(k), b.walls(k))
        assert np.array_equal(a.bounded(k), b.bounded(k))
    for k in range(1, a.dim + 1):
        for mine, other in zip(a.facets(k), b.facets(k), strict=True):
            assert np.array_equal(mine, other)


@pytest.mark.parametrize("domain", [Box(-2, [1, 2]), AllSpace()], ids=["box", "all_space"])
def test_round_trip(network: Network, domain: object, tmp_path: Path) -> None:
    complex_ = polyhedral_complex(network, domain)
    complex_.save(tmp_path / "c.npz")
    loaded = PolyhedralComplex.load(tmp_path / "c.npz")
    loaded.validate()
    assert_same(complex_, loaded)
    decided = {name: complex_.statistics[name] for name in ("signs", "orders", "vertices")}
    lasting = {**decided, "folded": {"layers": 0, "signs": 0}}
    assert loaded.statistics == pickle.loads(pickle.dumps(complex_)).statistics == lasting
    loaded.statistics["signs"].clear()
    assert loaded.statistics == lasting
    assert loaded.summary(verbose=False)["decided"] == complex_.summary(verbose=False)["decided"] == decided
    assert_same(complex_, pickle.loads(pickle.dumps(complex_)))
    assert [path.name for path in tmp_path.iterdir()] == ["c.npz"]


def test_rational_network_round_trip(tmp_path: Path) -> None:
    third = np.array([[Fraction(1, 3), 1], [-1, Fraction(2, 7)]], dtype=object)
    network = Network.from_arrays(
        [third, [[1.0, 1.0]]], [[Fraction(1, 9), 0], [0]], notes=["n"], box=Box(-1, 1)
    )
    complex_ = polyhedral_complex(network, (-1, 1))
    path = tmp_path / "any name"
    complex_.save(path)
    loaded = PolyhedralComplex.load(path)
    assert_same(complex_, loaded)
    assert loaded.network.notes == ("n",)
    assert loaded.network.dtype == network.dtype
    assert loaded.network.box == Box([-1, -1], [1, 1])


def test_same_bytes_for_any_number_of_threads(network: Network, tmp_path: Path) -> None:
    for threads in (1, 2, 3):
        polyhedral_complex(network, (-1, 1), n_threads=threads).save(tmp_path / str(threads))
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_header_says_what_it_is(network: Network, tmp_path: Path) -> None:
    polyhedral_complex(network, (-1, 1)).save(tmp_path / "c.npz")
    with np.load(tmp_path / "c.npz", allow_pickle=False) as archive:
        header = json.loads(archive["header"].tobytes())
    assert header["format"] == "relutope-complex"
    assert header["schema_version"] == 2
    assert header["model_hash"] == network.hash
    assert header["relutope"] == relutope.__version__
    assert header["domain"] == {"type": "box", "lo": [-1, -1], "hi": [1, 1]}


@pytest.fixture
def saved(network: Network, tmp_path: Path) -> Path:
    polyhedral_complex(network, (-1, 1)).save(tmp_path / "c.npz")
    return tmp_path / "c.npz"


def rewrite(path: Path, **changes: np.ndarray | None) -> None:
    """Change arrays of a saved complex and all sums in the file, so that only the contents can tell."""
    changed = {**read_npz(path), **changes}
    record = {name: array for name, array in changed.items() if array is not None}
    header = json.loads(record["header"].tobytes())
    record["header"] = as_json(header | {"digest": record_digest(record)})
    np.savez(path.with_suffix(".new.npz"), **record)
    path.with_suffix(".new.npz").replace(path)


def as_json(value: object) -> np.ndarray:
    return np.frombuffer(json.dumps(value).encode(), dtype=np.uint8)


def with_header(path: Path, **changes: object) -> None:
    with np.load(path) as archive:
        header = {**json.loads(archive["header"].tobytes()), **changes}
    rewrite(path, header=as_json(header))


def test_changed_network_does_not_match_its_hash(saved: Path) -> None:
    with np.load(saved) as archive:
        weight = archive["network.W0"]
    rewrite(saved, **{"network.W0": weight * 2})
    with pytest.raises(ValueError, match="model hash"):
        PolyhedralComplex.load(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 99}, "schema version 99"),
        ({"domain": {"type": "sphere"}}, "sphere"),
        ({"f_vector": [1, 2, 3]}, "f-vector"),
        ({"layers": 7}, "W3"),
        ({"format": "other"}, "no header"),
    ],
)
def test_changed_header(saved: Path, changes: dict[str, object], message: str) -> None:
    with_header(saved, **changes)
    with pytest.raises(ValueError, match=message):
        PolyhedralComplex.load(saved)


def test_damaged_cells_are_refused(saved: Path) -> None:
    with np.load(saved) as archive:
        names = [name for name in archive.files if name.startswith("cells.")]
        arrays = {name: archive[name] for name in names}
    for name in names:
        rewrite(saved, **{name: None})
        with pytest.raises(ValueError, match=r"c\.npz"):
            PolyhedralComplex.load(saved)
        rewrite(saved, **{name: np.zeros((3, 1, 1), dtype=arrays[name].dtype)})
        with pytest.raises(ValueError, match=r"c\.npz"):
            PolyhedralComplex.load(saved)
        rewrite(saved, **{name: arrays[name]})
    PolyhedralComplex.load(saved)


def test_other_files_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", W0=np.ones((1, 1)))
    with pytest.raises(ValueError, match="no header"):
        PolyhedralComplex.load(tmp_path / "w.npz")
    np.savez(tmp_path / "o.npz", W0=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"o\.npz"):
        PolyhedralComplex.load(tmp_path / "o.npz")
    np.save(tmp_path / "x.npy", np.ones(3))
    with pytest.raises(ValueError, match="single array"):
        PolyhedralComplex.load(tmp_path / "x.npy")
    with pytest.raises(FileNotFoundError):
        PolyhedralComplex.load(tmp_path / "none.npz")


def test_failed_save_keeps_the_old_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved.read_bytes()
    complex_ = PolyhedralComplex.load(saved)

    def fail(*_args: object, **_kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("relutope.storage.write_npz", fail)
    with pytest.raises(OSError, match="disk full"):
        complex_.save(saved)
    assert saved.read_bytes() == content
    assert [path.name for path in saved.parent.iterdir()] == ["c.npz"]


def test_place_that_cannot_be_written_is_named(saved: Path) -> None:
    complex_ = PolyhedralComplex.load(saved)
    with pytest.raises(FileNotFoundError) as caught:
        complex_.save(saved.with_name("none") / "c.npz")
    assert caught.value.filename == str(saved.with_name("none") / "c.npz")
    with pytest.raises(NotADirectoryError, match=r"c\.npz.c\.npz"):
        complex_.save(saved / "c.npz")


# What all functions make of a path


READERS: dict[str, Callable[[Any], object]] = {
    "load": PolyhedralComplex.load,
    "network": relutope.load,
    "verify": lambda path: relutope.verify(path, Network.from_arrays([[[1]]])),
    "data": lambda path: read_data(path, 2),
}
WRITERS: dict[str, Callable[[PolyhedralComplex, Any], object]] = {
    "save": PolyhedralComplex.save,
    "write_vtu": PolyhedralComplex.write_vtu,
    "write_ply": PolyhedralComplex.write_ply,
    "save_npz": lambda complex_, path: complex_.dual_graph().save_npz(path),
    "write_graphml": lambda complex_, path: complex_.dual_graph().write_graphml(path),
}


class BytesPath:
    def __fspath__(self) -> bytes:
        return b"c.npz"


@pytest.mark.parametrize("name", [*READERS, *WRITERS])
def test_what_is_no_path_is_refused(name: str, quadrants: Network) -> None:
    complex_ = polyhedral_complex(quadrants, (-1, 1))
    use = READERS[name] if name in READERS else partial(WRITERS[name], complex_)
    for path in (True, 1, 3, b"c.npz", None, BytesPath()):
        kind = re.escape(type(path).__name__)
        with pytest.raises(TypeError, match=f"^path is of type {kind}; legal: a str or a path$"):
            use(path)
    with pytest.raises(ValueError, match=r"^path is ''; legal: "):
        use("")


@pytest.mark.parametrize("name", WRITERS)
def test_files_are_replaced_whole(
    name: str, quadrants: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complex_ = polyhedral_complex(quadrants, (-1, 1))
    path = tmp_path / "file"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError("no more room")

    with monkeypatch.context() as patch:
        patch.setattr("relutope.files.os.replace", fail)
        with pytest.raises(OSError, match="no more room"):
            WRITERS[name](complex_, path)
    assert path.read_text() == "old"
    WRITERS[name](complex_, str(path))
    assert path.read_bytes() != b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("label", ["a\0b", "line\nbreak", "\x1b", "\x85", "\ud800", "\uffff"])
def test_labels_that_no_xml_holds(label: str, quadrants: Network, tmp_path: Path) -> None:
    graph = polyhedral_complex(quadrants, (-1, 1)).dual_graph([[0.5, 0.5]] * 2, ["fine <&>", label])
    with pytest.raises(ValueError, match=r"^a label is .*; legal in GraphML: no control") as caught:
        graph.write_graphml(tmp_path / "g.xml")
    assert repr(label) in str(caught.value)
    assert not list(tmp_path.iterdir())
