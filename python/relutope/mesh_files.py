"""Regions of the plane and of space as files that ParaView and other viewers of meshes read."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from os import PathLike
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.complex import PolyhedralComplex
from relutope.files import replacing
from relutope.polygons import (
    bounded_cells,
    cell_vertices,
    headed_rows,
    polygon_cycles,
    polyhedron_faces,
)

#: VTK's numbers of the types of cells.
VTK_POLYGON, VTK_POLYHEDRON = 7, 42
OWN_CELL_DATA = ("region", "dimension", "n_facets")


def require_plane_or_space(complex_: PolyhedralComplex) -> None:
    """Refuse all but dimensions 2 and 3.

    Raises
    ------
    ValueError
        If the dimension is another one.
    """
    if complex_.dim not in (2, 3):
        raise ValueError(f"the complex has dimension {complex_.dim}; legal: 2 or 3")


def points_in_space(complex_: PolyhedralComplex) -> NDArray[np.float64]:
    """Vertices not at infinity, in the plane with a third coordinate 0; a vertex's id is its row."""
    points = np.zeros((complex_.f_vector[0], 3))
    points[:, : complex_.dim] = complex_.vertices[: len(points)]
    return points


def data_of_regions(
    complex_: PolyhedralComplex, regions: NDArray[np.int64], cell_data: Mapping[str, ArrayLike] | None
) -> dict[str, NDArray[Any]]:
    """The data of these regions by name: the id, the dimension, the number of facets, and the user's.

    Raises
    ------
    ValueError, TypeError
        If an array has no value per region, no numbers, or the name of another.
    """
    data: dict[str, NDArray[Any]] = {
        "region": regions,
        "dimension": np.full(len(regions), complex_.dim, dtype=np.int32),
        "n_facets": np.diff(complex_.facets(complex_.dim)[0])[regions],
    }
    if cell_data is not None and not isinstance(cell_data, Mapping):
        raise TypeError(f"cell_data is of type {type(cell_data).__name__}; legal: a dict of arrays, or None")
    for name, values in (cell_data or {}).items():
        array = np.asarray(values)
        if not isinstance(name, str) or name in OWN_CELL_DATA:
            raise ValueError(
                f"cell_data has the name {name!r}; legal: strings but for {', '.join(OWN_CELL_DATA)}"
            )
        if array.dtype.kind not in "buif" or array.dtype.itemsize > 8:
            raise TypeError(f"cell_data[{name!r}] has dtype {array.dtype}; legal: bool, integers, floats")
        if array.ndim not in (1, 2) or len(array) != complex_.n_regions:
            raise ValueError(
                f"cell_data[{name!r}] has shape {array.shape}; legal: ({complex_.n_regions},) or "
                f"({complex_.n_regions}, m), a row per region"
            )
        data[name] = array[regions]
    return data


def write_vtu(
    complex_: PolyhedralComplex,
    path: str | PathLike[str],
    cell_data: Mapping[str, ArrayLike] | None = None,
) -> int:
    """Write the bounded regions; see `PolyhedralComplex.write_vtu`."""
    require_plane_or_space(complex_)
    regions = bounded_cells(complex_, complex_.dim)
    data = data_of_regions(complex_, regions, cell_data)
    with replacing(path) as stream:
        stream.writelines(line.encode() + b"\n" for line in _vtu_lines(complex_, regions, data))
    return complex_.n_regions - len(regions)


def _vtu_lines(
    complex_: PolyhedralComplex, regions: NDArray[np.int64], data: Mapping[str, NDArray[Any]]
) -> Iterator[str]:
    points = points_in_space(complex_)
    yield '<?xml version="1.0"?>'
    yield '<VTKFile type="UnstructuredGrid" version="1.0" byte_order="LittleEndian" header_type="UInt64">'
    yield f'<UnstructuredGrid><Piece NumberOfPoints="{len(points)}" NumberOfCells="{len(regions)}">'
    yield "<Points>"
    yield _data_array("Points", points)
    yield "</Points><Cells>"
    for name, array in _vtu_cells(complex_, regions).items():
        yield _data_array(name, array)
    yield "</Cells><CellData>"
    for name, array in data.items():
        yield _data_array(name, array)
    yield "</CellData></Piece></UnstructuredGrid></VTKFile>"


def _vtu_cells(complex_: PolyhedralComplex, regions: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    if complex_.dim == 2:
        corners = polygon_cycles(complex_, regions)
        faces = {}
    else:
        corners = cell_vertices(complex_, 3, regions)
        rows = headed_rows(polyhedron_faces(complex_, regions), np.diff(complex_.facets(3)[0])[regions])
        faces = {"faces": rows.values, "faceoffsets": rows.indptr[1:]}
    kind = VTK_POLYGON if complex_.dim == 2 else VTK_POLYHEDRON
    types = np.full(len(regions), kind, dtype=np.uint8)
    return {"connectivity": corners.values, "offsets": corners.indptr[1:], "types": types, **faces}


def _data_array(name: str, array: NDArray[Any]) -> str:
    """An array as VTK's XML has it: base64 of the number of bytes and the bytes."""
    if array.dtype == bool:
        array = array.astype(np.uint8)
    kind = {"i": "Int", "u": "UInt", "f": "Float"}[array.dtype.kind] + str(8 * array.dtype.itemsize)
    columns = array.shape[1] if array.ndim == 2 else 1
    data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
    text = base64.b64encode(np.array(len(data), dtype="<u8").tobytes() + data).decode()
    return (
        f'<DataArray type="{kind}" Name={quoteattr(name)} NumberOfComponents="{columns}" format="binary">'
        f"{text}</DataArray>"
    )


def write_ply(complex_: PolyhedralComplex, path: str | PathLike[str]) -> int:
    """Write the bounded 2-cells; see `PolyhedralComplex.write_ply`."""
    require_plane_or_space(complex_)
    polygons = bounded_cells(complex_, 2)
    cycles = polygon_cycles(complex_, polygons)
    rows = headed_rows(cycles, np.diff(cycles.indptr))
    points = points_in_space(complex_)
    header = (
        "ply\nformat binary_little_endian 1.0\n"
        f"element vertex {len(points)}\nproperty double x\nproperty double y\nproperty double z\n"
        f"element face {len(polygons)}\nproperty list int int vertex_indices\nend_header\n"
    )
    with replacing(path) as stream:
        stream.write(header.encode())
        stream.write(points.astype("<f8").tobytes())
        stream.write(rows.values.astype("<i4").tobytes())
    return complex_.f_vector[2] - len(polygons)
