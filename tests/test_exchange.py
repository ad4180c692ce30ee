"""Complexes in the formats of others: volumes, cycles and numbers read back are those of the complex."""

from __future__ import annotations

import base64
import itertools
import sys
import types
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

import networks
import relutope
from compare import complex_on, network_of
from relutope import AllSpace, Network, PolyhedralComplex, polyhedral_complex
from relutope.polygons import cell_vertices, polygon_cycles

Array = NDArray[Any]
NUMPY_NAMES = {"Float64": "<f8", "Float32": "<f4", "Int64": "<i8", "Int32": "<i4", "UInt8": "u1"}


def read_vtu(path: Path) -> dict[str, Array]:
    """The arrays of a file of VTK's XML."""
    arrays = {}
    for node in ElementTree.parse(path).getroot().iter("DataArray"):
        content = base64.b64decode(str(node.text))
        array = np.frombuffer(content[8:], NUMPY_NAMES[node.attrib["type"]])
        assert int.from_bytes(content[:8], "little") == array.nbytes
        columns = int(node.attrib["NumberOfComponents"])
        arrays[node.attrib["Name"]] = array.reshape(-1, columns) if columns > 1 else array
    return arrays


def rows(indptr: Array, values: Array) -> list[list[int]]:
    return [row.tolist() for row in np.split(values, indptr[1:-1])]


def small_cases(d: int) -> list[tuple[Network, Any]]:
    """A network of each class with its box, and another on R^d."""
    found: list[tuple[Network, Any]] = []
    for name in networks.CLASSES:
        cases = networks.cases(name, d)
        found.append((network_of(cases[1].layers), (cases[1].lo, cases[1].hi)))
        found.append((network_of(cases[0].layers), AllSpace()))
    return found


def build(network: Network, domain: Any) -> PolyhedralComplex:
    return complex_on(network, *((None, None) if isinstance(domain, AllSpace) else domain))


def doubled_area(points: list[tuple[Fraction, ...]]) -> Fraction:
    following = [*points[1:], points[0]]
    return abs(sum((p[0] * q[1] - p[1] * q[0] for p, q in zip(points, following, strict=True)), Fraction()))


def edge_ends(complex_: PolyhedralComplex) -> set[frozenset[int]]:
    return {frozenset(ends) for ends in complex_.facets(1)[1].reshape(-1, 2).tolist()}


@pytest.mark.parametrize("d", [2, 3])
def test_cycles_go_around_along_edges(d: int) -> None:
    for network, domain in small_cases(d):
        complex_ = build(network, domain)
        ids = np.arange(complex_.counts[2])
        edges = edge_ends(complex_)
        cycles = rows(*polygon_cycles(complex_, ids))
        for cycle, corners in zip(cycles, rows(*cell_vertices(complex_, 2, ids)), strict=True):
            assert sorted(cycle) == corners
            assert cycle[0] == corners[0]
            assert all(frozenset(pair) in edges for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True))


def test_polygons_fill_the_box_exactly() -> None:
    for network, domain in small_cases(2):
        if isinstance(domain, AllSpace):
            continue
        complex_ = build(network, domain)
        points = complex_.exact_vertices()
        cycles = rows(*polygon_cycles(complex_, np.arange(complex_.n_regions)))
        sides = [Fraction(hi) - Fraction(lo) for lo, hi in zip(*domain, strict=True)]
        assert sum(doubled_area([points[v] for v in cycle]) for cycle in cycles) == 2 * sides[0] * sides[1]


def test_vtu_of_the_plane(tmp_path: Path) -> None:
    for network, domain in small_cases(2):
        complex_ = build(network, domain)
        values = np.arange(complex_.n_regions) / 4
        left_out = complex_.write_vtu(tmp_path / "c.vtu", {"a <b> & 'c'": values})
        arrays = read_vtu(tmp_path / "c.vtu")
        regions = np.flatnonzero(complex_.bounded(2))
        assert left_out == complex_.n_regions - complex_.n_bounded_regions
        assert arrays["region"].tolist() == regions.tolist()
        assert arrays["a <b> & 'c'"].tolist() == values[regions].tolist()
        assert set(arrays["types"].tolist()) <= {7}
        assert set(arrays["dimension"].tolist()) <= {2}
        n = complex_.f_vector[0]
        assert arrays["Points"].tolist() == np.c_[complex_.vertices[:n], np.zeros(n)].tolist()
        indptr = np.concatenate([[0], arrays["offsets"]])
        assert arrays["n_facets"].tolist() == np.diff(indptr).tolist()
        assert arrays["connectivity"].tolist() == polygon_cycles(complex_, regions).values.tolist()


def faces_of(stream: list[int]) -> list[list[int]]:
    """Faces from VTK's list of them: their number, then for each its number of points and these."""
    faces, start = [], 1
    for _ in range(stream[0]):
        faces.append(stream[start + 1 : start + 1 + stream[start]])
        start += 1 + stream[start]
    assert start == len(stream)
    return faces


def six_volumes(faces: list[list[int]], points: list[tuple[Fraction, ...]]) -> Fraction:
    """Six times the volume of a convex polyhedron: of the cones over its faces from its lowest vertex."""
    apex = points[min(min(face) for face in faces)]
    total = Fraction()
    for face in faces:
        for b, c in itertools.pairwise(face[1:]):
            u, v, w = (
                [x - y for x, y in zip(points[vertex], apex, strict=True)] for vertex in (face[0], b, c)
            )
            total += abs(
                u[0] * (v[1] * w[2] - v[2] * w[1])
                - u[1] * (v[0] * w[2] - v[2] * w[0])
                + u[2] * (v[0] * w[1] - v[1] * w[0])
            )
    return total


def test_vtu_of_space(tmp_path: Path) -> None:
    for network, domain in small_cases(3):
        complex_ = build(network, domain)
        left_out = complex_.write_vtu(tmp_path / "c.vtu")
        arrays = read_vtu(tmp_path / "c.vtu")
        regions = np.flatnonzero(complex_.bounded(3))
        assert left_out == complex_.n_regions - len(regions)
        assert arrays["region"].tolist() == regions.tolist()
        assert set(arrays["types"].tolist()) <= {42}
        cells = [faces_of(row) for row in rows(np.r_[0, arrays["faceoffsets"]], arrays["faces"]) if row]
        assert arrays["n_facets"].tolist() == [len(faces) for faces in cells]
        corners = [row for row in rows(np.r_[0, arrays["offsets"]], arrays["connectivity"]) if row]
        assert corners == [sorted({v for face in faces for v in face}) for faces in cells]
        if not isinstance(domain, AllSpace):
            points = complex_.exact_vertices()
            sides = [Fraction(hi) - Fraction(lo) for lo, hi in zip(*domain, strict=True)]
            assert sum(six_volumes(faces, points) for faces in cells) == 6 * sides[0] * sides[1] * sides[2]


@pytest.mark.parametrize("d", [2, 3])
def test_ply(d: int, tmp_path: Path) -> None:
    for network, domain in small_cases(d)[:8]:
        complex_ = build(network, domain)
        left_out = complex_.write_ply(tmp_path / "c.ply")
        head, data = (tmp_path / "c.ply").read_bytes().split(b"end_header\n", 1)
        polygons = np.flatnonzero(complex_.bounded(2))
        n = complex_.f_vector[0]
        assert left_out == complex_.f_vector[2] - len(polygons)
        assert f"element vertex {n}\n".encode() in head
        assert f"element face {len(polygons)}\n".encode() in head
        points = np.frombuffer(data[: 24 * n], "<f8").reshape(n, 3)
        assert points[:, :d].tolist() == complex_.vertices[:n].tolist()
        stream = [len(polygons), *np.frombuffer(data[24 * n :], "<i4").tolist()]
        assert [row for row in rows(*polygon_cycles(complex_, polygons)) if row] == faces_of(stream)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_arrays(d: int) -> None:
    for network, domain in small_cases(d)[:8]:
        complex_ = build(network, domain)
        arrays = complex_.to_arrays(sign_vectors=True)
        assert (tuple(arrays["f_vector"]), tuple(arrays["counts"])) == (complex_.f_vector, complex_.counts)
        expected = {"vertices", "vertex_error", "rays"}
        for name in sorted(expected):
            assert arrays[name].tobytes() == getattr(complex_, name).tobytes()
        for k in range(d + 1):
            for name in ("walls", "bounded", "sign_vectors"):
                assert np.array_equal(arrays[f"{name}_{k}"], getattr(complex_, name)(k))
            expected |= {f"{name}_{k}" for name in ("walls", "bounded", "sign_vectors")}
        for k in range(1, d + 1):
            assert np.array_equal(arrays[f"indptr_{k}"], complex_.facets(k)[0])
            assert np.array_equal(arrays[f"indices_{k}"], complex_.facets(k)[1])
            expected |= {f"indptr_{k}", f"indices_{k}"}
        assert arrays.keys() == expected | {"f_vector", "counts"}
        assert complex_.to_arrays().keys() == {name for name in arrays if "sign" not in name}


def test_what_is_not_legal(quadrants: Network, tmp_path: Path) -> None:
    complex_ = polyhedral_complex(quadrants, (-1, 1))
    path = tmp_path / "c.vtu"
    with pytest.raises(ValueError, match=r"'a'.*\(3,\).*\(4,\)"):
        complex_.write_vtu(path, {"a": [1, 2, 3]})
    with pytest.raises(ValueError, match="name 'region'"):
        complex_.write_vtu(path, {"region": np.arange(4)})
    with pytest.raises(TypeError, match=r"'a'.*dtype"):
        complex_.write_vtu(path, {"a": ["p", "q", "r", "s"]})
    with pytest.raises(ValueError, match="kind is 'tree'"):
        complex_.to_networkx("tree")
    with pytest.raises(FileNotFoundError, match=r"none.c\.ply"):
        complex_.write_ply(tmp_path / "none" / "c.ply")
    line = polyhedral_complex(Network.from_arrays([[[1]], [[1]]]), (-1, 1))
    for write in (line.write_vtu, line.write_ply):
        with pytest.raises(ValueError, match="dimension 1"):
            write(path)
    for convert in (line.to_meshio, line.to_toponetx):
        with pytest.raises(ValueError, match="dimension 1"):
            convert()
    assert list(tmp_path.iterdir()) == []


def test_graphs_are_those_of_their_own_methods(quadrants: Network) -> None:
    complex_ = polyhedral_complex(quadrants, (-1, 1))
    graph = complex_.to_networkx()
    assert nx.utils.graphs_equal(graph, complex_.dual_graph().to_networkx())
    assert sorted(d for _, d in graph.degree) == [2, 2, 2, 2]
    poset = complex_.to_networkx("face_poset")
    assert nx.utils.graphs_equal(poset, complex_.face_poset())
    assert len(poset) == sum(complex_.counts)


def test_missing_packages_are_named(quadrants: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    complex_ = polyhedral_complex(quadrants, (-1, 1))
    for name, convert in (("meshio", complex_.to_meshio), ("toponetx", complex_.to_toponetx)):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(relutope.MissingExtraError, match=rf"{name} .*relutope\[exchange\]"):
            convert()


class Recorder(types.SimpleNamespace):
    """Stands for meshio.Mesh and toponetx.CellComplex, which tests do not need to install."""

    def __init__(self, points: Any = None, cells: Any = None, cell_data: Any = None) -> None:
        super().__init__(points=points, blocks=cells, cell_data=cell_data, nodes=[], edges=[], cells=[])

    def add_node(self, node: int) -> None:
        self.nodes.append(node)

    def add_edge(self, tail: int, head: int) -> None:
        self.edges.append((tail, head))

    def add_cell(self, cycle: list[int], rank: int) -> None:
        self.cells.append((rank, cycle))


def test_toponetx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "toponetx", types.SimpleNamespace(CellComplex=Recorder))
    for network, domain in small_cases(2)[:8]:
        complex_ = build(network, domain)
        found: Any = complex_.to_toponetx()
        assert found.nodes == list(range(complex_.f_vector[0]))
        ends = complex_.facets(1)[1].reshape(-1, 2)[complex_.bounded(1)]
        assert found.edges == list(map(tuple, ends.tolist()))
        cycles = polygon_cycles(complex_, np.flatnonzero(complex_.bounded(2)))
        assert found.cells == [(2, cycle) for cycle in rows(*cycles) if cycle]


@pytest.mark.parametrize("d", [2, 3])
def test_meshio(d: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "meshio", types.SimpleNamespace(Mesh=Recorder))
    for network, domain in small_cases(d)[:8]:
        complex_ = build(network, domain)
        mesh: Any = complex_.to_meshio({"a": np.arange(complex_.n_regions)})
        complex_.write_vtu(tmp_path / "c.vtu")
        arrays = read_vtu(tmp_path / "c.vtu")
        assert np.array_equal(mesh.points, arrays["Points"].reshape(-1, 3))
        found = {}
        for (kind, cells), regions, values in zip(
            mesh.blocks, mesh.cell_data["region"], mesh.cell_data["a"], strict=True
        ):
            assert values.tolist() == regions.tolist()
            for region, cell in zip(regions.tolist(), cells, strict=True):
                flat = {v for face in cell for v in face} if d == 3 else set(cell.tolist())
                assert kind == ("polygon" if d == 2 else f"polyhedron{len(flat)}")
                found[region] = cell if d == 3 else cell.tolist()
        stored = rows(np.r_[0, arrays["offsets"]], arrays["connectivity"])
        if d == 3:
            stored = [faces_of(row) for row in rows(np.r_[0, arrays["faceoffsets"]], arrays["faces"]) if row]
        assert [found[region] for region in arrays["region"].tolist()] == [cell for cell in stored if cell]
